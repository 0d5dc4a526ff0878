"""Two Cloud Run services behind a URL map, in Google's stand-in within this process."""

from __future__ import annotations

from dev.matrix.somebody_else.stage import Calls, Staged
from dev.matrix.somebody_else.url_map_stage import UrlMapStage
from localcloud.google.bare import PROJECT, REGION

_REGIONAL = f"projects/{PROJECT}/regions/{REGION}"


class RunPairStage(UrlMapStage):
    """No health that could be read, and nothing to scale."""

    name = "url_map with two services"

    def _make_color(self, color: str) -> None:
        """The backend service of a color with a Cloud Run service behind it."""
        name = f"web-{color}"
        run = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": name}}
        self._make("networkEndpointGroups", name, _REGIONAL, **run)
        backends = [{"group": f"{_REGIONAL}/networkEndpointGroups/{name}"}]
        self._make("backendServices", name, loadBalancingScheme="EXTERNAL_MANAGED", backends=backends)


STAGES = {RunPairStage.name: Staged(RunPairStage, Calls(11, 15, 8))}
