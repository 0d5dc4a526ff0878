"""What ends a plan before its end: who asks for it, and what the user reads then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import Weights


class Watch(Protocol):
    """Looks whether a running swap shall stop. Both return who asked for it, and raise ``LeaseLost``."""

    def check(self) -> str | None:
        """Ask, if it is time."""
        ...

    def judge(self, marks: Mapping[str, str]) -> str | None:
        """Look at marks that were read anyway."""
        ...


class Stopped(BluegreenError):
    """Ends the plan: the reason is what the user reads."""


class Aborted(Stopped):
    """Somebody asked for the swap to stop."""


class Moved(Stopped):
    """Somebody else moved traffic before this swap did; it is theirs, and stays where they put it."""

    def __init__(self, found: Weights, planned: Weights) -> None:
        self.found = found
        super().__init__(f"the live weights are {found} instead of {planned}: somebody else moved them meanwhile")
