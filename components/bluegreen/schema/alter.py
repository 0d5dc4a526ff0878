"""The judgement of ``ALTER``: one rule for each kind of action, and refusal of every kind that has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sqlglot import exp

from bluegreen.schema.catalog import RELATION, Column
from bluegreen.schema.column_types import is_widening, type_text
from bluegreen.schema.rules import LOOSENS, Judgement, Reach, WayOut, judge_constraint

_UNJUDGED: Judgement = ("it cannot be judged", WayOut.UNJUDGED)
_OPTIONS = frozenset({"AlgorithmProperty", "LockProperty", "AutoIncrementProperty", "EngineProperty"})


def judge_alter(tree: exp.Alter, reach: Reach) -> Iterator[Judgement]:
    """Every action of one ``ALTER``."""
    kind = str(tree.args.get("kind") or "").upper()
    table = reach.catalog.name(tree.this)
    actions: Sequence[exp.Expression] = tree.args.get("actions") or []
    options: Sequence[exp.Expression] = tree.args.get("options") or []
    if kind == "INDEX" and actions and all(isinstance(action, exp.AlterRename) for action in actions):
        return
    if kind not in ("TABLE", "VIEW") or not table or not (actions or options):
        yield _UNJUDGED
        return
    targets = [item for item in options if type(item).__name__ == "ToTableProperty"]
    if any(item not in targets and type(item).__name__ not in _OPTIONS for item in options):
        yield _UNJUDGED
    for action in actions:
        if targets and isinstance(action, exp.AlterRename):
            # Postgres' RENAME a TO b, without the word COLUMN.
            old, new = _identifier(action.this), _identifier(targets[0].this)
            yield from _rename_column(reach, table, reach.catalog.column_name(old), reach.catalog.column_name(new))
        else:
            yield from _judge_action(action, reach, table)


def _judge_action(action: exp.Expression, reach: Reach, table: str) -> Iterator[Judgement]:
    catalog, kind = reach.catalog, type(action).__name__
    if isinstance(action, exp.ColumnDef):
        yield from _add_column(reach, table, action)
    elif isinstance(action, exp.Drop):
        yield from _drop(reach, table, action)
    elif isinstance(action, exp.AlterRename):
        new = catalog.name(action.this)
        # Without a schema of its own it stays in the old one.
        new = new if "." in new or "." not in table else f"{table.rpartition('.')[0]}.{new}"
        if reach.needs(table):
            yield f"rename {table} to {new}", WayOut.RENAME_TABLE
        catalog.rename(RELATION, table, new)
    elif kind == "RenameColumn":
        yield from _rename_column(
            reach, table, catalog.column_name(action.this), catalog.column_name(action.args.get("to"))
        )
    elif isinstance(action, exp.AlterColumn):
        yield from _alter_column(reach, table, action)
    elif kind == "ModifyColumn" and isinstance(action.this, exp.ColumnDef):
        yield from _redefine(reach, table, action.this, catalog.column_name(action.args.get("rename_from")))
    elif isinstance(action, exp.AddConstraint):
        yield from _add_constraints(reach, table, action.expressions)
    elif kind not in ("RenameIndex", "DropPrimaryKey") and not _sets_storage(action):
        yield _UNJUDGED


def _sets_storage(action: exp.Expression) -> bool:
    given = {name for name, value in action.args.items() if value}
    return type(action).__name__ == "AlterSet" and given == {"expressions"}


def _identifier(table: object) -> object:
    return table.this if isinstance(table, exp.Table) else table


def _add_column(reach: Reach, table: str, definition: exp.ColumnDef) -> Iterator[Judgement]:
    catalog, name = reach.catalog, reach.catalog.column_name(definition.this)
    certain = not definition.args.get("exists") or (catalog.complete and not catalog.knows(table, name))
    column = Column.of(definition, fresh=certain)
    if certain:
        catalog.put(table, name, column)
    if reach.needs(table) and not column.nullable and not column.default:
        yield f"add {table}.{name}, NOT NULL without a default", WayOut.ADD_NOT_NULL
    for item in definition.args.get("constraints") or ():
        # A column that numbers itself is unique from the beginning.
        if isinstance(item.kind, (exp.UniqueColumnConstraint, exp.PrimaryKeyColumnConstraint)):
            if not column.default or _has_constant_default(definition):
                yield from judge_constraint(reach, table, "unique", [name])
        elif isinstance(item.kind, exp.CheckColumnConstraint):
            yield from judge_constraint(reach, table, "check", [name], check=item.kind)
        elif isinstance(item.kind, exp.Reference):
            yield from judge_constraint(reach, table, "foreign key", [name])


def _has_constant_default(definition: exp.ColumnDef) -> bool:
    return any(isinstance(item.kind, exp.DefaultColumnConstraint) for item in definition.args.get("constraints") or ())


def _drop(reach: Reach, table: str, action: exp.Drop) -> Iterator[Judgement]:
    kind = str(action.args.get("kind") or "").upper()
    if kind in LOOSENS:
        return
    if kind != "COLUMN":
        yield _UNJUDGED
        return
    for target in action.args.get("tables") or [action.this]:
        name = reach.catalog.column_name(_identifier(target))
        if not name:
            yield _UNJUDGED
        elif reach.needs_column(table, name):
            yield f"drop column {table}.{name}", WayOut.DROP
        reach.catalog.put(table, name, None)


def _rename_column(reach: Reach, table: str, old: str, new: str) -> Iterator[Judgement]:
    if not old or not new:
        yield _UNJUDGED
        return
    if reach.needs_column(table, old):
        yield f"rename column {table}.{old} to {new}", WayOut.RENAME_COLUMN
    column = reach.catalog.column(table, old)
    reach.catalog.put(table, old, None)
    reach.catalog.put(table, new, column)


def _alter_column(reach: Reach, table: str, action: exp.AlterColumn) -> Iterator[Judgement]:
    name = reach.catalog.column_name(action.this)
    given = {key for key, value in action.args.items() if value is not None and (value or key == "allow_null")}
    if not name or given - {"this", "dtype", "using", "allow_null", "drop", "default", "comment"}:
        yield _UNJUDGED
        return
    dtype, column = action.args.get("dtype"), reach.catalog.column(table, name)
    if dtype is not None:
        yield from _retype(reach, table, name, dtype)
    if "allow_null" in given:
        must = action.args["allow_null"] is False
        if must:
            yield from _set_not_null(reach, table, name)
        column = replace(reach.catalog.column(table, name), nullable=not must)
        reach.catalog.put(table, name, column)
    elif "drop" in given:
        yield from _drop_default(reach, table, name)
    if "default" in given:
        reach.catalog.put(table, name, replace(reach.catalog.column(table, name), default=True))


def _redefine(reach: Reach, table: str, definition: exp.ColumnDef, old: str) -> Iterator[Judgement]:
    """MySQL's MODIFY and CHANGE: what is not said again is gone."""
    name = reach.catalog.column_name(definition.this)
    if old and old != name:
        yield from _rename_column(reach, table, old, name)
    before, after = reach.catalog.column(table, name), Column.of(definition, fresh=False)
    if after.dtype is None:
        yield _UNJUDGED
        return
    yield from _retype(reach, table, name, after.dtype)
    if not after.nullable:
        yield from _set_not_null(reach, table, name)
    if before.default and not after.default:
        yield from _drop_default(reach, table, name)
    for item in definition.args.get("constraints") or ():
        if isinstance(item.kind, (exp.UniqueColumnConstraint, exp.PrimaryKeyColumnConstraint)):
            yield from judge_constraint(reach, table, "unique", [name])
        elif isinstance(item.kind, exp.CheckColumnConstraint):
            yield from judge_constraint(reach, table, "check", [name], check=item.kind)
    reach.catalog.put(table, name, replace(after, fresh=before.fresh))


def _retype(reach: Reach, table: str, name: str, dtype: exp.DataType) -> Iterator[Judgement]:
    catalog = reach.catalog
    old, new = catalog.column(table, name).dtype, type_text(dtype, catalog.dialect)
    if reach.needs_column(table, name):
        if old is None:
            yield f"type of {table}.{name} to {new}; its present type is not known from `applied`", WayOut.TYPE
        elif not is_widening(old, dtype, catalog.dialect):
            yield f"type of {table}.{name} from {type_text(old, catalog.dialect)} to {new}", WayOut.TYPE
    catalog.put(table, name, replace(catalog.column(table, name), dtype=dtype))


def _set_not_null(reach: Reach, table: str, name: str) -> Iterator[Judgement]:
    column = reach.catalog.column(table, name)
    # The live color writes the table without a column that it does not know: the default is what it leaves there.
    harmless = column.nullable is False or (column.fresh and column.default)
    if reach.needs(table) and not harmless:
        yield f"set {table}.{name} NOT NULL", WayOut.NOT_NULL


def _drop_default(reach: Reach, table: str, name: str) -> Iterator[Judgement]:
    column = reach.catalog.column(table, name)
    if reach.needs(table) and not (column.fresh and column.nullable):
        yield f"drop default of {table}.{name}", WayOut.DROP_DEFAULT
    reach.catalog.put(table, name, replace(column, default=False))


def _add_constraints(reach: Reach, table: str, constraints: Iterable[exp.Expression]) -> Iterator[Judgement]:
    catalog = reach.catalog
    for constraint in constraints:
        for leaf in constraint.expressions if isinstance(constraint, exp.Constraint) else [constraint]:
            kind = type(leaf).__name__
            if isinstance(leaf, exp.UniqueColumnConstraint):
                columns = leaf.this.expressions if isinstance(leaf.this, exp.Schema) else []
                yield from judge_constraint(reach, table, "unique", [catalog.column_name(item) for item in columns])
            elif isinstance(leaf, exp.ForeignKey):
                yield from judge_constraint(
                    reach, table, "foreign key", [catalog.column_name(item) for item in leaf.expressions]
                )
            elif isinstance(leaf, exp.CheckColumnConstraint):
                names = [catalog.column_name(item) for item in leaf.find_all(exp.Column)]
                yield from judge_constraint(reach, table, "check", names, check=leaf)
            elif isinstance(leaf, exp.PrimaryKey):
                yield from judge_constraint(reach, table, "primary key", [])
            elif kind not in ("IndexColumnConstraint", "DefaultColumnConstraint"):
                yield from judge_constraint(reach, table, "constraint", [])
