"""How the tests ask for a judgement: a text, a dialect, what is applied, what is used."""

from __future__ import annotations

from bluegreen.schema.catalog import Catalog
from bluegreen.schema.changes import judge
from bluegreen.schema.usage import Used, used_in

PRESENT = """
CREATE TABLE users (
    id int PRIMARY KEY, name varchar(20) NOT NULL, age smallint, big bigint, note text, price numeric(10, 2),
    ratio real, email varchar(50) UNIQUE, status varchar(10) DEFAULT 'new' NOT NULL
);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, day date, slot int);
CREATE UNIQUE INDEX one_slot ON orders (day, slot);
CREATE INDEX by_user ON orders (user_id);
"""


def changes(sql, dialect="postgres", uses=None, applied="", queries=""):
    catalog = Catalog(dialect)
    if applied:
        judge(applied, catalog, Used(frozenset()))
        catalog.settle()
    used = Used() if uses is None and not queries else Used.of([*(uses or ()), *used_in(queries, dialect)])
    return [item.change for item in judge(sql, catalog, used)]
