"""Autoscale settings: the range that they keep a scale set's capacity in. Their rules are not played.

https://learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-understanding-settings
"""

from __future__ import annotations

import copy
from typing import Any

from localcloud.azure.api import Call, Handler
from localcloud.azure.errors import ArmError
from localcloud.azure.plain import Plain, merge, named
from localcloud.azure.world import Resource, World
from localcloud.tls_server import Answer

_MOST_PROFILES = 20


class AutoscaleSettings(Plain):
    """Plays `Microsoft.Insights/autoscalesettings`."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.ranges = self.keep

    def handlers(self) -> dict[str, Handler]:
        return {
            "AutoscaleSettings.create_or_update": self.put,
            "AutoscaleSettings.update": self.patch,
            "AutoscaleSettings.get": self.get,
            "AutoscaleSettings.delete": self.delete,
            "AutoscaleSettings.list_by_resource_group": self.below,
        }

    def put(self, call: Call) -> Answer:
        """Created or replaced; at once it keeps the range."""
        self.require_group(call.path)
        there = call.path.lower() in self.world.resources
        body = {**copy.deepcopy(call.body), **named(call.path)}
        body["properties"].setdefault("enabled", False)
        self._check(body)
        self.world.resources[call.path.lower()] = Resource(call.path, body)
        self.keep()
        return Answer(200 if there else 201, body)

    def patch(self, call: Call) -> Answer:
        """Changed in part: profiles are replaced as a whole, and so are tags."""
        found = self.world.get(call.path)
        body, change = copy.deepcopy(found.body), copy.deepcopy(call.body)
        if "tags" in change:
            body.pop("tags", None)
        merge(body, change)
        self._check(body)
        found.body = body
        self.keep()
        return Answer(200, body)

    def keep(self) -> None:
        """Every range that counts, kept."""
        for one in list(self.world.resources.values()):
            properties = one.body.get("properties") or {}
            if one.body.get("type", "").lower() != "microsoft.insights/autoscalesettings":
                continue
            if properties.get("enabled") and properties.get("targetResourceUri"):
                capacity = properties["profiles"][0]["capacity"]
                least, most = int(capacity["minimum"]), int(capacity["maximum"])
                self.world.scaled(str(properties["targetResourceUri"]), least, most)

    @staticmethod
    def _check(body: dict[str, Any]) -> None:
        profiles = body["properties"].get("profiles") or []
        if not 1 <= len(profiles) <= _MOST_PROFILES:
            raise ArmError(400, "InvalidProfiles", f"A setting has 1 to {_MOST_PROFILES} profiles.")
        for one in profiles:
            found = one.get("capacity") or {}
            least, most, default = (int(found.get(name) or 0) for name in ("minimum", "maximum", "default"))
            if not least <= default <= most:
                raise ArmError(
                    400, "InvalidCapacity", f"The profile {one.get('name')}: minimum <= default <= maximum has to hold."
                )
