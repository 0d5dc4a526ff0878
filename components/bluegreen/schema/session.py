"""The effects of a statement on those after it: where names are looked for, and transactions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from bluegreen.schema.catalog import Catalog
from bluegreen.schema.sql import MYSQL_FAMILY

_PATH = re.compile(
    r"SET\s+(?:SESSION\s+|LOCAL\s+)?(?:search_path\s*(?:TO|=)|SCHEMA)\s*(?P<value>.+)", re.IGNORECASE | re.DOTALL
)
_CONFIG = re.compile(r"set_config\s*\(\s*'search_path'\s*,\s*(?P<value>[^,]+),", re.IGNORECASE)
_USE = re.compile(r"USE\s+(?:DATABASE\s+|SCHEMA\s+)?(?P<value>\S+)", re.IGNORECASE)
_LONG = 5_000
_GRANT = re.compile(
    r"GRANT\b.*?\bON\s+(?:(?P<all>ALL\s+\w+\s+IN\b)|(?:\w+\s+|\w+::)?(?P<names>[\w.\"`\[\]]+(?:\s*,\s*[\w.\"`\[\]]+)*))"
    r".*?\bTO\b",
    re.IGNORECASE | re.DOTALL,
)
_DEFAULT_PATHS = frozenset({"public", "dbo", "main", "pg_catalog"})
_SOMEWHERE = "(somewhere)"


def follow(sql: str, tree: exp.Expression | None, catalog: Catalog) -> None:
    """Note a statement's changes of its session."""
    text = sql.strip()
    if isinstance(tree, exp.Rollback) or re.match(r"ROLLBACK\b", text, re.IGNORECASE):
        catalog.doubt()
        return
    first = text[:3].upper()
    if first == "GRA":
        catalog.granted |= granted_by(text)
        return
    match = _PATH.match(text) or _USE.match(text) if first in ("SET", "USE") else None
    match = match or (_CONFIG.search(text) if first in ("SEL", "PER") and "search_path" in text else None)
    if match is not None:
        catalog.path = _place(match.group("value"))


def granted_by(sql: str) -> set[str]:
    """The objects of a GRANT: names without schema, ``*`` for all of a schema."""
    if len(sql) > _LONG:
        return {"*"}
    match = _GRANT.match(sql.strip())
    if match is None:
        return set()
    if match.group("all"):
        return {"*"}
    names = (name.split("(")[0].strip().strip("'\"`[];").lower() for name in match.group("names").split(","))
    return {name.rpartition(".")[2].strip('"`[]') for name in names}


def keeps_rights(name: str, catalog: Catalog, after: Iterable[str]) -> bool:
    """Whether an object that is made again had no rights granted, or gets them again. MySQL keeps them by name."""
    last = name.rpartition(".")[2].lower()
    if catalog.dialect in MYSQL_FAMILY or not catalog.granted & {last, "*"}:
        return True
    return any(granted_by(sql) & {last, "*"} for sql in after if sql[:5].upper() == "GRANT")


def _place(value: str) -> str:
    """The first place that is named; the empty text for the usual one."""
    names = [name.strip().strip("'\"`[];").lower() for name in value.split(",")]
    names = [name for name in names if name and name != "$user"]
    if not names or names[0] in _DEFAULT_PATHS:
        return ""
    return names[0] if re.fullmatch(r"[\w$-]+", names[0]) and names[0] != "default" else _SOMEWHERE
