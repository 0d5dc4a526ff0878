"""Compatible statements that others wait for."""

from __future__ import annotations

import pytest

from bluegreen.schema.review import Source, review
from bluegreen.schema.usage import Used
from tests.schema.cases import PRESENT

LIMIT = "SET lock_timeout = '2s';"


def blocked(sql, dialect="postgres", rows=(), applied=PRESENT):
    found = review(
        [Source("1.sql", sql)], [Source("s.sql", applied)], Used.of(["other"]), dialect, known=True, rows=dict(rows)
    )
    return [item.change for _, item in found if item.blocking]


STOPS = {
    "postgres": [
        ("CREATE INDEX i ON users (age)", "not made concurrently"),
        ("CREATE UNIQUE INDEX i ON users (age)", "not made concurrently"),
        ("DROP INDEX by_user", "without CONCURRENTLY"),
        ("REINDEX TABLE users", "REINDEX"),
        ("VACUUM FULL users", "VACUUM FULL"),
        ("VACUUM (FULL, ANALYZE) users", "VACUUM FULL"),
        ("CLUSTER users", "CLUSTER"),
        ("LOCK TABLE users", "LOCK TABLE"),
        ("REFRESH MATERIALIZED VIEW m", "REFRESH"),
        (LIMIT + "ALTER TABLE users ALTER age TYPE bigint", "rewrites the table"),
        (LIMIT + "ALTER TABLE users ALTER id TYPE bigint", "rewrites the table"),
        (LIMIT + "ALTER TABLE users ADD c uuid DEFAULT gen_random_uuid()", "default of its own for each row"),
        (LIMIT + "ALTER TABLE users ADD c float DEFAULT random()", "default of its own for each row"),
        (LIMIT + "ALTER TABLE users ADD c serial", "numbered row by row"),
        (LIMIT + "ALTER TABLE users ADD c int GENERATED ALWAYS AS (age * 2) STORED", "computed for each row"),
        (LIMIT + "ALTER TABLE users ALTER age SET NOT NULL", "reads the whole table"),
        (
            LIMIT + "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id)",
            "validated at once",
        ),
        (LIMIT + "ALTER TABLE orders ADD c int REFERENCES users (id)", "validated at once"),
        (LIMIT + "ALTER TABLE orders ADD CONSTRAINT c CHECK (slot > 0)", "validated at once"),
        (LIMIT + "ALTER TABLE orders ADD CONSTRAINT u UNIQUE (slot)", "the index of a constraint"),
        ("ALTER TABLE users ADD c int", "waited for without a limit"),
        ("SET lock_timeout = 0; ALTER TABLE users ADD c int", "waited for without a limit"),
        ("DROP TABLE users", "waited for without a limit"),
        ("TRUNCATE users", "waited for without a limit"),
    ],
    "mysql": [
        ("ALTER TABLE users MODIFY age int", "copied for the new type of age"),
        ("ALTER TABLE users MODIFY name varchar(300) NOT NULL", "copied for the new type of name"),
        ("ALTER TABLE users ADD c int AS (age * 2) STORED", "copied for c"),
        ("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id)", "copied for a foreign key"),
        ("ALTER TABLE users ADD FULLTEXT INDEX f (note)", "full text"),
        ("ALTER TABLE users DROP PRIMARY KEY", "without its primary key"),
        ("ALTER TABLE users ADD c int, ALGORITHM=COPY", "copied or locked"),
        ("ALTER TABLE users ADD INDEX i (age), LOCK=SHARED", "copied or locked"),
        ("OPTIMIZE TABLE users", "OPTIMIZE"),
    ],
    "tsql": [
        ("CREATE INDEX i ON users (age)", "not made online"),
        ("ALTER TABLE users ALTER COLUMN age int", "may be rewritten"),
    ],
}
STOPS_NOBODY = {
    "postgres": [
        "CREATE INDEX CONCURRENTLY i ON users (age)",
        "DROP INDEX CONCURRENTLY by_user",
        "REINDEX INDEX CONCURRENTLY by_user",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
        "VACUUM users",
        "CREATE TABLE a (id int); CREATE INDEX i ON a (id); ALTER TABLE a ADD c serial; TRUNCATE a",
        LIMIT + "ALTER TABLE users ADD c int; ALTER TABLE users ADD d timestamptz DEFAULT now()",
        LIMIT + "ALTER TABLE users ADD c int NOT NULL DEFAULT 3",
        LIMIT + "ALTER TABLE users ALTER name TYPE varchar(40); ALTER TABLE users ALTER name TYPE text",
        LIMIT + "ALTER TABLE users ALTER price TYPE numeric(12, 2)",
        LIMIT + "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
        "ALTER TABLE orders VALIDATE CONSTRAINT f",
        "INSERT INTO users (id) VALUES (1)",
    ],
    "mysql": [
        "ALTER TABLE users ADD c int, DROP COLUMN note, RENAME COLUMN age TO years",
        "ALTER TABLE users ADD INDEX i (age), DROP INDEX by_user",
        "ALTER TABLE users MODIFY name varchar(40) NOT NULL",
        "ALTER TABLE users MODIFY age int, ALGORITHM=INSTANT",
        "ALTER TABLE users MODIFY age int, ALGORITHM=INPLACE, LOCK=NONE",
        "ALTER TABLE users ADD c int AS (age * 2) VIRTUAL",
    ],
    "tsql": ["CREATE INDEX i ON users (age) WITH (ONLINE = ON)"],
    "sqlite": ["CREATE INDEX i ON users (age)"],
}


@pytest.mark.parametrize(("dialect", "sql", "says"), [(name, *case) for name, of in STOPS.items() for case in of])
def test_what_stops_others(dialect, sql, says):
    found = blocked(sql, dialect)
    assert len(found) == 1 or "waited for" in found[-1], found
    assert says in found[0]


@pytest.mark.parametrize(("dialect", "sql"), [(name, sql) for name, of in STOPS_NOBODY.items() for sql in of])
def test_what_stops_nobody(dialect, sql):
    assert blocked(sql, dialect) == []


def test_a_small_table_stops_nobody():
    sql = "CREATE INDEX i ON users (age); ALTER TABLE public.users ALTER age TYPE int; LOCK TABLE users"
    assert len(blocked(sql)) == 4
    assert blocked(sql, rows={"users": 10_000}) == []
    assert len(blocked(sql, rows={"users": 10_001, "orders": 3})) == 4


def test_waiting_without_a_limit_is_told_once_a_file():
    assert len(blocked("ALTER TABLE users ADD c int; ALTER TABLE orders ADD c int")) == 1
