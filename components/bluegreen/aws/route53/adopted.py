"""Records that existed before a swap: kept in the note beside them, and put back at the end. Pure.

Records have no tags, and a swap's own take their place. So the note has each of them in full.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bluegreen.platforms.adopted_notes import unpacked

Record = Mapping[str, Any]

ADOPTED = "bluegreen:adopted."
#: What of a record that was adopted is the swap's from then on; every other field stays with its color.
_THE_SWAPS = ("AliasTarget", "Name", "ResourceRecords", "SetIdentifier", "TTL", "Type", "Weight")


def texts_of(records: Sequence[Record]) -> list[str]:
    """The texts of adopted records in the note."""
    packed = (json.dumps(record, sort_keys=True, separators=(",", ":")).encode() for record in records)
    return [f"{ADOPTED}{number}={base64.b64encode(one).decode()}" for number, one in enumerate(packed)]


def records_of(values: Mapping[str, str]) -> tuple[Record, ...]:
    """The records that a note's values keep, in the order in which they were found.

    Raises:
        ValueError: somebody has changed what it says of them.
    """
    kept = sorted((name for name in values if name.startswith(ADOPTED)), key=lambda name: (len(name), name))
    return tuple(unpacked(values[name]) for name in kept)


def effects_of(record: Record | None) -> dict[str, Any]:
    """The fields of an adopted record that the swap's own record of its color keeps: a health check, unknown ones."""
    return {key: value for key, value in (record or {}).items() if key not in _THE_SWAPS}


def alias_of(record: Record | None) -> dict[str, Any]:
    """The settings of an adopted record's alias beside the name: whether the target's health counts."""
    alias: Mapping[str, Any] = (record or {}).get("AliasTarget") or {}
    return {key: value for key, value in alias.items() if key not in ("DNSName", "HostedZoneId")}


def put_back(present: Iterable[Record], adopted: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """The records to delete and to create, so that the adopted ones are there again."""
    there = [*present]
    return [one for one in there if one not in adopted], [one for one in adopted if one not in there]
