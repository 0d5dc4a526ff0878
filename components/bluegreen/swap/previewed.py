"""What a preview is about, so that it goes by no answer from before the last change of that. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bluegreen.routers.registry import ROUTERS
from bluegreen.swap.sections import plain


def place_of(props: Mapping[str, Any]) -> str:
    """Where a swap's traffic is routed, as one line; empty where that is not known, or not known yet.

    Args:
        props: a swap's inputs or outputs.
    """
    section = props.get("router")
    kind = section.get("kind") if isinstance(section, Mapping) else None
    if not isinstance(section, Mapping) or not isinstance(kind, str) or kind not in ROUTERS.entries:
        return ""
    where = {key: plain(section.get(key)) for key in ROUTERS.load(kind).where}
    try:
        return json.dumps(where, sort_keys=True)
    except TypeError:  # a mark of what is not known yet
        return ""


def about(_service: object, olds: Mapping[str, Any], news: Mapping[str, Any]) -> str:
    """The place that a check or a diff is about."""
    return place_of(news) if news.get("router") is not None else place_of(olds)
