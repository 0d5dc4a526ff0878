"""The statements of a schema dump that the library does not read: owners, and numbers of rows."""

from __future__ import annotations

import re
from dataclasses import replace

from bluegreen.schema.catalog import Catalog

_NAME = r"[\w.\"`\[\]$-]+"
_SAYS_NOTHING = re.compile(
    rf"ALTER\s+[\w\s]*?{_NAME}(\s*\([^)]*\))?\s+OWNER\s+TO\s+{_NAME}"
    rf"|ALTER\s+TABLE\s+(ONLY\s+)?{_NAME}\s+(CLUSTER\s+ON\s+.*|REPLICA\s+IDENTITY\s+.*|ENABLE\s+.*"
    rf"|ALTER\s+(COLUMN\s+)?{_NAME}\s+SET\s+(STORAGE|STATISTICS|COMPRESSION)\s+.*)"
    r"|ALTER\s+DEFAULT\s+PRIVILEGES\s+.*|ALTER\s+SEQUENCE\s+.*|CREATE\s+(POLICY|STATISTICS|SEQUENCE|CAST|COLLATION)\s+.*",
    re.IGNORECASE | re.DOTALL,
)
_NUMBERED = re.compile(
    rf"ALTER\s+TABLE\s+(?:ONLY\s+)?(?P<table>{_NAME})\s+ALTER\s+(?:COLUMN\s+)?(?P<column>{_NAME})\s+ADD\s+GENERATED\s.*",
    re.IGNORECASE | re.DOTALL,
)


def note_of_dump(sql: str, catalog: Catalog) -> bool:
    """Whether a statement of the present schema is understood though the library does not read it."""
    text = sql.strip()
    numbered = _NUMBERED.fullmatch(text)
    if numbered:
        plain = [numbered.group(part).translate(_NO_QUOTES) for part in ("table", "column")]
        table = plain[0].removeprefix("public.")
        catalog.put(table, plain[1], replace(catalog.column(table, plain[1]), default=True))
        return True
    return _SAYS_NOTHING.fullmatch(text) is not None


_NO_QUOTES = str.maketrans("", "", '"`[]')
