"""What both colors were just read as, for the question that comes right after: nothing has happened in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.model import Color

_T = TypeVar("_T")
# One step follows the other without a pause. Whoever stood still in between asks again.
_FRESH_SECONDS = 1.0


@dataclass(slots=True)
class JustRead(Generic[_T]):
    """Both colors as they were read last, once."""

    _found: Mapping[Color, _T] = field(default_factory=dict, init=False)
    _until_seconds: float = field(default=0, init=False)

    def keep(self, found: Mapping[Color, _T]) -> None:
        """These were read."""
        self._found, self._until_seconds = found, steady_seconds() + _FRESH_SECONDS

    def take(self, color: Color) -> _T | None:
        """What a color was read as; ``None`` where that is old. Nothing is kept any more."""
        return self.take_all().get(color)

    def take_all(self) -> Mapping[Color, _T]:
        """The same of both; nothing where that is old."""
        found, self._found = self._found, {}
        return found if steady_seconds() < self._until_seconds else {}

    def forget(self) -> None:
        """Something is done now that may make another thing of them."""
        self._found = {}
