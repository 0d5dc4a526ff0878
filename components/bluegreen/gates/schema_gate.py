"""Refuses pending migrations that the live color could not live with: expand now, contract in the release after."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bluegreen.fields import Fields
from bluegreen.gates.base import GateContext
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.secrets import redact

if TYPE_CHECKING:
    from bluegreen.schema.usage import Used

_LIMIT = "changes that the live color can live with"


@dataclass(frozen=True, slots=True)
class SchemaGate:
    """Reads the SQL that is applied before or with the new release, while the live color runs on the same database.

    Paths are relative to the working directory. A name without ``*``, ``?`` or ``[`` has to be there.

    Attributes:
        migrations: the pending files, or patterns of them, read in this order and by number within a pattern.
        dialect: sqlglot's name of the SQL dialect.
        uses: what the live color still uses, each ``table`` or ``table.column``.
        queries: files with its statements. With neither, everything is taken as used.
        applied: files with the present schema, from which types are known.
    """

    migrations: tuple[str, ...]
    dialect: str = "postgres"
    uses: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()
    needs_preview: bool = False
    phases: frozenset[Phase] = frozenset({Phase.CONFIRM})
    offline: bool = True

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``gates``."""
        migrations, given = fields.texts("migrations"), fields.raw("migrations")
        if not migrations and not fields.unknown and (given is None or given == []):
            fields.problem("migrations", given, "a list of files or patterns, such as migrations/*.sql")
        uses = fields.texts("uses")
        for index, name in enumerate(uses):
            if not re.fullmatch(r"[^.\s]+(\.[^.\s]+){0,2}", name):
                fields.problem(f"uses[{index}]", name, "table, table.column or schema.table.column")
        return {
            "migrations": migrations,
            "dialect": fields.text("dialect", "postgres", choices=_dialects()),
            "uses": uses,
            "queries": fields.texts("queries"),
            "applied": fields.texts("applied"),
        }

    @property
    def label(self) -> str:
        """What people call it."""
        return f"schema {', '.join(self.migrations)}"

    def evaluate(self, context: GateContext) -> Verdict:  # noqa: ARG002
        """Read the files as they are now."""
        try:
            from bluegreen.schema.catalog import Catalog  # noqa: PLC0415
            from bluegreen.schema.changes import judge  # noqa: PLC0415
            from bluegreen.schema.usage import Used  # noqa: PLC0415
        except ImportError as error:
            raise GateUnavailable(f"{self.label} needs sqlglot: pip install 'bluegreen[schema]'") from error
        pending = list(_files(self.migrations))
        if not pending:
            return Verdict(Decision.PASS, "no pending migrations")
        catalog = Catalog(self.dialect)
        if self.applied:
            nothing = Used(frozenset())
            for path in self._some(self.applied, "applied"):
                judge(_text(path), catalog, nothing)
            catalog.settle()
        used = self._used()
        found = [(path, item) for path in pending for item in judge(_text(path), catalog, used)]
        if not found:
            return Verdict(Decision.PASS, f"{len(pending)} pending {'file' if len(pending) == 1 else 'files'}", _LIMIT)
        told = [f"{path}:{item.line}: {item.change}: {item.statement}" for path, item in found]
        ways = [f"instead: {item.way_out}" for _, item in found]
        rest = [f"{line}; {way}" for line, way in zip(told[1:], ways[1:], strict=True)]
        return Verdict(Decision.FAIL, redact(told[0]), _LIMIT, redact("; ".join([ways[0], *rest])))

    def _used(self) -> Used:
        from bluegreen.schema.usage import Used  # noqa: PLC0415

        if not self.uses and not self.queries:
            return Used()
        names = set(self.uses)
        for path in self._some(self.queries, "queries") if self.queries else ():
            names |= _used_in(path, self.dialect)
        return Used.of(names)

    @staticmethod
    def _some(patterns: Sequence[str], what: str) -> list[str]:
        """At least one file: with none, nothing would be protected."""
        found = list(_files(patterns))
        if not found:
            raise GateUnavailable(f"{what}: no file matches {', '.join(patterns)}")
        return found


def _used_in(path: str, dialect: str) -> set[str]:
    from bluegreen.schema.usage import NotReadable, used_in  # noqa: PLC0415

    try:
        return used_in(_text(path), dialect)
    except NotReadable as error:
        raise GateUnavailable(redact(f"{path}: it cannot be told what this uses: {error}")) from None


def _dialects() -> list[str] | None:
    try:
        from sqlglot.dialects.dialect import Dialects  # noqa: PLC0415
    except ImportError:
        return None  # the gate itself says what to install
    return [item.value for item in Dialects if item.value]


def _files(patterns: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for pattern in patterns:
        if glob.has_magic(pattern):
            matches = [path for path in glob.glob(pattern, recursive=True) if Path(path).is_file()]
        else:
            matches = [pattern]
        for path in sorted(matches, key=_by_number):
            if path not in seen:
                seen.add(path)
                yield path


def _by_number(path: str) -> list[tuple[int, str]]:
    """``2.sql`` before ``10.sql``, as tools for migrations apply them."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path) if part]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no UTF-8 text"
        raise GateUnavailable(f"{path}: {why}") from None
