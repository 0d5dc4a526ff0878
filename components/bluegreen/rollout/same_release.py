"""The release of a color when it became ready: no other release gets the traffic that it has earned."""

from __future__ import annotations

from dataclasses import dataclass, field

from bluegreen.rollout.model import Color
from bluegreen.rollout.ports import Capacity
from bluegreen.rollout.stopping import Stopped


@dataclass(slots=True)
class SameRelease:
    """One color's release from the moment at which the color was ready on: gates run against that one.

    Attributes:
        color: whose.
        capacity: what runs it; a look is one call of it, and none where it cannot tell releases apart.
    """

    color: Color
    capacity: Capacity | None
    _proved: str = field(default="", init=False)

    def is_ready_with(self, release: str) -> None:
        """The color is ready, for the first time or again.

        Args:
            release: what it runs; empty where nobody can tell.

        Raises:
            Stopped: it was ready with another one before.
        """
        self.refuse_another(release)
        self._proved = self._proved or release

    def refuse_another(self, release: str) -> None:
        """Stop where the color has come to run something else; before it was ready once, nothing is known.

        Raises:
            Stopped: naming both.
        """
        if self._proved and release not in ("", self._proved):
            raise Stopped(
                f"{self.color} runs {release} instead of {self._proved}: another release came into it meanwhile, and "
                "no gate has checked that one from the beginning"
            )

    def look(self) -> None:
        """Ask what the color runs now, whatever its size is and whether it is ready or not.

        Raises:
            Stopped: it is something else.
            PlatformError: the platform could not be reached.
        """
        ask = getattr(self.capacity, "release", None)
        if self._proved and ask is not None:
            self.refuse_another(ask(self.color))
