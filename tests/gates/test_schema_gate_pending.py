"""The schema gate and what is pending: known, not guessed."""

from __future__ import annotations

import pytest

from bluegreen import gates
from bluegreen.fields import Fields
from bluegreen.gates.registry import GATES
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision
from bluegreen.rollout.ports import GateContext


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def files(**texts):
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return files


def ask(migrations="migrations/*.sql", **options):
    fields = Fields(gates.schema(migrations, **options), "gates[0]")
    parsed = GATES.parse(fields)
    assert parsed is not None, fields.problems
    return GATES.build(parsed).evaluate(GateContext("green"))


PARCELS = {
    "migrations/0001.sql": "CREATE TABLE parcel (id int, depot text);",
    "migrations/0002.sql": "ALTER TABLE parcel DROP COLUMN depot;",
}


def test_what_an_earlier_file_makes_may_be_applied_already(write):
    write(**PARCELS)
    verdict = ask()
    assert verdict.decision is Decision.FAIL
    assert "0002.sql:1: drop column parcel.depot, which an earlier file makes" in verdict.value
    for way in ("`applied_until`", "`history`", "a list of names", "put them into one file"):
        assert way in verdict.reason


@pytest.mark.parametrize(
    "narrows",
    [
        "DROP TABLE parcel",
        "ALTER TABLE parcel RENAME TO box",
        "ALTER TABLE parcel ALTER depot SET NOT NULL",
        "ALTER TABLE parcel ALTER id TYPE smallint",
        "CREATE UNIQUE INDEX i ON parcel (depot)",
        "TRUNCATE parcel",
        "CREATE TABLE IF NOT EXISTS parcel (id int); DROP TABLE parcel",
        "DELETE FROM parcel",
    ],
)
def test_every_way_of_narrowing_it_is_refused(write, narrows):
    write(**PARCELS | {"migrations/0002.sql": narrows})
    assert ask().decision is Decision.FAIL


@pytest.mark.parametrize("widens", ["ALTER TABLE parcel ADD c int", "CREATE INDEX i ON parcel (id)", "SELECT 1"])
def test_without_such_a_conflict_no_record_is_asked_for(write, widens):
    write(**PARCELS | {"migrations/0002.sql": widens})
    assert ask().decision is Decision.PASS


def test_within_one_file_it_passes(write):
    write(**{"migrations/1.sql": ";".join(PARCELS.values())})
    assert ask().decision is Decision.PASS


def test_with_a_record_it_is_known(write):
    write(**PARCELS)
    assert ask(list(PARCELS)).decision is Decision.PASS  # a list of names says that all are pending
    applied = ask(applied_until="1")
    assert applied.decision is Decision.FAIL
    assert "which an earlier file makes" not in str(applied)
    assert str(ask(applied_until="0002")) == "no pending migrations after 2 applied"
    write(**{"migrations/0003.sql": "CREATE TABLE a (id int)", "migrations/0004.sql": "DROP TABLE a"})
    assert ask(applied_until="2").decision is Decision.PASS


def test_the_applied_files_say_the_types(write):
    write(**PARCELS | {"migrations/0002.sql": "ALTER TABLE parcel ALTER id TYPE bigint"})
    assert ask(applied_until="1").decision is Decision.PASS


def test_a_version_that_no_file_has_is_refused(write):
    write(**PARCELS)
    with pytest.raises(GateUnavailable, match="applied_until: 7 is none of the files"):
        ask(applied_until="7")


def test_what_is_applied_is_not_created_again(write):
    write(**PARCELS, **{"schema.sql": "CREATE TABLE parcel (id int)"})
    assert "exists already by what is applied" in ask("migrations/0001.sql", applied="schema.sql").value


def test_one_file_in_both_lists_is_refused(write):
    write(**PARCELS)
    verdict = ask(applied=["migrations/../migrations/*.sql"])
    assert verdict.decision is Decision.FAIL
    assert "is both in `applied` and in `migrations`" in verdict.value


def test_a_down_file_is_not_applied_before_its_up_file(write):
    write(
        **{"m/8_lid.up.sql": "ALTER TABLE parcel DROP COLUMN lid", "m/8_lid.down.sql": "ALTER TABLE parcel ADD lid int"}
    )
    assert ask("m/*.sql").value.startswith("m/8_lid.up.sql:1: drop column parcel.lid")


def test_flyways_files_are_read_in_its_order(write):
    write(**{"m/V2__a.sql": "ALTER TABLE parcel DROP COLUMN lid", "m/V2_1__b.sql": "ALTER TABLE parcel ADD lid int"})
    write(**{"m/V1__z.sql": "CREATE TABLE parcel (lid int)", "m/U2__a.sql": "DROP TABLE parcel"})
    assert ask("m/*.sql", applied_until="1").value.startswith("m/V2__a.sql:1: drop column parcel.lid")


def test_a_file_in_another_language_is_refused_with_what_to_do(write):
    write(**{"m/0001_first.py": "operations = []"})
    verdict = ask("m/*")
    assert verdict.decision is Decision.FAIL
    assert "m/0001_first.py is not SQL" in verdict.value
    assert "sqlmigrate" in verdict.reason


def test_a_template_is_refused_with_what_to_do(write):
    write(**{"m/1.sql": "\nALTER TABLE ${schema}.parcel ADD c int"})
    verdict = ask("m/1.sql")
    assert verdict.value.startswith("m/1.sql:2: a template, not SQL yet: ALTER TABLE ${schema}.parcel")
    assert "with all placeholders filled in" in verdict.reason


def test_misspelt_settings_do_not_fail_open(write):
    write(**{"m/1.sql": "DROP TABLE parcel", "q.sql": "-- nothing", "s.sql": "CREATE TABLE parcel (id int)"})
    for options, says in (
        ({"queries": "q.sql"}, "queries: no statement in q.sql"),
        ({"queries": ["q.sql", "qq/*.sql"]}, "queries: no file matches qq"),
        ({"applied": ["s.sql", "ss/*.sql"]}, "applied: no file matches ss"),
        ({"applied": "s.sql", "uses": ["parcels"]}, "uses: parcels: there is no such table"),
        ({"applied": "s.sql", "uses": ["parcel.idd"]}, r"uses: parcel\.idd: there is no such table or column"),
    ):
        with pytest.raises(GateUnavailable, match=says):
            ask("m/*.sql", **options)
    assert ask("m/*.sql", applied="s.sql", uses=["parcel.id"]).decision is Decision.FAIL


def test_ten_findings_are_told_and_how_many_more(write):
    write(**{"m/1.sql": ";\n".join(f"DROP TABLE t{number}" for number in range(300))})
    verdict = ask("m/1.sql")
    assert str(verdict).count("m/1.sql:") == 10
    assert verdict.reason.endswith("and 290 more")
    assert len(str(verdict)) < 3_000


def test_what_others_wait_for_is_told_or_refused(write):
    write(**{"m/1.sql": "CREATE INDEX i ON parcel (depot);\nALTER TABLE parcel ADD c int;"})
    verdict = ask("m/1.sql")
    assert verdict.decision is Decision.PASS
    assert verdict.reason.startswith("others wait for it: m/1.sql:1: an index on parcel that is not made concurrently")
    assert "CREATE INDEX CONCURRENTLY" in verdict.reason
    assert "m/1.sql:2: a lock on parcel is waited for without a limit" in verdict.reason
    assert ask("m/1.sql", blocking="refuse").decision is Decision.FAIL
    assert ask("m/1.sql", blocking="off").reason == ""
    assert ask("m/1.sql", blocking="refuse", table_rows={"parcel": 300}).decision is Decision.PASS


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"blocking": "perhaps"}, "blocking"),
        ({"table_rows": {"parcel": "many"}}, "table_rows"),
        ({"table_rows": {"parcel": -1}}, "table_rows"),
        ({"table_rows": {"parcel": True}}, "table_rows"),
        ({"allow_none": "yes"}, "allow_none"),
        ({"applied_until": ""}, "applied_until"),
    ],
)
def test_settings_that_are_no_settings_are_refused(options, field):
    fields = Fields(gates.schema("m/*.sql", **options), "gates[0]")
    assert GATES.parse(fields) is None
    assert [problem.field for problem in fields.problems] == [f"gates[0].{field}"]
