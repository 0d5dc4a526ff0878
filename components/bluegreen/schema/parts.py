"""The parts of tables: columns and keys, as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from bluegreen.schema.column_types import is_serial


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``None`` is not known.

    Attributes:
        dtype: its type.
        nullable: whether it may be empty.
        default: whether it fills itself in.
        value: with what, where that was said.
        fresh: whether the pending set adds it, so that the live color cannot know it.
        text: its character set and its collation, where they were said.
        follows: whether it renews itself at each change of its row (MySQL's ``ON UPDATE``).
        computed: whether it is generated from others, so that nobody can write it.
    """

    dtype: exp.DataType | None = None
    nullable: bool | None = None
    default: bool | None = None
    fresh: bool = False
    text: tuple[str, str] = ("", "")
    follows: bool = False
    computed: bool = False
    value: exp.Expression | None = None

    @classmethod
    def of(cls, definition: exp.ColumnDef, *, fresh: bool, dialect: str = "") -> Column:
        """Make a column from its definition."""
        kind = definition.args.get("kind")
        dtype = kind if isinstance(kind, exp.DataType) else None
        kinds = [
            item.kind for item in definition.args.get("constraints") or () if isinstance(item, exp.ColumnConstraint)
        ]
        must = any(isinstance(item, exp.NotNullColumnConstraint) and not item.args.get("allow_null") for item in kinds)
        key = any(isinstance(item, exp.PrimaryKeyColumnConstraint) for item in kinds)
        default = is_serial(dtype) or any(_fills_in(item) for item in kinds)
        # SQLite's alias of the row's number.
        default = default or (key and dialect == "sqlite" and dtype is not None and dtype.this == exp.DType.INT)
        said = {type(item).__name__: item.this.name for item in kinds if isinstance(item.this, exp.Expression)}
        text = (said.get("CharacterSetColumnConstraint", ""), said.get("CollateColumnConstraint", ""))
        follows = any(type(item).__name__ == "OnUpdateColumnConstraint" for item in kinds)
        computed = any(type(item).__name__ == "ComputedColumnConstraint" for item in kinds)
        values = [item.this for item in kinds if isinstance(item, exp.DefaultColumnConstraint)]
        value = values[0] if values and isinstance(values[0], exp.Expression) else None
        text = (text[0].lower(), text[1].lower())
        return cls(dtype, not (must or key), default, fresh, text, follows, computed, value)


def _fills_in(kind: object) -> bool:
    if isinstance(kind, exp.DefaultColumnConstraint):
        return not is_null(kind.this)
    names = ("GeneratedAsIdentityColumnConstraint", "ComputedColumnConstraint", "AutoIncrementColumnConstraint")
    return type(kind).__name__ in (*names, "GeneratedAsRowColumnConstraint")


def is_null(value: object) -> bool:
    """Whether an expression is NULL, in whichever words: ``(NULL)``, ``NULL::int``, ``COALESCE(NULL, NULL)``."""
    if isinstance(value, exp.Null):
        return True
    if isinstance(value, (exp.Paren, exp.Cast, exp.Collate)):
        return is_null(value.this)
    if isinstance(value, (exp.Coalesce, exp.Nullif)):
        parts = [value.this, value.args.get("expression"), *value.expressions]
        return all(is_null(item) for item in parts if item is not None)
    return False


def filled_in(condition: object) -> exp.Expression | None:
    """The ``c`` of ``c IS NOT NULL`` or ``NOT c IS NULL``; ``None`` for every other condition."""
    inner = condition.this if isinstance(condition, exp.Not) else condition
    if not isinstance(inner, exp.Is) or not isinstance(inner.expression, exp.Null):
        return None
    negated = (inner is not condition) != bool(inner.args.get("negate"))
    return inner.this if negated and isinstance(inner.this, exp.Expression) else None


@dataclass(frozen=True, slots=True)
class Key:
    """A constraint or an index.

    Attributes:
        kind: ``unique``, ``primary key``, ``check``, ``foreign key``, ``index``, ``default`` or ``constraint``.
        table: of which table.
        columns: on which columns.
        plain: whether it is on these columns alone: no expression, no condition.
        text: what it says, for comparing.
        fresh: whether the pending set adds it.
    """

    kind: str
    table: str
    columns: tuple[str, ...] = ()
    plain: bool = True
    text: str = ""
    fresh: bool = False

    @property
    def unique(self) -> bool:
        """Whether it lets no two rows be equal."""
        return self.kind in ("unique", "primary key")
