"""Cloud Foundry as a process of its own, until it has to end; `local` starts it."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path

from localcloud.cloudfoundry.cloud import CloudFoundry
from localcloud.cloudfoundry.world import World

IMAGE = "registry.example.com/app:v1"


def push(world: World) -> None:
    """Leave what a team's pipeline has pushed: both apps with two instances, and the route to blue's."""
    for color in ("blue", "green"):
        world.push(f"web-{color}", IMAGE, 2, {"COLOR": color}, health="/healthz")
    world.create_route("web", "web-blue")


def main(directory: Path) -> None:
    """Serve, and say where in `directory`."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with CloudFoundry() as cloud:
        push(cloud.world)
        scratch = directory / "where.new"
        scratch.write_text(json.dumps({"url": cloud.url, "requests": cloud.requests}))
        scratch.replace(directory / "where.json")
        ended.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
