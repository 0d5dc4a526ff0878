"""Refuses pending migrations that the live color could not live with: expand now, contract in the release after."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Flag, Made, Secret, Text, Texts
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import GateContext
from bluegreen.schema.history import TABLES
from bluegreen.secrets import SecretRef, redact

if TYPE_CHECKING:
    from bluegreen.schema.changes import Finding
    from bluegreen.schema.review import Source
    from bluegreen.schema.usage import Used

_LIMIT = "changes that the live color can live with"
_SHOWN_FINDINGS = 10


def _rows(fields: Fields, name: str) -> tuple[tuple[str, int], ...]:
    given = fields.raw(name, default={})
    if given is UNKNOWN:
        return ()
    # The engine sends every number as a float.
    if not isinstance(given, Mapping) or not all(
        (isinstance(rows, (int, float)) and not isinstance(rows, bool) and 0 <= rows < float("inf")) or rows is UNKNOWN
        for rows in given.values()
    ):
        fields.problem(name, given, "an object of numbers of rows, 0 or more, by table")
        return ()
    return tuple((str(table), int(rows)) for table, rows in given.items() if rows is not UNKNOWN)


def _dialects() -> list[str] | None:
    try:
        from sqlglot.dialects.dialect import Dialects  # noqa: PLC0415
    except ImportError:
        return None  # the gate itself says what to install
    return [item.value for item in Dialects if item.value]


@declared
class SchemaGate(Options):
    """Refuses pending migrations that the live color could not live with. Needs ``pip install 'bluegreen[schema]'``.

    It reads the SQL that is applied before or with the new release, while the live color runs on the same database.
    Paths are relative to the working directory. A name without ``*``, ``?`` or ``[`` has to be there.
    """

    migrations: tuple[str, ...] = option(
        "the pending SQL files, or patterns of them (``migrations/*.sql``), read in the order in which their tool "
        "applies them. Of a pattern's files it is not known which are pending, unless ``applied_until`` says so: then "
        "what one of them makes, no later one may narrow or drop. A list of names is taken as what is pending",
        Texts(least=1, allowed="a list of files or patterns, such as migrations/*.sql", or_one=True),
        positional=True,
    )
    dialect: str = option("sqlglot's name of the SQL dialect", Text(choices=_dialects), default="postgres")
    uses: tuple[str, ...] = option(
        "what the live color still uses, each ``table`` or ``table.column``",
        Texts(
            fits=lambda name: re.fullmatch(r"[^.\s]+(\.[^.\s]+){0,2}", name),
            each="table, table.column or schema.table.column",
        ),
        default=(),
    )
    queries: tuple[str, ...] = option(
        "SQL files with the statements of the live color, from which the same is taken. With neither, everything is "
        "taken as used",
        Texts(or_one=True),
        default=(),
    )
    applied: tuple[str, ...] = option(
        "SQL files with the present schema (a dump, or the migrations that are applied). Types are compared with "
        "these; without them every change of a type is refused",
        Texts(or_one=True),
        default=(),
    )
    applied_until: str | None = option(
        "the last of ``migrations`` that is applied already: its version, its name or its path. Those before it count "
        "as ``applied``",
        Text(),
        default=None,
    )
    history: SecretRef | None = option(
        '``{"env": NAME}`` or ``{"file": PATH}``: where the URL of the database is, such as '
        "``postgresql://reader@db/app``, ``mysql://...`` or ``sqlite:///path``. The tool's own table in it, which is "
        "only read, says what is applied. Needs ``pip install 'bluegreen[history]'``",
        Secret(),
        default=None,
    )
    history_table: str | None = option(
        "which table that is, where the database has those of more than one tool",
        Text(choices=lambda: TABLES),
        default=None,
    )
    allow_none: bool = option(
        "whether a pattern may match no file; otherwise it is refused, since it may be misspelt", Flag(), default=False
    )
    blocking: Literal["off", "warn", "refuse"] = option(
        "what is done about statements that take nothing away and stop production by their lock: ``warn`` says so in "
        "the preview and the log, ``refuse`` refuses them, ``off`` does not look",
        Text(choices=("off", "warn", "refuse")),
        default="warn",
    )
    table_rows: tuple[tuple[str, int], ...] = option(
        "how many rows tables have, by name: of those with 10,000 or fewer no lock is reported",
        Made("Mapping[str, int]", _rows),
        default=(),
    )
    needs_preview: bool = False
    phases: frozenset[Phase] = frozenset({Phase.CONFIRM})

    @property
    def offline(self) -> bool:
        """Whether it looks at files alone."""
        return self.history is None

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse more than one way to say which files are applied."""
        if values["history"] is not None and isinstance(fields.raw("applied_until"), str):
            fields.problem("applied_until", fields.raw("applied_until"), "nothing, where `history` says the same")

    @property
    def label(self) -> str:
        """The name that people read."""
        return f"schema {', '.join(self.migrations)}"

    def evaluate(self, context: GateContext) -> Verdict:  # noqa: ARG002
        """Read the files as they are now."""
        try:
            import sqlglot  # noqa: F401, PLC0415
        except ImportError as error:
            raise GateUnavailable(f"{self.label} needs sqlglot: pip install 'bluegreen[schema]'") from error
        from bluegreen.schema.review import review  # noqa: PLC0415

        applied, pending, known = self._parts()
        present = _some(self.applied, "applied") if self.applied else []
        both = {os.path.realpath(path) for path in present} & {os.path.realpath(path) for path in pending}
        if both:
            which = next(path for path in pending if os.path.realpath(path) in both)
            way_out = "instead: hand in each file once: in `applied` what is applied, in `migrations` what is pending"
            return Verdict(Decision.FAIL, f"{which} is both in `applied` and in `migrations`", _LIMIT, way_out)
        other = _other_languages(pending)
        if other:
            return Verdict(Decision.FAIL, other[0], _LIMIT, other[1])
        used = self._used()
        if not pending:
            return Verdict(Decision.PASS, f"no pending migrations{f' after {len(applied)} applied' if applied else ''}")
        sources = [_source(path) for path in dict.fromkeys([*present, *applied])]
        self._known_names(sources)
        rows = None if self.blocking == "off" else dict(self.table_rows)
        findings = review([_source(path) for path in pending], sources, used, self.dialect, known=known, rows=rows)
        refused = [item for item in findings if self.blocking == "refuse" or not item[1].blocking]
        if refused:
            return _refused(refused)
        text = f"{len(pending)} pending {'file' if len(pending) == 1 else 'files'}"
        return Verdict(Decision.PASS, text, _LIMIT, _warned(findings))

    def _parts(self) -> tuple[list[str], list[str], bool]:
        """The applied and the pending files in order, and whether that is known rather than guessed."""
        from bluegreen.schema.layout import UnknownVersion, as_flyway, split, without_ways_back  # noqa: PLC0415

        paths: list[str] = []
        for pattern in self.migrations:
            matches = list(_files((pattern,)))
            if not matches and not self.allow_none:
                raise GateUnavailable(f"migrations: no file matches {pattern}; if none is fine, set allow_none")
            paths += matches
        paths = without_ways_back(as_flyway(list(dict.fromkeys(paths))))
        listed = not any(glob.has_magic(pattern) for pattern in self.migrations)
        if self.history is not None:
            return *self._by_record(paths, self.history), True
        if self.applied_until is None:
            return [], paths, listed
        try:
            return *split(paths, self.applied_until), True
        except UnknownVersion as error:
            raise GateUnavailable(f"applied_until: {error}") from None

    def _by_record(self, paths: Sequence[str], where: SecretRef) -> tuple[list[str], list[str]]:
        from bluegreen.schema.database import asking  # noqa: PLC0415
        from bluegreen.schema.history import NoRecord, find, pending  # noqa: PLC0415

        try:
            with asking(where.value()) as ask:
                record = find(ask, self.history_table)
            return pending(record, paths, _text)
        except NoRecord as error:
            raise GateUnavailable(redact(f"history: {error}")) from None

    def _used(self) -> Used:
        from bluegreen.schema.usage import Used  # noqa: PLC0415

        if not self.uses and not self.queries:
            return Used()
        names = set(self.uses)
        for path in _some(self.queries, "queries") if self.queries else ():
            names |= _used_in(path, self.dialect)
        if not names:
            raise GateUnavailable(f"queries: no statement in {', '.join(self.queries)}")
        return Used.of(names)

    def _known_names(self, applied: Sequence[Source]) -> None:
        """Refuse names of tables that do not exist: a misspelt one would be protected by nobody."""
        from bluegreen.schema.review import read_applied  # noqa: PLC0415

        if not applied or not self.uses:
            return
        catalog = read_applied(applied, self.dialect)
        for name in self.uses:
            parts = [part.strip('"`[]').lower() for part in name.split(".")]
            table, column = (parts[-2], parts[-1]) if len(parts) > 1 else (parts[0], "*")
            whole = [catalog.columns(full) for full in catalog.named(table)]
            missing = column != "*" and whole and not any(of is None or column in map(str.lower, of) for of in whole)
            if catalog.lacks(table) or missing:
                raise GateUnavailable(f"uses: {name}: there is no such table or column in what is applied")


def _warned(findings: Sequence[tuple[str, Finding]]) -> str:
    shown = [f"{path}:{item.line}: {item.change}; instead: {item.way_out}" for path, item in findings[:_SHOWN_FINDINGS]]
    if len(findings) > len(shown):
        shown.append(f"and {len(findings) - len(shown)} more")
    return redact(f"others wait for it: {'; '.join(shown)}") if shown else ""


def _refused(findings: Sequence[tuple[str, Finding]]) -> Verdict:
    """A verdict that names ten findings, and the number of further ones."""
    shown = findings[:_SHOWN_FINDINGS]
    told = [f"{path}:{item.line}: {item.change}: {item.statement}" for path, item in shown]
    ways = [f"instead: {item.way_out}" for _, item in shown]
    rest = [f"{line}; {way}" for line, way in zip(told[1:], ways[1:], strict=True)]
    if len(findings) > len(shown):
        rest.append(f"and {len(findings) - len(shown)} more")
    return Verdict(Decision.FAIL, redact(told[0]), _LIMIT, redact("; ".join([ways[0], *rest])))


def _other_languages(paths: Sequence[str]) -> tuple[str, str] | None:
    from bluegreen.schema.layout import other_language  # noqa: PLC0415

    for path in paths:
        way = other_language(path)
        if way is not None:
            return f"{path} is not SQL", f"instead: hand in the SQL that it becomes: {way}"
    return None


def _some(patterns: Sequence[str], what: str) -> list[str]:
    """At least one file of each pattern: with none, nothing would be protected."""
    from bluegreen.schema.layout import as_flyway, without_ways_back  # noqa: PLC0415

    paths: list[str] = []
    for pattern in patterns:
        matches = list(_files((pattern,)))
        if not matches:
            raise GateUnavailable(f"{what}: no file matches {pattern}")
        paths += matches
    return without_ways_back(as_flyway(list(dict.fromkeys(paths))))


def _source(path: str) -> Source:
    from bluegreen.schema.review import Source  # noqa: PLC0415

    return Source(path, _text(path))


def _used_in(path: str, dialect: str) -> set[str]:
    from bluegreen.schema.usage import NotReadable, used_in  # noqa: PLC0415

    try:
        return used_in(_text(path), dialect)
    except NotReadable as error:
        raise GateUnavailable(redact(f"{path}: what this uses is not clear: {error}")) from None


def _files(patterns: Sequence[str]) -> Iterator[str]:
    from bluegreen.schema.layout import in_order  # noqa: PLC0415

    for pattern in patterns:
        if not glob.has_magic(pattern):
            yield pattern
        else:
            yield from in_order((path for path in glob.glob(pattern, recursive=True) if Path(path).is_file()), _text)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no UTF-8 text"
        raise GateUnavailable(f"{path}: {why}") from None
