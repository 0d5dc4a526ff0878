"""Kinds of statements about tables, columns, keys."""

from __future__ import annotations

from tests.schema.differential.generator import EDGES, Table
from tests.schema.differential.migrations import Migration, kind

WIDER = {"smallint": ["int", "bigint"], "int": ["bigint"], "varchar(10)": ["varchar(30)", "text"],
         "varchar(30)": ["varchar(60)", "text"], "numeric(10,2)": ["numeric(14,2)", "numeric(16,4)"]}  # fmt: skip
NARROWER = {"bigint": "int", "int": "smallint", "smallint": "date", "varchar(30)": "varchar(10)", "text": "varchar(30)",
            "varchar(10)": "varchar(3)", "numeric(10,2)": "numeric(6,2)", "date": "varchar(10)"}  # fmt: skip


@kind()
def add_nullable(m: Migration, safe: bool) -> None:
    m.fresh(m.table(), m.dice.choice(list(EDGES)))


@kind()
def add_with_default(m: Migration, safe: bool) -> None:
    good, bad = ["DEFAULT 1", "DEFAULT (1 + 1)"], ["", "DEFAULT NULL", "DEFAULT (NULL)"]
    if m.dialect == "sqlite":
        good = ["DEFAULT 1"]
    m.do(f"ALTER TABLE {m.table().name} ADD COLUMN {m.new()} int NOT NULL {m.dice.choice(good if safe else bad)}")


@kind()
def drop_column(m: Migration, safe: bool) -> None:
    table = m.table()
    if not safe:
        m.do(f"ALTER TABLE {table.name} DROP COLUMN {m.plain(table).name}")
    elif table.unused and m.dice.random() < 0.6:
        m.do(f"ALTER TABLE {table.name} DROP COLUMN {m.dice.choice(table.unused).name}")
    else:
        m.do(f"ALTER TABLE {table.name} DROP COLUMN {m.fresh(table)}")


@kind()
def rename_column(m: Migration, safe: bool) -> None:
    table = m.table()
    old = m.fresh(table) if safe else m.used(table).name
    m.do(f"ALTER TABLE {table.name} RENAME COLUMN {old} TO {m.new()}")


@kind()
def drop_table(m: Migration, safe: bool) -> None:
    if safe:
        name = m.new_table()
        m.do(f"DROP TABLE {name}")
    else:
        m.either(f"DROP TABLE {m.dice.choice(m.world.tables[1:]).name}", f"DROP TABLE IF EXISTS {m.table().name}")


@kind()
def create_table(m: Migration, safe: bool) -> None:
    m.new_table()


@kind()
def create_again(m: Migration, safe: bool) -> None:
    """IF NOT EXISTS on what exists, and then as if it were new."""
    table = m.table()
    name = m.new("a") if safe else table.name
    m.do(f"CREATE TABLE IF NOT EXISTS {name} (id int PRIMARY KEY, k int)")
    m.either(f"DROP TABLE {name}", f"ALTER TABLE {name} ADD COLUMN zz int NOT NULL DEFAULT 3")


@kind()
def rename_table(m: Migration, safe: bool) -> None:
    old = m.new_table() if safe else m.table().name
    m.do(f"ALTER TABLE {old} RENAME TO {m.new('b')}")


@kind("postgres", "mysql")
def change_type(m: Migration, safe: bool) -> None:
    table = m.table()
    good = [col for col in table.cols[1:] if col.type in WIDER and col.name not in (*m.world.view, table.ref)]
    if safe and not good:
        return
    col = m.dice.choice(good) if safe else m.plain(table)
    to = m.dice.choice(WIDER[col.type]) if safe else NARROWER[col.type]
    if m.dialect == "postgres":
        using = m.dice.choice(["", f" USING {col.name}::{to}"])
        m.do(f"ALTER TABLE {table.name} ALTER COLUMN {col.name} TYPE {to}{using}")
    else:
        default = f" DEFAULT {col.default}" if col.default is not None and to != "text" else ""
        null = "" if col.null else " NOT NULL"
        form = m.dice.choice([f"MODIFY {col.name}", f"CHANGE {col.name} {col.name}"])
        m.do(f"ALTER TABLE {table.name} {form} {to}{null}{default}")


@kind("postgres")
def change_values_with_type(m: Migration, safe: bool) -> None:
    table = m.table()
    col = next((col for col in table.cols[1:] if col.type == "smallint" and col.name not in table.unique_cols()), None)
    if col is None:
        col = m.plain(table)
        if not col.numeric:
            return
    to = {"smallint": "int", "int": "bigint"}.get(col.type, col.type)
    expression = col.name if safe else m.dice.choice([f"{col.name} / 2", "0", f"abs({col.name})"])
    m.do(f"ALTER TABLE {table.name} ALTER COLUMN {col.name} TYPE {to} USING {expression}")


@kind("postgres", "mysql")
def set_not_null(m: Migration, safe: bool) -> None:
    table = m.table()
    must = [col for col in table.cols if not col.null]
    if m.dialect == "mysql":
        col = m.dice.choice(must if safe else [col for col in table.cols if col.null] or must)
        if col.name != "id":
            m.do(f"ALTER TABLE {table.name} MODIFY {col.sql().removesuffix(' NOT NULL')} NOT NULL")
        return
    if safe and m.dice.random() < 0.5:
        name = m.new()
        m.do(f"ALTER TABLE {table.name} ADD COLUMN {name} int DEFAULT 3")
    else:
        name = m.dice.choice(must).name if safe else m.plain(table).name
        if not safe and m.dice.random() < 0.5:
            name = m.fresh(table)
            m.do(f"UPDATE {table.name} SET {name} = 1")
    m.do(f"ALTER TABLE {table.name} ALTER COLUMN {name} SET NOT NULL")


@kind("postgres", "mysql")
def drop_not_null(m: Migration, safe: bool) -> None:
    table = m.table()
    col = m.plain(table)
    if m.dialect == "postgres":
        m.do(f"ALTER TABLE {table.name} ALTER COLUMN {col.name} DROP NOT NULL")
    else:
        m.do(f"ALTER TABLE {table.name} MODIFY {col.sql().replace(' NOT NULL', '')} NULL")


@kind("postgres", "mysql")
def change_default(m: Migration, safe: bool) -> None:
    table = m.table()
    filled = [col for col in table.cols if col.default is not None]
    if safe or not filled:
        # What it was empty before may be filled in: a release that counts on that is not for any rule to know.
        always = [col for col in table.cols[1:] if col.numeric and col.default is None and not (col.null and col.used)]
        name = m.dice.choice(always).name if always else m.fresh(table)
        m.do(f"ALTER TABLE {table.name} ALTER COLUMN {name} SET DEFAULT 9")
        return
    if m.dice.random() < 0.3:
        name = table.ref or next((col.name for col in filled if col.numeric), filled[0].name)
        m.do(f"ALTER TABLE {table.name} ALTER COLUMN {name} SET DEFAULT {'9' if table.col(name).numeric else 'NULL'}")
        return
    col = m.dice.choice(filled)
    ways = [f"ALTER COLUMN {col.name} DROP DEFAULT"]
    if m.dialect == "postgres":
        ways += [f"ALTER {col.name} SET DEFAULT NULL", f"ALTER {col.name} SET DEFAULT (NULL)"]
    else:
        ways += [f"MODIFY {col.name} {col.type}{'' if col.null else ' NOT NULL'}"]
    m.do(f"ALTER TABLE {table.name} {m.dice.choice(ways)}")


@kind()
def add_unique(m: Migration, safe: bool) -> None:
    table = m.table()
    cols = [m.plain(table).name]
    if safe:
        cols = m.dice.choice([[m.fresh(table)], [m.fresh(table), *cols], ["id", *cols]])
    elif m.dice.random() < 0.5:
        name = m.new()
        m.do(f"ALTER TABLE {table.name} ADD COLUMN {name} int DEFAULT 1")
        m.do(f"DELETE FROM {table.name} WHERE id < 0")
        cols = [name]
    if m.dialect == "mysql" and any(table.col(name).type == "text" for name in cols if not name.startswith("n")):
        return
    index = f"CREATE UNIQUE INDEX {m.new('i')} ON {table.name} ({', '.join(cols)})"
    constraint = f"ALTER TABLE {table.name} ADD CONSTRAINT {m.new('k')} UNIQUE ({', '.join(cols)})"
    m.either(index, index if m.dialect == "sqlite" else constraint)


@kind("postgres", "sqlite")
def unique_expression(m: Migration, safe: bool) -> None:
    table = m.table()
    name = m.fresh(table)
    if m.dialect == "mysql":
        m.do(f"CREATE UNIQUE INDEX {m.new('i')} ON {table.name} ({name})")
        return
    dull = f"CREATE UNIQUE INDEX {m.new('i')} ON {table.name} ({name}, (id * 0))"
    equal = f"CREATE UNIQUE INDEX {m.new('i')} ON {table.name} (coalesce({name}, id * 0))"
    m.do(f"DELETE FROM {table.name} WHERE id < 0", dull if safe else equal)


@kind("postgres")
def nulls_not_distinct(m: Migration, safe: bool) -> None:
    table = m.table()
    name = m.fresh(table)
    m.do(f"UPDATE {table.name} SET {name} = id")
    how = "" if safe else " NULLS NOT DISTINCT"
    m.do(f"ALTER TABLE {table.name} ADD CONSTRAINT {m.new('k')} UNIQUE{how} ({name})")


@kind()
def drop_unique(m: Migration, safe: bool) -> None:
    table = m.table()
    if safe:
        if not table.index:
            return
        m.do(f"DROP INDEX {table.name}_ix" + (f" ON {table.name}" if m.dialect == "mysql" else ""))
        return
    if not table.unique:
        return
    name = m.dice.choice(list(table.unique))
    if m.dialect == "mysql":
        m.either(f"ALTER TABLE {table.name} DROP INDEX {name}", f"DROP INDEX {name} ON {table.name}")
    elif name in table.constraints:
        if m.dialect == "postgres":
            m.do(f"ALTER TABLE {table.name} DROP CONSTRAINT {name}")
    else:
        m.do(f"DROP INDEX {name}")


@kind()
def swap_unique(m: Migration, safe: bool) -> None:
    """Another index of the same columns, and the old one dropped."""
    table = m.table()
    free = [name for name in table.unique if name not in table.constraints]
    if not free:
        return
    name = m.dice.choice(free)
    cols = list(reversed(table.unique[name])) if safe else table.unique[name][:1]
    on = f" ON {table.name}" if m.dialect == "mysql" else ""
    m.do(f"CREATE UNIQUE INDEX {m.new('i')} ON {table.name} ({', '.join(cols)})", f"DROP INDEX {name}{on}")


@kind("postgres", "mysql")
def drop_primary_key(m: Migration, safe: bool) -> None:
    table = m.dice.choice(m.world.tables[1:])
    if safe:
        table = Table(m.new_table(), [])
    if m.dialect == "mysql":
        m.do(f"ALTER TABLE {table.name} DROP PRIMARY KEY")
    else:
        m.do(f"ALTER TABLE {table.name} DROP CONSTRAINT {table.name}_pkey")


@kind("postgres", "mysql")
def add_check(m: Migration, safe: bool) -> None:
    table = m.table()
    name = m.fresh(table) if safe else next((col.name for col in table.live[1:] if col.numeric), m.used(table).name)
    m.do(f"ALTER TABLE {table.name} ADD CONSTRAINT {m.new('k')} CHECK ({name} < 50 AND {name} > -50)")


@kind("postgres", "mysql")
def add_foreign_key(m: Migration, safe: bool) -> None:
    table = m.dice.choice(m.world.tables[1:])
    name = m.fresh(table) if safe else "id"
    m.do(f"ALTER TABLE {table.name} ADD CONSTRAINT {m.new('k')} FOREIGN KEY ({name}) REFERENCES t0 (id)")


@kind("postgres", "mysql")
def drop_foreign_key(m: Migration, safe: bool) -> None:
    table = next((table for table in m.world.tables if table.ref), None)
    if table is not None:
        m.do(f"ALTER TABLE {table.name} DROP {'FOREIGN KEY' if m.dialect == 'mysql' else 'CONSTRAINT'} {table.name}_fk")


@kind()
def create_index(m: Migration, safe: bool) -> None:
    table = m.table()
    col = m.plain(table)
    if m.dialect == "mysql" and col.type == "text":
        m.do(f"CREATE INDEX {m.new('i')} ON {table.name} ({col.name}(10))")
    else:
        m.do(f"CREATE INDEX {m.new('i')} ON {table.name} ({col.name})")
