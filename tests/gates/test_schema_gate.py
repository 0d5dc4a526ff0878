"""The schema gate on real files."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from bluegreen import gates
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.registry import GATES
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase
from bluegreen.rollout.ports import GateContext

PRESENT = """
CREATE TABLE users (
    id int PRIMARY KEY, name varchar(20) NOT NULL, age smallint, big bigint, note text, price numeric(10, 2),
    at timestamptz, tags text[], ratio real, status varchar(10) DEFAULT 'new' NOT NULL
);
CREATE TABLE orders (id serial PRIMARY KEY, user_id int);
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "migrations").mkdir()
    return tmp_path


def parse(inputs):
    fields = Fields(inputs, "gates[0]")
    return GATES.parse(fields), fields.problems


def ask(migrations="migrations/*.sql", **options):
    parsed, problems = parse(gates.schema(migrations, **options))
    assert parsed is not None, problems
    return GATES.build(parsed).evaluate(GateContext("green"))


def test_findings_name_file_line_and_statement(project):
    (project / "migrations/2_old.sql").write_text(
        "\ufeff-- one\r\n\r\nALTER TABLE users\r\n  DROP COLUMN name;\r\nCREATE TABLE a (id int);\r\n", encoding="utf-8"
    )
    (project / "migrations/10_new.sql").write_text("/* a\n b */ ALTER TABLE a RENAME TO b;\n\n\nTRUNCATE users;")
    verdict = ask()
    assert verdict.decision is Decision.FAIL
    assert verdict.value == "migrations/2_old.sql:3: drop column users.name: ALTER TABLE users DROP COLUMN name"
    assert verdict.reason.startswith("instead: stop using it in this release")
    assert "migrations/10_new.sql:5: truncate users: TRUNCATE users; instead: " in verdict.reason
    # Renaming what a file before it makes may be harmless or not: that file may be applied.
    assert "rename a to b, which an earlier file makes" in verdict.reason
    assert "rename a" not in ask(["migrations/2_old.sql", "migrations/10_new.sql"]).reason


@pytest.mark.parametrize(
    ("sql", "way"),
    [
        ("ALTER TABLE users RENAME a TO b", "add the new column beside the old one, write both"),
        ("ALTER TABLE users RENAME TO b", "add a view or a table of the new name"),
        ("ALTER TABLE users ALTER a TYPE int", "add a new column of the new type"),
        ("ALTER TABLE users ALTER a SET NOT NULL", "write it always and fill the old rows"),
        ("ALTER TABLE users ADD a int NOT NULL", "add it nullable or with a default"),
        ("ALTER TABLE users ADD UNIQUE (a)", "write only what it allows"),
        ("ALTER TABLE users ALTER a DROP DEFAULT", "write the value always"),
        ("TRUNCATE users", "empty it in the release after"),
        ("ALTER TABLE users FROBNICATE", "apply it by hand"),
    ],
)
def test_the_way_out_fits_the_change(project, sql, way):
    (project / "migrations/1.sql").write_text(sql)
    assert way in ask().reason


def test_a_pattern_that_matches_nothing_is_refused_unless_that_is_fine(project):
    with pytest.raises(GateUnavailable, match=r"no file matches migrations/\*\.sql; if none is fine, set allow_none"):
        ask()
    (project / "migrations/1.sql").write_text("SELECT 1")
    with pytest.raises(GateUnavailable, match=r"no file matches migratoins/\*\.sql"):
        ask(["migrations/*.sql", "migratoins/*.sql"])


def test_nothing_pending_passes(project):
    verdict = ask(allow_none=True)
    assert (verdict.decision, verdict.value) == (Decision.PASS, "no pending migrations")


def test_safe_files_pass(project):
    (project / "migrations/1.sql").write_text("CREATE TABLE a (id int)")
    (project / "migrations/2.sql").write_text("DROP TABLE a")
    files = ["migrations/1.sql", "migrations/2.sql"]
    assert str(ask(files)) == "2 pending files against changes that the live color can live with"
    assert ask(["migrations/2.sql", "migrations/*.sql"]).decision is Decision.FAIL  # in the order that is given


def test_files_that_cannot_be_read_are_no_pass(project):
    (project / "migrations/1.sql").write_bytes(b"\xff\xfe\x00")
    (project / "ok.sql").write_text("SELECT 1")
    for options, says in (
        ({"migrations": "missing.sql"}, "missing.sql: No such file"),
        ({"migrations": "migrations"}, "migrations: Is a directory"),
        ({}, "no UTF-8"),
        ({"migrations": "ok.sql", "queries": "none/*.sql"}, "queries: no file matches none"),
        ({"migrations": "ok.sql", "applied": ["none/*.sql"]}, "applied: no file matches none"),
        ({"migrations": "ok.sql", "queries": "missing.sql"}, "missing.sql"),
    ):
        with pytest.raises(GateUnavailable, match=says):
            ask(**options)


def test_what_is_used_is_taken_from_the_live_colors_statements(project):
    (project / "migrations/1.sql").write_text("ALTER TABLE users DROP COLUMN old")
    (project / "queries").mkdir()
    (project / "queries/users.sql").write_text("SELECT id FROM users WHERE name = :name;")
    assert ask().decision is Decision.FAIL
    assert ask(queries="queries/*.sql").decision is Decision.PASS
    assert ask(queries="queries/*.sql", uses=["users.old"]).decision is Decision.FAIL
    (project / "queries/broken.sql").write_text("SELECT id FROM users;\nSELECT FROM WHERE;")
    with pytest.raises(GateUnavailable, match=r"broken\.sql: .*line 2"):
        ask(queries="queries/*.sql")


def test_types_are_compared_with_the_present_schema(project):
    (project / "migrations/1.sql").write_text("ALTER TABLE users ALTER id TYPE bigint")
    (project / "schema.sql").write_text(PRESENT)
    assert ask().decision is Decision.FAIL
    assert ask(applied="schema.sql").decision is Decision.PASS


def test_another_dialect(project):
    (project / "migrations/1.sql").write_text("ALTER TABLE `users` MODIFY `name` int")
    assert "type of users.name" in ask(dialect="mysql").value


def test_secrets_in_a_statement_are_redacted_and_nothing_is_printed(project, monkeypatch, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("DB_PASSWORD", "hunter2-correct-horse")
    (project / "migrations/1.sql").write_text("ALTER ROLE app PASSWORD 'hunter2-correct-horse'")
    verdict = ask()
    assert verdict.value.endswith("ALTER ROLE app PASSWORD '***'")
    assert "hunter2" not in str(verdict) + caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("inputs", "wrong"),
    [
        ({"kind": "schema"}, "gates[0].migrations"),
        ({"kind": "schema", "migrations": []}, "gates[0].migrations"),
        ({"kind": "schema", "migrations": "a.sql"}, "gates[0].migrations"),
        (gates.schema("a.sql", dialect="klingon"), "gates[0].dialect"),
        (gates.schema("a.sql", uses=["a b"]), "gates[0].uses[0]"),
        (gates.schema("a.sql", uses=["a.b.c.d"]), "gates[0].uses[0]"),
    ],
)
def test_what_is_refused(inputs, wrong):
    parsed, problems = parse(inputs)
    assert parsed is None
    assert [problem.field for problem in problems] == [wrong]


def test_its_name_and_phases():
    gate = GATES.build(parse(gates.schema("migrations/*.sql"))[0])
    assert gate.label == "schema migrations/*.sql"
    assert gate.phases == {Phase.CONFIRM}
    assert gate.offline
    assert parse({"kind": "schema", "migrations": UNKNOWN, "dialect": UNKNOWN})[1] == []


def test_without_sqlglot_it_says_what_to_install():
    program = (
        "import sys; sys.modules['sqlglot'] = None\n"
        "from bluegreen import gates\n"
        "from bluegreen.fields import Fields\n"
        "from bluegreen.rollout.ports import GateContext\n"
        "from bluegreen.gates.registry import GATES\n"
        "from bluegreen.rollout.errors import GateUnavailable\n"
        "try: GATES.build(GATES.parse(Fields(gates.schema('a.sql')))).evaluate(GateContext('green'))\n"
        "except GateUnavailable as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'bluegreen[schema]'" in done.stdout
