"""The table of docs/gates.md: each tool's layout, and the line that hands in what is pending."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from bluegreen import gates
from bluegreen.fields import Fields
from bluegreen.gates.registry import GATES
from bluegreen.rollout.model import Decision
from bluegreen.rollout.ports import GateContext

DOCS = Path(__file__).resolve().parents[2] / "docs" / "gates.md"
ROW = re.compile(r"^\| (?P<tool>[\w .-]+) \| (?:`(?P<sql>[^`]+)`)? ?\| `(?P<gate>schema\([^`]+\))`", re.MULTILINE)
TABLE = DOCS.read_text().partition("| your tool | SQL first | the gate |")[2].partition("\n\n")[0]
ROWS = {found["tool"]: (found["sql"], found["gate"]) for found in ROW.finditer(TABLE)}

FIRST = "CREATE TABLE parcel (id int PRIMARY KEY, depot text NOT NULL, weight int);"
BACK = "DROP TABLE parcel;"
SAFE = "ALTER TABLE parcel ADD COLUMN lid text;"
DANGER = "ALTER TABLE parcel DROP COLUMN depot;"


def both(there, back, up, down=BACK):
    return f"{there}\n{up}\n\n{back}\n{down}\n"


def flyway(up):
    return {
        "db/migration/V2__parcel.sql": FIRST,
        "db/migration/V2_1__empty.sql": "SELECT 1;",
        "db/migration/V3__lid.sql": up,
        "db/migration/U3__lid.sql": BACK,
        "db/migration/R__view.sql": "CREATE OR REPLACE VIEW heavy AS SELECT id FROM parcel WHERE weight > 9;",
    }


def golang_migrate(up):
    return {
        "migrations/1_parcel.up.sql": FIRST,
        "migrations/1_parcel.down.sql": BACK,
        "migrations/2_empty.up.sql": "SELECT 1;",
        "migrations/10_lid.up.sql": up,
        "migrations/10_lid.down.sql": BACK,
    }


def goose(up):
    begin, end = "-- +goose Up\n-- +goose StatementBegin", "-- +goose StatementEnd\n\n  -- +goose Down"
    return {
        "migrations/20240131120000_parcel.sql": both(begin, end, FIRST),
        "migrations/20240201120000_lid.sql": both(begin, end, up),
    }


def dbmate(up):
    return {
        "db/migrations/20240131120000_parcel.sql": both("-- migrate:up", "-- migrate:down", FIRST),
        "db/migrations/20240201120000_lid.sql": both("-- migrate:up", "-- migrate:down", up),
    }


def prisma(up):
    return {
        "prisma/migrations/20240131120000_parcel/migration.sql": f"-- CreateTable\n{FIRST}",
        "prisma/migrations/20240201120000_lid/migration.sql": f"-- AlterTable\n{up}",
        "prisma/migrations/migration_lock.toml": 'provider = "postgresql"',
    }


def drizzle(up):
    return {
        "drizzle/0000_first.sql": f"{FIRST}\n--> statement-breakpoint\nCREATE INDEX heavy ON parcel (weight);",
        "drizzle/0001_lid.sql": f"{up}--> statement-breakpoint\nCREATE INDEX more ON parcel (weight);",
        "drizzle/meta/_journal.json": "{}",
    }


def alembic(up):
    noted = "UPDATE alembic_version SET version_num='ae1027a6acf0' WHERE alembic_version.version_num = '1975ea83b712';"
    return {
        "schema.sql": FIRST,
        "pending.sql": f"BEGIN;\n\n-- Running upgrade 1975ea83b712 -> ae1027a6acf0\n\n{up}\n\n{noted}\n\nCOMMIT;\n",
    }


def django(up):
    return {"pending/0002.sql": f"BEGIN;\n--\n-- Add field lid to parcel\n--\n{up}\nCOMMIT;\n"}


def rails(up):
    return {
        "log/migrate.log": "Migrating to AddLid (20240201120000)\n"
        "  TRANSACTION (0.2ms)  BEGIN\n"
        f"   (1.4ms)  {up.rstrip(';')}\n"
        "  ActiveRecord::SchemaMigration Create (0.4ms)  INSERT INTO \"schema_migrations\" (\"version\") VALUES "
        "('20240201120000') RETURNING \"version\"\n"
        "  TRANSACTION (0.3ms)  COMMIT\n"
    }  # fmt: skip


def liquibase(up):
    return {
        "pending.sql": "-- *********************************************************************\n"
        "-- Update Database Script\n"
        "UPDATE databasechangeloglock SET LOCKED = TRUE, LOCKEDBY = 'ci', LOCKGRANTED = NOW() "
        "WHERE ID = 1 AND LOCKED = FALSE;\n\n"
        'SET SEARCH_PATH TO public, "$user","public";\n\n'
        f"-- Changeset db/changelog.xml::2::ann\n{up}\n\n"
        "INSERT INTO databasechangelog (ID, AUTHOR, FILENAME) VALUES ('2', 'ann', 'db/changelog.xml');\n\n"
        "UPDATE databasechangeloglock SET LOCKED = FALSE, LOCKEDBY = NULL, LOCKGRANTED = NULL WHERE ID = 1;\n"
    }


def ef_core(up):
    up = up.replace("ADD COLUMN lid text", "ADD [lid] nvarchar(max) NULL")
    return {
        "pending.sql": "\ufeffBEGIN TRANSACTION;\nGO\n\n"
        "IF NOT EXISTS (\n    SELECT * FROM [__EFMigrationsHistory]\n"
        "    WHERE [MigrationId] = N'20240201120000_Lid'\n)\n"
        f"BEGIN\n    {up}\nEND;\nGO\n\n"
        "INSERT INTO [__EFMigrationsHistory] ([MigrationId], [ProductVersion])\n"
        "VALUES (N'20240201120000_Lid', N'8.0.1');\nGO\n\nCOMMIT;\nGO\n"
    }


LAYOUTS = {
    "Flyway": flyway,
    "golang-migrate": golang_migrate,
    "goose": goose,
    "dbmate": dbmate,
    "Prisma": prisma,
    "Drizzle": drizzle,
    "Alembic": alembic,
    "Django": django,
    "Rails": rails,
    "Liquibase": liquibase,
    "EF Core": ef_core,
}


def test_the_table_has_every_tool():
    assert set(ROWS) == set(LAYOUTS)


@pytest.mark.parametrize("tool", LAYOUTS)
@pytest.mark.parametrize(("change", "decision"), [(SAFE, Decision.PASS), (DANGER, Decision.FAIL)])
def test_the_line_of_the_docs_hands_in_what_is_pending(tmp_path, monkeypatch, tool, change, decision):
    monkeypatch.chdir(tmp_path)
    for name, text in LAYOUTS[tool](change).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    first, line = ROWS[tool]
    if first and first.startswith("sed"):
        subprocess.run(["bash", "-c", first], check=True)
    fields = Fields(eval(line, {"schema": gates.schema}), "gates[0]")
    parsed = GATES.parse(fields)
    assert parsed is not None, fields.problems
    verdict = GATES.build(parsed).evaluate(GateContext("green"))
    assert verdict.decision is decision, str(verdict)
    assert ("depot" in verdict.value) is (decision is Decision.FAIL)
