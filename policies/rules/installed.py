"""The templates that a swap installs itself: those of both colors, which have no resources of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .colors import COLORS
from .values import Props


def templates(props: Props) -> Iterator[tuple[str, Mapping[str, Mapping[str, Any]]]]:
    """Each router's templates by color, with the path where they stand; what is not known yet is left out."""
    several = props.get("routers")
    sections = [("router", props.get("router"))]
    if isinstance(several, (list, tuple)):
        sections = [(f"routers[{index}]", section) for index, section in enumerate(several)]
    for path, section in sections:
        by_color = section.get("templates") if isinstance(section, Mapping) else None
        if isinstance(by_color, Mapping) and all(isinstance(by_color.get(color), Mapping) for color in COLORS):
            yield f"{path}.templates", by_color


def containers(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A template's containers."""
    given = template.get("containers")
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, (list, tuple)) else []
