"""The actions of an ``ALTER TABLE`` that rewrite, copy or validate a table while others wait."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from bluegreen.schema.catalog import Catalog
from bluegreen.schema.column_types import type_text

Block = tuple[str, str]
"""What is stopped, and the way that stops less."""

REWRITES = "add a new column of the new type, write both, copy the old rows in batches"
VALIDATED = "add it NOT VALID, and VALIDATE CONSTRAINT in a file of its own"
CHECKED = "add a CHECK (... IS NOT NULL) NOT VALID, validate it, then set NOT NULL: it needs no scan then"
BY_INDEX = "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX"
WAITS = "SET lock_timeout = '2s' before it, and let the tool try again"
IN_PLACE = "a tool that copies beside the table (gh-ost, pt-online-schema-change, pg_repack), or a quiet hour"

# Evaluated once for all rows: these need no rewrite.
_STABLE = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentTime, exp.CurrentUser)
_TINY_BYTES = 255
_BYTES_A_CHARACTER = {"latin1": 1, "ascii": 1, "utf8": 3, "utf8mb3": 3}


def postgres_action(action: exp.Expression, table: str, catalog: Catalog, *, checked: bool) -> Iterator[Block]:
    """The blocks of an action, by the notes of PostgreSQL's page "ALTER TABLE"."""
    if isinstance(action, exp.ColumnDef):
        yield from _postgres_column(action, table, catalog)
    elif isinstance(action, exp.AlterColumn):
        name = catalog.column_name(action.this)
        column, dtype = catalog.column(table, name), action.args.get("dtype")
        if dtype is not None and not (column.dtype is not None and _same_storage(column.dtype, dtype)):
            yield f"the new type of {table}.{name} rewrites the table, and its indexes", REWRITES
        if action.args.get("allow_null") is False and column.nullable is not False:
            yield f"SET NOT NULL on {table}.{name} reads the whole table meanwhile", CHECKED
    elif isinstance(action, exp.AddConstraint):
        for leaf in action.find_all(exp.ForeignKey, exp.CheckColumnConstraint):
            kind = "foreign key" if isinstance(leaf, exp.ForeignKey) else "check"
            if checked:
                yield f"a {kind} on {table} is validated at once", VALIDATED
        if action.find(exp.UniqueColumnConstraint, exp.PrimaryKey):
            yield f"the index of a constraint on {table} is made while writes wait", BY_INDEX


def _postgres_column(action: exp.ColumnDef, table: str, catalog: Catalog) -> Iterator[Block]:
    name = catalog.column_name(action.this)
    kind = action.args.get("kind")
    said = type(kind.this).__name__ if kind is not None else ""
    serial = "SERIAL" in str(getattr(kind, "this", said)).upper()
    for item in action.args.get("constraints") or ():
        what = item.kind
        if isinstance(what, exp.DefaultColumnConstraint):
            calls = [call for call in what.find_all(exp.Func) if not isinstance(call, (*_STABLE, exp.Cast))]
            if calls:
                yield f"{table}.{name} has a default of its own for each row: the table is rewritten", REWRITES
        elif type(what).__name__ == "ComputedColumnConstraint" or type(what).__name__.startswith("GeneratedAs"):
            yield f"{table}.{name} is computed for each row: the table is rewritten", REWRITES
        elif isinstance(what, exp.Reference):
            yield f"the foreign key of {table}.{name} is validated at once", VALIDATED
        elif isinstance(what, (exp.UniqueColumnConstraint, exp.PrimaryKeyColumnConstraint)):
            yield f"the index of {table}.{name} is made while all wait", BY_INDEX
        elif isinstance(what, exp.CheckColumnConstraint):
            yield f"the check of {table}.{name} is validated at once", VALIDATED
    if serial:
        yield f"{table}.{name} is numbered row by row: the table is rewritten", REWRITES


def _same_storage(old: exp.DataType, new: exp.DataType) -> bool:
    """Whether Postgres only notes the new type: a longer or unlimited text, a number of more digits."""
    before, after = type_text(old, "postgres").upper(), type_text(new, "postgres").upper()
    if before == after:
        return True
    texts = [name.startswith("VARCHAR") or name == "TEXT" for name in (before, after)]
    if all(texts):
        lengths = [int(item.expressions[0].name) if item.expressions else None for item in (old, new)]
        return lengths[1] is None or (lengths[0] is not None and lengths[0] <= lengths[1])
    if before.startswith("DECIMAL") and after.startswith("DECIMAL"):
        scales = [item.expressions[1].name if len(item.expressions) > 1 else "0" for item in (old, new)]
        return not new.expressions or (bool(old.expressions) and scales[0] == scales[1])
    return False


def mysql_action(action: exp.Expression, table: str, catalog: Catalog) -> Iterator[Block]:
    """The blocks of an action, by MySQL's page "Online DDL Operations": it copies, or stops writes meanwhile."""
    kind = type(action).__name__
    if isinstance(action, exp.ColumnDef):
        kinds = [type(item.kind).__name__ for item in action.args.get("constraints") or ()]
        stored = any(item.kind.args.get("persisted") for item in action.args.get("constraints") or ())
        name = catalog.column_name(action.this)
        if stored or "AutoIncrementColumnConstraint" in kinds:
            yield f"{table} is copied for {name}, and writes wait", IN_PLACE
    elif kind == "ModifyColumn" and isinstance(action.this, exp.ColumnDef):
        name = catalog.column_name(action.args.get("rename_from")) or catalog.column_name(action.this.this)
        old, new = catalog.column(table, name).dtype, action.this.args.get("kind")
        if new is None or old is None or not _fits_in_place(old, new, catalog.column(table, name).text[0]):
            yield f"{table} is copied for the new type of {name}, and writes wait", IN_PLACE
    elif isinstance(action, exp.AddConstraint):
        if action.find(exp.ForeignKey):
            yield f"{table} is copied for a foreign key, unless foreign_key_checks is off, and writes wait", IN_PLACE
        elif action.find(exp.CheckColumnConstraint):
            yield f"{table} is copied for a check, and writes wait", IN_PLACE
        elif any(str(item.args.get("kind")).upper() in ("FULLTEXT", "SPATIAL") for item in action.expressions):
            yield f"a full text or spatial index on {table} is made while writes wait", IN_PLACE
    elif kind == "DropPrimaryKey":
        yield f"{table} is copied without its primary key, and writes wait", IN_PLACE


def _fits_in_place(old: exp.DataType, new: exp.DataType, charset: str) -> bool:
    """Whether a type is the same, or a longer varchar whose length still takes as many bytes."""
    before, after = type_text(old, "mysql").upper(), type_text(new, "mysql").upper()
    if before == after:
        return True
    if not (before.startswith("VARCHAR(") and after.startswith("VARCHAR(")):
        return before.startswith("ENUM") and after.startswith("ENUM") and after[:-1].startswith(before[:-1])
    bytes_each = _BYTES_A_CHARACTER.get(charset, 4)
    lengths = [int(item.expressions[0].name) * bytes_each for item in (old, new)]
    return lengths[0] <= lengths[1] and (lengths[0] > _TINY_BYTES) == (lengths[1] > _TINY_BYTES)
