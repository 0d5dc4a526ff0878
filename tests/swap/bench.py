"""A swap in the memory world, for tests: inputs, a fresh world, a service on a fake clock."""

from __future__ import annotations

from typing import Any

from bluegreen.capacity.memory import MemoryCapacity
from bluegreen.rollout.clock import FakeClock
from bluegreen.routers.memory import WORLDS, MemoryRouter, MemoryWorld, world
from bluegreen.swap.service import SwapService

METHODS = [
    *((MemoryRouter, name) for name in ("read", "marks", "mark", "write", "verify", "health")),
    *((MemoryCapacity, name) for name in ("read", "prepare", "ready", "rehearse", "hold", "release", "retire", "keep")),
]
"""Every call of the platform that a swap makes."""

STEPS = [{"weight_percent": 10, "hold_seconds": 30}, {"weight_percent": 50, "hold_seconds": 30}]


def inputs(name: str, active_color: str = "blue", **more: Any) -> dict[str, Any]:
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
    """One swap's life: what `pulumi up` keeps between two updates, and the world."""

    def __init__(self, name: str, **more: Any) -> None:
        WORLDS.pop(name, None)
        self.name = name
        self.more = more
        self.here: MemoryWorld = world(name)
        self.here.desired = {"blue": 3, "green": 0}
        self.clock = FakeClock()
        self.events: list[Any] = []
        _, self.outputs = self.service().create(self.inputs("blue"))
        self.here.calls.clear()
        self.here.moves.clear()

    def inputs(self, active_color: str, **more: Any) -> dict[str, Any]:
        return inputs(self.name, active_color, **{**self.more, **more})

    def service(self, **options: Any) -> SwapService:
        """A fresh process."""
        return SwapService(self.events.append, self.clock, **options)

    def up(self, active_color: str, **more: Any) -> dict[str, Any]:
        """`pulumi up`: an update if there is a difference. A failure leaves the state as it was."""
        news = self.inputs(active_color, **more)
        service = self.service()
        if service.diff(self.outputs, news).changes:
            self.outputs = service.update(self.outputs, news)
        return self.outputs

    def told(self, kind: str) -> list[str]:
        return [event.text for event in self.events if event.kind == kind]
