"""The judgement of ``ALTER``: one rule for each kind of action, and refusal of every kind that has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sqlglot import exp

from bluegreen.schema.catalog import RELATION
from bluegreen.schema.column_types import is_widening, type_text
from bluegreen.schema.computed import may_fail
from bluegreen.schema.keys import add_constraints, drop_key, judge_constraint, judge_unique, note_column
from bluegreen.schema.parts import Column, Key, is_null
from bluegreen.schema.rules import UNJUDGED, Judgement, Reach, WayOut

_OPTIONS = frozenset({"AlgorithmProperty", "LockProperty", "AutoIncrementProperty", "EngineProperty"})


def judge_alter(tree: exp.Alter, reach: Reach, *, maybe: bool = False) -> Iterator[Judgement]:
    """Every action of one ``ALTER``; ``maybe``: it may not run at all."""
    kind = str(tree.args.get("kind") or "").upper()
    table = reach.catalog.name(tree.this)
    actions: Sequence[exp.Expression] = tree.args.get("actions") or []
    options: Sequence[exp.Expression] = tree.args.get("options") or []
    if kind == "INDEX" and actions and all(isinstance(action, exp.AlterRename) for action in actions):
        for action in actions:
            reach.catalog.rename_key("", table.rpartition(".")[2], reach.catalog.name(action.this).rpartition(".")[2])
        return
    if kind not in ("TABLE", "VIEW") or not table or not (actions or options):
        yield UNJUDGED
        return
    targets = [item for item in options if type(item).__name__ == "ToTableProperty"]
    if any(item not in targets and not _is_harmless_option(item) for item in options):
        yield UNJUDGED
    for action in actions:
        if targets and isinstance(action, exp.AlterRename):
            # Postgres' RENAME a TO b, without the word COLUMN.
            old, new = _identifier(action.this), _identifier(targets[0].this)
            yield from _rename_column(reach, table, reach.catalog.column_name(old), reach.catalog.column_name(new))
        else:
            yield from _judge_action(action, reach, table, maybe=maybe)


def _judge_action(action: exp.Expression, reach: Reach, table: str, *, maybe: bool) -> Iterator[Judgement]:
    catalog, kind = reach.catalog, type(action).__name__
    if isinstance(action, exp.ColumnDef):
        yield from _add_column(reach, table, action, maybe=maybe)
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
        yield from add_constraints(reach, table, action.expressions)
    elif kind == "DropPrimaryKey":
        yield from drop_key(reach, table, "primary", index=False)
    elif kind == "RenameIndex":
        catalog.rename_key(table, catalog.column_name(action.this), catalog.column_name(action.args.get("to")))
    elif not _sets_storage(action):
        yield UNJUDGED


def _is_harmless_option(item: exp.Expression) -> bool:
    kind = type(item).__name__
    # Others lose rows when they restart, or know no transactions.
    return item.name.upper() == "INNODB" if kind == "EngineProperty" else kind in _OPTIONS


def _sets_storage(action: exp.Expression) -> bool:
    given = {name for name, value in action.args.items() if value}
    return type(action).__name__ == "AlterSet" and given == {"expressions"}


def _identifier(table: object) -> object:
    return table.this if isinstance(table, exp.Table) else table


def _add_column(reach: Reach, table: str, definition: exp.ColumnDef, *, maybe: bool) -> Iterator[Judgement]:
    catalog, name = reach.catalog, reach.catalog.column_name(definition.this)
    perhaps = maybe or bool(definition.args.get("exists"))
    if catalog.has_column(table, name) and not catalog.column(table, name).fresh:
        if not perhaps:
            yield f"add {table}.{name}, which exists already by what is applied", WayOut.APPLIED
        return
    certain = not perhaps or catalog.lacks_column(table, name)
    column = Column.of(definition, fresh=certain and not catalog.reading, dialect=catalog.dialect)
    if certain or catalog.reading:
        catalog.put(table, name, column)
    if reach.named_already(table, name):
        yield f"add {table}.{name}, of which the live color's statements have one already", WayOut.ADD_COLUMN
    elif reach.needs(table) and reach.used.by_position(table.rpartition(".")[2], catalog.dialect):
        yield f"add {table}.{name}, where the live color counts the columns", WayOut.ADD_COLUMN
    if reach.needs(table) and not column.nullable and not column.default:
        yield f"add {table}.{name}, NOT NULL without a default", WayOut.ADD_NOT_NULL
    if reach.needs(table) and may_fail(definition):
        yield f"add {table}.{name}, computed in a way that may refuse a row", WayOut.COMPUTED
    for item in definition.args.get("constraints") or ():
        # A column that numbers itself is unique from the beginning.
        if isinstance(item.kind, (exp.UniqueColumnConstraint, exp.PrimaryKeyColumnConstraint)):
            if not column.default or _has_constant_default(definition):
                nulls = bool(item.kind.args.get("nulls"))
                yield from judge_unique(reach, Key("unique", table, (name,)), equal_nulls=nulls)
        elif isinstance(item.kind, exp.CheckColumnConstraint):
            yield from judge_constraint(reach, table, "check", [name], check=item.kind)
        elif isinstance(item.kind, exp.Reference):
            yield from judge_constraint(reach, table, "foreign key", [name])
    note_column(catalog, table, name, definition)


def _has_constant_default(definition: exp.ColumnDef) -> bool:
    return any(isinstance(item.kind, exp.DefaultColumnConstraint) for item in definition.args.get("constraints") or ())


def _drop(reach: Reach, table: str, action: exp.Drop) -> Iterator[Judgement]:
    kind = str(action.args.get("kind") or "").upper()
    if kind in ("INDEX", "CONSTRAINT", "PRIMARY KEY"):
        for target in action.args.get("tables") or [action.this]:
            yield from drop_key(reach, table, reach.catalog.column_name(_identifier(target)), index=kind == "INDEX")
        return
    if kind in ("FOREIGN KEY", "CHECK"):
        return
    if kind != "COLUMN":
        yield UNJUDGED
        return
    for target in action.args.get("tables") or [action.this]:
        name = reach.catalog.column_name(_identifier(target))
        if not name:
            yield UNJUDGED
        elif reach.needs_column(table, name):
            yield f"drop column {table}.{name}", WayOut.DROP
        reach.catalog.put(table, name, None)


def _rename_column(reach: Reach, table: str, old: str, new: str) -> Iterator[Judgement]:
    if not old or not new:
        yield UNJUDGED
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
        yield UNJUDGED
        return
    dtype, column = action.args.get("dtype"), reach.catalog.column(table, name)
    if dtype is not None:
        yield from _retype(reach, table, name, dtype, using=action.args.get("using"))
        column = reach.catalog.column(table, name)
    if "allow_null" in given:
        must = action.args["allow_null"] is False
        if must:
            yield from _set_not_null(reach, table, name)
        column = replace(reach.catalog.column(table, name), nullable=not must)
        reach.catalog.put(table, name, column)
    elif "drop" in given:
        yield from _drop_default(reach, table, name)
    if "default" in given and is_null(action.args["default"]):
        yield from _drop_default(reach, table, name)
    elif "default" in given:
        value = action.args["default"]
        yield from _change_default(reach, table, name, value)
        reach.catalog.put(table, name, replace(reach.catalog.column(table, name), default=True, value=value))


def _redefine(reach: Reach, table: str, definition: exp.ColumnDef, old: str) -> Iterator[Judgement]:
    """Judge MySQL's MODIFY and CHANGE, which drop every attribute that they do not repeat."""
    name = reach.catalog.column_name(definition.this)
    if old and old != name:
        yield from _rename_column(reach, table, old, name)
    catalog = reach.catalog
    before, after = catalog.column(table, name), Column.of(definition, fresh=False)
    if after.dtype is None:
        yield UNJUDGED
        return
    if after.computed and not before.computed:
        if reach.needs_column(table, name):
            yield f"make {table}.{name} a generated column", WayOut.TYPE
    else:
        yield from _retype(reach, table, name, after.dtype)
    if reach.needs_column(table, name) and not _same_text(before, after):
        yield f"character set or collation of {table}.{name}", WayOut.TYPE
    if not after.nullable:
        yield from _set_not_null(reach, table, name)
    if (before.default and not after.default) or (before.follows and not after.follows):
        yield from _drop_default(reach, table, name)
    elif after.default and after.value is not None:
        yield from _change_default(reach, table, name, after.value)
    for item in definition.args.get("constraints") or ():
        if isinstance(item.kind, (exp.UniqueColumnConstraint, exp.PrimaryKeyColumnConstraint)):
            yield from judge_unique(reach, Key("unique", table, (name,)))
        elif isinstance(item.kind, exp.CheckColumnConstraint):
            yield from judge_constraint(reach, table, "check", [name], check=item.kind)
    catalog.put(table, name, replace(after, fresh=before.fresh))
    note_column(catalog, table, name, definition)


_NARROW = frozenset({"ascii", "latin1", "utf8", "utf8mb3"})


def _same_text(before: Column, after: Column) -> bool:
    """Whether no letter is lost, and no comparison changes. A charset that is not repeated is the table's."""
    (charset, collation), (new_charset, new_collation) = before.text, after.text
    wider = new_charset == "utf8mb4" and (not charset or charset in _NARROW)
    return (charset == new_charset or (wider and not collation)) and collation == new_collation


def _retype(reach: Reach, table: str, name: str, dtype: exp.DataType, *, using: object = None) -> Iterator[Judgement]:
    catalog = reach.catalog
    old, new = catalog.column(table, name).dtype, type_text(dtype, catalog.dialect)
    if reach.needs_column(table, name):
        if old is None:
            yield f"type of {table}.{name} to {new}; its present type is not known from `applied`", WayOut.TYPE
        elif not is_widening(old, dtype, catalog.dialect):
            yield f"type of {table}.{name} from {type_text(old, catalog.dialect)} to {new}", WayOut.TYPE
        elif isinstance(using, exp.Expression) and not _only_casts(catalog.column_name, using, name, dtype):
            yield f"type of {table}.{name} to {new} by an expression that changes its values", WayOut.TYPE
    catalog.put(table, name, replace(catalog.column(table, name), dtype=dtype))


def _only_casts(name_of: Callable[[object], str], using: object, name: str, dtype: exp.DataType) -> bool:
    if isinstance(using, exp.Paren):
        return _only_casts(name_of, using.this, name, dtype)
    if isinstance(using, exp.Cast):
        return using.to == dtype and _only_casts(name_of, using.this, name, dtype)
    return isinstance(using, (exp.Column, exp.Identifier)) and name_of(using) == name


def _set_not_null(reach: Reach, table: str, name: str) -> Iterator[Judgement]:
    column = reach.catalog.column(table, name)
    # The live color writes the table without a column that it does not know: the default is what it leaves there.
    harmless = column.nullable is False or (column.fresh and column.default)
    if reach.needs(table) and not harmless:
        yield f"set {table}.{name} NOT NULL", WayOut.NOT_NULL


_STRICT = ("foreign key", "unique", "primary key", "check")


def _change_default(reach: Reach, table: str, name: str, value: exp.Expression) -> Iterator[Judgement]:
    """Judge another default, which counts where the live color leaves the column out. NULL may be replaced."""
    column = reach.catalog.column(table, name)
    if not reach.needs(table) or column.fresh or column.value == value:
        return
    if column.default:
        yield f"change default of {table}.{name}", WayOut.DROP_DEFAULT
    elif any(name in key.columns and key.kind in _STRICT for key in reach.catalog.keys_of(table)):
        yield f"new default of {table}.{name}, which a key or a check may not allow", WayOut.DROP_DEFAULT


def _drop_default(reach: Reach, table: str, name: str) -> Iterator[Judgement]:
    column = reach.catalog.column(table, name)
    if reach.needs(table) and not (column.fresh and column.nullable):
        yield f"drop default of {table}.{name}", WayOut.DROP_DEFAULT
    reach.catalog.put(table, name, replace(column, default=False, value=None))
