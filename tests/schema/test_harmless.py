"""Changes that look dangerous and are not: they were refused once, and need not be."""

from __future__ import annotations

import pytest

from tests.schema.cases import PRESENT, changes

FUNCTION = (
    "CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $$ BEGIN NEW.c := NEW.age; RETURN NEW; END $$ LANGUAGE plpgsql;"
)
ROUTINES = """
CREATE FUNCTION g(a int) RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql;
CREATE VIEW v AS SELECT id, name FROM users;
"""
LET_THROUGH = {
    "postgres": [
        'CREATE EXTENSION "uuid-ossp"',
        'CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public VERSION \'1.1\' CASCADE',
        "DO $$ BEGIN CREATE TYPE mood AS ENUM ('a', 'b'); EXCEPTION WHEN duplicate_object THEN null; END $$;",
        "DO $$\nBEGIN\n  IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN\n"
        "    CREATE TYPE mood AS ENUM ('a');\n  END IF;\nEND\n$$;",
        "DO $$ BEGIN\n ALTER TABLE \"users\" ADD CONSTRAINT \"f\" FOREIGN KEY (\"c\") REFERENCES \"orders\"(\"id\");\n"
        "EXCEPTION\n WHEN duplicate_object THEN null;\nEND $$;",
        'DO $EF$\nBEGIN\n    IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = \'1_A\') THEN\n'
        '    ALTER TABLE users ADD "Lid" text;\n    END IF;\nEND $EF$;',
        "ALTER TABLE users ADD c int; CREATE UNIQUE INDEX i ON users (name, c)",
        "ALTER TABLE users ADD c int; ALTER TABLE users ADD CONSTRAINT u UNIQUE (c, name)",
        "ALTER TABLE users ADD c int; CREATE UNIQUE INDEX i ON users (c, lower(name)) WHERE age > 3",
        "CREATE UNIQUE INDEX i ON users (id, name)",  # id alone is unique
        "CREATE UNIQUE INDEX CONCURRENTLY again ON orders (slot, day); DROP INDEX one_slot",
        "DROP INDEX by_user; ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_user_id_fkey",
        "DROP TABLE IF EXISTS stage; CREATE TABLE stage (id int)",
        "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT id, name, age FROM users",
        "DROP FUNCTION IF EXISTS g(int); CREATE FUNCTION g(a int) RETURNS int AS $$ SELECT 2 $$ LANGUAGE sql",
        f"ALTER TABLE users ADD c int; {FUNCTION}"
        "DROP TRIGGER IF EXISTS t ON users; CREATE TRIGGER t BEFORE INSERT OR UPDATE ON users FOR EACH ROW "
        "EXECUTE FUNCTION f()",
        "CREATE TEMP TABLE moved (id int); INSERT INTO moved SELECT id FROM users; DROP TABLE moved",
        "CREATE TEMP TABLE moved (id int) ON COMMIT DROP",
        "CREATE TABLE a (id int); GRANT SELECT ON a TO app; REVOKE ALL ON a FROM app",
        "ALTER TABLE users ADD c int; UPDATE users SET c = age; UPDATE users SET age = COALESCE(age, 0)",
        "UPDATE users SET status = 'new' WHERE status IS NULL; DELETE FROM orders WHERE day < '2001-01-01'",
        "ALTER TABLE users ALTER age TYPE int USING age::int",
        "ALTER TABLE users ADD low text GENERATED ALWAYS AS (lower(name) || '!') STORED",
        "INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        "ALTER TABLE users ALTER age TYPE int USING (age)",
        "SET search_path TO public; SET lock_timeout = '2s'; CREATE TABLE a (id int); DROP TABLE a",
        "ALTER TABLE users DROP CONSTRAINT users_age_check",
    ],
    "mysql": [
        "ALTER TABLE `users` ADD `c` int;--> statement-breakpoint\nCREATE INDEX `i` ON `users` (`c`);",
        "ALTER TABLE users ADD c int NULL; CREATE UNIQUE INDEX i ON users (name, c)",
        "ALTER TABLE users MODIFY note text CHARACTER SET utf8mb4",
        "ALTER TABLE orders DROP INDEX by_user, DROP FOREIGN KEY f",
        "CREATE TABLE a (id int, c int AS (id * 2) STORED, UNIQUE KEY u (id)); ALTER TABLE a DROP INDEX u",
        "DELIMITER //\nCREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW\nBEGIN\n  IF NEW.age > 1 THEN\n"
        "    SET @x = 1;\n  END IF;\nEND//\nDELIMITER ;",
    ],
    "tsql": [
        "IF COL_LENGTH('users', 'c') IS NULL\nBEGIN\n    ALTER TABLE users ADD c int NULL\nEND",
        "IF COL_LENGTH('users', 'c') IS NULL\nBEGIN\n    ALTER TABLE users ADD c int NULL\n"
        "    CREATE INDEX i ON users (name)\n    PRINT 'added'\nEND\nELSE\nBEGIN\n    PRINT 'there'\nEND\nGO\n",
        "IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = 'i')\n    CREATE INDEX i ON users (name)\nGO",
        "ALTER TABLE users ADD c int NULL;\nCREATE UNIQUE INDEX i ON users (c) WHERE c IS NOT NULL",
        "CREATE TABLE #t (id int); INSERT INTO #t SELECT id FROM users; DROP TABLE #t",
        "CREATE PROCEDURE p AS\nBEGIN\n  SELECT 1;\n  SELECT 2;\nEND\nGO\nSELECT 1",
        "ALTER TABLE users DROP CONSTRAINT FK_users_orders",
    ],
    "sqlite": [
        'PRAGMA foreign_keys=OFF;\nCREATE TABLE "new_users" (id int PRIMARY KEY, name varchar(20) NOT NULL,'
        " age smallint,"
        " big bigint, note text, price numeric(10, 2), ratio real, email varchar(50) UNIQUE,"
        " status varchar(10) DEFAULT 'new' NOT NULL, extra text);\n"
        'INSERT INTO "new_users" (id, name, age, big, note, price, ratio, email, status)'
        ' SELECT id, name, age, big, note, price, ratio, email, status FROM "users";\nDROP TABLE "users";\n'
        'ALTER TABLE "new_users" RENAME TO "users";\nPRAGMA foreign_keys=ON;',
        "CREATE TABLE n (id int PRIMARY KEY, user_id bigint, day date, slot int);"
        "INSERT INTO n SELECT * FROM orders; DROP TABLE orders; ALTER TABLE n RENAME TO orders;"
        "CREATE UNIQUE INDEX one_slot ON orders (day, slot)",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("dialect", "sql"), [(name, sql) for name, cases in LET_THROUGH.items() for sql in cases])
def test_it_need_not_wait(dialect, sql):
    applied = PRESENT + (ROUTINES if dialect == "postgres" else "")
    if '("c")' in sql:
        sql = "ALTER TABLE users ADD c int;" + sql
    assert changes(sql, dialect, applied=applied) == []


NEW = "CREATE TABLE n (id int PRIMARY KEY, user_id int, day date, slot int);"
COPY = "INSERT INTO n SELECT id, user_id, day, slot FROM orders;"
SWAP = "DROP TABLE orders; ALTER TABLE n RENAME TO orders;"
AGAIN = "CREATE UNIQUE INDEX one_slot ON orders (day, slot);"


def test_sqlites_rebuild_passes_when_the_new_table_can_do_all_that_the_old_could():
    assert changes(NEW + COPY + SWAP + AGAIN, "sqlite", applied=PRESENT) == []


@pytest.mark.parametrize(
    "sql",
    [
        NEW + SWAP + AGAIN,  # no rows
        NEW + COPY.replace(";", " WHERE slot > 1;") + SWAP + AGAIN,
        NEW + COPY.replace("slot", "1") + SWAP + AGAIN,
        NEW + COPY + SWAP,  # nothing is unique any more
        NEW.replace(", slot int", "") + COPY.replace(", slot", "") + SWAP,
        NEW.replace("slot int", "slot int NOT NULL") + COPY + SWAP + AGAIN,
        NEW.replace("slot int", "slot int CHECK (slot > 0)") + COPY + SWAP + AGAIN,
        NEW.replace("slot int", "slot int UNIQUE") + COPY + SWAP + AGAIN,
        NEW.replace("slot int", "slot int, more int NOT NULL")
        + COPY.replace("n SELECT", "n (id) SELECT")
        + SWAP
        + AGAIN,
        NEW.replace("user_id int", "user_id smallint") + COPY + SWAP + AGAIN,
        NEW + COPY + SWAP + AGAIN + "DROP TABLE orders;",
        NEW + COPY + SWAP + AGAIN + "ALTER TABLE orders DROP COLUMN slot;",
    ],
)
def test_a_rebuild_that_loses_something_is_refused(sql):
    assert changes(sql, "sqlite", applied=PRESENT)
    assert changes(sql, "sqlite")


def test_a_rebuild_adds_nothing_where_statements_count_the_columns():
    more = NEW.replace("slot int", "slot int, more int") + COPY.replace("n SELECT", "n (id, user_id, day, slot) SELECT")
    sql = more + SWAP + AGAIN
    assert changes(sql, "sqlite", applied=PRESENT, queries="INSERT INTO orders (id) VALUES (1)") == []
    assert changes(sql, "sqlite", applied=PRESENT, queries="INSERT INTO orders VALUES (1, 2, 3, 4)")
    joined = "SELECT more FROM orders JOIN users ON users.id = orders.id"
    assert changes(sql, "sqlite", applied=PRESENT, queries=joined)


def test_a_rebuild_fails_while_a_view_reads_the_table():
    view = "CREATE VIEW v AS SELECT id FROM orders;"
    assert changes(NEW + COPY + SWAP + AGAIN, "sqlite", applied=PRESENT + view) == ["drop table orders"]


def test_rights_on_a_view_are_gone_with_it():
    again = "DROP VIEW v; CREATE VIEW v AS SELECT id, name, age FROM users;"
    for grant in ("GRANT SELECT ON v TO app;", "GRANT ALL ON ALL TABLES IN SCHEMA public TO app;"):
        applied = PRESENT + ROUTINES + grant
        assert changes(again, applied=applied) == ["drop view v"]
        assert changes(again + "GRANT SELECT ON v TO app;", applied=applied) == []


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT id FROM users",
        "DROP FUNCTION IF EXISTS g(int); CREATE FUNCTION g(a text) RETURNS int AS $$ SELECT 2 $$ LANGUAGE sql",
        "DROP TABLE IF EXISTS users; CREATE TABLE users (id int)",
        "DO $$ BEGIN ALTER TABLE users DROP COLUMN age; EXCEPTION WHEN undefined_column THEN null; END $$",
        "DO $$ BEGIN CREATE TABLE a (id int); EXCEPTION WHEN OTHERS THEN DROP TABLE users; END $$",
        "DO $$ BEGIN IF true THEN DROP TABLE users; END IF; END $$",
        "DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$",
        "DO $$ BEGIN CREATE TABLE users (id int); EXCEPTION WHEN duplicate_table THEN null; END $$; DROP TABLE users",
        "DO $$ BEGIN ALTER TABLE users ADD age int; EXCEPTION WHEN duplicate_column THEN null; END $$;"
        "ALTER TABLE users DROP age",
    ],
)
def test_what_resembles_it_and_is_not_harmless(sql):
    assert changes(sql, applied=PRESENT + ROUTINES)
