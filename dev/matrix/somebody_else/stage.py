"""A stage: a service of two colors on one platform, with hands for whoever acts behind the swap's back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.tape import Tape

Heard = Callable[[], Tape]
"""The tape that calls go onto at this moment."""

STRANGER, STRANGERS_MARK = "elsewhere/prod/shop", "00c0ffee"
"""Another owner, and the mark of its incarnation: whoever takes an object over sets both."""


class Stage(Protocol):
    """One router on one stand-in of its platform; what a hand cannot do here is not among ``hands``."""

    name: str
    #: Whether it can split traffic.
    splits: bool
    #: What somebody else can do here besides marks, weights and sizes.
    hands: frozenset[str]

    def opened(self, heard: Heard) -> AbstractContextManager[object]:
        """Everything is there meanwhile, and each call of the product goes onto the tape."""
        ...

    def put_back(self) -> None:
        """Both colors run, none is live, nobody has left anything."""
        ...

    def router(self) -> Any:
        """The swap's ``router`` section, or a list of several."""
        ...

    def capacity(self) -> dict[str, Any] | None:
        """The swap's ``capacity`` section; ``None`` where nothing is scaled."""
        ...

    def look(self) -> Sight:
        """Everything, at this moment."""
        ...

    def move(self, weights: Mapping[str, int]) -> None:
        """Send requests elsewhere; nothing where there is no object."""
        ...

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set or remove notes of the swap's own kind."""
        ...

    def scale(self, color: str, size: int) -> None:
        """Give a color another size."""
        ...

    def act(self, hand: str, color: str) -> None:
        """Do one of ``hands``.

        Args:
            hand: ``moves``, ``adds``, ``takes``, ``deletes``, ``resets``, ``deploys``; ``scales`` is done by ``scale``.
            color: the color that it is done to, where there is a choice.
        """
        ...

    def mend(self) -> None:
        """Undo what the swap may rightly refuse, so that the next update is possible again."""
        ...


@dataclass(frozen=True, slots=True)
class Calls:
    """The most API calls of a swap between two warm colors.

    Attributes:
        promotion: of one that goes at once.
        in_two_steps: of one that does not; ``None`` where the router cannot split.
        rollback: of one.
    """

    promotion: int
    in_two_steps: int | None
    rollback: int


@dataclass(frozen=True, slots=True)
class Staged:
    """A stage, as its module declares it in ``STAGES``, by its name.

    Attributes:
        make: makes one.
        at_most: its calls; ``None`` where the platform's own deployment takes its time, which is looked at meanwhile.
    """

    make: Callable[[], Stage]
    at_most: Calls | None
