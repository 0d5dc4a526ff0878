"""A swap in the memory world, for tests: inputs, a fresh world, a service on a fake clock, either adapter around it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import WORLDS, MemoryRouter, MemoryWorld, world
from bluegreen.rollout.clock import Clock, FakeClock
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Weights
from bluegreen.swap import verdicts
from bluegreen.swap.service import SwapService
from dev.matrix.engine import DYNAMIC, Stack, State

METHODS = [
    *((MemoryRouter, name) for name in ("read", "marks", "mark", "write", "verify", "health")),
    *(
        (MemoryCapacity, name)
        for name in (
            "read",
            "prepare",
            "ready",
            "preflight",
            "suspend_scale_in",
            "resume_scaling",
            "retire",
            "cancel_retirement",
        )
    ),
]
"""Every call of the platform that a swap makes."""

STEPS = [{"weight_percent": 10, "hold_seconds": 30}, {"weight_percent": 50, "hold_seconds": 30}]


def inputs(name: str, active_color: str = "blue", /, **more: Any) -> dict[str, Any]:
    """Good inputs for the world of that name."""
    return {
        "name": "web",
        "active_color": active_color,
        "releases": {"blue": "v1", "green": "v2"},
        "router": {"kind": "memory", "name": name},
        "capacity": {"kind": "memory", "name": name, "desired_count": 3.0},
        "strategy": {"name": "steps", "steps": STEPS},
        "bake_seconds": 60,
        "steady_state_timeout_seconds": 60,
        **more,
    }


class Swap:
    """One swap's life: what `pulumi up` keeps between two updates, and the world.

    Args:
        name: the world's, made anew.
        adapter: which one, ``Swap.adapter`` by default.
        started: whether blue is live already.
        more: inputs that every update has.
    """

    adapter = DYNAMIC

    def __init__(self, name: str, adapter: str = "", *, started: bool = True, **more: Any) -> None:
        WORLDS.pop(name, None)
        self.name = name
        self.adapter = adapter or self.adapter
        self.more = more
        self.here: MemoryWorld = world(name)
        self.here.desired = {"blue": 3, "green": 0}
        self.clock: Clock = FakeClock()
        self.events: list[Any] = []
        self.said: list[tuple[str, str]] = []
        #: Set by tests that cancel; a new one for each update, as each has a plugin of its own.
        self.cancelled = threading.Event()
        #: Whether the engine asks for an update after a failure when nothing has changed.
        self.forced = True
        self.state: State | None = None
        if started:
            self.up("blue")
        self.here.calls.clear()
        self.here.moves.clear()

    @property
    def outputs(self) -> dict[str, Any]:
        return {} if self.state is None else dict(self.state.outputs)

    @outputs.setter
    def outputs(self, outputs: dict[str, Any]) -> None:
        """As if the last update had left them."""
        self.state = State.left_by(self.adapter, self.inputs("blue"), outputs) if outputs else None

    def inputs(self, active_color: str, **more: Any) -> dict[str, Any]:
        return inputs(self.name, active_color, **{**self.more, **more})

    def service(self, **options: Any) -> SwapService:
        """A fresh process."""
        return SwapService(self.events.append, self.clock, **options)

    def stack(self) -> Stack:
        """The engine with a fresh process."""
        return Stack(
            self.adapter,
            self.clock,
            self.state,
            listener=self.events.append,
            tell=lambda *said: self.said.append(said),
            cancelled=self.cancelled,
            forced=self.forced,
        )

    def up(self, active_color: str, **more: Any) -> dict[str, Any]:
        """`pulumi up`: an update if there is a difference."""
        self._do(lambda stack: stack.up(self.inputs(active_color, **more)))
        return self.outputs

    def preview(self, active_color: str, **more: Any) -> bool:
        """Whether `pulumi up` has something to do."""
        return self.stack().preview(self.inputs(active_color, **more))

    def refresh(self) -> dict[str, Any]:
        """`pulumi refresh`."""
        self._do(Stack.refresh)
        return self.outputs

    def destroy(self) -> None:
        """`pulumi destroy`."""
        self._do(Stack.destroy)

    def retry(self) -> None:
        """`bluegreen retry`, where a verdict holds."""
        verdicts.clear(MemoryRouter(self.name), self.outputs)

    def _do(self, work: Callable[[Stack], None]) -> None:
        stack = self.stack()
        try:
            work(stack)
        finally:
            self.state = stack.state

    def told(self, kind: str) -> list[str]:
        return [event.text for event in self.events if event.kind == kind]


@contextmanager
def one_way(swap: Swap) -> Iterator[None]:
    """Meanwhile green breaks once it has traffic, and that cannot be given back to blue."""
    write = MemoryRouter.write

    def refusing(router: MemoryRouter, weights: Weights) -> None:
        if weights == Weights.all_on("blue") and swap.here.weights.of("green"):
            raise PlatformError("Write", "refused")
        write(router, weights)
        if weights.of("green"):
            swap.here.broken.add("green")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MemoryRouter, "write", refusing)
        yield
