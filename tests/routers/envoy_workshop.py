"""A real Envoy with a process for each color behind it, as a host of one's own has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bluegreen.rollout.model import Convergence, Weights
from localcloud import loopback
from localcloud.hosts.processes import ROUTE_CONFIG, HostEnvoy, Release

COLORS = ("blue", "green")
LOOKS = 200


class Host(HostEnvoy):
    """With the releases that stand behind it."""

    def __init__(self, folder: Path, releases: dict[str, Release]) -> None:
        super().__init__(folder, {color: release.port for color, release in releases.items()})
        self.releases = releases

    def section(self, **more: Any) -> dict[str, Any]:
        return {
            "kind": "envoy",
            "routes_file": str(self.routes_file),
            "route_config": ROUTE_CONFIG,
            "clusters": self.clusters,
            "admin_url": self.admin_url,
            "owner": "project/stack/web",
            **more,
        }

    def answers(self, count: int = 20) -> set[str]:
        """The colors that answer, or the statuses of what is none's."""
        with loopback.client() as client:
            found = [client.get(self.url) for _ in range(count)]
        return {answer.headers.get("x-color", str(answer.status_code)) for answer in found}

    def settles_on(self, color: str) -> bool:
        """Whether no other color answers any more; Envoy's workers follow its admin interface a moment later."""
        for _ in range(LOOKS):
            if self.answers() == {color}:
                return self.answers() == {color}
        return False


def settled(router: Any, weights: Weights) -> bool:
    """Whether Envoy goes by these weights at last: it looks at the file when the machine lets it."""
    return any(router.verify(weights) is Convergence.CONVERGED for _ in range(LOOKS))


class Settled:
    """A router whose writes are over when they return."""

    def __init__(self, router: Any) -> None:
        self._router = router

    def __getattr__(self, name: str) -> Any:
        return getattr(self._router, name)

    def write(self, weights: Weights) -> None:
        self._router.write(weights)
        assert settled(self._router, weights), self._router.progress()


@contextmanager
def running() -> Iterator[Host]:
    with ExitStack() as ending:
        folder = Path(ending.enter_context(TemporaryDirectory(prefix="bluegreen-host-")))
        releases = {color: Release(color) for color in COLORS}
        for release in releases.values():
            ending.callback(release.end)
        yield ending.enter_context(Host(folder, releases))
