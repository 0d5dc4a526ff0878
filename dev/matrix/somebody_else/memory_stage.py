"""The memory world."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import WORLDS, MemoryRouter, MemoryWorld, world
from bluegreen.rollout.calls import before_write
from bluegreen.rollout.model import COLORS, Color, Weights
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, Calls, Heard, Staged

_ROUTER = ("create", "live", "read", "marks", "mark", "write", "verify", "health", "delete")
_CAPACITY = (
    "read",
    "prepare",
    "ready",
    "release",
    "preflight",
    "suspend_scale_in",
    "resume_scaling",
    "retire",
    "cancel_retirement",
    "delete",
)
_WRITES = frozenset(
    {
        "create",
        "mark",
        "write",
        "prepare",
        "suspend_scale_in",
        "resume_scaling",
        "retire",
        "cancel_retirement",
        "delete",
    }
)
_NAME = "somebody-else"
THEIRS = "team.note"
_RUNS: Mapping[Color, str] = {"blue": "app:v1", "green": "app:v2"}


class MemorySizes:
    """A memory capacity with hands: for stages whose router alone is what is looked at."""

    @property
    def here(self) -> MemoryWorld:
        """The world."""
        return world(_NAME)

    @contextmanager
    def sizes_heard(self, heard: Heard) -> Iterator[None]:
        """Each call of the capacity is noted."""
        with _wrapped(MemoryCapacity, _CAPACITY, heard, frozenset(), self.follow):
            yield

    def follow(self) -> None:
        """Let the running units follow the wanted ones, as nothing else here does."""

    def sizes_put_back(self) -> None:
        """One unit of each color."""
        WORLDS.pop(_NAME, None)

    def capacity(self) -> dict[str, Any] | None:
        """The ``capacity`` section."""
        return {"kind": "memory", "name": _NAME, "desired_count": 1}

    def scale(self, color: str, size: int) -> None:
        """Another size."""
        self.here.desired[_color(color)] = size
        self.follow()

    def sized(self) -> frozenset[str]:
        """The colors that have units."""
        return frozenset(color for color in COLORS if self.here.desired[color])

    def retiring(self) -> frozenset[str]:
        """The colors that are going to be scaled down."""
        return frozenset(self.here.retiring)

    def suspended(self) -> frozenset[str]:
        """The colors whose autoscaling is kept from working."""
        return frozenset(COLORS if self.here.held else ())


class MemoryStage(MemorySizes):
    """Router and capacity."""

    name = "memory"
    splits = True
    hands = frozenset({"scales", "adds", "deletes", "resets", "deploys"})

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Each call is noted."""
        with _wrapped(MemoryRouter, _ROUTER, heard, frozenset({"live", "read", "verify"})), self.sizes_heard(heard):
            yield

    def put_back(self) -> None:
        """A new world."""
        self.sizes_put_back()
        self.mend()

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {"kind": "memory", "name": _NAME}

    def look(self) -> Sight:
        """The world."""
        here = self.here
        return Sight(
            {color: here.weights.of(color) for color in COLORS if here.weights.of(color)},
            self.sized() - here.broken,
            self.retiring(),
            self.suspended(),
            {name: value for name, value in here.marks.items() if name != THEIRS},
            {name: value for name, value in here.marks.items() if name == THEIRS},
            self.changed(),
        )

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights."""
        self.here.weights = Weights(**dict(weights))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Other marks, where there is an object."""
        for name, value in changes.items():
            if value is None:
                self.here.marks.pop(name, None)
            elif self.here.weights != Weights():
                self.here.marks[name] = value

    def changed(self) -> frozenset[str]:
        """The colors that run something else."""
        return frozenset(color for color in COLORS if self.here.runs[color] != _RUNS[color])

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """Add a note, delete everything, let autoscaling work, put another release into green.

        What a color at rest ran when it was live nothing declares here.
        """
        if hand == "adds":
            self.mark({THEIRS: STRANGER})
        elif hand == "deletes":
            self.here.weights = Weights()
            self.here.marks.clear()
        elif hand == "resets":
            self.here.held = False
        elif hand == "deploys":
            self.here.runs["green"] = "app:another"

    def mend(self) -> None:
        """The stack's own update comes before the swap's: each color has its declared release again."""
        self.here.runs.update(_RUNS)


def _color(name: str) -> Any:
    return name


@contextmanager
def _wrapped(
    owner: type,
    names: tuple[str, ...],
    heard: Heard,
    looks: frozenset[str],
    follow: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    side = "router" if owner is MemoryRouter else "capacity"

    def wrap(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(self: Any, *arguments: Any, **more: Any) -> Any:
            if name in _WRITES:
                before_write()  # as every client of a platform does
            try:
                return method(self, *arguments, **more)
            finally:
                follow()
                heard().called(f"{side}.{name}", writes=name in _WRITES, looks=name in looks)

        return call

    with ExitStack() as patched:
        for name in filter(owner.__dict__.__contains__, names):
            patched.enter_context(mock.patch.object(owner, name, wrap(name, getattr(owner, name))))
        yield


STAGES = {
    MemoryStage.name: Staged(MemoryStage, Calls(12, 16, 9)),
}
