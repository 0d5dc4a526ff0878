"""All that there is in this Google Cloud: under one lock, drawn into one data plane, and whatever runs in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from localcloud.envoy.drawing import Drawing
from localcloud.envoy.plane import Plane, known_image
from localcloud.google.errors import GoogleError

Steps = Iterator[None]
"""Work as a generator: it changes the world, and yields where time passes. A `GoogleError` that it raises is how it
fails."""


@dataclass
class Work:
    """An operation that takes a step at a time; `error` is why it failed."""

    steps: Steps
    done: bool = False
    error: GoogleError | None = None


class Works:
    """All of it.

    Attributes:
        at_once: whether it is over when it has begun.
        held: whether nothing runs meanwhile.
    """

    def __init__(self) -> None:
        self.at_once = self.held = False
        self._open: list[Work] = []

    def begin(self, steps: Steps) -> Work:
        """Some more of it; its first step comes with the next turn, or all of them do now."""
        work = Work(steps)
        self._open.append(work)
        while self.at_once and not work.done:
            self._step(work)
        return work

    @property
    def going_on(self) -> bool:
        """Whether anything is open that may continue."""
        return not self.held and any(not one.done for one in self._open)

    def go_on(self) -> None:
        """One step more of each."""
        if self.held:
            return
        for one in tuple(self._open):
            if not one.done:
                self._step(one)
        self._open = [one for one in self._open if not one.done]

    @staticmethod
    def _step(one: Work) -> None:
        try:
            next(one.steps)
        except StopIteration:
            one.done = True
        except GoogleError as error:
            one.done, one.error = True, error


class World(Drawing):
    """The part that services have in common.

    Args:
        plane: where requests go.
        pulled: the sample app's tag that an image means; None for one that cannot be pulled here.

    Attributes:
        lock: who looks or changes anything has it.
        works: whatever runs.
        services: those that are played here, by their addresses at Google.
    """

    def __init__(self, plane: Plane, pulled: Callable[[str], str | None] = known_image) -> None:
        super().__init__(plane)
        self.pulled = pulled
        self.lock = threading.RLock()
        self.works = Works()
        self.host_of: Callable[[str], str] = lambda _: ""
        self.services: dict[str, Any] = {}
