"""A whole set of migrations against what the live color uses: pure, over texts."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bluegreen.schema.catalog import Catalog
from bluegreen.schema.changes import Finding, judge, judge_read
from bluegreen.schema.locks import Locks
from bluegreen.schema.rules import WayOut
from bluegreen.schema.sections import way_there
from bluegreen.schema.sql import statements
from bluegreen.schema.usage import Used

_NOTHING = Used(frozenset())


@dataclass(frozen=True, slots=True)
class Source:
    """One file.

    Attributes:
        path: where it is.
        sql: what stands in it.
    """

    path: str
    sql: str


def read_applied(applied: Sequence[Source], dialect: str) -> Catalog:
    """The catalog of the present schema, when there is a text of it."""
    catalog = Catalog(dialect)
    for source in applied:
        judge(source.sql, catalog, _NOTHING)
        catalog.next_file()
    if applied:
        catalog.settle()
    return catalog


def review(
    pending: Sequence[Source],
    applied: Sequence[Source],
    used: Used,
    dialect: str,
    *,
    known: bool,
    rows: Mapping[str, int] | None = None,
) -> list[tuple[str, Finding]]:
    """The findings in a set of migrations, each with its file.

    Args:
        pending: the files in the order in which they are applied.
        applied: the present schema, in whichever number of texts.
        used: what the live color uses.
        dialect: sqlglot's name.
        known: whether it is known that all of these are pending. If not, what one of them makes may exist already for
            the next.
        rows: how many rows tables have, by name, when it says whom statements stop; otherwise ``None``.
    """
    with _without_collecting():
        return _review(pending, applied, used, dialect, known=known, rows=rows)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Run without garbage collection: trees have no cycles that end meanwhile, and the search takes long."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _review(
    pending: Sequence[Source],
    applied: Sequence[Source],
    used: Used,
    dialect: str,
    *,
    known: bool,
    rows: Mapping[str, int] | None,
) -> list[tuple[str, Finding]]:
    read = [statements(source.sql, dialect) for source in pending]

    def judged(*, as_known: bool) -> list[tuple[str, Finding]]:
        catalog = read_applied(applied, dialect)
        catalog.known = as_known
        locks = Locks(rows) if rows is not None else None
        findings = []
        for source, parts in zip(pending, read, strict=True):
            findings += [(source.path, item) for item in judge_read(source.sql, parts, catalog, used, locks)]
            catalog.next_file()
            if locks is not None:
                locks.next_file()
        return findings

    findings = judged(as_known=known)
    if known or not findings or len(pending) == 1:
        return findings
    # What only the missing record stands in the way of.
    whatever = {(path, item.line, item.change) for path, item in judged(as_known=True)}
    return [
        (path, item if item.blocking or (path, item.line, item.change) in whatever else _for_want_of_a_record(item))
        for path, item in findings
    ]


def _for_want_of_a_record(item: Finding) -> Finding:
    change = f"{item.change}, which an earlier file makes; whether that file is applied already is not known"
    return replace(item, change=change, way_out=WayOut.RECORD.value)


def says_something(sql: str, dialect: str) -> bool:
    """Whether a text holds any statement at all."""
    return bool(statements(way_there(sql), dialect))
