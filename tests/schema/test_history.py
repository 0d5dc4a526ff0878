"""The records of migration tools say which files are pending."""

from __future__ import annotations

import sqlite3

import pytest

from bluegreen import gates
from bluegreen.fields import Fields
from bluegreen.gates.registry import GATES
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision
from bluegreen.rollout.ports import GateContext
from bluegreen.schema.history import NoRecord, Record, find, pending

THREE = ["m/1_a.up.sql", "m/2_b.up.sql", "m/3_c.up.sql"]


def rows(columns, *values):
    return [dict(zip(columns.split(), row, strict=True)) for row in values]


SAID = [
    ("schema_migrations", rows("version dirty", (2, False)), THREE, ["m/3_c.up.sql"]),
    ("schema_migrations", rows("version", ("1",), ("3",)), THREE, ["m/2_b.up.sql"]),
    (
        "flyway_schema_history",
        rows(
            "script version type success",
            ("V1__a.sql", "1", "SQL", True),
            ("V2__b.sql", "2", "SQL", True),
            ("U2__b.sql", "2", "UNDO_SQL", True),
            ("R__v.sql", None, "SQL", True),
        ),
        ["V1__a.sql", "V2__b.sql", "R__v.sql"],
        ["V2__b.sql", "R__v.sql"],
    ),
    (
        "flyway_schema_history",
        rows("script version type success", ("<< Flyway Baseline >>", "2", "BASELINE", True)),
        ["V1__a.sql", "V2__b.sql", "V2_1__c.sql"],
        ["V2_1__c.sql"],
    ),
    (
        "_prisma_migrations",
        rows("migration_name finished_at rolled_back_at", ("1_a", "then", None), ("2_b", "then", "later")),
        ["p/1_a/migration.sql", "p/2_b/migration.sql"],
        ["p/2_b/migration.sql"],
    ),
    (
        "goose_db_version",
        rows("version_id is_applied", (0, True), (1, True), (2, True), (2, False)),
        ["1_a.sql", "2_b.sql"],
        ["2_b.sql"],
    ),
    ("atlas_schema_revisions", rows("version", ("20240101",)), ["20240101_a.sql", "20240102.sql"], ["20240102.sql"]),
    (
        "django_migrations",
        rows("app name", ("shop", "0001_initial")),
        ["shop/0001_initial.sql", "shop/0002_more.sql", "blog/0001_initial.sql"],
        ["shop/0002_more.sql", "blog/0001_initial.sql"],
    ),
    (
        "alembic_version",
        rows("version_num", ("1975ea83b712",)),
        ["1975ea83b712_a.sql", "ae1027a6acf0_b.sql"],
        ["ae1027a6acf0_b.sql"],
    ),
    ("__EFMigrationsHistory", rows("name", ("20240101_A",)), ["20240101_A.sql", "20240102_B.sql"], ["20240102_B.sql"]),
    (
        "databasechangelog",
        rows("id author filename", ("1", "ann", "db/a.sql"), ("2", "ann", "db/b.sql")),
        ["db/a.sql", "db/b.sql", "db/c.sql"],
        ["db/b.sql", "db/c.sql"],  # to b.sql a change set was added
    ),
]
TEXTS = {
    "db/a.sql": "--liquibase formatted sql\n--changeset ann:1\nSELECT 1;",
    "db/b.sql": "--liquibase formatted sql\n--changeset ann:2\nSELECT 1;\n-- changeset ann:3\nSELECT 1;",
    "db/c.sql": "--liquibase formatted sql\n--changeset bob:1\nSELECT 1;",
}


@pytest.mark.parametrize(("table", "found", "paths", "left"), SAID)
def test_each_tools_table_says_what_is_pending(table, found, paths, left):
    applied, rest = pending(Record(table, found), paths, lambda path: TEXTS.get(path, ""))
    assert rest == left
    assert applied == [path for path in paths if path not in left]


def test_an_empty_table_says_that_all_is_pending():
    assert pending(Record("schema_migrations", []), THREE, str) == ([], THREE)


@pytest.mark.parametrize(
    ("table", "found", "says"),
    [
        ("schema_migrations", rows("version dirty", (2, True)), "failed half way"),
        ("schema_migrations", rows("version dirty", (9, False)), "9 is none of the files"),
        ("schema_migrations", rows("version", ("77",)), "none of the 1 rows"),
        ("flyway_schema_history", rows("script version type success", ("V1__a.sql", "1", "SQL", False)), "failed"),
        ("_prisma_migrations", rows("migration_name finished_at rolled_back_at", ("1_a", None, None)), "not ended"),
        ("alembic_version", rows("version_num", ("a",), ("b",)), "one for each branch"),
    ],
)
def test_a_record_that_does_not_say_is_none(table, found, says):
    with pytest.raises(NoRecord, match=says):
        pending(Record(table, found), THREE, str)


def test_the_table_is_found_and_two_are_too_many():
    tables = {"goose_db_version": [], "schema_migrations": []}

    def ask(sql):
        return next((found for name, found in tables.items() if f'"{name}"' in sql), None)

    with pytest.raises(NoRecord, match="goose_db_version and schema_migrations: say which in history_table"):
        find(ask)
    assert find(ask, "schema_migrations").table == "schema_migrations"
    tables.clear()
    with pytest.raises(NoRecord, match="there is no table"):
        find(ask)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    (tmp_path / "m/1_a.sql").write_text("CREATE TABLE parcel (id int, depot text)")
    (tmp_path / "m/2_b.sql").write_text("ALTER TABLE parcel DROP COLUMN depot")
    return tmp_path


def evaluate(**options):
    fields = Fields(gates.schema("m/*.sql", **options), "gates[0]")
    parsed = GATES.parse(fields)
    assert parsed is not None, fields.problems
    gate = GATES.build(parsed)
    assert gate.offline is False  # a preview does not ask a database
    return gate.evaluate(GateContext("green"))


def test_the_gate_asks_the_database_and_only_reads(project, monkeypatch):
    database = sqlite3.connect(project / "app.db", isolation_level=None)
    database.execute("CREATE TABLE schema_migrations (version text)")
    monkeypatch.setenv("APP_DB", f"sqlite:///{project / 'app.db'}")
    assert evaluate(dialect="sqlite", history={"env": "APP_DB"}).decision is Decision.PASS  # both are pending
    database.execute("INSERT INTO schema_migrations VALUES ('1')")
    verdict = evaluate(dialect="sqlite", history={"env": "APP_DB"})
    assert verdict.value.startswith("m/2_b.sql:1: drop column parcel.depot: ")
    database.execute("INSERT INTO schema_migrations VALUES ('2')")
    assert str(evaluate(dialect="sqlite", history={"env": "APP_DB"})) == "no pending migrations after 2 applied"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("oracle://scott:tiger-tiger@db/app", "begins with postgresql://"),
        ("sqlite:////nowhere/app.db", "cannot be read: unable to open"),
        ("postgresql://app:tiger-tiger@127.0.0.1:1/app", "cannot be read: "),
        ("mysql://app:tiger-tiger@127.0.0.1:1/app", "cannot be read: "),
        ("not a url", "begins with postgresql://"),
    ],
)
def test_an_address_that_cannot_be_asked_is_in_no_message(project, monkeypatch, address, says):
    monkeypatch.setenv("APP_DB", address)
    with pytest.raises(GateUnavailable, match=says) as caught:
        evaluate(history={"env": "APP_DB"})
    assert "tiger" not in str(caught.value)


def test_the_address_is_given_by_reference():
    fields = Fields(gates.schema("m/*.sql", history={"url": "sqlite:///a"}), "gates[0]")
    assert GATES.parse(fields) is None
    fields = Fields(gates.schema("m/*.sql", history={"env": "A"}, applied_until="1"), "gates[0]")
    assert GATES.parse(fields) is None
    assert [problem.field for problem in fields.problems] == ["gates[0].applied_until"]
