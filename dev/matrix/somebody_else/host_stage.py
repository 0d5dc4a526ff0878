"""The routes file of an Envoy that goes by it at once: files on this machine, and no process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bluegreen.hosts.route_files import routes
from bluegreen.hosts.route_files.admin import AdminUrl, call_of
from bluegreen.hosts.route_files.routes import Wanted
from bluegreen.rollout.model import Weights
from dev.matrix.somebody_else.files_stage import FilesStage
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Calls, Heard, Staged

_WANTED = Wanted("web", {"blue": "web-blue", "green": "web-green"})
_HEALTHY = {"host_statuses": [{"health_status": {"eds_health_status": "HEALTHY"}}]}


class HostStage(FilesStage):
    """A file of the swap's own; sizes are in memory."""

    name = "envoy"
    file_name = "web.json"
    proxy = (AdminUrl, "get")
    file_leads = True

    def _answering(self, heard: Heard) -> Callable[..., bytes]:
        def heard_get(_admin: AdminUrl, path: str) -> bytes:
            answer = self._envoy(path)
            heard().called(call_of(path), writes=False, looks=False)
            return answer

        return heard_get

    def _envoy(self, path: str) -> bytes:
        """The answer of an Envoy that has read the present file; it keeps its routes where the file is gone."""
        if path.startswith("/clusters"):
            statuses = [{"name": name, **_HEALTHY} for name in _WANTED.clusters.values()]
            return json.dumps({"cluster_statuses": statuses}).encode()
        if "dynamic_route_configs" in path:
            return json.dumps({"configs": [{"route_config": one} for one in self._routes["resources"]]}).encode()
        checked = [{"cluster": {"name": name, "health_checks": [{}]}} for name in _WANTED.clusters.values()]
        return json.dumps({"configs": checked}).encode()

    @property
    def _routes(self) -> routes.File:
        return routes.parsed(self._file.read_bytes() if self._file.exists() else None)

    def put_back(self) -> None:
        """No route, no marks."""
        self.sizes_put_back()
        self._file.write_bytes(routes.text({"resources": []}))
        self._state.unlink(missing_ok=True)

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "envoy",
            "routes_file": str(self._file),
            "route_config": _WANTED.name,
            "clusters": dict(_WANTED.clusters),
            "admin_url": "http://127.0.0.1:9901",
            "owner": OWNER,
        }

    def look(self) -> Sight:
        """The route and the marks."""
        weights = Weights()
        if not routes.leads_nowhere(self._routes):
            weights = routes.weights_of(routes.own_route(self._routes, _WANTED), _WANTED.clusters)
        return self._sight(weights, {key: str(value) for key, value in self._routes.items() if key == "team"})

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights in the file."""
        if not routes.leads_nowhere(self._routes):
            self._file.write_bytes(routes.text(routes.with_weights(self._routes, _WANTED, Weights(**dict(weights)))))

    def _add(self) -> None:
        self._file.write_bytes(routes.text({**self._routes, "team": "shop"}))

    def _delete(self) -> None:
        self._file.unlink(missing_ok=True)


STAGES = {
    HostStage.name: Staged(HostStage, Calls(14, 19, 12)),
}
