"""The records of migration tools: their own tables, read alone, say which files are applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from bluegreen.schema.layout import UnknownVersion, is_named, is_repeatable, split, version_of

Row = Mapping[str, Any]
Ask = Callable[[str], "list[Row] | None"]
"""Runs one SELECT; ``None`` when there is no such table."""

_CHANGE_SET = re.compile(r"^\s*--\s*changeset\s+(?P<author>[^:\s]+):(?P<id>\S+)", re.IGNORECASE | re.MULTILINE)

# By table, in the quotes of standard SQL; MySQL has its own.
TABLES = {
    "flyway_schema_history": 'SELECT script, version, type, success FROM {} ORDER BY "installed_rank"',
    "_prisma_migrations": "SELECT migration_name, finished_at, rolled_back_at FROM {}",
    "goose_db_version": 'SELECT version_id, is_applied FROM {} ORDER BY "id"',
    "atlas_schema_revisions": "SELECT version FROM {}",
    "django_migrations": "SELECT app, name FROM {}",
    "alembic_version": "SELECT version_num FROM {}",
    "databasechangelog": "SELECT id, author, filename FROM {}",
    "__EFMigrationsHistory": 'SELECT "MigrationId" AS name FROM {}',
    "schema_migrations": "SELECT * FROM {}",
}
_PLACES = {"atlas_schema_revisions": ("atlas_schema_revisions", "atlas_schema_revisions.atlas_schema_revisions")}


class NoRecord(Exception):
    """The tables do not say which files are applied."""


@dataclass(frozen=True, slots=True)
class Record:
    """The record in one tool's table.

    Attributes:
        table: which.
        rows: all of it.
    """

    table: str
    rows: Sequence[Row]


def find(ask: Ask, table: str | None = None) -> Record:
    """Find the migration tool's table, and return its record.

    Args:
        ask: runs a query.
        table: its name, where a database has those of more than one tool.

    Raises:
        NoRecord: there is none, or more than one.
    """
    records = []
    for name in [table] if table else TABLES:
        for place in _PLACES.get(name, (name,)):
            quoted = ".".join(f'"{part}"' for part in place.split("."))
            rows = ask(TABLES[name].format(quoted))
            if rows is not None:
                records.append(Record(name, rows))
                break
    if not records:
        raise NoRecord(f"there is no table {table or ', '.join(TABLES)}")
    if len(records) > 1:
        raise NoRecord(f"there are {' and '.join(item.table for item in records)}: say which in history_table")
    return records[0]


def pending(record: Record, paths: Sequence[str], text: Callable[[str], str]) -> tuple[list[str], list[str]]:
    """The applied and the pending of files in order.

    Args:
        record: what the tool notes.
        paths: all files.
        text: a file's content.

    Raises:
        NoRecord: the record names none of the files, or a migration that failed half way.
    """
    if not record.rows:
        return [], list(paths)
    applied = _applied(record, paths, text)
    if not applied:
        raise NoRecord(f"none of the {len(record.rows)} rows of {record.table} names one of the files")
    applied = [path for path in applied if not is_repeatable(path)]
    return applied, [path for path in paths if path not in applied]


def _applied(record: Record, paths: Sequence[str], text: Callable[[str], str]) -> list[str]:
    rows, table = record.rows, record.table
    if table == "flyway_schema_history":
        return _flyway(rows, paths)
    if table == "databasechangelog":
        return [path for path in paths if _all_in(path, _change_sets(text(path)), rows)]
    if table == "django_migrations":
        names = {f"{row['app']}_{row['name']}" for row in rows} | {f"{row['app']}/{row['name']}" for row in rows}
        return [path for path in paths if _django(path, names)]
    if table == "alembic_version" or (table == "schema_migrations" and "dirty" in rows[0]):
        return _until(record, paths)
    if table == "_prisma_migrations":
        if any(row["finished_at"] is None and row["rolled_back_at"] is None for row in rows):
            raise NoRecord("a migration in _prisma_migrations has begun and not ended: fix it first")
        return _named(paths, (row["migration_name"] for row in rows if row["rolled_back_at"] is None))
    if table == "goose_db_version":
        last = {str(row["version_id"]): bool(row["is_applied"]) for row in rows}
        return _named(paths, (version for version, is_applied in last.items() if is_applied and version != "0"))
    column = {"atlas_schema_revisions": "version", "__EFMigrationsHistory": "name"}.get(table, "version")
    return _named(paths, (row[column] for row in rows))


def _named(paths: Sequence[str], names: Iterable[object]) -> list[str]:
    wanted = [str(name) for name in names]
    return [path for path in paths if any(is_named(path, name) for name in wanted)]


def _until(record: Record, paths: Sequence[str]) -> list[str]:
    """The applied paths up to the one that the record's only row names."""
    row = record.rows[0]
    if len(record.rows) > 1:
        raise NoRecord(f"{record.table} has {len(record.rows)} rows, one for each branch: hand in a list of files")
    if row.get("dirty"):
        raise NoRecord(f"migration {row['version']} failed half way, says schema_migrations: fix it first")
    try:
        return split(paths, str(row.get("version", row.get("version_num"))))[0]
    except UnknownVersion as error:
        raise NoRecord(str(error)) from None


def _flyway(rows: Sequence[Row], paths: Sequence[str]) -> list[str]:
    scripts: dict[str, str] = {}
    baseline = None
    for row in rows:
        version = str(row["version"] or "")
        if not row["success"]:
            raise NoRecord(f"{row['script']} failed, says flyway_schema_history: fix it first")
        if str(row["type"]).startswith("UNDO") or str(row["type"]) == "DELETE":
            scripts.pop(version, None)
        elif str(row["type"]) == "BASELINE":
            baseline = version
        elif version:
            scripts[version] = PurePath(str(row["script"])).name
    names = set(scripts.values())
    old = [path for path in paths if baseline is not None and _not_after(path, baseline)]
    return [path for path in paths if PurePath(path).name in names or path in old]


def _not_after(path: str, baseline: str) -> bool:
    version = version_of(path)
    if version is None:
        return False
    return [int(part) for part in version.split(".")] <= [int(part) for part in re.split(r"[._]", baseline)]


def _django(path: str, names: set[str]) -> bool:
    place = PurePath(path)
    return place.stem in names or f"{place.parent.name}/{place.stem}" in names


def _change_sets(sql: str) -> set[tuple[str, str]]:
    return {(change_set.group("author"), change_set.group("id")) for change_set in _CHANGE_SET.finditer(sql)}


def _all_in(path: str, change_sets: set[tuple[str, str]], rows: Sequence[Row]) -> bool:
    """A file to which a change set was added is pending: it is judged as a whole."""
    name = PurePath(path).name
    noted = {(str(row["author"]), str(row["id"])) for row in rows if PurePath(str(row["filename"])).name == name}
    return bool(change_sets) and change_sets <= noted
