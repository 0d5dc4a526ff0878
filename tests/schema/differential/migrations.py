"""Generated migrations: every kind of statement that the gate has a rule for, harmless and dangerous ones of each."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.schema.differential.generator import Col, Table, World

Kind = Callable[["Migration", bool], None]
KINDS: dict[str, Kind] = {}
_ONLY: dict[str, tuple[str, ...]] = {}


def kind(*dialects: str) -> Callable[[Kind], Kind]:
    """A kind of statement; of these dialects only, where some are named."""

    def noted(function: Kind) -> Kind:
        name = function.__name__.replace("_", " ")
        KINDS[name], _ONLY[name] = function, dialects
        return function

    return noted


def kinds(dialect: str) -> list[str]:
    """The kinds of statements that a server has."""
    return [name for name in KINDS if not _ONLY[name] or dialect in _ONLY[name]]


class Migration:
    """Statements, one kind after the other. ``safe`` is a wish: what a statement does, the server says."""

    def __init__(self, dice: random.Random, world: World) -> None:
        self.dice, self.world, self.sql, self.kinds = dice, world, [], []
        self.dialect, self._made = world.dialect, 0
        self.own = ""

    def add(self, kind: str, *, safe: bool) -> None:
        before = len(self.sql)
        KINDS[kind](self, safe)
        if len(self.sql) > before:
            self.kinds.append(kind)

    def do(self, *sql: str) -> None:
        self.sql += sql

    # What statements are about.

    def new(self, prefix: str = "n") -> str:
        self._made += 1
        return f"{prefix}{self._made}"

    def table(self) -> Table:
        return self.dice.choice(self.world.tables)

    def used(self, table: Table) -> Col:
        return self.dice.choice(table.live[1:] or table.live)

    def plain(self, table: Table) -> Col:
        """A column that no key is on."""
        free = [col for col in table.cols if col.name not in table.unique_cols() and col.name != table.ref]
        return self.dice.choice(free or table.cols[1:])

    def fresh(self, table: Table, type_: str = "int") -> str:
        name = self.new()
        self.do(f"ALTER TABLE {table.name} ADD COLUMN {name} {type_}")
        return name

    def new_table(self) -> str:
        name = self.new("a")
        guard = self.dice.choice(["", "IF NOT EXISTS "])
        self.do(f"CREATE TABLE {guard}{name} (id int PRIMARY KEY, c varchar(10) NOT NULL)")
        return name

    def either(self, *sql: str) -> None:
        self.do(self.dice.choice(sql))
