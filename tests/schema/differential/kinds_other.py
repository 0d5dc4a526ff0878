"""Kinds of statements about rows, routines, rights and sessions."""

from __future__ import annotations

from tests.schema.differential.generator import EDGES, body
from tests.schema.differential.migrations import Migration, kind


@kind("postgres", "mysql")
def truncate(m: Migration, safe: bool) -> None:
    if m.dialect == "sqlite":
        return
    m.do(f"TRUNCATE TABLE {m.new_table() if safe else m.dice.choice(m.world.tables[1:]).name}")


@kind()
def delete(m: Migration, safe: bool) -> None:
    table = m.dice.choice(m.world.tables[1:]).name
    good = [f"DELETE FROM {table} WHERE id < 0", f"DELETE FROM {table} WHERE id BETWEEN -9 AND -1"]
    bad = [f"DELETE FROM {table}", f"DELETE FROM {table} WHERE 1 = 1", f"DELETE FROM {table} WHERE id IS NOT NULL"]
    m.do(m.dice.choice(good if safe else bad))


@kind()
def update(m: Migration, safe: bool) -> None:
    table = m.table()
    if safe:
        name = m.fresh(table)
        must = next((col.name for col in table.cols if col.numeric and not col.null and col.name != "id"), None)
        fill = (
            f"UPDATE {table.name} SET {must} = COALESCE({must}, 0)" if must else f"UPDATE {table.name} SET {name} = 2"
        )
        m.either(
            f"UPDATE {table.name} SET {name} = id", f"UPDATE {table.name} SET {name} = 3 WHERE {name} IS NULL", fill
        )
        return
    col = next((col for col in table.live[1:] if col.name not in table.unique_cols() and col.name != table.ref), None)
    if col is not None:
        value = EDGES[col.type][-1]
        m.either(
            f"UPDATE {table.name} SET {col.name} = {value}",
            f"UPDATE {table.name} SET {col.name} = {value} WHERE {col.name} IS NOT NULL",
        )


@kind()
def trigger(m: Migration, safe: bool) -> None:
    table, name = m.table(), m.new("g")
    column = m.fresh(table)
    if m.dialect == "postgres":
        act = f"NEW.{column} := NEW.id; RETURN NEW;" if safe else m.dice.choice(
            ["RAISE EXCEPTION 'no';", "RETURN NULL;", "IF NEW.id > 50 THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW;"]
        )  # fmt: skip
        m.do(f"CREATE FUNCTION {name}_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {act} END $$")
        m.do(f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table.name} FOR EACH ROW EXECUTE FUNCTION {name}_f()")
    elif m.dialect == "mysql":
        act = f"SET NEW.{column} = NEW.id" if safe else "SIGNAL SQLSTATE '45000'"
        if safe and m.dice.random() < 0.5:
            act = f"BEGIN SET NEW.{column} = NEW.id; SET @seen = 1; END"
        m.do(f"CREATE TRIGGER {name} BEFORE INSERT ON {table.name} FOR EACH ROW {act}")
    else:
        act = f"UPDATE {table.name} SET {column} = 1 WHERE id = NEW.id" if safe else "SELECT RAISE(ABORT, 'no')"
        m.do(f"CREATE TRIGGER {name} AFTER INSERT ON {table.name} BEGIN {act}; END")


@kind("postgres")
def revoke(m: Migration, safe: bool) -> None:
    table = m.new_table() if safe else m.table().name
    m.do(f"GRANT SELECT ON {table} TO app")
    right = m.dice.choice(["ALL", "INSERT", "SELECT"])
    m.do(f"REVOKE {right} ON {table} FROM app")


@kind("postgres", "mysql")
def routine(m: Migration, safe: bool) -> None:
    if not m.world.routine:
        return
    given = "a int" if safe else m.dice.choice(["a int, b int", "a date"])
    value = "a + 1" if given.startswith("a int") else "1"
    again = f"CREATE FUNCTION g({given}) RETURNS int {body(m.dialect, value)}"
    if m.dialect == "postgres":
        again = m.dice.choice([again, again.replace("CREATE", "CREATE OR REPLACE", 1)])
    m.do("DROP FUNCTION IF EXISTS g" + ("(int)" if m.dialect == "postgres" else ""), again)


@kind()
def view(m: Migration, safe: bool) -> None:
    table, columns = m.world.tables[0], m.world.view
    more = [*columns, next(col.name for col in table.cols if col.name not in columns)]
    chosen = more if safe else columns[:1] if len(columns) > 1 else ["1 AS one"]
    made = f"VIEW v AS SELECT {', '.join(chosen)} FROM t0"
    if m.dialect != "sqlite" and m.dice.random() < 0.5:
        m.do(f"CREATE OR REPLACE {made}")
    else:
        m.do("DROP VIEW IF EXISTS v", f"CREATE {made}")


@kind()
def temporary(m: Migration, safe: bool) -> None:
    name = m.table().name
    m.do(f"CREATE TEMPORARY TABLE {name} (id int)", f"INSERT INTO {name} VALUES (1)", f"DROP TABLE {name}")
    if not safe:
        m.either(f"DROP TABLE {name}", f"ALTER TABLE {name} ADD COLUMN {m.new()} int NOT NULL")


@kind("postgres", "mysql")
def elsewhere(m: Migration, safe: bool) -> None:
    """Another schema or database, and a table of the same name in it."""
    place, table = f"{m.own}_x", m.table().name
    begin, back = (f"SET search_path TO {place}", f"SET search_path TO {m.own}") if m.dialect == "postgres" else (
        f"USE {place}", f"USE {m.own}")  # fmt: skip
    make = f"CREATE {'SCHEMA' if m.dialect == 'postgres' else 'DATABASE'} {place}"
    m.do(make, begin, f"CREATE TABLE {table} (id int)")
    if safe:
        m.do(f"DROP TABLE {table}", back)
    else:
        m.do(back, f"DROP TABLE {table}")


@kind("postgres")
def guarded(m: Migration, safe: bool) -> None:
    table = m.dice.choice(m.world.tables[1:])
    made = f"CREATE TYPE {m.new('y')} AS ENUM ('a', 'b')"
    ways = [
        f"DO $$ BEGIN {made}; EXCEPTION WHEN duplicate_object THEN null; END $$",
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'nope') THEN {made}; END IF; END $$",
        f"DO $$ BEGIN ALTER TABLE {table.name} ADD COLUMN {m.new()} int; EXCEPTION WHEN duplicate_column THEN null; END"
        " $$",
    ]
    bad = [
        f"DO $$ BEGIN DROP TABLE {table.name}; EXCEPTION WHEN undefined_table THEN null; END $$",
        f"DO $$ BEGIN EXECUTE 'DROP TABLE {table.name}'; END $$",
        f"DO $$ BEGIN DELETE FROM {table.name}; END $$",
    ]
    m.do(m.dice.choice(ways if safe else bad))


@kind("postgres", "mysql")
def generated(m: Migration, safe: bool) -> None:
    table = m.table()
    if safe:
        value = m.dice.choice(["coalesce(id, 0)", "id"])
        m.do(f"ALTER TABLE {table.name} ADD COLUMN {m.new()} int GENERATED ALWAYS AS ({value}) STORED")
    elif m.dialect == "mysql" and m.dice.random() < 0.5:
        col = m.plain(table)
        m.do(f"ALTER TABLE {table.name} MODIFY {col.name} {col.type} GENERATED ALWAYS AS (NULL) STORED")
    else:
        value = m.dice.choice(["id * 99999999", "1 / (id - 101)", "100 / (id - 102)"])
        m.do(f"ALTER TABLE {table.name} ADD COLUMN {m.new()} int GENERATED ALWAYS AS ({value}) STORED")


@kind("mysql")
def charset(m: Migration, safe: bool) -> None:
    table = m.table()
    col = next((col for col in table.live if col.type == "text"), None)
    if col is None:
        return
    null = "" if col.null else " NOT NULL"
    m.do(f"ALTER TABLE {table.name} MODIFY {col.name} text CHARACTER SET {'utf8mb4' if safe else 'latin1'}{null}")


@kind("postgres")
def rolled_back(m: Migration, safe: bool) -> None:
    table = m.dice.choice(m.world.tables[1:]).name
    name = m.new("a")
    if safe:
        m.do("BEGIN", f"CREATE TABLE {name} (id int)", f"DROP TABLE {name}", "COMMIT")
    else:
        m.do(f"ALTER TABLE {table} RENAME TO {name}", "BEGIN", f"CREATE TABLE {table} (id int)", "ROLLBACK")


@kind("sqlite")
def rebuild(m: Migration, safe: bool) -> None:
    table = m.table()
    cols = [col for col in table.cols if col.name != "id"]
    parts = ["id INTEGER PRIMARY KEY", *(col.sql() for col in cols)]
    parts += [f"CONSTRAINT {name} UNIQUE ({', '.join(table.unique[name])})" for name in sorted(table.constraints)]
    if table.ref:
        parts.append(f"CONSTRAINT {table.name}_fk FOREIGN KEY ({table.ref}) REFERENCES t0 (id)")
    indexes = [
        f"CREATE UNIQUE INDEX {name} ON {table.name} ({', '.join(of)})"
        for name, of in table.unique.items() if name not in table.constraints
    ]  # fmt: skip
    names = ", ".join(col.name for col in table.cols)
    copy = f"INSERT INTO new_t ({names}) SELECT {names} FROM {table.name}"
    if safe:
        parts.insert(len(cols) + 1, "extra text")
    else:
        wrong = m.dice.randint(0, 3)
        if wrong == 0:
            copy += " WHERE id > 2"
        elif wrong == 1:
            parts.append("CHECK (id < 50)")
        elif wrong == 2 and indexes:
            indexes = []
        else:
            parts.insert(len(cols) + 1, "extra text NOT NULL DEFAULT NULL")
    m.do(f"CREATE TABLE new_t ({', '.join(parts)})", copy, f"DROP TABLE {table.name}",
         f"ALTER TABLE new_t RENAME TO {table.name}", *indexes)  # fmt: skip
