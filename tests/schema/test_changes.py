"""The losses by pending SQL: changes that have to wait for the release after, and changes that need not."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluegreen.schema.catalog import Catalog
from bluegreen.schema.changes import judge
from bluegreen.schema.usage import NotReadable, Used, used_in
from tests.amounts import examples

PRESENT = """
CREATE TABLE users (
    id int PRIMARY KEY, name varchar(20) NOT NULL, age smallint, big bigint, note text, price numeric(10, 2),
    at timestamptz, tags text[], ratio real, status varchar(10) DEFAULT 'new' NOT NULL
);
CREATE TABLE orders (id serial PRIMARY KEY, user_id int);
"""


def changes(sql, dialect="postgres", uses=None, applied=""):
    catalog = Catalog(dialect)
    if applied:
        judge(applied, catalog, Used(frozenset()))
        catalog.settle()
    found = judge(sql, catalog, Used() if uses is None else Used.of(uses))
    return [item.change for item in found]


REFUSED = {
    "postgres": [
        ("DROP TABLE users", "drop table users"),
        ("DROP TABLE IF EXISTS a, users CASCADE", "drop table a"),
        ("DROP VIEW v", "drop view v"),
        ("DROP MATERIALIZED VIEW v", "drop view v"),
        ("DROP TYPE mood", "drop type mood"),
        ("DROP SCHEMA app CASCADE", "drop schema app"),
        ("DROP SEQUENCE s", "drop sequence s"),
        ("DROP FUNCTION f(int)", "drop function f"),
        ("DROP EXTENSION e", "cannot be judged"),
        ("ALTER TABLE users DROP COLUMN name", "drop column users.name"),
        ("ALTER TABLE users DROP name", "drop column users.name"),
        ("ALTER TABLE users ADD c int, DROP COLUMN IF EXISTS name", "drop column users.name"),
        ("ALTER TABLE users RENAME TO people", "rename users to people"),
        ("ALTER TABLE users RENAME COLUMN name TO title", "rename column users.name to title"),
        ("ALTER TABLE users RENAME name TO title", "rename column users.name to title"),
        ("ALTER VIEW v RENAME TO w", "rename v to w"),
        ("ALTER TABLE users ALTER COLUMN age SET NOT NULL", "set users.age NOT NULL"),
        ("ALTER TABLE users ADD COLUMN c int NOT NULL", "add users.c, NOT NULL without a default"),
        ("ALTER TABLE users ADD COLUMN c int NOT NULL DEFAULT NULL", "NOT NULL without a default"),
        ("ALTER TABLE users ADD CONSTRAINT u UNIQUE (name)", "new unique on users (name)"),
        ("ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) NOT VALID", "new check on users (age)"),
        ("ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)", "new foreign key on orders (user_id)"),
        ("ALTER TABLE users ADD PRIMARY KEY (name)", "new primary key on users"),
        ("ALTER TABLE users ADD CONSTRAINT e EXCLUDE USING gist (at WITH &&)", "new constraint on users"),
        ("ALTER TABLE users ADD COLUMN c int DEFAULT 1 UNIQUE", "new unique on users (c)"),
        ("ALTER TABLE users ADD COLUMN c int DEFAULT 1 REFERENCES orders (id)", "new foreign key on users (c)"),
        ("ALTER TABLE users ADD COLUMN c int CHECK (c IS NOT NULL)", "new check on users (c)"),
        ("ALTER TABLE users ADD COLUMN c int CHECK (c > 0 AND age > 0)", "new check on users (c)"),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON users (name)", "new unique index on users (name)"),
        ("ALTER TABLE users ALTER COLUMN status DROP DEFAULT", "drop default of users.status"),
        ("TRUNCATE users", "truncate users"),
        ("TRUNCATE TABLE a, users CASCADE", "truncate a"),
        ("ALTER TABLE users ALTER COLUMN c TYPE int", "present type is not known"),
        ("ALTER TABLE users ALTER big TYPE int", "type of users.big from BIGINT to INT"),
        ("ALTER TABLE users ALTER note TYPE varchar(300)", "type of users.note from TEXT to VARCHAR(300)"),
        ("ALTER TABLE users ALTER name TYPE varchar(10)", "from VARCHAR(20) to VARCHAR(10)"),
        ("ALTER TABLE users ALTER name TYPE char(30)", "from VARCHAR(20) to CHAR(30)"),
        ("ALTER TABLE users ALTER price TYPE numeric(8, 2)", "from DECIMAL(10, 2) to DECIMAL(8, 2)"),
        ("ALTER TABLE users ALTER price TYPE numeric(10, 4)", "from DECIMAL(10, 2)"),
        ("ALTER TABLE users ALTER at TYPE date", "from TIMESTAMPTZ to DATE"),
        ("ALTER TABLE users ALTER id TYPE text USING id::text", "from INT to TEXT"),
        ("ALTER TABLE users ALTER tags TYPE int[]", "type of users.tags"),
        ("ALTER TABLE users SET SCHEMA old", "cannot be judged"),
        ("ALTER TABLE users ENABLE ROW LEVEL SECURITY", "cannot be judged"),
        ("ALTER TABLE users FROBNICATE", "cannot be judged"),
        ("ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX i", "cannot be judged"),
        ("ALTER TYPE mood RENAME VALUE 'a' TO 'b'", "cannot be judged"),
        ("CREATE GIBBERISH x", "cannot be judged"),
        ("DO $$ BEGIN DROP TABLE users; END $$", "cannot be judged"),
        ("CALL drop_it()", "cannot be judged"),
        ("\\i other.sql", "cannot be judged"),
        ("SELECT 'no end", "cannot be judged"),
        ("so to say", "cannot be judged"),
    ],
    "mysql": [
        ("ALTER TABLE users MODIFY name varchar(10) NOT NULL", "from VARCHAR(20) to VARCHAR(10)"),
        ("ALTER TABLE users MODIFY age smallint NOT NULL", "set users.age NOT NULL"),
        ("ALTER TABLE users CHANGE name title varchar(20) NOT NULL", "rename column users.name to title"),
        ("ALTER TABLE users CHANGE COLUMN big big int", "from BIGINT to INT"),
        ("ALTER TABLE users MODIFY status varchar(10) NOT NULL", "drop default of users.status"),
        (
            "ALTER TABLE users MODIFY name tinytext NOT NULL; ALTER TABLE users MODIFY note tinytext",
            "from TEXT to TINYTEXT",
        ),
        ("ALTER TABLE `users` DROP `name`", "drop column users.name"),
        ("ALTER TABLE users RENAME people", "rename users to people"),
        ("RENAME TABLE users TO people", "cannot be judged"),
        ("ALTER TABLE users ADD UNIQUE KEY u (name)", "new unique on users (name)"),
        ("ALTER TABLE users ADD CHECK (age > 0)", "cannot be judged"),
        ("ALTER TABLE users ADD (c int, d int not null)", "cannot be judged"),
        ("CREATE OR REPLACE TABLE users (id int)", "replace table users"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1 AS x", "replace view v"),
        ("/*!40101 DROP TABLE users */;", "drop table users"),
        ("ALTER TABLE users ALTER COLUMN name SET INVISIBLE", "cannot be judged"),
        ("ALTER TABLE users CONVERT TO CHARACTER SET latin1", "cannot be judged"),
        ("SOURCE other.sql", "cannot be judged"),
    ],
    "tsql": [
        ("ALTER TABLE [dbo].[users] DROP COLUMN name, age", "drop column users.name"),
        ("ALTER TABLE users ALTER COLUMN name varchar(10) NOT NULL", "from VARCHAR(20) to VARCHAR(10)"),
        ("ALTER TABLE users ALTER COLUMN age smallint NOT NULL", "set users.age NOT NULL"),
        ("EXEC sp_rename 'users.name', 'title', 'COLUMN'", "cannot be judged"),
        ("EXECUTE('DROP TABLE users')", "cannot be judged"),
        ("IF OBJECT_ID('users') IS NOT NULL DROP TABLE users", "drop table users"),
        ("WHILE 1 = 1 DROP TABLE users", "drop table users"),
        ("BEGIN TRY DROP TABLE users; END TRY", "cannot be judged"),
        ("ALTER TABLE users ADD c int NULL\nGO\nDROP TABLE users\nGO\n", "drop table users"),
        ("INSERT INTO t VALUES (1) DROP TABLE users", "cannot be judged"),
        ("GRANT SELECT ON a TO b DROP TABLE users", "cannot be judged"),
        (
            "ALTER TABLE users WITH CHECK ADD CONSTRAINT f FOREIGN KEY (age) REFERENCES a (id)",
            "new foreign key on users (age)",
        ),
        ("ALTER TABLE users ADD c int UNIQUE", "new unique on users (c)"),  # two empty ones are equal there
        ("CREATE OR ALTER VIEW v AS SELECT 1 AS x", "replace view v"),
        ("ALTER VIEW v AS SELECT 1 AS x", "cannot be judged"),
        ("ALTER SCHEMA s TRANSFER dbo.users", "cannot be judged"),
    ],
    "sqlite": [
        ("DROP TABLE users", "drop table users"),
        ("ALTER TABLE users RENAME TO people", "rename users to people"),
        ("ALTER TABLE users RENAME name TO title", "rename column users.name to title"),
        ("ALTER TABLE users DROP COLUMN name", "drop column users.name"),
        ("ALTER TABLE users ADD c INT NOT NULL", "add users.c"),
        ("CREATE UNIQUE INDEX i ON users (name)", "new unique index on users (name)"),
        (".read other.sql", "cannot be judged"),
    ],
}
LET_THROUGH = {
    "postgres": [
        "",
        "-- nothing\n/* at all */ ;;",
        "CREATE TABLE a (id int PRIMARY KEY, u int NOT NULL REFERENCES users (id) CHECK (u > 0))",
        "CREATE TABLE IF NOT EXISTS a (id int)",
        "CREATE INDEX CONCURRENTLY i ON users (name)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE OR REPLACE VIEW v AS SELECT 1 AS x",
        "CREATE TYPE mood AS ENUM ('a'); ALTER TYPE mood ADD VALUE 'b'; DROP TYPE mood",
        "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN DROP TABLE x; END $$ LANGUAGE plpgsql",
        "CREATE EXTENSION IF NOT EXISTS pgcrypto; CREATE SEQUENCE s; CREATE SCHEMA x; CREATE ROLE r",
        "ALTER TABLE users ADD COLUMN c int; ALTER TABLE users ADD d int NULL, ADD e int DEFAULT 3",
        "ALTER TABLE users ADD COLUMN c int NOT NULL DEFAULT 3",
        "ALTER TABLE users ADD COLUMN c bigserial PRIMARY KEY",
        "ALTER TABLE users ADD COLUMN c int GENERATED ALWAYS AS IDENTITY NOT NULL",
        "ALTER TABLE users ADD COLUMN c int UNIQUE REFERENCES orders (id) CHECK (c > 0)",
        "ALTER TABLE users ADD c int; ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (c) REFERENCES orders (id)",
        "ALTER TABLE users ADD c int; CREATE UNIQUE INDEX i ON users (c)",
        "ALTER TABLE users ADD c int DEFAULT 1; ALTER TABLE users ALTER c SET NOT NULL",
        "ALTER TABLE users ADD c int; ALTER TABLE users ALTER c TYPE text; ALTER TABLE users DROP c",
        "ALTER TABLE users ALTER COLUMN age DROP NOT NULL, ALTER COLUMN age SET DEFAULT 3",
        "ALTER TABLE users ALTER COLUMN name SET NOT NULL",  # it is
        "ALTER TABLE users ALTER id TYPE bigint",
        "ALTER TABLE orders ALTER id TYPE bigint USING id::bigint",
        "ALTER TABLE users ALTER age SET DATA TYPE int",
        "ALTER TABLE users ALTER name TYPE varchar(21); ALTER TABLE users ALTER name TYPE text",
        "ALTER TABLE users ALTER note TYPE varchar",  # without a length that is the same in Postgres
        "ALTER TABLE users ALTER price TYPE numeric(12, 4); ALTER TABLE users ALTER price TYPE numeric",
        "ALTER TABLE users ALTER ratio TYPE double precision",
        "ALTER TABLE users DROP CONSTRAINT u; DROP INDEX CONCURRENTLY i; ALTER INDEX i RENAME TO j",
        "ALTER TABLE users VALIDATE CONSTRAINT c; ALTER TABLE users RENAME CONSTRAINT x TO y",
        "ALTER TABLE users SET (fillfactor = 70)",
        "COMMENT ON TABLE users IS 'drop table'; GRANT SELECT ON users TO r",
        "GRANT CREATE ON SCHEMA x TO y; GRANT ALL PRIVILEGES ON ALL TABLES IN SCHEMA x TO y",
        "BEGIN; SET lock_timeout = '1s'; LOCK TABLE users; SAVEPOINT x; COMMIT; START TRANSACTION; END; VACUUM",
        "INSERT INTO users (id) VALUES (1); UPDATE users SET age = 1 WHERE age IS NULL; SELECT 'DROP TABLE users'",
        "INSERT INTO users SELECT * FROM a ON CONFLICT DO NOTHING; WITH x AS (SELECT 1) SELECT * FROM x",
        "DO $$ BEGIN UPDATE users SET age = 1 WHERE id < 100; END $$",
        "CREATE TABLE a (id int); ALTER TABLE a ALTER id SET NOT NULL; ALTER TABLE a RENAME TO b; DROP TABLE b",
        'CREATE TABLE public.a (id int); TRUNCATE a; ALTER TABLE "a" ADD UNIQUE (id); DROP TABLE PUBLIC.A',
        "CREATE TABLE a (id int); CREATE UNIQUE INDEX i ON a (id)",
        "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE users;",
        "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE users;",
    ],
    "mysql": [
        "CREATE TABLE `a` (`id` int NOT NULL AUTO_INCREMENT, PRIMARY KEY (`id`)) ENGINE=InnoDB",
        "ALTER TABLE users ADD COLUMN c INT UNSIGNED NULL AFTER name, ALGORITHM=INPLACE, LOCK=NONE",
        "ALTER TABLE users ADD INDEX i (name), ADD FULLTEXT INDEX f (note), DROP INDEX j, DROP FOREIGN KEY k",
        "ALTER TABLE users MODIFY name varchar(30) NOT NULL",
        "ALTER TABLE users MODIFY note mediumtext",
        "ALTER TABLE users CHANGE big big bigint COMMENT 'x'",
        "ALTER TABLE users MODIFY status varchar(20) NOT NULL DEFAULT 'new'",
        "ALTER TABLE users RENAME INDEX i TO j",
        "ALTER TABLE users ENGINE=InnoDB",
        "REPLACE INTO a VALUES ('drop it'); /*!40101 SET NAMES utf8 */;",
    ],
    "tsql": [
        "CREATE TABLE [dbo].[A] ([Id] int NOT NULL)\nGO\nALTER TABLE a ADD CONSTRAINT u UNIQUE (Id)\ngo 1\n",
        "ALTER TABLE users ADD c int NULL, d varchar(max)",
        "ALTER TABLE users ADD c bit NOT NULL CONSTRAINT d DEFAULT 0",
        "ALTER TABLE users ADD CONSTRAINT d DEFAULT 3 FOR age",
        "ALTER TABLE users ALTER COLUMN name varchar(max)",
        "IF COL_LENGTH('users', 'c') IS NULL ALTER TABLE users ADD c int NULL",
        "IF NOT EXISTS (SELECT 1 FROM sys.tables WHERE name = 'a') CREATE TABLE a (id int)",
        "SET NOCOUNT ON; DECLARE @x int; PRINT 'x'; BEGIN TRANSACTION; COMMIT",
        "CREATE NONCLUSTERED INDEX i ON users (name); DROP INDEX i ON users",
    ],
    "sqlite": [
        "PRAGMA foreign_keys = off; BEGIN TRANSACTION; CREATE TABLE a (id integer primary key autoincrement); COMMIT",
        "ALTER TABLE users ADD COLUMN c INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX i ON users (name); DROP INDEX i; VACUUM; INSERT OR REPLACE INTO users VALUES (1)",
    ],
}


@pytest.mark.parametrize(
    ("dialect", "sql", "says"), [(name, *case) for name, cases in REFUSED.items() for case in cases]
)
def test_what_has_to_wait(dialect, sql, says):
    found = changes(sql, dialect, applied=PRESENT.replace("text[]", "text") if dialect != "postgres" else PRESENT)
    assert any(says in change for change in found), found


@pytest.mark.parametrize(("dialect", "sql"), [(name, sql) for name, cases in LET_THROUGH.items() for sql in cases])
def test_what_need_not_wait(dialect, sql):
    assert changes(sql, dialect, applied=PRESENT.replace("text[]", "text") if dialect != "postgres" else PRESENT) == []


@pytest.mark.parametrize(
    ("sql", "applied"),
    [
        ("ALTER TABLE users ALTER id TYPE bigint", ""),
        ("ALTER TABLE users ALTER id TYPE bigint", PRESENT + "ALTER TABLE users ALTER id FROBNICATE;"),
        ("CREATE TABLE IF NOT EXISTS users (id int); DROP TABLE users", ""),
        ("CREATE TABLE IF NOT EXISTS users (id int); DROP TABLE users", PRESENT),
        ("ALTER TABLE users ADD COLUMN IF NOT EXISTS name text; ALTER TABLE users DROP COLUMN name", ""),
        ("ALTER TABLE users ADD COLUMN IF NOT EXISTS name text; ALTER TABLE users DROP COLUMN name", PRESENT),
        ("DROP TABLE users; CREATE TABLE users (id int)", ""),
        ("CREATE TABLE audit.users (id int); DROP TABLE users", ""),
        ('CREATE TABLE "Users" (id int); DROP TABLE users', ""),
        ("CREATE TABLE a (id int); DROP TABLE a; DROP TABLE a", ""),
        ("CREATE TABLE a (id int); ALTER TABLE a RENAME TO b; DROP TABLE a", ""),
    ],
)
def test_what_is_not_certain_is_refused(sql, applied):
    assert len(changes(sql, applied=applied)) == 1


def test_what_is_certain_from_the_present_schema_is_not():
    assert changes("CREATE TABLE IF NOT EXISTS a (id int); DROP TABLE a", applied=PRESENT) == []
    assert changes("ALTER TABLE users ADD COLUMN IF NOT EXISTS c int; ALTER TABLE users DROP c", applied=PRESENT) == []


@pytest.mark.parametrize(
    ("sql", "uses", "refused"),
    [
        ("DROP TABLE old", ["users"], False),
        ("DROP TABLE users", ["users"], True),
        ("DROP TABLE users", ["users.id"], True),
        ('DROP TABLE app."Users"', ["app.users.id"], True),
        ("ALTER TABLE users DROP COLUMN old", ["users.id"], False),
        ("ALTER TABLE users DROP COLUMN id", ["users.id"], True),
        ("ALTER TABLE users DROP COLUMN id", ["users"], True),
        ("ALTER TABLE users RENAME COLUMN old TO older", ["users.id"], False),
        ("ALTER TABLE users ALTER old TYPE int", ["users.id"], False),
        # These stop the live color from writing the table, whichever columns it knows.
        ("ALTER TABLE users ADD COLUMN c int NOT NULL", ["users.id"], True),
        ("ALTER TABLE users ALTER old SET NOT NULL", ["users.id"], True),
        ("ALTER TABLE users ALTER old DROP DEFAULT", ["users.id"], True),
        ("ALTER TABLE users ADD UNIQUE (old)", ["users.id"], True),
        ("ALTER TABLE users ADD UNIQUE (old)", ["orders"], False),
        # No list of tables says who uses these.
        ("DROP TYPE mood", ["users"], True),
        ("DROP SCHEMA app", ["users"], True),
        ("ALTER TABLE old FROBNICATE", ["users"], True),
    ],
)
def test_what_the_live_color_does_not_use_may_go(sql, uses, refused):
    assert bool(changes(sql, uses=uses)) is refused


@pytest.mark.parametrize(
    ("query", "used", "free"),
    [
        (
            "SELECT a.id, b.x FROM t a JOIN u b USING (k) WHERE a.z = %s",
            ["t.id", "t.z", "t.k", "u.x", "u.k"],
            ["t.x", "u.z"],
        ),
        ("SELECT * FROM t JOIN u ON t.a = u.b", ["t.anything", "u.anything"], ["v"]),
        ("SELECT t.*, u.c FROM t, u", ["t.anything", "u.c"], ["u.d"]),
        ("SELECT count(*) FROM t WHERE a = :a", ["t.a"], ["t.b"]),
        ("SELECT row_to_json(t) FROM t", ["t.anything"], []),
        (
            "INSERT INTO t (a, b) VALUES (1, $1) ON CONFLICT (c) DO UPDATE SET b = excluded.b",
            ["t.a", "t.b", "t.c"],
            ["t.d"],
        ),
        ("INSERT INTO t VALUES (1, ?)", ["t.anything"], []),
        ("UPDATE t SET a = 1 WHERE b = %(b)s RETURNING c", ["t.a", "t.b", "t.c"], ["t.d"]),
        ('DELETE FROM app."T" WHERE x IN (SELECT y FROM z)', ["t.x", "z.y"], ["t.d"]),
        ("WITH q AS (SELECT a FROM t) SELECT a FROM q", ["t.a"], ["t.b"]),
        ("SELECT 1 FROM t", ["t"], ["t.b"]),
    ],
)
def test_what_statements_use(query, used, free):
    found = Used.of(used_in(query, "postgres"))
    for expected, names in ((True, used), (False, free)):
        for name in names:
            table, _, column = name.partition(".")
            assert (found.column(table, column) if column else found.table(table)) is expected, name


@pytest.mark.parametrize("query", ["SELECT FROM WHERE", "CALL p()", "so what"])
def test_a_statement_that_cannot_be_read_protects_nothing(query):
    with pytest.raises(NotReadable, match="line 2"):
        used_in(f"SELECT 1;\n{query}", "postgres")
    with pytest.raises(NotReadable):
        used_in("SELECT 'no end", "postgres")


# Whatever the text is.

WORDS = """
ALTER CREATE DROP TABLE VIEW INDEX UNIQUE COLUMN users name a b ( ) , ; . ' " ` [ ] $$ -- /* */ GO RENAME TO ADD
CONSTRAINT CHECK FOREIGN KEY PRIMARY REFERENCES NOT NULL DEFAULT SET TYPE MODIFY CHANGE int varchar(3) numeric(3,1) = 1
TRUNCATE IF EXISTS BEGIN END EXEC WHILE SELECT INSERT INTO VALUES FROM * DO CALL CASCADE OR REPLACE SCHEMA \\i"""
WORDS = [*WORDS.split(), "\n"]
SQL = st.one_of(st.text(), st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
DIALECTS = st.sampled_from(["postgres", "mysql", "tsql", "sqlite", "oracle", "snowflake", "bigquery", "clickhouse"])


@settings(max_examples=examples(400))
@given(SQL, DIALECTS)
def test_no_text_makes_it_fall_over(sql, dialect):
    changes(sql, dialect, applied=PRESENT)
    changes(PRESENT + sql, dialect, uses=["users.name"])
    with contextlib.suppress(NotReadable):
        Used.of(used_in(sql, dialect)).table("users")


@settings(max_examples=examples(200))
@given(SQL, SQL, st.sampled_from(["postgres", "mysql", "sqlite"]))
def test_a_drop_is_found_wherever_it_stands(before, after, dialect):
    # A text before it may leave a quote, a comment or a bracket open: then it is no statement any more.
    if any(mark in before for mark in ("'", '"', "`", "[", "/*", "--", "$", "#", "\\")):
        return
    assert changes(f"{before}\n;\nDROP TABLE users;\n{after}", dialect)


def test_deep_nesting_is_refused_and_no_crash():
    assert changes("ALTER TABLE users ADD c int DEFAULT " + "(" * 20_000 + "1" + ")" * 20_000)
