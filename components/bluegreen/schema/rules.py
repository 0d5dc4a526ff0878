"""What the rules for pending migrations share: ways out, what a statement can hurt, and new constraints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from sqlglot import exp

from bluegreen.schema.catalog import RELATION, Catalog
from bluegreen.schema.usage import Used

# Dropping these loosens; what depends on them is at most slower.
LOOSENS = frozenset({"INDEX", "CONSTRAINT", "FOREIGN KEY", "CHECK", "PRIMARY KEY"})


class WayOut(Enum):
    """How a change is made in two releases."""

    DROP = "stop using it in this release; drop it in the release after, when neither color uses it"
    RENAME_COLUMN = (
        "add the new column beside the old one, write both, release; drop the old column in the release after"
    )
    RENAME_TABLE = (
        "add a view or a table of the new name and keep both in step, release; drop the old one in the release after"
    )
    TYPE = (
        "add a new column of the new type, write both, copy the old rows, release; "
        "drop the old column in the release after"
    )
    ADD_NOT_NULL = "add it nullable or with a default and write it, release; set NOT NULL in the release after"
    NOT_NULL = "write it always and fill the old rows, release; set NOT NULL in the release after"
    CONSTRAINT = "write only what it allows and mend the old rows, release; add the constraint in the release after"
    DROP_DEFAULT = "write the value always, release; drop the default in the release after"
    TRUNCATE = "stop reading it in this release; empty it in the release after"
    UNJUDGED = (
        "write it as plain statements that can be read; or take it out of the pending set and apply it by hand, "
        "once it is certain that the live color can live with it"
    )


Judgement = tuple[str, WayOut]


@dataclass(frozen=True, slots=True)
class Reach:
    """What a statement can hurt."""

    catalog: Catalog
    used: Used

    def needs(self, table: str) -> bool:
        """Whether the live color uses a table; never one that is made in the pending set."""
        # What has no name that can be read may be anything.
        return not table or (not self.catalog.is_new(RELATION, table) and self.used.table(_last(table)))

    def needs_column(self, table: str, name: str) -> bool:
        """Whether the live color uses a column; never one that is added in the pending set."""
        if self.catalog.is_new(RELATION, table) or self.catalog.column(table, name).fresh:
            return False
        return self.used.column(_last(table), name)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def judge_constraint(
    reach: Reach, table: str, what: str, columns: Sequence[str], *, check: exp.Expression | None = None
) -> Iterator[Judgement]:
    """A new constraint. One on columns alone that the live color leaves empty says nothing of what it writes."""
    empty = [reach.catalog.column(table, name) for name in columns]
    left_out = bool(empty) and all(item.fresh and item.nullable and not item.default for item in empty)
    if left_out and check is not None:
        names = {reach.catalog.column_name(item) for item in check.find_all(exp.Column)}
        left_out = names <= set(columns) and not any(check.find_all(exp.Is, exp.Func, exp.Case, exp.NullSafeEQ))
    if left_out and what.startswith("unique") and reach.catalog.dialect in ("tsql", "fabric"):
        left_out = False  # there two empty values are equal
    if reach.needs(table) and not left_out:
        on = f" ({', '.join(columns)})" if columns else ""
        yield f"new {what} on {table or 'a table'}{on}", WayOut.CONSTRAINT
