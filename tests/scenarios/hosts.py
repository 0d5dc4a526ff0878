"""An Envoy of one's own, by its routes file."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from bluegreen.hosts.files import LocalFiles
from bluegreen.hosts.route_files import routes
from localcloud.cloud import LocalCloud
from localcloud.fault_proxy import Drop
from localcloud.hosts.processes import ROUTE_CONFIG, HostEnvoy, Release
from tests.e2e.stack import Stack
from tests.scenarios.variant import Variant, load

COLORS = ("blue", "green")
STEPS = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 2}, {"weight_percent": 50}]}
WRITE = "the routes file is replaced"


class Watched:
    """Sees each new content of the routes file: what stands in the place of a proxy, where calls are no requests."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.reset()

    def reset(self) -> None:
        self.calls: list[str] = []
        self.after: Callable[[str, int], None] | None = None
        self._last = self._content()

    def _content(self) -> bytes:
        return self._file.read_bytes() if self._file.exists() else b""

    def _watch(self) -> None:
        while not self._ended.wait(0.002):
            found = self._content()
            if found != self._last:
                self._last = found
                self.calls.append(WRITE)
                if self.after is not None:
                    with contextlib.suppress(Drop):
                        self.after(WRITE, len(self.calls))

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


class Hosts(Variant):
    platform = "hosts"
    data_plane = "the real Envoy and a process for each color"
    write_call = WRITE
    writes = 3
    promotion_calls = 44
    rollback_calls = 18
    can_abort = True
    follows_seconds = 30.0

    def prepare(self, request: pytest.FixtureRequest) -> None:
        self._releases = {color: Release(color) for color in COLORS}
        ports = {color: release.port for color, release in self._releases.items()}
        self._envoy = HostEnvoy(Path(mkdtemp(prefix="bluegreen-scenario-")), ports)

    @contextlib.contextmanager
    def proxy(self, cloud: LocalCloud) -> Iterator[Any]:
        with Watched(self._envoy.routes_file) as watched:
            yield watched

    def through(self, stack: Stack, proxy: Any) -> None:
        """It watches, and nothing goes through it."""

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        self._envoy.start()
        return {
            "routesFile": str(self._envoy.routes_file),
            "adminUrl": self._envoy.admin_url,
            "url": self._envoy.url,
            **{f"{color}Release": f"{color}-1" for color in COLORS},
            **{f"{color}Url": self._releases[color].url for color in COLORS},
            "strategy": STEPS,
            "gates": [{"kind": "http", "path": "/healthz", "interval_seconds": 1}],
        }

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        try:
            yield
        finally:
            self._envoy.stop()
            for release in self._releases.values():
                release.end()
            shutil.rmtree(self._envoy.folder, ignore_errors=True)

    @property
    def _wanted(self) -> routes.Wanted:
        return routes.Wanted(ROUTE_CONFIG, {color: self._envoy.clusters[color] for color in ("blue", "green")})

    def live(self, stack: Stack) -> dict[str, int]:
        file = json.loads(self._envoy.routes_file.read_text())
        found = routes.weights_of(routes.own_route(file, self._wanted), self._wanted.clusters)
        return {color: weight for color, weight in found.as_dict().items() if weight}

    def drift(self, stack: Stack) -> None:
        path = str(self._envoy.routes_file)
        seen = LocalFiles().read(path)
        moved = (seen[path] or b"").replace(b'"weight": 100', b'"weight": 70').replace(b'"weight": 0', b'"weight": 30')
        assert LocalFiles().replace({path: moved}, seen)

    def requests(self, stack: Stack) -> Any:
        return load(self._envoy.url)

    def colors(self, stack: Stack) -> set[str]:
        from localcloud import loopback

        with loopback.client() as client:
            return {client.get(self._envoy.url).headers["x-color"] for _ in range(30)}
