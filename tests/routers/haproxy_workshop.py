"""A real HAProxy with a process for each color behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from localcloud import loopback
from localcloud.hosts.haproxy import HostHaproxy
from localcloud.hosts.processes import Release

COLORS = ("blue", "green")


class Host(HostHaproxy):
    """With what reaches it."""

    def section(self, **more: Any) -> dict[str, Any]:
        return {
            "kind": "haproxy",
            "map_file": str(self.map_file),
            "backends": self.backends,
            "socket": str(self.socket),
            "owner": "project/stack/web",
            **more,
        }

    def answers(self, count: int = 20) -> set[str]:
        """The colors that answer, or the statuses of what is none's."""
        with loopback.client() as client:
            found = [client.get(self.url) for _ in range(count)]
        return {answer.headers.get("x-color", str(answer.status_code)) for answer in found}


@contextmanager
def running(releases: dict[str, Release] | None = None) -> Iterator[Host]:
    with ExitStack() as ending:
        folder = Path(ending.enter_context(TemporaryDirectory(prefix="bg-")))
        if releases is None:
            releases = {color: Release(color) for color in COLORS}
            for release in releases.values():
                ending.callback(release.end)
        yield ending.enter_context(Host(folder, {color: release.port for color, release in releases.items()}))
