"""An app's production slot and the one beside it, in Azure's stand-in within this process: nothing waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.azure.tags import OWNER_TAG
from bluegreen.azure.web_apps.names import COLOR_SETTING, WARM_UP_PATH, WARM_UP_STATUSES
from bluegreen.rollout.model import COLORS
from dev.matrix.somebody_else.azure_stage import GROUP, AzureStage
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Calls, Staged
from localcloud.azure.bare import BareAzure
from localcloud.azure.plain import ResourceGroups
from localcloud.azure.tags import Tags
from localcloud.azure.web_sites import Plans, WebApps

PLAN = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan"
APP = f"{GROUP}/providers/Microsoft.Web/sites/web"
SLOT = f"{APP}/slots/staging"
_SLOT_HOST = "web-staging.azurewebsites.net"


class SlotsStage(AzureStage):
    """Blue's content in production, green's in the slot; sizes are in memory."""

    name = "azure_slots"
    splits = True
    tagged_id = APP

    def build(self) -> BareAzure:
        """App Service."""
        return BareAzure([ResourceGroups, Tags, Plans, WebApps], ["azure-mgmt-web"], "2025-05-01", at_once=True)

    def writes(self, verb: str, path: str) -> bool:
        """All but reads, also those of settings."""
        return not (verb == "GET" or path.endswith("/list"))

    def looks(self, verb: str, path: str, action: str) -> bool:  # noqa: ARG002 - the action says it
        """The rules."""
        return action == "Microsoft.Web/sites/config/read"

    def fill(self) -> None:
        """A plan, an app and its slot."""
        self.ask("PUT", PLAN, {"location": "westeurope", "sku": {"name": "S1", "tier": "Standard"}})
        for path, color in ((APP, "blue"), (SLOT, "green")):
            given = {COLOR_SETTING: color, WARM_UP_PATH: "/healthz", WARM_UP_STATUSES: "200"}
            settings = [{"name": name, "value": value} for name, value in given.items()]
            properties = {"serverFarmId": PLAN, "siteConfig": {"appSettings": settings}}
            self.ask("PUT", path, {"location": "westeurope", "properties": properties})

    @property
    def _live(self) -> str:
        return str(self.ask("POST", f"{APP}/config/appsettings/list")["properties"][COLOR_SETTING])

    @property
    def _percent(self) -> int:
        told = self.ask("GET", f"{APP}/config/web")["properties"]
        return sum(int(rule["reroutePercentage"]) for rule in (told.get("experiments") or {}).get("rampUpRules") or [])

    def put_back(self) -> None:
        """Blue is in production, and that has no owner; no tags."""
        self.sizes_put_back()
        self.note({})
        self._send({"blue": 100})

    def _send(self, weights: Mapping[str, int]) -> None:
        first = max(weights, key=lambda color: weights[color])
        if self._live != first:
            self.ask("POST", f"{SLOT}/slotsswap", {"targetSlot": "production", "preserveVnet": True})
        percent = sum(weights.values()) - weights[first]
        rule = {"name": "staging", "actionHostName": _SLOT_HOST, "reroutePercentage": percent}
        rules = {"experiments": {"rampUpRules": [rule] if percent else []}}
        self.ask("PATCH", f"{APP}/config/web", {"properties": rules})

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {"kind": "azure_slots", "app_id": APP, "owner": OWNER, "made_with_it": True}

    def look(self) -> Sight:
        """The contents, the rules and the tags. What nobody owns serves nobody, as the swap sees it."""
        weights: dict[str, int] = {}
        if OWNER_TAG in self.noted:
            live, percent = self._live, self._percent
            other = next(color for color in COLORS if color != live)
            weights = {color: share for color, share in ((live, 100 - percent), (other, percent)) if share}
        return self.sight(weights)

    def move(self, weights: Mapping[str, int]) -> None:
        """Another content in production, or another share."""
        self._send(dict(weights))


class InstalledSlotsStage(SlotsStage):
    """The same, whose releases the swap itself brings; the slot's address is read by nobody."""

    name = "azure_slots with releases"

    def put_back(self) -> None:
        """The same, and the slot runs what was there before green's release."""
        SlotsStage.put_back(self)
        for path, tag in ((APP, "v1"), (SLOT, "v0")):
            self.ask("PATCH", f"{path}/config/web", {"properties": {"linuxFxVersion": f"DOCKER|app:{tag}"}})

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        contents = {color: {"runs": "DOCKER|app:v1"} for color in COLORS}
        return {**SlotsStage.router(self), "contents": contents, "reached_from_here": False}


STAGES = {
    SlotsStage.name: Staged(SlotsStage, Calls(24, 36, 24)),
    InstalledSlotsStage.name: Staged(InstalledSlotsStage, Calls(27, 39, 27)),
}
