"""What is known of a database from its SQL: what the pending set made itself, and the columns' types."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sqlglot import exp

from bluegreen.schema.column_types import is_serial

RELATION = "relation"
"""Tables and views share their names."""

_DEFAULT_SCHEMAS = {"postgres": "public", "tsql": "dbo", "fabric": "dbo", "sqlite": "main"}
# Elsewhere a quoted name may differ from the same one without quotes.
_CASE_IS_NOTHING = frozenset({"mysql", "mariadb", "tsql", "fabric", "sqlite", "duckdb"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``None`` is not known.

    Attributes:
        dtype: its type.
        nullable: whether it may be empty.
        default: whether it fills itself in.
        fresh: whether the pending set adds it, so that the live color cannot know it.
    """

    dtype: exp.DataType | None = None
    nullable: bool | None = None
    default: bool | None = None
    fresh: bool = False

    @classmethod
    def of(cls, definition: exp.ColumnDef, *, fresh: bool) -> Column:
        """From its definition."""
        kind = definition.args.get("kind")
        dtype = kind if isinstance(kind, exp.DataType) else None
        kinds = [
            item.kind for item in definition.args.get("constraints") or () if isinstance(item, exp.ColumnConstraint)
        ]
        must = any(isinstance(item, exp.NotNullColumnConstraint) and not item.args.get("allow_null") for item in kinds)
        key = any(isinstance(item, exp.PrimaryKeyColumnConstraint) for item in kinds)
        default = is_serial(dtype) or any(_fills_in(item) for item in kinds)
        return cls(dtype, not (must or key), default, fresh)


def _fills_in(kind: object) -> bool:
    if isinstance(kind, exp.DefaultColumnConstraint):
        return not isinstance(kind.this, exp.Null)
    names = ("GeneratedAsIdentityColumnConstraint", "ComputedColumnConstraint", "AutoIncrementColumnConstraint")
    return type(kind).__name__ in (*names, "GeneratedAsRowColumnConstraint")


@dataclass(slots=True)
class Catalog:
    """What statements made so far, in the order of their reading.

    Attributes:
        dialect: sqlglot's name.
        complete: whether the applied schema was read, so that what is not in it does not exist.
    """

    dialect: str
    complete: bool = False
    _created: set[tuple[str, str]] = field(default_factory=set)
    _tables: dict[str, dict[str, Column]] = field(default_factory=dict)

    def settle(self) -> None:
        """All that was read so far exists already."""
        self._created.clear()
        self.complete = True
        for table, columns in self._tables.items():
            self._tables[table] = {name: replace(column, fresh=False) for name, column in columns.items()}

    def name(self, node: object) -> str:
        """A relation's or another object's full name, for comparing; the empty text when there is none."""
        table = (
            node if isinstance(node, exp.Table) else node.find(exp.Table) if isinstance(node, exp.Expression) else None
        )
        if table is None:
            return self.column_name(node)
        parts = [self.column_name(table.args.get(part)) for part in ("catalog", "db", "this")]
        if not parts[0] and parts[1] == _DEFAULT_SCHEMAS.get(self.dialect):
            parts[1] = ""
        return ".".join(part for part in parts if part)

    def column_name(self, node: object) -> str:
        """One name, for comparing."""
        identifier = node.this if isinstance(node, exp.Column) else node
        if not isinstance(identifier, exp.Identifier):
            return ""
        name = str(identifier.this)
        return name if identifier.args.get("quoted") and self.dialect not in _CASE_IS_NOTHING else name.lower()

    def create(self, kind: str, name: str, *, maybe: bool = False) -> None:
        """Something new; ``maybe``: unless it exists (IF NOT EXISTS), which only a complete catalog can tell."""
        if name and (not maybe or (self.complete and kind == RELATION and name not in self._tables)):
            self._created.add((kind, name))
            if kind == RELATION:
                self._tables[name] = {}

    def is_new(self, kind: str, name: str) -> bool:
        """Whether the pending set made it, so that the live color cannot know it."""
        return (kind, name) in self._created

    def drop(self, kind: str, name: str) -> None:
        """It is gone, and with it all that is known of it."""
        self._created.discard((kind, name))
        if kind == RELATION:
            self._tables.pop(name, None)

    def rename(self, kind: str, old: str, new: str) -> None:
        """A new name."""
        if (kind, old) in self._created:
            self._created.remove((kind, old))
            self._created.add((kind, new))
        if kind == RELATION and old in self._tables:
            self._tables[new] = self._tables.pop(old)

    def column(self, table: str, name: str) -> Column:
        """What is known of a column."""
        return self._tables.get(table, {}).get(name) or Column()

    def put(self, table: str, name: str, column: Column | None) -> None:
        """What is known now; ``None`` forgets it."""
        columns = self._tables.setdefault(table, {})
        columns.pop(name, None)
        if column is not None and name:
            columns[name] = column

    def knows(self, table: str, name: str) -> bool:
        """Whether a column is known to exist."""
        return name in self._tables.get(table, {})

    def forget_named_in(self, sql: str) -> None:
        """A statement that could not be read may have changed every table that it names."""
        words = {word.lower() for word in re.findall(r"\w+", sql)}
        for table in [name for name in self._tables if name.rpartition(".")[2].lower() in words]:
            self._tables[table] = {}
