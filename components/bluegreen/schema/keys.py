"""Constraints and indexes: the rows that a new one forbids, and the statements that need a dropped one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from bluegreen.schema.catalog import RELATION, Catalog
from bluegreen.schema.parts import Column, Key, filled_in
from bluegreen.schema.rules import Judgement, Reach, WayOut
from bluegreen.schema.sql import MYSQL_FAMILY, TSQL_FAMILY

_LOOSENING_NAME = re.compile(r"(^|_)(fk|fkey|foreign|ck|chk|check)\d*(_|$)", re.IGNORECASE)
_POSTGRES_NAME_LENGTH = 63


@dataclass(frozen=True, slots=True)
class _Said:
    """One constraint as it stands in a statement."""

    key: Key
    name: str
    check: exp.Expression | None = None
    equal_nulls: bool = False


def said_by(catalog: Catalog, table: str, constraint: exp.Expression) -> Iterator[_Said]:
    """The constraints of one table constraint, named or not."""
    named = catalog.column_name(constraint.this) if isinstance(constraint, exp.Constraint) else ""
    for leaf in constraint.expressions if isinstance(constraint, exp.Constraint) else [constraint]:
        yield _said(catalog, table, leaf, named)


def _said(catalog: Catalog, table: str, leaf: exp.Expression, named: str) -> _Said:
    fresh, text = not catalog.reading, _text(catalog, leaf)
    if isinstance(leaf, exp.UniqueColumnConstraint):
        schema = leaf.this if isinstance(leaf.this, exp.Schema) else None
        items = schema.expressions if schema is not None else []
        columns, plain = _columns(catalog, items)
        named = named or (catalog.column_name(schema.this) if schema is not None else "")
        key = Key("unique", table, columns, plain, text, fresh)
        return _Said(key, named, equal_nulls=bool(leaf.args.get("nulls")))
    if isinstance(leaf, exp.PrimaryKey):
        columns, plain = _columns(catalog, leaf.expressions)
        name = "primary" if catalog.dialect in MYSQL_FAMILY else named
        return _Said(Key("primary key", table, columns, plain, text, fresh), name)
    if isinstance(leaf, exp.ForeignKey):
        return _Said(Key("foreign key", table, _columns(catalog, leaf.expressions)[0], True, text, fresh), named)
    if isinstance(leaf, exp.CheckColumnConstraint):
        columns = tuple(dict.fromkeys(catalog.column_name(item) for item in leaf.find_all(exp.Column)))
        return _Said(Key("check", table, columns, True, text, fresh), named, check=leaf)
    if type(leaf).__name__ == "IndexColumnConstraint":
        return _Said(Key("index", table, (), True, text, fresh), named or catalog.column_name(leaf.this))
    if type(leaf).__name__ == "DefaultColumnConstraint":
        return _Said(Key("default", table, (), True, text, fresh), named)
    return _Said(Key("constraint", table, (), False, text, fresh), named)


def _text(catalog: Catalog, node: exp.Expression) -> str:
    """The text of a condition, for comparing; only for SQLite's rebuild, since it takes a while."""
    return node.sql().lower() if catalog.dialect == "sqlite" else type(node).__name__


def _columns(catalog: Catalog, items: Iterable[object]) -> tuple[tuple[str, ...], bool]:
    """The columns' names, and whether all items are plain names."""
    names, plain = [], True
    for item in items:
        bare = item.this if isinstance(item, exp.Ordered) else item
        if isinstance(bare, (exp.Column, exp.Identifier)):
            names.append(catalog.column_name(bare))
        else:
            plain = False
    return tuple(names), plain


def note(catalog: Catalog, said: _Said) -> None:
    """Remember a constraint, under the name that the server gives it where the statement gives none."""
    catalog.put_key(said.name or _server_name(catalog, said.key), said.key)


def _server_name(catalog: Catalog, key: Key, *, index: bool = False) -> str:
    table = key.table.rpartition(".")[2]
    if catalog.dialect in MYSQL_FAMILY:
        base = key.columns[0] if key.unique and key.columns else f"{key.kind} {key.text}"
        taken = len([one for one in catalog.keys_of(key.table) if one.unique and one.columns[:1] == key.columns[:1]])
        return base if not taken else f"{base}_{taken + 1}"
    ending = {"unique": "key", "primary key": "pkey", "check": "check", "foreign key": "fkey"}.get(key.kind, key.text)
    ending = "idx" if index else ending
    columns = () if key.kind == "primary key" else key.columns
    return "_".join([table, *columns, ending])[:_POSTGRES_NAME_LENGTH]


def note_column(catalog: Catalog, table: str, name: str, definition: exp.ColumnDef) -> None:
    """Remember the constraints that stand in a column's definition."""
    for item in definition.args.get("constraints") or ():
        kind = {
            "UniqueColumnConstraint": "unique",
            "PrimaryKeyColumnConstraint": "primary key",
            "CheckColumnConstraint": "check",
            "Reference": "foreign key",
            "DefaultColumnConstraint": "default",
        }.get(type(item.kind).__name__)
        if kind:
            named = catalog.column_name(item.this)
            mysql = "primary" if kind == "primary key" and catalog.dialect in MYSQL_FAMILY else named
            key = Key(kind, table, (name,), True, _text(catalog, item.kind), not catalog.reading)
            note(catalog, _Said(key, mysql))


def judge_constraint(
    reach: Reach, table: str, what: str, columns: Sequence[str], *, check: exp.Expression | None = None
) -> Iterator[Judgement]:
    """Judge a new constraint. One on columns that the live color leaves empty does not touch its writes."""
    empty = [reach.catalog.column(table, name) for name in columns]
    left_out = bool(empty) and all(_left_empty(item) for item in empty)
    if left_out and check is not None:
        names = {reach.catalog.column_name(item) for item in check.find_all(exp.Column)}
        left_out = names <= set(columns) and not any(check.find_all(exp.Is, exp.Func, exp.Case, exp.NullSafeEQ))
    if reach.needs(table) and not left_out:
        on = f" ({', '.join(columns)})" if columns else ""
        yield f"new {what} on {table or 'a table'}{on}", WayOut.CONSTRAINT


def _left_empty(column: Column) -> bool:
    return column.fresh and bool(column.nullable) and not column.default


def judge_unique(
    reach: Reach, key: Key, what: str = "unique", *, equal_nulls: bool = False, not_null: frozenset[str] = frozenset()
) -> Iterator[Judgement]:
    """Judge new uniqueness. Rows are never equal where a column is NULL, or where fewer columns are unique already.

    Args:
        reach: what it can hurt.
        key: what is to be unique.
        what: how it is called.
        equal_nulls: whether two empty values are equal.
        not_null: columns that its rows have filled in: it is a partial index.
    """
    catalog, table = reach.catalog, key.table
    equal_nulls = equal_nulls or catalog.dialect in TSQL_FAMILY
    for name in key.columns:
        if _left_empty(catalog.column(table, name)) and (not equal_nulls or name in not_null):
            return
    for other in catalog.keys_of(table):
        if other.unique and other.plain and other.columns and set(other.columns) <= set(key.columns):
            filled = all(catalog.column(table, name).nullable is False for name in other.columns)
            if filled or (not equal_nulls and other.kind == "unique"):
                return
    if reach.needs(table):
        on = f" ({', '.join(key.columns)})" if key.columns else ""
        yield f"new {what} on {table or 'a table'}{on}", WayOut.CONSTRAINT


def add_constraints(reach: Reach, table: str, constraints: Iterable[exp.Expression]) -> Iterator[Judgement]:
    """``ADD CONSTRAINT`` and the like."""
    for constraint in constraints:
        for said in said_by(reach.catalog, table, constraint):
            key = said.key
            if key.kind == "unique":
                yield from judge_unique(reach, key, equal_nulls=said.equal_nulls)
            elif key.kind in ("foreign key", "check"):
                yield from judge_constraint(reach, table, key.kind, key.columns, check=said.check)
            elif key.kind in ("primary key", "constraint"):
                yield from judge_constraint(reach, table, key.kind, [])
            note(reach.catalog, said)
            for name in key.columns if key.kind == "primary key" else ():
                column = reach.catalog.column(table, name)
                reach.catalog.put(table, name, replace(column, nullable=False))


def create_index(reach: Reach, tree: exp.Create) -> Iterator[Judgement]:
    """``CREATE INDEX``: only a unique one forbids anything."""
    catalog, index = reach.catalog, tree.this
    table = catalog.name(index.args.get("table") if isinstance(index, exp.Index) else None)
    name = catalog.column_name(index.this) if isinstance(index, exp.Index) else ""
    parameters = index.args.get("params") if isinstance(index, exp.Index) else None
    columns, plain = _columns(catalog, parameters.args.get("columns") or ()) if parameters else ((), False)
    where = parameters.args.get("where") if parameters else None
    kind = "unique" if tree.args.get("unique") else "index"
    key = Key(kind, table, columns, plain and where is None, _text(catalog, tree), not catalog.reading)
    if kind == "unique" and not (parameters is None and not table):
        yield from judge_unique(reach, key, "unique index", not_null=_filled(catalog, where))
    elif kind == "unique":
        yield from judge_constraint(reach, table, "unique index", [])
    catalog.put_key(name or _server_name(catalog, key, index=True), key)


def _filled(catalog: Catalog, where: exp.Expression | None) -> frozenset[str]:
    """The columns that a condition wants to be filled."""
    if where is None or where.find(exp.Or, exp.Paren):
        return frozenset()
    filled = (filled_in(item) for item in where.find_all(exp.Not, exp.Is))
    return frozenset(catalog.column_name(item) for item in filled if item is not None)


def drop_key(reach: Reach, table: str, name: str, *, index: bool) -> Iterator[Judgement]:
    """Judge a dropped constraint or index: others' statements may rely on uniqueness.

    Args:
        reach: what it can hurt.
        table: of which table; the empty text when the statement does not say.
        name: its name.
        index: whether the statement says that it is an index.
    """
    catalog = reach.catalog
    keys, new = catalog.keys(name, table) or (catalog.keys(name) if not table else []), False
    if table and catalog.is_new(RELATION, table):
        keys, new = [], True
    for key in keys:
        if key.fresh or not reach.needs(key.table):
            continue
        if key.kind == "default":
            yield f"drop default of {key.table}{'.' if key.columns else ''}{''.join(key.columns)}", WayOut.DROP_DEFAULT
        elif key.kind == "primary key" or (key.unique and not (index and _another(catalog, key))):
            on = f" ({', '.join(key.columns)})" if key.columns else ""
            yield f"drop {key.kind} {name} on {key.table}{on}", WayOut.DROP_KEY
    if not keys and not new and reach.needs(table) and not _loosens(catalog, name, index=index):
        what = "index" if index else "constraint"
        yield f"drop {what} {name}, of which it is not known from `applied` whether it is unique", WayOut.DROP_KEY
    catalog.drop_key(table, name)


def _loosens(catalog: Catalog, name: str, *, index: bool) -> bool:
    # SQL Server makes names of its own, which no text tells.
    if not index and _LOOSENING_NAME.search(name):
        return True
    return catalog.lacks_key(name) and not (catalog.dialect in TSQL_FAMILY and not index)


def _another(catalog: Catalog, key: Key) -> bool:
    """Whether the same columns stay unique."""
    others = [other for other in catalog.keys_of(key.table) if other is not key and other.unique]
    return key.plain and any(other.plain and set(other.columns) == set(key.columns) for other in others)
