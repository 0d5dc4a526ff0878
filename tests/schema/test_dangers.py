"""Dangers that look harmless: what the release that still runs would no longer find, write or read."""

from __future__ import annotations

import pytest

from tests.schema.cases import PRESENT, changes

FUNCTION = "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN {} END $$ LANGUAGE plpgsql;"
TRIGGER = "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()"

REFUSED = {
    "postgres": [
        # defaults, in whichever words
        ("ALTER TABLE users ALTER status DROP DEFAULT", "drop default of users.status"),
        ("ALTER TABLE users ALTER status SET DEFAULT NULL", "drop default of users.status"),
        ("ALTER TABLE users ALTER status SET DEFAULT (NULL)", "drop default of users.status"),
        ("ALTER TABLE users ALTER status SET DEFAULT NULL::text", "drop default of users.status"),
        ("ALTER TABLE users ADD c int NOT NULL DEFAULT (NULL)", "NOT NULL without a default"),
        ("ALTER TABLE users ADD c int NOT NULL DEFAULT NULL::int", "NOT NULL without a default"),
        ("ALTER TABLE users ADD c int NOT NULL DEFAULT CAST(NULL AS int)", "NOT NULL without a default"),
        ("ALTER TABLE users ADD c int NOT NULL DEFAULT COALESCE(NULL, NULL)", "NOT NULL without a default"),
        # another one, and one that a key does not allow
        ("ALTER TABLE users ALTER status SET DEFAULT 'old'", "change default of users.status"),
        ("ALTER TABLE users ALTER email SET DEFAULT 'x'", "new default of users.email"),
        # what is unique, ON CONFLICT needs
        ("ALTER TABLE users DROP CONSTRAINT users_email_key", "drop unique users_email_key on users (email)"),
        ("ALTER TABLE users DROP CONSTRAINT IF EXISTS users_pkey", "drop primary key users_pkey"),
        ("DROP INDEX one_slot", "drop unique one_slot on orders (day, slot)"),
        ("DROP INDEX CONCURRENTLY IF EXISTS public.one_slot", "drop unique one_slot"),
        # new uniqueness over what old rows share
        ("ALTER TABLE users ADD c int; ALTER TABLE users ADD UNIQUE NULLS NOT DISTINCT (c)", "new unique on users"),
        ("ALTER TABLE users ADD c int UNIQUE NULLS NOT DISTINCT", "users"),
        ("ALTER TABLE users ADD c int; CREATE UNIQUE INDEX i ON users (coalesce(c, 0))", "new unique index on users"),
        ("ALTER TABLE users ADD c int; CREATE UNIQUE INDEX i ON users ((c IS NULL))", "new unique index on users"),
        ("ALTER TABLE users ADD c int DEFAULT 1; CREATE UNIQUE INDEX i ON users (c)", "new unique index on users"),
        ("ALTER TABLE users ADD c int; CREATE UNIQUE INDEX i ON users (c) NULLS NOT DISTINCT", "cannot be judged"),
        ("ALTER TABLE users ADD c int; ALTER TABLE users ADD PRIMARY KEY (c)", "new primary key on users"),
        # triggers that refuse
        (FUNCTION.format("RAISE EXCEPTION 'no';") + TRIGGER, "trigger t on users, which may refuse"),
        (FUNCTION.format("RAISE 'no';") + TRIGGER, "which may refuse"),
        (FUNCTION.format("RETURN NULL;") + TRIGGER, "which may refuse"),
        (FUNCTION.format("NEW.name := 'x'; RETURN NEW;") + TRIGGER, "which overwrites users.name"),
        (TRIGGER, "of which the body is not known"),
        ("CREATE RULE r AS ON INSERT TO users DO INSTEAD NOTHING", "cannot be judged"),
        ("CREATE POLICY p ON users USING (false)", "cannot be judged"),
        ("DROP TRIGGER t ON users", "drop trigger t"),
        # rights
        ("REVOKE ALL ON users FROM app", "revoke rights on users"),
        ("REVOKE INSERT ON TABLE users FROM app", "revoke rights on users"),
        ("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app", "revoke rights"),
        ("REVOKE USAGE ON SCHEMA public FROM app", "revoke rights"),
        ("DO $$ BEGIN REVOKE ALL ON users FROM app; END $$", "revoke rights on users"),
        # signatures
        ("DROP FUNCTION f(int); CREATE FUNCTION f(a text) RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql", "signature"),
        ("DROP FUNCTION f(int)", "drop function f"),
        ("DROP VIEW v; CREATE VIEW v AS SELECT id FROM users", "drop view v"),
        # names that mean another table
        ("CREATE TEMP TABLE users (id int); DROP TABLE public.users", "drop table users"),
        ("CREATE TEMPORARY TABLE users (id int); DROP TABLE users; DROP TABLE users", "drop table users"),
        ("CREATE TEMP TABLE users (id int) ON COMMIT DROP; COMMIT; DROP TABLE users", "drop table users"),
        (
            "SET search_path TO x; CREATE TABLE users (id int); SET search_path TO public; DROP TABLE users",
            "drop table",
        ),
        ("CREATE TABLE x.users (id int); SET search_path = public; DROP TABLE users", "drop table users"),
        ("SELECT set_config('search_path', 'x', false); CREATE TABLE users (id int); DROP TABLE public.users", "users"),
        ("BEGIN; CREATE TABLE a (id int); ROLLBACK; DROP TABLE a", "drop table a"),
        ("BEGIN; ALTER TABLE users ADD c int; ROLLBACK; ALTER TABLE users DROP c", "drop column users.c"),
        # values
        ("ALTER TABLE users ALTER age TYPE int USING 0", "type of users.age"),
        ("ALTER TABLE users ALTER age TYPE int USING age * 100", "type of users.age"),
        ("ALTER TABLE users ALTER age TYPE bigint USING length(name)", "type of users.age"),
        ("DELETE FROM users", "delete all rows of users"),
        ("DELETE FROM users WHERE true", "delete all rows of users"),
        ("DELETE FROM users WHERE 1 = 1", "delete all rows of users"),
        ("WITH gone AS (DELETE FROM users RETURNING *) SELECT count(*) FROM gone", "delete all rows of users"),
        ("UPDATE users SET name = 'x'", "overwrite users.name in all rows"),
        ("UPDATE users SET name = NULL WHERE name IS NOT NULL", "overwrite users.name in all rows"),
        ("UPDATE users SET (name, age) = ('x', 1)", "overwrite users in all rows"),
        ("DO $$ BEGIN DELETE FROM users; END $$", "delete all rows of users"),
        (
            "INSERT INTO users (id) SELECT id FROM orders ON CONFLICT (id) DO UPDATE SET name = 'x'",
            "overwrite users.name",
        ),
        ("ALTER TABLE users ADD c int GENERATED ALWAYS AS (100 / age) STORED", "computed in a way that may refuse"),
        ("ALTER TABLE users ADD c int GENERATED ALWAYS AS (big * 2) STORED", "computed in a way that may refuse"),
        ("ALTER TABLE users ADD c varchar(3) GENERATED ALWAYS AS (lower(name)) STORED", "computed in a way"),
        ("ALTER TABLE users ADD c text GENERATED ALWAYS AS (lower(note)) STORED NOT NULL", "computed in a way"),
        # another name for what is unique
        ("ALTER INDEX one_slot RENAME TO x; DROP INDEX x", "drop unique x on orders"),
        (
            "ALTER TABLE users RENAME CONSTRAINT users_email_key TO x; ALTER TABLE users DROP CONSTRAINT x",
            "drop unique x",
        ),
        # files that leave something out
        (
            "-- MIGRATION NOW PERFORMS OPERATION THAT CANNOT BE WRITTEN AS SQL:\n-- Raw Python operation",
            "written as SQL",
        ),
        ("BEGIN;\n-- THIS OPERATION CANNOT BE WRITTEN AS SQL\nCOMMIT;", "written as SQL"),
        ("ALTER TABLE ${schema}.users ADD c int", "a template"),
        ("{% if drop %} SELECT 1 {% endif %}", "a template"),
        ("SELECT {{ version }}", "a template"),
        ("INSERT INTO users (id) SELECT id FROM <%= old %>", "a template"),
    ],
    "mysql": [
        ("ALTER TABLE users DROP INDEX email", "drop unique email on users (email)"),
        ("ALTER TABLE users DROP PRIMARY KEY", "drop primary key primary on users"),
        ("DROP INDEX one_slot ON orders", "drop unique one_slot"),
        ("ALTER TABLE users ALTER status SET DEFAULT NULL", "drop default of users.status"),
        ("ALTER TABLE users MODIFY note text CHARACTER SET latin1", "character set or collation of users.note"),
        ("ALTER TABLE users MODIFY note text COLLATE utf8mb4_bin", "character set or collation of users.note"),
        ("ALTER TABLE users MODIFY big bigint AS (age * 2) STORED", "make users.big a generated column"),
        ("ALTER TABLE users MODIFY big bigint GENERATED ALWAYS AS (age) VIRTUAL", "make users.big a generated column"),
        ("CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW SIGNAL SQLSTATE '45000'", "which may refuse"),
        (
            "DELIMITER //\nCREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW\nBEGIN\n  IF NEW.age < 0 THEN\n"
            "    SIGNAL SQLSTATE '45000';\n  END IF;\nEND//\nDELIMITER ;",
            "which may refuse",
        ),
        ("USE other; CREATE TABLE users (id int); USE app; DROP TABLE users", "drop table app.users"),
        (
            "CREATE TEMPORARY TABLE users (id int); DROP TABLE users; ALTER TABLE users DROP age",
            "drop column users.age",
        ),
        ("DELETE users FROM users", "delete all rows of users"),
        ("UPDATE users SET name = 'x', age = 1", "overwrite users.name, users.age"),
        ("ALTER TABLE users MODIFY status varchar(10) NOT NULL DEFAULT 'old'", "change default of users.status"),
        ("ALTER TABLE users ENGINE=MEMORY", "cannot be judged"),
        ("SET GLOBAL read_only = 1", "cannot be judged"),
        ("SET @@GLOBAL.sql_mode = ''", "cannot be judged"),
        ("REPLACE INTO users (id, name) SELECT id, 'x' FROM users", "cannot be judged"),
        ("INSERT INTO users (id) SELECT id FROM orders ON DUPLICATE KEY UPDATE name = 'x'", "overwrite users.name"),
        ("DROP PROCEDURE p; CREATE PROCEDURE p(IN a int) SELECT a", "signature"),
    ],
    "tsql": [
        ("ALTER TABLE users DROP CONSTRAINT DF_users_status", "drop constraint df_users_status"),
        ("ALTER TABLE users DROP CONSTRAINT UQ_users", "drop constraint uq_users"),
        ("ALTER TABLE users ADD c int NULL CONSTRAINT u UNIQUE", "new unique on users"),
        ("CREATE TRIGGER t ON users INSTEAD OF INSERT AS BEGIN SET NOCOUNT ON; END", "which may refuse"),
        (
            "CREATE TRIGGER t ON users AFTER INSERT AS\nBEGIN\n  SELECT 1;\n  THROW 50000, 'no', 1;\nEND",
            "which may refuse",
        ),
        (
            "IF COL_LENGTH('users','age') IS NULL ALTER TABLE users ADD age int; ALTER TABLE users DROP COLUMN age",
            "age",
        ),
        ("IF 1 = 1\nBEGIN\n  ALTER TABLE users ADD c int NULL\n  DROP TABLE users\nEND", "drop table users"),
        ("IF 1 = 1\nBEGIN\n  PRINT 'x'\n  DROP TABLE users\nEND\nELSE\nBEGIN\n  PRINT 'y'\nEND", "drop table users"),
        (
            "USE other\nGO\nCREATE TABLE dbo.users (id int)\nGO\nUSE app\nGO\nDROP TABLE dbo.users\nGO",
            "drop table app.users",
        ),
        ("CREATE TABLE #users (id int); DROP TABLE users", "drop table users"),
        ("ALTER TABLE $(schema).users ADD c int NULL", "a template"),
    ],
    "sqlite": [
        (
            "CREATE TABLE n (id int); INSERT INTO n SELECT id FROM users;"
            "DROP TABLE users; ALTER TABLE n RENAME TO users",
            "drop table users",
        ),
        ("CREATE TRIGGER t BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END", "which may refuse"),
        ("CREATE TEMP TABLE users (id int); DROP TABLE main.users", "drop table users"),
        ("INSERT OR REPLACE INTO users SELECT * FROM users", "overwrite users in all rows"),
    ],
}


@pytest.mark.parametrize(
    ("dialect", "sql", "says"), [(name, *case) for name, cases in REFUSED.items() for case in cases]
)
def test_a_danger_is_found(dialect, sql, says):
    found = changes(sql, dialect, applied=PRESENT)
    assert any(says in change for change in found), found


@pytest.mark.parametrize(("dialect", "sql"), [(name, sql) for name, cases in REFUSED.items() for sql, _ in cases])
def test_a_danger_is_found_without_the_present_schema_too(dialect, sql):
    if "SET DEFAULT '" not in sql:  # whether there was another is not known then
        assert changes(sql, dialect)


@pytest.mark.parametrize(
    ("sql", "applied"),
    [
        ("CREATE TABLE IF NOT EXISTS a (id int); DROP TABLE a", "CREATE TABLE IF NOT EXISTS a (id int)"),
        ("CREATE TABLE IF NOT EXISTS a (id int); DROP TABLE a", "CREATE TABLE a (id FROBNICATED BY WHOM)"),
        ("CREATE TABLE IF NOT EXISTS a (id int); DROP TABLE a", "CREATE FOREIGN TABLE a (id int) SERVER s"),
        ("CREATE TABLE IF NOT EXISTS a (id int); DROP TABLE a", "SELECT 'no end; CREATE TABLE a (id int)"),
        (
            "CREATE TABLE IF NOT EXISTS a (id int); DROP TABLE a",
            "DO $$ BEGIN EXECUTE 'CREATE TABLE a (id int)'; END $$",
        ),
        ("CREATE TABLE IF NOT EXISTS s.a (id int); DROP TABLE s.a", "CREATE TABLE a (id int)"),
        ("ALTER TABLE a ADD IF NOT EXISTS c int; ALTER TABLE a DROP c", "CREATE TABLE a (LIKE b)"),
        ("ALTER TABLE a ADD IF NOT EXISTS c int; ALTER TABLE a DROP c", "CREATE TABLE a AS SELECT 1 AS c"),
        ("ALTER TABLE a ADD IF NOT EXISTS c int; ALTER TABLE a DROP c", "CREATE TABLE a (c int); ALTER TABLE a FROB"),
        ("ALTER TABLE a ALTER c TYPE int", "CREATE TABLE a (c bigint); CREATE TABLE IF NOT EXISTS a (c smallint)"),
        ("CREATE TABLE a (id int); DROP TABLE a", "CREATE TABLE a (id int)"),
        ("CREATE TABLE a (id int)", "CREATE TABLE public.a (id int)"),
        ("ALTER TABLE a ADD c int; ALTER TABLE a DROP c", "CREATE TABLE a (c int)"),
        ("CREATE VIEW v AS SELECT 1 AS a; DROP VIEW v", "CREATE VIEW v AS SELECT 1 AS a"),
    ],
)
def test_the_present_schema_makes_nothing_less_safe(sql, applied):
    assert changes(sql, applied=applied)


@pytest.mark.parametrize(
    ("dialect", "sql", "queries", "says"),
    [
        ("mysql", "ALTER TABLE t ADD c int", "INSERT INTO t VALUES (1, 2)", "counts the columns"),
        ("sqlite", "ALTER TABLE t ADD c int", "INSERT INTO t VALUES (1, 2)", "counts the columns"),
        ("postgres", "ALTER TABLE t ADD c int", "INSERT INTO t VALUES (1, 2)", ""),
        ("postgres", "ALTER TABLE t ADD c int", "INSERT INTO u SELECT * FROM t", "counts the columns"),
        ("postgres", "ALTER TABLE t ADD c int", "SELECT * FROM t UNION SELECT * FROM u", "counts the columns"),
        ("postgres", "ALTER TABLE t ADD c int", "SELECT a FROM t NATURAL JOIN u", "counts the columns"),
        ("postgres", "ALTER TABLE t ADD c int", "SELECT c FROM t JOIN u ON t.a = u.a", "have one already"),
        ("postgres", "ALTER TABLE t ADD c int", "SELECT u.c FROM t JOIN u ON t.a = u.a", ""),
        ("postgres", "ALTER TABLE t ADD c int", "SELECT * FROM t", ""),
    ],
)
def test_one_more_column_breaks_statements_that_count_them(dialect, sql, queries, says):
    found = changes(sql, dialect, queries=queries)
    assert (says in found[0]) if says else not found
