"""The last reading of both colors, for the call right after it: nothing has happened in between."""

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
    """The last reading of both colors, which can be taken once."""

    _found: Mapping[Color, _T] = field(default_factory=dict, init=False)
    _until_seconds: float = field(default=0, init=False)

    def keep(self, reading: Mapping[Color, _T]) -> None:
        """Keep a reading."""
        self._found, self._until_seconds = reading, steady_seconds() + _FRESH_SECONDS

    def take(self, color: Color) -> _T | None:
        """Return the reading of a color, ``None`` where it is old; forget both."""
        return self.take_all().get(color)

    def take_all(self) -> Mapping[Color, _T]:
        """Return the readings of both colors, none where they are old; forget both."""
        reading, self._found = self._found, {}
        return reading if steady_seconds() < self._until_seconds else {}

    def forget(self) -> None:
        """Forget the reading, before a call that may change a color."""
        self._found = {}
