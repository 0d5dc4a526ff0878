"""Files of migrations as their tools see them: their order, the ways back, and the end of the applied ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath

# Flyway: versions, what undoes them, a baseline for empty databases, and what is run again whenever it changes.
_FLYWAY = re.compile(r"(?P<kind>[VUB])(?P<version>\d+(?:[._]\d+)*)__.*\.sql$|(?P<again>R)__.*\.sql$")
_BACK = re.compile(r"^(?P<name>.*?)[._-](?:down|undo|revert|rollback)\.sql$", re.IGNORECASE)
_WHOLE_NAMES = {"down.sql": ("up.sql", "migration.sql"), "revert.sql": ("deploy.sql", "up.sql")}
_FORTH = frozenset({"deploy", "up", "do"})
_FOLDERS_BACK = frozenset({"revert", "verify", "down", "undo", "rollback"})
_NUMBER = re.compile(r"\d+")
# These two read names as texts, others as numbers.
_AS_TEXT = re.compile(r"^\s*--\s*(?:migrate:\s*up\b|liquibase formatted sql)", re.IGNORECASE | re.MULTILINE)
# What is written for a tool in another language than SQL, and how SQL is had of it.
_OTHER_LANGUAGES = {
    ".py": "`alembic upgrade <applied>:head --sql` or `python manage.py sqlmigrate <app> <name>`",
    ".rb": "a run on a copy of the database that logs its SQL",
    ".xml": "`liquibase update-sql`",
    ".yaml": "`liquibase update-sql`",
    ".yml": "`liquibase update-sql`",
    ".json": "`liquibase update-sql`",
    ".cs": "`dotnet ef migrations script <applied>`",
    ".ts": "the tool's own output of SQL",
    ".js": "the tool's own output of SQL",
    ".hcl": "`atlas migrate diff`",
    ".fizz": "`soda generate sql`",
    ".php": "`php artisan migrate --pretend` or `doctrine:migrations:migrate --write-sql`",
    ".java": "the statements that it runs",
    ".go": "the statements that it runs",
}


class UnknownVersion(ValueError):
    """No file, or more than one, is of a version."""


def other_language(path: str) -> str | None:
    """The advice how to get SQL from a file in another language; ``None`` for SQL."""
    return _OTHER_LANGUAGES.get(PurePath(path).suffix.lower())


def is_repeatable(path: str) -> bool:
    """Whether Flyway runs it again each time that it changes, after all versions."""
    return PurePath(path).name.startswith("R__")


def without_ways_back(paths: Sequence[str]) -> list[str]:
    """Without files that only undo, or only set up an empty database, beside those that do."""
    there = {_forth(path) for path in paths}
    versions = {str(PurePath(path).parent) for path in paths if _flyway(path, "V")}
    left = [path for path in paths if not (_undoes(path, there) or (versions and _flyway(path, "U", "B")))]
    # sqitch and others: a folder for each way, with the same names in them.
    forth = {(str(place.parent.parent), place.name) for place in map(PurePath, left) if place.parent.name in _FORTH}
    return [path for path in left if not _in_folder_back(PurePath(path), forth)]


def _in_folder_back(place: PurePath, forth: set[tuple[str, str]]) -> bool:
    return place.parent.name in _FOLDERS_BACK and (str(place.parent.parent), place.name) in forth


def _forth(path: str) -> tuple[str, str]:
    place = PurePath(path)
    return str(place.parent), re.sub(r"[._-](?:up|do|deploy)\.sql$|\.sql$", "", place.name.lower())


def _undoes(path: str, there: set[tuple[str, str]]) -> bool:
    place = PurePath(path)
    name, folder = place.name.lower(), str(place.parent)
    if name in _WHOLE_NAMES:
        return any((folder, _forth(f"{folder}/{other}")[1]) in there for other in _WHOLE_NAMES[name])
    back = _BACK.match(name)
    return bool(back) and (folder, str(back and back.group("name"))) in there


def _flyway(path: str, *kinds: str) -> bool:
    match = _FLYWAY.match(PurePath(path).name)
    return match is not None and match.group("kind") in kinds


def in_order(paths: Iterable[str], text: Callable[[str], str]) -> list[str]:
    """The files in the order in which their tool applies them.

    Args:
        paths: the matches of one pattern.
        text: a file's content, which tells some tools.
    """
    ordered = list(paths)
    if ordered and all(_FLYWAY.match(PurePath(path).name) for path in ordered):
        return sorted(ordered, key=_by_version)
    if any(_AS_TEXT.search(text(path)) for path in ordered):
        return sorted(ordered)
    return sorted(ordered, key=_by_number)


def as_flyway(paths: Sequence[str]) -> list[str]:
    """The files of several patterns: Flyway reads all its places as one, others are left as they are."""
    whole = bool(paths) and all(_FLYWAY.match(PurePath(path).name) for path in paths)
    return sorted(paths, key=_by_version) if whole else list(paths)


def _by_version(path: str) -> tuple[int, list[int], str]:
    match = _FLYWAY.match(PurePath(path).name)
    if match is None or match.group("again"):
        return 1, [], PurePath(path).name
    return 0, _parts(match.group("version")), path


def _parts(version: str) -> list[int]:
    parts = [int(part) for part in re.split(r"[._]", version)]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return parts


def _by_number(path: str) -> list[tuple[int, str]]:
    """``2.sql`` before ``10.sql``, as tools for migrations apply them."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path) if part]


def split(paths: Sequence[str], until: str) -> tuple[list[str], list[str]]:
    """The applied and the pending of files in order.

    Args:
        paths: all of them.
        until: the last that is applied: its version or number, its name, its folder's name, or its path.

    Raises:
        UnknownVersion: none is that, or more than one.
    """
    ranks = [(_rank(path, until), index) for index, path in enumerate(paths)]
    best = max((rank for rank, _ in ranks), default=0)
    indexes = [index for rank, index in ranks if rank == best and rank]
    if len(indexes) != 1:
        which = ", ".join(paths[index] for index in indexes) or "none of the files"
        raise UnknownVersion(f"{until} is {which}; give a version, a name or a path of exactly one of them")
    at = indexes[0] + 1
    applied = [path for path in paths[:at] if not is_repeatable(path)]
    return applied, [path for path in paths if path not in applied]


def is_named(path: str, name: str) -> bool:
    """Whether a record's version or name means this file."""
    return _rank(path, name) > 0


def version_of(path: str) -> str | None:
    """The version in a file's name, its parts parted by points; ``None`` when there is none."""
    return _version(PurePath(path).stem)


def _rank(path: str, name: str) -> int:
    """How surely a name means a file: by its path 4, name 3, version 2, number 1, not at all 0."""
    place, wanted = PurePath(path), name.strip()
    if PurePath(wanted) == place:
        return 4
    names = {place.name, place.stem, re.sub(r"[._-](?:up|do|deploy)$", "", place.stem)}
    if place.name.lower() in ("up.sql", "migration.sql", "deploy.sql"):
        names = {place.parent.name}
    if wanted in names:
        return 3
    versions = {_version(one) for one in names} - {None}
    if wanted.replace("_", ".").lower().lstrip("v") in versions:
        return 2
    number = _NUMBER.fullmatch(wanted)
    return 1 if number and any(one and one.isdecimal() and int(one) == int(wanted) for one in versions) else 0


def _version(name: str) -> str | None:
    flyway = _FLYWAY.match(name if name.endswith(".sql") else f"{name}.sql")
    if flyway and flyway.group("version"):
        return ".".join(str(part) for part in _parts(flyway.group("version")))
    # diesel's folders: 2024-01-31-120000_name.
    dated = re.match(r"(\d{4})-(\d{2})-(\d{2})-(\d{4,})(?=_|$)", name)
    if dated:
        return "".join(dated.groups())
    # Alembic's revisions: 1975ea83b712_name.
    match = re.match(r"([0-9a-f]{12})(?=_|$)", name) or re.match(r"V?(\d+)(?=\D|$)", name)
    return match.group(1) if match else None
