"""A schema, an old release and a migration, from a seed: whatever the gate says, a server can try it as well."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

EDGES = {
    "smallint": ["32767", "-32768", "7"],
    "int": ["2147483647", "-2147483648", "12"],
    "bigint": ["9223372036854775807", "40"],
    "numeric(10,2)": ["99999999.99", "1.25"],
    "date": ["'2024-02-29'", "'1999-01-01'"],
    "varchar(10)": ["'abcdefghij'", "'x'", "'ünïcödé日本'"],
    "varchar(30)": ["'abcdefghijabcdefghijabcdefghij'", "'y'"],
    "text": ["'" + "long " * 60 + "'", "'日本'", "'z'"],
}
# Of each type: values that an unsuspecting migration meets in the rows.
SMALL = {"date": "'2020-01-0{}'", "varchar(10)": "'r{}'", "varchar(30)": "'r{}'", "text": "'r{}'"}
ROWS = 4


@dataclass
class Col:
    name: str
    type: str
    null: bool = True
    default: str | None = None
    used: bool = True

    def sql(self) -> str:
        default = f" DEFAULT {self.default}" if self.default is not None else ""
        return f"{self.name} {self.type}{default}{'' if self.null else ' NOT NULL'}"

    @property
    def numeric(self) -> bool:
        return self.type.endswith("int") or self.type.startswith("numeric")


@dataclass
class Table:
    name: str
    cols: list[Col]
    unique: dict[str, list[str]] = field(default_factory=dict)  # by the name of the index or constraint
    constraints: set[str] = field(default_factory=set)  # those of unique that are constraints
    index: str = ""
    ref: str = ""

    def col(self, name: str) -> Col:
        return next(col for col in self.cols if col.name == name)

    @property
    def live(self) -> list[Col]:
        return [col for col in self.cols if col.used]

    @property
    def unused(self) -> list[Col]:
        return [col for col in self.cols if not col.used]

    def unique_cols(self) -> set[str]:
        return {name for cols in self.unique.values() for name in cols} | {"id"}


@dataclass
class World:
    dialect: str
    tables: list[Table]
    view: list[str]  # of t0
    triggered: bool = False  # a trigger and its function on t0
    routine: bool = False  # a function g(a int), which the old release calls

    def schema(self) -> list[str]:
        created = []
        for table in self.tables:
            parts = ["id int PRIMARY KEY" if self.dialect != "sqlite" else "id INTEGER PRIMARY KEY"]
            parts += [col.sql() for col in table.cols if col.name != "id"]
            parts += [
                f"CONSTRAINT {name} UNIQUE ({', '.join(table.unique[name])})" for name in sorted(table.constraints)
            ]
            if table.ref:
                parts.append(f"CONSTRAINT {table.name}_fk FOREIGN KEY ({table.ref}) REFERENCES t0 (id)")
            created.append(f"CREATE TABLE {table.name} ({', '.join(parts)})")
            for name, cols in table.unique.items():
                if name not in table.constraints:
                    created.append(f"CREATE UNIQUE INDEX {name} ON {table.name} ({', '.join(cols)})")
            if table.index:
                created.append(f"CREATE INDEX {table.name}_ix ON {table.name} ({table.index})")
        created.append(f"CREATE VIEW v AS SELECT {', '.join(self.view)} FROM t0")
        if self.routine:
            created.append(f"CREATE FUNCTION g(a int) RETURNS int {body(self.dialect, 'a + 1')}")
        return created

    def rows(self) -> list[str]:
        return [
            f"INSERT INTO {table.name} ({', '.join(col.name for col in table.cols)}) VALUES "
            + ", ".join(f"({', '.join(small(col, table, row) for col in table.cols)})" for row in range(1, ROWS + 1))
            for table in self.tables
        ]


def body(dialect: str, value: str) -> str:
    if dialect == "postgres":
        return f"LANGUAGE sql AS $$ SELECT {value} $$"
    return f"DETERMINISTIC RETURN {value}"


def small(col: Col, table: Table, row: int) -> str:
    if col.name == "id" or col.name == table.ref:
        return str(row)
    if col.null and row == 3 and col.name not in table.unique_cols():
        return "NULL"
    return SMALL.get(col.type, "{}").format(row)


def world(dice: random.Random, dialect: str) -> World:
    types = list(EDGES)
    tables = []
    for number in range(3):
        cols = [Col("id", "int", null=False)]
        for index in range(dice.randint(4, 6)):
            col = Col(f"c{index}", dice.choice(types), null=dice.random() < 0.6)
            if col.numeric and dice.random() < 0.4:
                col.default = "5"
            elif col.type.startswith("varchar") and dice.random() < 0.4:
                col.default = "'d'"
            # What fills itself in, or may be empty, the old release need not know.
            col.used = dice.random() < 0.65 or (not col.null and col.default is None)
            cols.append(col)
        table = Table(f"t{number}", cols)
        plain = [col.name for col in cols[1:] if col.type not in ("text",) and col.used]
        dice.shuffle(plain)
        if plain:
            table.unique[f"t{number}_u1"] = plain[:1]
            if dice.random() < 0.5:
                table.constraints.add(f"t{number}_u1")
        if len(plain) > 3:
            table.unique[f"t{number}_u2"] = sorted(plain[1:3])
        if len(plain) > 4:
            table.index = plain[4]
        if number and dice.random() < 0.7:
            ref = next((col for col in cols[1:] if col.type == "int" and col.name not in table.unique_cols()), None)
            if ref is not None:
                table.ref, ref.default = ref.name, None
                ref.used = ref.used or not ref.null
        tables.append(table)
    view = ["id", *dice.sample([col.name for col in tables[0].live[1:]], 1)] if tables[0].live[1:] else ["id"]
    return World(dialect, tables, view, routine=dialect != "sqlite" and dice.random() < 0.5)


class Release:
    """The statements of the old release. Each gives the same before and after what it can live with."""

    def __init__(self, dice: random.Random, of: World, *, counts_columns: bool) -> None:
        self._dice, self._world, self._next, self._counts = dice, of, 100, counts_columns
        self.statements = [sql for table in of.tables for sql in self._on(table)]
        self.statements.append(f"SELECT {', '.join(of.view)} FROM v ORDER BY id")
        if of.routine:
            self.statements.append("SELECT g(4) AS g")
        for table in of.tables[1:]:
            if table.ref and table.col(table.ref).used:
                one, other = dice.choice(table.live).name, dice.choice(of.tables[0].live).name
                self.statements.append(
                    f"SELECT a.{one} AS one, b.{other} AS other FROM {table.name} a JOIN t0 b ON a.{table.ref} = b.id "
                    f"WHERE a.id <= {ROWS} ORDER BY a.id"
                )

    def _value(self, col: Col, table: Table, row: int) -> str:
        if col.name == "id":
            return str(row)
        if col.name == table.ref:
            return str(self._dice.randint(1, ROWS))
        if col.name in table.unique_cols():
            if col.type == "date":
                return f"'2001-{row % 12 + 1:02}-{row % 28 + 1:02}'"
            return str(row) if col.numeric else f"'u{row}'"
        if col.null and self._dice.random() < 0.2:
            return "NULL"
        return self._dice.choice(EDGES[col.type])

    def _insert(self, table: Table) -> tuple[int, list[Col], str]:
        self._next += 1
        row = self._next
        cols = [
            col for col in table.live
            if col.name in table.unique_cols() or (not col.null and col.default is None) or self._dice.random() < 0.7
        ]  # fmt: skip
        values = ", ".join(self._value(col, table, row) for col in cols)
        return row, cols, f"INSERT INTO {table.name} ({', '.join(col.name for col in cols)}) VALUES ({values})"

    def _on(self, table: Table) -> list[str]:
        dice, name, live = self._dice, table.name, [col.name for col in table.live]
        row, _, insert = self._insert(table)
        used = [insert, f"SELECT {', '.join(live)} FROM {name} WHERE id = {row}"]
        used.append(f"SELECT {', '.join(live)} FROM {name} WHERE id <= {ROWS} ORDER BY id")
        free = [col for col in table.live if col.name not in table.unique_cols() and col.name != table.ref]
        used += [
            f"UPDATE {name} SET {col.name} = {dice.choice(EDGES[col.type])} WHERE id = 2"
            for col in dice.sample(free, min(2, len(free)))
        ]
        if free:
            used.append(f"SELECT {free[0].name} FROM {name} WHERE id = 2")
        if table.unique and dice.random() < 0.7:
            used += self._upsert(table)
        if dice.random() < 0.3:
            used.append(f"SELECT * FROM {name} WHERE id <= {ROWS} ORDER BY id")
        if self._counts and dice.random() < 0.08:
            self._next += 1
            values = ", ".join(self._value(col, table, self._next) for col in table.cols)
            used.append(f"INSERT INTO {name} VALUES ({values})")
        if dice.random() < 0.4:
            used.append(f"DELETE FROM {name} WHERE id = {row}")
        used.append(f"SELECT count(*) AS n FROM {name}")
        return used

    def _upsert(self, table: Table) -> list[str]:
        """Two of one key: the second finds the first."""
        key = self._dice.choice([*table.unique.values(), ["id"]])
        row, cols, _ = self._insert(table)
        self._next += 1
        first = {col.name: self._value(col, table, row) for col in cols}
        moved = {col.name: self._value(col, table, self._next) for col in cols if col.name in table.unique_cols()}
        second = first | {name: value for name, value in moved.items() if name not in key}
        target = next((col.name for col in cols if col.name not in table.unique_cols()), None)
        if self._world.dialect == "mysql":
            tail = (
                f"ON DUPLICATE KEY UPDATE {target} = VALUES({target})" if target else "ON DUPLICATE KEY UPDATE id = id"
            )
        else:
            action = f"DO UPDATE SET {target} = excluded.{target}" if target else "DO NOTHING"
            tail = f"ON CONFLICT ({', '.join(key)}) {action}"
        return [
            f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({', '.join(values.values())}) {tail}"
            for values in (first, second)
        ]
