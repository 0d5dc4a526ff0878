"""Rows: statements that empty a table or overwrite values, judged as strictly as ``TRUNCATE``."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from bluegreen.schema.parts import filled_in
from bluegreen.schema.rules import Judgement, Reach, WayOut


def judge_rows(tree: exp.Expression, reach: Reach) -> Iterator[Judgement]:
    """Every DELETE and UPDATE of a statement, wherever it stands in it."""
    # Rows are put into tables by the thousand: there is nothing else in these.
    if isinstance(tree, exp.Insert) and not isinstance(tree.expression, exp.Query) and not tree.args.get("with_"):
        return
    for delete in tree.find_all(exp.Delete):
        table = _target(delete, reach)
        if reach.needs(table) and not _limited(delete, reach, frozenset()):
            yield f"delete all rows of {table}", WayOut.TRUNCATE
    for update in tree.find_all(exp.Update):
        table = _target(update, reach)
        aliases = {one.alias_or_name.lower(): reach.catalog.name(one) for one in update.find_all(exp.Table)}
        lost = []
        for item in update.expressions:
            column = item.this if isinstance(item, exp.EQ) else None
            of = aliases.get(column.table.lower(), table) if isinstance(column, exp.Column) and column.table else table
            name = _name(column, reach)
            if reach.needs(of) and (not name or reach.needs_column(of, name)) and not _keeps(item, name, reach):
                lost.append((of, name))
        if lost and not _limited(update, reach, frozenset(name for _, name in lost)):
            which = ", ".join(f"{of}.{name}" if name else of for of, name in lost)
            yield f"overwrite {which} in all rows", WayOut.ROWS
    yield from _replaced(tree, reach)
    for merge in tree.find_all(exp.Merge):
        if "DELETE" in merge.sql().upper().split() and reach.needs(reach.catalog.name(merge.this)):
            yield f"merge into {reach.catalog.name(merge.this)}, which deletes rows", WayOut.TRUNCATE


def _replaced(tree: exp.Expression, reach: Reach) -> Iterator[Judgement]:
    """Judge rows that a query puts in, in the place of those that are there."""
    query = tree.expression if isinstance(tree, exp.Insert) else None
    if not isinstance(query, exp.Query) or not isinstance(query, exp.Expression):
        return
    table, conflict = reach.catalog.name(tree.this), tree.args.get("conflict")
    pairs = conflict.expressions if isinstance(conflict, exp.OnConflict) else []
    names = [_name(item.this, reach) for item in pairs if isinstance(item, exp.EQ)]
    lost = [name for name in names if not name or reach.needs_column(table, name)]
    replaces = str(tree.args.get("alternative") or "").upper() == "REPLACE" or bool(tree.args.get("overwrite"))
    if reach.needs(table) and (lost or replaces) and not _limited(query, reach, frozenset(lost)):
        yield f"overwrite {', '.join(f'{table}.{name}' for name in lost) or table} in all rows", WayOut.ROWS


def _target(tree: exp.Expression, reach: Reach) -> str:
    target = tree.this if isinstance(tree.this, exp.Table) else None
    listed = tree.args.get("tables") or []
    if listed:  # DELETE a FROM a JOIN b
        target = listed[0]
    if target is None:
        return ""
    for table in tree.find_all(exp.Table):  # UPDATE a SET ... FROM users AS a
        if table is not target and table.alias and table.alias.lower() == target.name.lower() and not target.db:
            return reach.catalog.name(table)
    return reach.catalog.name(target)


def _keeps(pair: exp.Expression, name: str, reach: Reach) -> bool:
    """Whether only an empty value is filled in: ``c = COALESCE(c, 0)``."""
    value = pair.args.get("expression")
    if isinstance(value, exp.Coalesce):
        value = value.this
    return isinstance(value, exp.Column) and bool(name) and _name(value, reach) == name


def _name(node: object, reach: Reach) -> str:
    return reach.catalog.column_name(node)


def _limited(tree: exp.Expression, reach: Reach, overwritten: frozenset[str]) -> bool:
    """Whether a condition leaves rows as they are."""
    joins = tree.this.args.get("joins") if isinstance(tree.this, exp.Table) else None
    if tree.args.get("limit") or any(join.args.get("on") and not join.side for join in joins or ()):
        return True
    where = tree.args.get("where")
    condition = where.this if isinstance(where, exp.Where) else None
    return condition is not None and not _always(condition, reach, overwritten)


def _always(condition: object, reach: Reach, overwritten: frozenset[str]) -> bool:
    """Whether a condition is true of every row that has something to lose."""
    if isinstance(condition, exp.Paren):
        return _always(condition.this, reach, overwritten)
    if isinstance(condition, exp.And):
        return _always(condition.left, reach, overwritten) and _always(condition.right, reach, overwritten)
    if isinstance(condition, exp.Or):
        return _always(condition.left, reach, overwritten) or _always(condition.right, reach, overwritten)
    if isinstance(condition, (exp.Boolean, exp.Literal)):
        return str(condition.this).upper() not in ("FALSE", "0")
    if isinstance(condition, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)):
        if condition.left == condition.right:
            return isinstance(condition, (exp.EQ, exp.GTE, exp.LTE))
        return not condition.find(exp.Column, exp.Subquery, exp.Func, exp.Parameter, exp.Placeholder)
    filled = filled_in(condition)
    return filled is not None and (not overwritten or _name(filled, reach) in overwritten)
