"""What capacity is: the one interface between the swap and what runs in a color."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from bluegreen.fields import Fields
from bluegreen.rollout.model import Color, Readiness, Size


class Capacity(Protocol):
    """Scales a color. Every call is idempotent."""

    # Keys of its section may be named by two class variables, each a frozenset of texts, and both may be absent:
    # ``where``, what is scaled, so that whatever is scaled no more is not retired either (with ``same_place``, as
    # routers have it); ``release_keys``, the values by color that name the very thing which a color runs.
    # A method may be absent as well: ``others_plans(color)``, what somebody else has arranged that changes the color's
    # size while it is at rest, a sentence each, for previews.

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check the ``capacity`` section and return the constructor's keyword arguments."""
        ...

    @property
    def declared_size(self) -> int:
        """How many units a color starts with when no color runs yet."""
        ...

    def read(self) -> Mapping[Color, Size]:
        """Both colors' present sizes, in one call where the platform can."""
        ...

    def prepare(self, color: Color, size: int) -> None:
        """Ask for ``size`` units of ``color``. Does not wait."""
        ...

    def ready(self, color: Color) -> Readiness:
        """Whether the color runs what was asked for, with its declared release, and the first reason why not."""
        ...

    def rehearse(self, color: Color, size: int, retires: bool = True) -> None:
        """Find out whether the calls that come after the shift are allowed, before there is one. Changes nothing.

        Args:
            color: the color that is to be promoted.
            size: how many units of it are wanted at present.
            retires: whether the other color is brought to rest afterwards; where it keeps its size, what only that
                takes need not be tried.

        Raises:
            PlatformError: naming the call that is refused.
        """
        ...

    def hold(self) -> None:
        """Keep autoscaling from taking units away from either color while a swap goes on."""
        ...

    def release(self, serving: Collection[Color]) -> None:
        """Let autoscaling work again on the colors that have traffic, with the range that each has.

        A color at rest stays held: it keeps its size until it is retired. Nothing held is fine.
        """
        ...

    def retire(self, color: Color, size: int, after_seconds: float) -> str:
        """Bring a color down to ``size`` units after a delay, by the platform's own scheduler where it has one.

        Until then it keeps its size. Returns when that is arranged, not when it has happened, with one line that says
        what was arranged.
        """
        ...

    def keep(self, color: Color) -> None:
        """Cancel a pending retirement, and give back the autoscaling range that it took. None pending is fine."""
        ...

    def delete(self) -> None:
        """Remove what the swap made for itself here (pending retirements), and nothing else."""
        ...
