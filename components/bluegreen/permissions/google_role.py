"""A custom role of Google Cloud with just the permissions that kinds declare."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bluegreen.permissions import needed

_PERMISSION = re.compile(r"[a-z]+\.[A-Za-z]+\.[A-Za-z]+\Z")


def permissions(wanted: Iterable[str]) -> list[str]:
    """The permissions among the actions of kinds; those of other platforms are left out.

    Args:
        wanted: kinds of router, capacity, gates and metrics.

    Raises:
        ValueError: a kind is not known.
    """
    return sorted({one.action for one in needed(wanted) if _PERMISSION.match(one.action)})


def definition(wanted: Iterable[str], title: str = "bluegreen swap") -> str:
    """The role as ``gcloud iam roles create bluegreenSwap --project PROJECT --file role.yaml`` takes it.

    Args:
        wanted: kinds of router, capacity, gates and metrics.
        title: the role's.

    Raises:
        ValueError: a kind is not known.
    """
    listed = "".join(f"- {permission}\n" for permission in permissions(wanted))
    return f"title: {title}\nstage: GA\nincludedPermissions:\n{listed}"
