"""SQLite's way to change a table: a new one, its rows copied, the old one dropped, the new one under its name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from bluegreen.schema.catalog import RELATION, Catalog
from bluegreen.schema.column_types import is_widening
from bluegreen.schema.rules import Reach
from bluegreen.schema.sql import Statement


def takes_its_place(reach: Reach, table: str, before: Sequence[Statement], after: Sequence[Statement]) -> str | None:
    """The new table that takes a dropped one's name and can do all that it could; ``None`` when none does.

    Args:
        reach: what can be hurt.
        table: the one that is dropped.
        before: the statements before, among which the rows are copied.
        after: the statements that follow.
    """
    catalog = reach.catalog
    successor = next((old for old, new in _renamed(catalog, after) if new == table), None)
    old, new = catalog.columns(table), catalog.columns(successor) if successor else None
    if successor is None or old is None or new is None or not catalog.is_new(RELATION, successor):
        return None
    # Triggers go with their table, and SQLite renames nothing while a view reads what is not there.
    if any(of == table for (kind, _), of in catalog.routines.items() if kind == "TRIGGER"):
        return None
    if any(table in read for read in catalog.views.values()):
        return None
    for name, column in old.items():
        other = new.get(name)
        if other is None or other.computed != column.computed or column.dtype is None or other.dtype is None:
            return None
        if not is_widening(column.dtype, other.dtype, catalog.dialect):
            return None
        if (other.nullable is False and column.nullable is not False) or (column.default and not other.default):
            return None
    more = {name: column for name, column in new.items() if name not in old}
    if any(column.nullable is False and not column.default for column in more.values()):
        return None
    if more and (
        reach.used.by_position(table, catalog.dialect) or any(reach.named_already(table, name) for name in more)
    ):
        return None
    if not any(_copies(item.tree, catalog, table, successor, list(old)) for item in before):
        return None
    return successor if _same_keys(catalog, table, successor, after) else None


def _renamed(catalog: Catalog, after: Sequence[Statement]) -> list[tuple[str, str]]:
    return [
        (catalog.name(item.tree.this), catalog.name(action.this))
        for item in after
        if isinstance(item.tree, exp.Alter) and not item.conditional
        for action in item.tree.args.get("actions") or []
        if isinstance(action, exp.AlterRename)
    ]


def _copies(tree: object, catalog: Catalog, table: str, successor: str, columns: list[str]) -> bool:
    if not isinstance(tree, exp.Insert) or not isinstance(tree.expression, exp.Select):
        return False
    select, target = tree.expression, tree.this
    source = select.args.get("from_")
    if source is None or catalog.name(source.this) != table or catalog.name(target) != successor:
        return False
    if any(select.args.get(part) for part in ("where", "limit", "joins", "group", "having", "distinct")):
        return False
    given = [catalog.column_name(item) for item in target.expressions] if isinstance(target, exp.Schema) else []
    if any(item.is_star for item in select.expressions):
        return len(select.expressions) == 1 and (given or list(catalog.columns(successor) or ())) == columns
    into = given or list(catalog.columns(successor) or ())
    taken = {}
    for name, value in zip(into, select.expressions, strict=False):
        bare = value.this if isinstance(value, (exp.Alias, exp.Coalesce)) else value
        bare = bare.this if isinstance(bare, exp.Coalesce) else bare
        taken[name] = catalog.column_name(bare)
    return all(taken.get(name) == name for name in columns)


def _same_keys(catalog: Catalog, table: str, successor: str, after: Sequence[Statement]) -> bool:
    """Whether the former uniqueness stays, and no further rows are forbidden."""
    old, new = catalog.keys_of(table), catalog.keys_of(successor)
    again = set()
    for item in after:
        index = item.tree.this if isinstance(item.tree, exp.Create) and item.tree.args.get("unique") else None
        if isinstance(index, exp.Index) and catalog.name(index.args.get("table")) == table:
            again.add(frozenset(catalog.column_name(column) for column in index.find_all(exp.Column)))
    unique = {frozenset(key.columns) for key in old if key.unique}
    if (
        any(not key.plain for key in old if key.unique)
        or not unique <= {frozenset(key.columns) for key in new if key.unique} | again
    ):
        return False
    texts = {(key.kind, key.columns, key.text) for key in old}
    for key in new:
        if key.unique and frozenset(key.columns) in unique:
            continue
        if key.kind not in ("index", "default") and (key.kind, key.columns, key.text) not in texts:
            fresh = [name for name in key.columns if name not in (catalog.columns(table) or {})]
            if not (key.kind == "foreign key" and fresh == list(key.columns)):
                return False
    return True
