"""The place that a preview is about, so that it uses no answer from before the last change there. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bluegreen.swap import several


def place_of(props: Mapping[str, Any]) -> str:
    """The place where a swap's traffic is routed, as one line; empty where that is not known, or not yet.

    Args:
        props: a swap's inputs or outputs.
    """
    places = [several.place_of(section) for section in several.sections_of(props)]
    if not all(place["kind"] for place in places):
        return ""
    try:
        return json.dumps(places, sort_keys=True) if places else ""
    except TypeError:  # a mark of what is not known yet
        return ""


def about(_service: object, olds: Mapping[str, Any], news: Mapping[str, Any]) -> str:
    """The place that a check or a diff is about."""
    return place_of(news if several.sections_of(news) else olds)
