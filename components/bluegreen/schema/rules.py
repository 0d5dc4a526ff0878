"""Shared by the rules for pending migrations: ways out, and the objects that a statement can hurt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bluegreen.schema.catalog import RELATION, TEMPORARY, Catalog
from bluegreen.schema.usage import Used


class WayOut(Enum):
    """The way to make a change in two releases."""

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
    CONSTRAINT = "write only what it allows and fix the old rows, release; add the constraint in the release after"
    DROP_KEY = (
        "release without statements that need it (ON CONFLICT, ON DUPLICATE KEY, REPLACE); drop it in the release after"
    )
    DROP_DEFAULT = "write the value always, release; drop the default in the release after"
    TRUNCATE = "stop reading it in this release; empty it in the release after"
    ROWS = (
        "write the new values into a new column, or name in WHERE the rows that no release needs as they are; "
        "change the rest in the release after"
    )
    RIGHTS = "release without what needs the right; revoke it in the release after"
    TRIGGER = "let it fix rows instead of refusing them, release; let it refuse in the release after"
    ROUTINE = "make it under a new name beside the old one, release; drop the old one in the release after"
    COMPUTED = "add a plain column and let the application or a trigger fill it; compute it in the release after"
    ADD_COLUMN = "name the columns in the live color's statements, release; add it in the release after"
    APPLIED = (
        "hand in only what is pending: `migrations` without it, or `applied_until`, the last version that is applied"
    )
    RECORD = (
        "say what is pending: `applied_until`, the last version that is applied, or `history`, where the tool's own "
        "table says it, or `migrations` as a list of names without a pattern; if both are pending, put them into one "
        "file"
    )
    TEMPLATE = "hand in the SQL that is sent to the database: what the tool prints, with all placeholders filled in"
    NO_SQL = (
        "apply that operation by hand once it is certain that the live color can live with it, and hand in the "
        "rest of the SQL without its comment"
    )
    UNJUDGED = (
        "write it as plain statements that can be read; or take it out of the pending set and apply it by hand, "
        "once it is certain that the live color can live with it"
    )


# Liquibase empties its own table of locks.
_OF_TOOLS = frozenset({"databasechangeloglock"})

Judgement = tuple[str, WayOut]
UNJUDGED: Judgement = ("it cannot be judged", WayOut.UNJUDGED)


@dataclass(frozen=True, slots=True)
class Reach:
    """The objects that a statement can hurt."""

    catalog: Catalog
    used: Used

    def needs(self, table: str) -> bool:
        """Whether the live color uses a table; never one that is made in the pending set."""
        if _last(table).lower() in _OF_TOOLS:
            return False
        # What has no name that can be read may be anything.
        return not table or (not self.catalog.is_new(RELATION, table) and self.used.table(_last(table)))

    def needs_column(self, table: str, name: str) -> bool:
        """Whether the live color uses a column; never one that is added in the pending set."""
        if self.catalog.is_new(RELATION, table) or self.catalog.column(table, name).fresh:
            return False
        return self.used.column(_last(table), name)

    def named_already(self, table: str, name: str) -> bool:
        """Whether the live color's statements would find two columns of a name where there was one."""
        return not self.catalog.is_new(RELATION, table) and self.used.ambiguous(_last(table), name)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def is_temporary(name: str) -> bool:
    """Whether a name is that of a session's own table."""
    return name.startswith(f"{TEMPORARY}.")
