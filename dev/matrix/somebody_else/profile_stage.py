"""A Traffic Manager profile's two endpoints, in Azure's stand-in within this process: nothing waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.azure.traffic_profiles.profiles import MARK_PREFIX, OWNER_TAG
from bluegreen.rollout.model import COLORS
from dev.matrix.somebody_else.azure_stage import GROUP, AzureStage
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Calls, Staged
from localcloud.azure.bare import BareAzure
from localcloud.azure.plain import ResourceGroups
from localcloud.azure.tags import Tags
from localcloud.azure.traffic_manager import TrafficManager

PROFILE = f"{GROUP}/providers/Microsoft.Network/trafficManagerProfiles/shop"
_READ = "Microsoft.Network/trafficManagerProfiles/read"


class ProfileStage(AzureStage):
    """An endpoint for each color and one of somebody else's, which is disabled; sizes are in memory."""

    name = "azure_traffic_manager"
    splits = True
    owner_note, mark_prefix = OWNER_TAG, MARK_PREFIX
    tagged_id = PROFILE

    def build(self) -> BareAzure:
        """Traffic Manager."""
        kinds = [ResourceGroups, Tags, TrafficManager]
        return BareAzure(kinds, ["azure-mgmt-trafficmanager"], "2026-09-01", at_once=True)

    def looks(self, verb: str, path: str, action: str) -> bool:  # noqa: ARG002 - the action says it
        """The profile."""
        return action == _READ

    def fill(self) -> None:
        """A profile with its endpoints."""
        dns = {"relativeName": "shop-example", "ttl": 0}
        properties = {"trafficRoutingMethod": "Weighted", "dnsConfig": dns, "endpoints": []}
        self.ask("PUT", PROFILE, {"location": "global", "properties": properties})
        for name in (*COLORS, "white"):
            self._endpoint(name, 0)

    def _endpoint(self, name: str, percent: int) -> None:
        told: dict[str, Any] = {"target": f"{name}.example.com", "endpointStatus": "Disabled"}
        if percent:
            told |= {"endpointStatus": "Enabled", "weight": 10 * percent}
        self.ask("PUT", f"{PROFILE}/externalEndpoints/{name}", {"properties": told})

    def put_back(self) -> None:
        """The name leads to neither color; no tags."""
        self.sizes_put_back()
        self.note({})
        self._send({"white": 100})

    def _send(self, shares: Mapping[str, int]) -> None:
        for name in (*COLORS, "white"):
            self._endpoint(name, shares.get(name, 0))

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {"kind": "azure_traffic_manager", "profile_id": PROFILE, "owner": OWNER, "made_with_it": True}

    def look(self) -> Sight:
        """The endpoints and the tags."""
        told = self.body["properties"]["endpoints"]
        parts = {
            one["name"]: one["properties"]["weight"]
            for one in told
            if one["name"] in COLORS and one["properties"]["endpointStatus"] == "Enabled"
        }
        weights = {color: round(100 * weight / sum(parts.values())) for color, weight in parts.items()}
        return self.sight(weights)

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights."""
        self._send(dict(weights))


STAGES = {
    ProfileStage.name: Staged(ProfileStage, Calls(12, 15, 11)),
}
