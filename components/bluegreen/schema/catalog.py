"""The knowledge of a database from its SQL: objects of the pending set, columns' types, keys, routines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sqlglot import exp

from bluegreen.schema.parts import Column, Key

RELATION = "relation"
"""Tables and views share their names."""
TEMPORARY = "pg_temp"
"""Stands before the names of a session's own tables, whatever the dialect calls that."""

_DEFAULT_SCHEMAS = {"postgres": "public", "tsql": "dbo", "fabric": "dbo", "sqlite": "main"}
# Elsewhere a quoted name may differ from the same one without quotes.
_CASE_IS_NOTHING = frozenset({"mysql", "mariadb", "tsql", "fabric", "sqlite", "duckdb"})


@dataclass(slots=True)
class Catalog:
    """The objects that statements made so far, in the order of their reading.

    Attributes:
        dialect: sqlglot's name.
        complete: whether the applied schema was read, so that what is not in it does not exist.
        known: whether it is known that all of the pending set is pending, and not only guessed.
        reading: whether the applied schema is being read just now.
        path: where names without a schema are looked for, when a statement said so.
        routines: what is known of routines and triggers: a text of what they take and give.
        views: the tables that each view reads.
        granted: on what rights were given, ``*`` for all: they are gone with it.
        rebuilt: tables that were dropped for one of the same shape, which is to take their name.
    """

    dialect: str
    complete: bool = False
    known: bool = True
    reading: bool = False
    path: str = ""
    routines: dict[tuple[str, str], str] = field(default_factory=dict)
    rebuilt: set[str] = field(default_factory=set)
    views: dict[str, frozenset[str]] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)
    _created: set[tuple[str, str]] = field(default_factory=set)
    _tables: dict[str, dict[str, Column]] = field(default_factory=dict)
    _whole: set[str] = field(default_factory=set)
    _keys: dict[str, dict[str, Key]] = field(default_factory=dict)
    _touched: set[str] = field(default_factory=set)
    _unread: set[str] = field(default_factory=set)
    _temporary: set[str] = field(default_factory=set)

    def settle(self) -> None:
        """Note that everything read so far exists already."""
        self.complete, self.reading = True, False
        self._forget_freshness()

    def next_file(self) -> None:
        """Begin another file, and another session. Objects of former files may exist already, unless that is known."""
        self._temporary.clear()
        self.path = ""
        if not self.known:
            self._forget_freshness()

    def doubt(self) -> None:
        """Note that everything may have been rolled back."""
        self._forget_freshness()
        self.complete = False
        self._whole.clear()
        self._tables = {name: {} for name in self._tables}

    def _forget_freshness(self) -> None:
        self._created.clear()
        self._temporary.clear()
        self.path = ""
        for table in self._touched:  # no others: there may be thousands
            if table in self._tables:
                columns = self._tables[table].items()
                self._tables[table] = {name: replace(column, fresh=False) for name, column in columns}
            for name, key in self._keys.get(table, {}).items():
                self._keys[table][name] = replace(key, fresh=False)
        self._touched.clear()

    def name(self, node: object, *, real: bool = False) -> str:
        """A relation's or another object's full name, for comparing; the empty text when there is none.

        Args:
            node: where it stands.
            real: not a session's own table of that name.
        """
        table = (
            node if isinstance(node, exp.Table) else node.find(exp.Table) if isinstance(node, exp.Expression) else None
        )
        if table is None:
            return self.column_name(node)
        parts = [self.column_name(table.args.get(part)) for part in ("catalog", "db", "this")]
        if isinstance(table.this, exp.Identifier) and table.this.args.get("temporary"):
            return f"{TEMPORARY}.{parts[2]}"
        if not parts[0] and not parts[1]:
            if parts[2] in self._temporary and not real:
                return f"{TEMPORARY}.{parts[2]}"
            parts[1] = self.path
        elif not parts[0] and parts[1] == _DEFAULT_SCHEMAS.get(self.dialect):
            # SQL Server's USE is of a whole database, with a schema of that name in each.
            parts[1] = self.path if self.dialect in ("tsql", "fabric") else ""
        return ".".join(part for part in parts if part)

    def column_name(self, node: object) -> str:
        """One name, for comparing."""
        identifier = node.this if isinstance(node, exp.Column) else node
        if not isinstance(identifier, exp.Identifier):
            return ""
        name = str(identifier.this)
        return name if identifier.args.get("quoted") and self.dialect not in _CASE_IS_NOTHING else name.lower()

    def create(self, kind: str, name: str, *, maybe: bool = False) -> None:
        """Note a new object; ``maybe``: unless it exists (IF NOT EXISTS), which only a complete catalog can tell."""
        if not name:
            return
        if self.reading:
            if kind == RELATION:
                self._tables.setdefault(name, {})
            self._created.add((kind, name))
        elif not maybe or (kind == RELATION and self.lacks(name)):
            self._created.add((kind, name))
            if kind == RELATION:
                self._tables[name] = {}
                self._whole.discard(name)

    def create_temporary(self, name: str) -> None:
        """Note a table of this session alone, which hides a real one of its name."""
        self._temporary.add(name)

    def has(self, name: str) -> bool:
        """Whether a relation surely exists, made by what was applied or by the pending set."""
        return name in self._tables and (self.complete or (RELATION, name) in self._created)

    def named(self, last: str) -> list[str]:
        """The full names of the relations of a name, under whichever schema."""
        return [name for name in self._tables if name.rpartition(".")[2].lower() == last.lower()]

    def lacks(self, name: str) -> bool:
        """Whether a relation surely does not exist, under whichever schema."""
        last = name.rpartition(".")[2].lower()
        known = {table.rpartition(".")[2].lower() for table in self._tables}
        return self.complete and last not in known and last not in self._unread

    def is_new(self, kind: str, name: str) -> bool:
        """Whether the pending set made it, so that the live color cannot know it."""
        return (kind, name) in self._created or (kind == RELATION and name.startswith(f"{TEMPORARY}."))

    def drop(self, kind: str, name: str) -> None:
        """Note that an object is gone, and forget all about it."""
        self._created.discard((kind, name))
        if kind == RELATION:
            self._temporary.discard(name.removeprefix(f"{TEMPORARY}."))
            self._tables.pop(name, None)
            self._whole.discard(name)
            self.views.pop(name, None)
            self._keys.pop(name, None)

    def rename(self, kind: str, old: str, new: str) -> None:
        """Note an object's new name."""
        if (kind, old) in self._created:
            self._created.remove((kind, old))
            self._created.add((kind, new))
        if kind == RELATION and old in self._tables:
            self._tables[new] = self._tables.pop(old)
            if old in self._whole:
                self._whole.remove(old)
                self._whole.add(new)
            if old in self._keys:
                self._keys[new] = {at: replace(key, table=new) for at, key in self._keys.pop(old).items()}
            self._touched.add(new)

    def begin_rebuild(self, table: str, successor: str) -> None:
        """Note that a table is dropped for one that takes its name: the knowledge of it stays."""
        self.rebuilt.add(table)
        old = self._tables.get(table, {})
        for name, column in self._tables[successor].items():
            self._tables[successor][name] = replace(column, fresh=name not in old)
        self._touched.add(successor)
        for name, key in self._keys.get(table, {}).items():
            if key.unique:
                self._keys.setdefault(successor, {}).setdefault(name, replace(key, table=successor, fresh=False))

    def finish_rebuild(self, table: str) -> None:
        """Note that the successor has the name, and is no new table."""
        if table in self.rebuilt:
            self.rebuilt.discard(table)
            self._created.discard((RELATION, table))

    def column(self, table: str, name: str) -> Column:
        """The known facts of a column."""
        return self._tables.get(table, {}).get(name) or Column()

    def columns(self, table: str) -> dict[str, Column] | None:
        """All columns of a table, in their order; ``None`` when some may not be known."""
        return self._tables.get(table) if table in self._whole else None

    def put(self, table: str, name: str, column: Column | None) -> None:
        """Set the known facts of a column; ``None`` forgets it."""
        columns = self._tables.setdefault(table, {})
        self._touched.add(table)
        if column is None:
            columns.pop(name, None)
        elif name:
            columns[name] = column

    def complete_table(self, table: str) -> None:
        """Note that every column of a table is known."""
        self._whole.add(table)

    def lacks_column(self, table: str, name: str) -> bool:
        """Whether a column surely does not exist yet."""
        return self.complete and table in self._whole and name not in self._tables[table]

    def has_column(self, table: str, name: str) -> bool:
        """Whether a column surely exists already."""
        return self.complete and name in self._tables.get(table, {})

    def put_key(self, name: str, key: Key) -> None:
        """Note a constraint or an index."""
        self._keys.setdefault(key.table, {})[name] = key
        self._touched.add(key.table)

    def drop_key(self, table: str, name: str) -> None:
        """Note that a constraint or an index is gone."""
        for of in [table] if table else list(self._keys):
            self._keys.get(of, {}).pop(name, None)

    def rename_key(self, table: str, old: str, new: str) -> None:
        """Note a key's other name; without a table, of whichever table it is."""
        for key in self.keys(old, table):
            self._keys[key.table].pop(old, None)
            self.put_key(new, key)

    def keys(self, name: str, table: str = "") -> list[Key]:
        """The keys of a name; without a table, of any table."""
        tables = [table] if table else list(self._keys)
        return [self._keys[of][name] for of in tables if name in self._keys.get(of, {})]

    def keys_of(self, table: str) -> list[Key]:
        """The keys of a table."""
        return list(self._keys.get(table, {}).values())

    def lacks_key(self, name: str) -> bool:
        """Whether there is surely none of that name: the applied schema was read, and every table of it in full."""
        return self.complete and name.lower() not in self._unread and set(self._tables) <= self._whole

    def forget_named_in(self, sql: str) -> None:
        """Forget every table that a statement names which could not be read: it may have changed them."""
        words = {word.lower() for word in re.findall(r"\w+", sql)}
        self._unread |= words
        for table in [name for name in self._tables if name.rpartition(".")[2].lower() in words]:
            self._tables[table] = {}
            self._whole.discard(table)
