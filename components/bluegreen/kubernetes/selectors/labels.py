"""Label selectors of the two colors: parsed, distinguished, and one that no pod matches. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.kinds import Made
from bluegreen.rollout.model import COLORS, Color, Weights

Selectors = Mapping[Color, Mapping[str, str]]
COLOR_LABEL = "bluegreen/color"
"""The label by which our own workloads are distinguished."""

_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_PREFIX = r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/"
_KEY, _VALUE = re.compile(rf"({_PREFIX})?{_NAME}"), re.compile(rf"({_NAME})?")


def parse_selectors(fields: Fields, name: str = "selectors") -> dict[Color, dict[str, str]]:
    """The ``selectors`` of a section: the labels of each color's pods.

    No pod may match both: they have a label in common, with another value each.
    """
    section = fields.section(name) or Fields({})
    by_color = {color: _parse_selector(section, color) for color in COLORS}
    section.done()
    blue, green = by_color["blue"], by_color["green"]
    known = not section.unknown and all(value is not UNKNOWN for one in by_color.values() for value in one.values())
    if known and blue and green and distinguishing_label(by_color) is None:
        section.problem("green", green, f"labels of which one stands in blue's, too, with another value: {blue}")
    return by_color


SELECTORS = Made("Mapping[Color, Mapping[str, str]]", parse_selectors)
"""The option's kind."""


def _parse_selector(section: Fields, color: Color) -> dict[str, Any]:
    labels = section.raw(color)
    if labels is UNKNOWN or section.unknown:
        return {}
    if not isinstance(labels, Mapping) or not labels:
        section.problem(color, labels, "an object of labels, at least one: an empty selector matches nothing, or all")
        return {}
    for key, value in labels.items():
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            section.problem(
                color, key, "the key of a label: at most 63 letters, digits, - _ and ., after a DNS name and /"
            )
        if value is not UNKNOWN and not (isinstance(value, str) and _VALUE.fullmatch(value)):
            section.problem(f"{color}.{key}", value, "the value of a label: at most 63 letters, digits, - _ and .")
    return dict(labels)


def distinguishing_label(selectors: Selectors) -> str | None:
    """A label that both have, with different values; no pod can match both then."""
    blue, green = selectors["blue"], selectors["green"]
    return next((key for key in sorted(blue) if key in green and green[key] != blue[key]), None)


def nobodys(selectors: Selectors) -> dict[str, str]:
    """A selector that matches no pod: blue's, with the value of a color that does not exist.

    Not an empty one, and none at all: the endpoints of a Service without a selector are left as they were, so that
    requests would continue to pods that are not ready, and to whoever has their addresses later.
    """
    return {**selectors["blue"], COLOR_LABEL: "none"}


def weights_of(selector: Mapping[str, str] | None, selectors: Selectors) -> Weights:
    """The weights by a selector: all on its color, none for a stranger's."""
    live = next((color for color in COLORS if selectors[color] == (selector or {})), None)
    return Weights() if live is None else Weights.all_on(live)


def color_of(labels: Mapping[str, str], selectors: Selectors) -> Color | None:
    """The color whose selector matches a pod's labels."""
    return next((color for color in COLORS if selectors[color].items() <= labels.items()), None)


def both_colors(selectors: Selectors) -> str:
    """A label selector for the pods of both colors, and perhaps for some more."""
    key = distinguishing_label(selectors)
    return "" if key is None else f"{key} in ({selectors['blue'][key]},{selectors['green'][key]})"
