"""The routes file of an Envoy that goes by it at once: files on this machine, and no process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from bluegreen.hosts.files import Contents, LocalFiles
from bluegreen.hosts.route_files import routes
from bluegreen.hosts.route_files.admin import AdminUrl, call_of
from bluegreen.hosts.route_files.routes import Wanted
from bluegreen.rollout.model import COLORS, Weights
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Heard

_WANTED = Wanted("web", {"blue": "web-blue", "green": "web-green"})
_HEALTHY = {"host_statuses": [{"health_status": {"eds_health_status": "HEALTHY"}}]}


class HostStage(MemorySizes):
    """A file of the swap's own; sizes are in memory."""

    name = "envoy"
    splits = True
    hands = frozenset({"adds", "deletes", "takes"})

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """The files are there meanwhile, and each call of the product is told."""
        read, replace = LocalFiles.read, LocalFiles.replace

        def heard_read(files: LocalFiles, *paths: str) -> dict[str, bytes | None]:
            found = read(files, *paths)
            heard().called("read", writes=False, looks=True)
            return found

        def heard_replace(files: LocalFiles, changes: Contents, seen: Contents) -> bool:
            done = replace(files, changes, seen)
            self.follow()
            heard().called("replace", writes=True, looks=False)
            return done

        def heard_get(_admin: AdminUrl, path: str) -> bytes:
            found = self._envoy(path)
            heard().called(call_of(path), writes=False, looks=False)
            return found

        with (
            TemporaryDirectory(prefix="bluegreen-matrix-") as folder,
            mock.patch.object(LocalFiles, "read", heard_read),
            mock.patch.object(LocalFiles, "replace", heard_replace),
            mock.patch.object(AdminUrl, "get", heard_get),
            self.sizes_heard(heard),
        ):
            self._routes, self._state = Path(folder, "web.json"), Path(folder, "web.json.bluegreen")
            yield

    def _envoy(self, path: str) -> bytes:
        """The answer of an Envoy that has read the present file; it keeps its routes where the file is gone."""
        if path.startswith("/clusters"):
            found = [{"name": name, **_HEALTHY} for name in _WANTED.clusters.values()]
            return json.dumps({"cluster_statuses": found}).encode()
        if "dynamic_route_configs" in path:
            return json.dumps({"configs": [{"route_config": one} for one in self._file["resources"]]}).encode()
        checked = [{"cluster": {"name": name, "health_checks": [{}]}} for name in _WANTED.clusters.values()]
        return json.dumps({"configs": checked}).encode()

    @property
    def _file(self) -> routes.File:
        return routes.parsed(self._routes.read_bytes() if self._routes.exists() else None)

    @property
    def _noted(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._state.read_bytes()) if self._state.exists() else {}
        return found

    def put_back(self) -> None:
        """No route, no marks."""
        self.sizes_put_back()
        self._routes.write_bytes(routes.text({"resources": []}))
        self._state.unlink(missing_ok=True)

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "envoy",
            "routes_file": str(self._routes),
            "route_config": _WANTED.name,
            "clusters": dict(_WANTED.clusters),
            "admin_url": "http://127.0.0.1:9901",
            "owner": OWNER,
        }

    def capacity(self) -> None:
        """Nothing is scaled."""

    def look(self) -> Sight:
        """The route and the marks."""
        weights = Weights()
        if not routes.leads_nowhere(self._file):
            weights = routes.weights_of(routes.own_route(self._file, _WANTED), _WANTED.clusters)
        theirs = {key: str(value) for key, value in self._file.items() if key == "team"}
        if self._noted.get("owner") == STRANGER:
            theirs["owner"] = STRANGER
        served: dict[str, int] = {color: weights.of(color) for color in COLORS if weights.of(color)}
        marks = dict(self._noted.get("marks", {}))
        return Sight(served, self.sized(), self.retiring(), self.suspended(), marks, theirs)

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights in the file."""
        if not routes.leads_nowhere(self._file):
            self._routes.write_bytes(routes.text(routes.with_weights(self._file, _WANTED, Weights(**dict(weights)))))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Marks of the swap's kind."""
        noted = self._noted
        if noted:
            marks = {name: value for name, value in {**noted["marks"], **changes}.items() if value is not None}
            self._state.write_text(json.dumps({**noted, "marks": marks}))

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """A field in the file; another owner; both files are gone."""
        if not self._noted:
            return
        if hand == "adds":
            self._routes.write_bytes(routes.text({**self._file, "team": "shop"}))
        elif hand == "takes":
            marks = {**self._noted["marks"], "incarnation": STRANGERS_MARK}
            self._state.write_text(json.dumps({"owner": STRANGER, "marks": marks}))
        elif hand == "deletes":
            self._routes.unlink(missing_ok=True)
            self._state.unlink(missing_ok=True)

    def mend(self) -> None:
        """The swap may go on refusing."""
