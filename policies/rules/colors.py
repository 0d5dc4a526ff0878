"""The color of a resource, and its counterpart in the other color."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from .values import ECS_SERVICE, TARGET_GROUPS, TASK_DEFINITION, Props, StackResource

COLORS: Final = ("blue", "green")
COLOR_TAG: Final = "bluegreen:color"
SERVICE_TAG: Final = "bluegreen:service"
COLORED_TYPES: Final = TARGET_GROUPS | {TASK_DEFINITION, ECS_SERVICE}

# A whole word, in whatever case: "web-blue", "WEB_BLUE" and "blue", but not "bluebird".
_WORDS: Final = {color: re.compile(rf"(?<![a-z0-9]){color}(?![a-z0-9])", re.IGNORECASE) for color in COLORS}


@dataclass(frozen=True, slots=True)
class Pair:
    """A resource of blue's and its counterpart of green's; ``None`` where there is none."""

    service: str
    blue: StackResource | None
    green: StackResource | None


def other(color: str) -> str:
    """The other color."""
    return COLORS[1] if color == COLORS[0] else COLORS[0]


def color_of(props: Props) -> str | None:
    """The color that the resource's tags name."""
    color = _tag(props, COLOR_TAG)
    return color if color in COLORS else None


def _tag(props: Props, key: str) -> str | None:
    for name in ("tags", "tagsAll"):
        tags = props.get(name)
        if isinstance(tags, Mapping) and isinstance(tags.get(key), str):
            return str(tags[key])
    return None


def color_in(text: str) -> str | None:
    """The one color that a text names; ``None`` when it names neither or both."""
    named = [color for color in COLORS if _WORDS[color].search(text)]
    return named[0] if len(named) == 1 else None


def neutral(text: str, color: str) -> str:
    """The text with a color's own name replaced, so that both colors' texts can be compared."""
    return _WORDS[color].sub("{color}", text)


def pairs(resources: Iterable[StackResource]) -> Iterator[Pair]:
    """Every resource that a color has of its own, beside its counterpart in the other color.

    Counterparts have the same type and ``bluegreen:service`` tag. Where a color has several, the names decide.
    """
    groups: dict[tuple[str, str], dict[str, list[StackResource]]] = defaultdict(lambda: {color: [] for color in COLORS})
    for resource in resources:
        color, service = color_of(resource.props), _tag(resource.props, SERVICE_TAG)
        if resource.type in COLORED_TYPES and color is not None and service is not None:
            groups[service, resource.type][color].append(resource)
    for (service, _), by_color in groups.items():
        blues, greens = by_color["blue"], by_color["green"]
        if len(blues) == len(greens) == 1:
            yield Pair(service, blues[0], greens[0])
            continue
        blue = {neutral(resource.name, "blue"): resource for resource in blues}
        green = {neutral(resource.name, "green"): resource for resource in greens}
        yield from (Pair(service, blue.get(name), green.get(name)) for name in dict.fromkeys([*blue, *green]))
