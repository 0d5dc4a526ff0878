"""Names of Compute Engine's objects: one normal form of the several that its API takes and gives. Pure.

``https://www.googleapis.com/compute/v1/projects/shop/global/urlMaps/web``, ``compute/v1/projects/…``, ``projects/…``
and, within a project, ``global/urlMaps/web`` name the same object; the third is the normal form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PROJECT, _NAME = r"(?:[a-z0-9.-]+:)?[a-z0-9-]+", r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_BEFORE = r"(?:https://[^/]+/compute/[^/]+/|/?compute/[^/]+/|/)?"
_BEFORE_PROJECT = re.compile(_BEFORE)
_SCOPED = re.compile(r"(global|regions/[^/]+|zones/[^/]+)/")
HOST, BASE = "compute.googleapis.com", "/compute/v1"
"""The API's host, and what its paths begin with."""
_LINKS = "https://www.googleapis.com/compute/v1/"


def pattern(collection: str, scopes: str) -> re.Pattern[str]:
    """The pattern of the names of a kind of object, whole or from ``projects`` on.

    Args:
        collection: as it stands in the name: ``urlMaps``.
        scopes: a regular expression of what comes before it: ``global|regions/[^/]+``.
    """
    return re.compile(rf"{_BEFORE}projects/{_PROJECT}/(?:{scopes})/{collection}/{_NAME}\Z")


def normal(name: str, project: str = "") -> str:
    """The normal form of a name: ``projects/shop/global/urlMaps/web``.

    Args:
        name: in any form.
        project: whose it is where it does not say so.
    """
    bare = name[_BEFORE_PROJECT.match(name).end() :] if name else ""  # type: ignore[union-attr]  # it may match nothing
    return f"projects/{project}/{bare}" if project and _SCOPED.match(bare) else bare


def in_each(value: Any) -> Any:
    """The normal form of a name, and of each in a mapping; anything else as it is."""
    if isinstance(value, Mapping):
        return {key: in_each(one) for key, one in value.items()}
    return normal(value) if isinstance(value, str) else value


def link(name: str) -> str:
    """The whole URL of a normal form, as the API itself gives it."""
    return _LINKS + name


def path(name: str) -> str:
    """Where a normal form is requested, below the API's address."""
    return f"{BASE}/{name}"


def project_of(name: str) -> str:
    """``shop`` of a normal form."""
    return name.split("/")[1]


def scope_of(name: str) -> str:
    """``global``, ``regions/europe-west1`` or ``zones/europe-west1-b`` of a normal form."""
    parts = name.split("/")
    return "global" if parts[2] == "global" else "/".join(parts[2:4])


def last(name: str) -> str:
    """``web`` of a normal form."""
    return name.rpartition("/")[2]


def is_regional(name: str) -> bool:
    """Whether a normal form is of a region's object."""
    return scope_of(name).startswith("regions/")
