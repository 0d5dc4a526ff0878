"""The memory world in a file, for each Python with this folder on its path: processes share it and may end."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WHERE = "BLUEGREEN_TESTS_WORLD"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[dict[str, Any]]:
    """The world as plain values; what is changed is kept."""
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        world = json.load(file)
        yield world
        # Whoever is killed here had it whole in one write.
        text = json.dumps(world)
        file.seek(0)
        file.write(text)
        file.truncate()


def _share(path: Path) -> None:
    from bluegreen.memory.capacity import MemoryCapacity
    from bluegreen.memory.router import WORLDS, MemoryRouter, MemoryWorld
    from bluegreen.rollout.errors import PlatformError
    from bluegreen.rollout.model import Convergence, Weights

    inside = threading.local()

    def wrap(name: str, method: Any) -> Any:
        @functools.wraps(method)
        def call(self: Any, *arguments: Any, **named: Any) -> Any:
            if getattr(inside, "locked", False):  # one of its methods calls another one: the file is locked once
                return method(self, *arguments, **named)
            inside.locked = True
            try:
                return alone(self, *arguments, **named)
            finally:
                inside.locked = False

        def alone(self: Any, *arguments: Any, **named: Any) -> Any:
            with locked(path) as kept:
                here = WORLDS[self.name] = MemoryWorld(
                    Weights(**kept["weights"]), kept["desired"], set(kept["broken"]), kept["retiring"]
                )
                here.marks = kept["marks"]
                green = arguments[0].green if arguments and isinstance(arguments[0], Weights) else None
                if name == "write" and green in kept["refused"]:
                    raise PlatformError("Write", "refused")
                if name == "verify" and green in kept["unverified"]:
                    return Convergence.PENDING
                answer = method(self, *arguments, **named)
                kept["moves"] += [weights.as_dict() for weights in here.moves]
                kept |= {"weights": here.weights.as_dict(), "marks": here.marks, "retiring": here.retiring}
                kept["desired"] = here.desired
                return answer

        return call

    for owner in (MemoryRouter, MemoryCapacity):
        for name, method in list(vars(owner).items()):
            if callable(method) and not name.startswith("_"):
                setattr(owner, name, wrap(name, method))


if WHERE in os.environ:
    _share(Path(os.environ[WHERE]))
