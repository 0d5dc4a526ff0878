"""A swap with several routers in memory: a world for each, which share their units, and one stack around them."""

from __future__ import annotations

import copy
from typing import Any

from bluegreen.memory.router import WORLDS, MemoryWorld, world
from tests.swap.bench import Swap

NAMES = ("first", "second", "third", "public", "inside", "name")


def sections(*names: str, **more: Any) -> list[dict[str, Any]]:
    """A router of each world."""
    return [{"kind": "memory", "name": name, **more} for name in names]


class Several(Swap):
    """One swap of several worlds; the first one's units are everybody's.

    Args:
        names: the worlds', in the declared order.
        adapter: which one.
        started: whether blue is live already.
        more: inputs that every update has.
    """

    def __init__(self, *names: str, adapter: str = "", started: bool = True, **more: Any) -> None:
        self.names = names
        for name in NAMES:
            WORLDS.pop(name, None)
        WORLDS[names[0]] = world(names[0])
        for name in NAMES:
            self.share(name)
        super().__init__(names[0], adapter, started=False, **{"router": None, "routers": sections(*names), **more})
        for name in NAMES:
            self.share(name)
        if started:
            self.up("blue")
        self.said.clear()
        for here in self.worlds:
            here.calls.clear()
            here.moves.clear()

    def share(self, name: str) -> None:
        """A world of that name with the first one's units."""
        world(name).desired = world(self.names[0]).desired
        world(name).broken = world(self.names[0]).broken

    @property
    def worlds(self) -> list[MemoryWorld]:
        return [world(name) for name in self.names]

    @property
    def weights(self) -> list[str]:
        """Each world's, in short: ``90/10``."""
        return [f"{here.weights.blue}/{here.weights.green}" for here in self.worlds]


def kept() -> dict[str, MemoryWorld]:
    """All worlds as they are, to be put back."""
    return copy.deepcopy({name: WORLDS[name] for name in NAMES if name in WORLDS})
