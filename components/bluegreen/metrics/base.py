"""A metric source, and the placeholders in its queries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from bluegreen.fields import Fields
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Color, other
from bluegreen.rollout.ports import GateContext

_PLACEHOLDER = re.compile(r"\{(color|other_color|release|service|window)\}")


class MetricSource(Protocol):
    """A number by color. It raises ``GateUnavailable`` or ``PlatformError`` when it cannot be reached."""

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check a gate's ``source`` section and return the constructor's keyword arguments."""
        ...

    @property
    def label(self) -> str:
        """Its name for people, in plans and logs: ``success rate``."""
        ...

    @property
    def least_window_seconds(self) -> float:
        """The shortest window, in seconds, in which it has a value."""
        ...

    def value(self, context: GateContext, color: Color, window_seconds: float) -> float | None:
        """One number over the last ``window_seconds``; ``None`` is no data."""
        ...

    def series(self, context: GateContext, color: Color, window_seconds: float) -> Sequence[float]:
        """The samples of the last ``window_seconds``, oldest first; empty is no data."""
        ...


def fill(
    text: str,
    context: GateContext,
    color: Color,
    window_seconds: float = 0,
    quoted: Callable[[str], str] = str,
) -> str:
    """Put values in the place of ``{color}``, ``{other_color}``, ``{release}``, ``{service}`` and ``{window}``.

    Only of these: query languages have braces of their own. ``quoted`` makes a value safe for the language.
    ``{window}`` becomes whole seconds (``60s``), never more than were requested unless that is less than one.
    """
    values = {
        "color": color,
        "other_color": other(color),
        "release": context.releases.get(color, ""),
        "service": context.service,
        "window": f"{max(1, int(window_seconds))}s",
    }

    def value_of(placeholder: re.Match[str]) -> str:
        value = values[placeholder[1]]
        if not value:  # an empty one would quietly ask for something else
            raise GateUnavailable(f"the {placeholder[1]} of {color}, which {text!r} needs, is not known")
        return quoted(value)

    return _PLACEHOLDER.sub(value_of, text)
