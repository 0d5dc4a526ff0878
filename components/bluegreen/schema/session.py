"""What a statement changes for those after it: where names are looked for, and what is rolled back."""

from __future__ import annotations

import re

from sqlglot import exp

from bluegreen.schema.catalog import Catalog

_PATH = re.compile(
    r"SET\s+(?:SESSION\s+|LOCAL\s+)?(?:search_path\s*(?:TO|=)|SCHEMA)\s*(?P<value>.+)", re.IGNORECASE | re.DOTALL
)
_CONFIG = re.compile(r"set_config\s*\(\s*'search_path'\s*,\s*(?P<value>[^,]+),", re.IGNORECASE)
_USE = re.compile(r"USE\s+(?:DATABASE\s+|SCHEMA\s+)?(?P<value>\S+)", re.IGNORECASE)
_DEFAULT_PATHS = frozenset({"public", "dbo", "main", "pg_catalog"})
_SOMEWHERE = "(somewhere)"


def follow(sql: str, tree: exp.Expression | None, catalog: Catalog) -> None:
    """Note what a statement changes for its session."""
    text = sql.strip()
    if isinstance(tree, exp.Rollback) or re.match(r"ROLLBACK\b", text, re.IGNORECASE):
        catalog.doubt()
        return
    first = text[:3].upper()
    found = _PATH.match(text) or _USE.match(text) if first in ("SET", "USE") else None
    found = found or (_CONFIG.search(text) if first in ("SEL", "PER") and "search_path" in text else None)
    if found is not None:
        catalog.path = _place(found.group("value"))


def _place(value: str) -> str:
    """The first place that is named; the empty text for the usual one."""
    names = [name.strip().strip("'\"`[];").lower() for name in value.split(",")]
    names = [name for name in names if name and name != "$user"]
    if not names or names[0] in _DEFAULT_PATHS:
        return ""
    return names[0] if re.fullmatch(r"[\w$-]+", names[0]) and names[0] != "default" else _SOMEWHERE
