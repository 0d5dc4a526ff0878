"""A container app's traffic rules, in Azure's stand-in within this process: no server, no requests, nothing waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from bluegreen.platforms.templates import suffix
from bluegreen.rollout.model import COLORS, Color
from dev.matrix.somebody_else.azure_stage import GROUP, AzureStage
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Calls, Staged
from localcloud.azure.bare import BareAzure
from localcloud.azure.container_apps import ContainerApps
from localcloud.azure.plain import Environments, ResourceGroups
from localcloud.azure.tags import Tags

ENVIRONMENT = f"{GROUP}/providers/Microsoft.App/managedEnvironments/shop"
APP = f"{GROUP}/providers/Microsoft.App/containerApps/web"


def _template(color: str) -> dict[str, Any]:
    return {"containers": [{"name": "app", "image": "app:v1", "env": [{"name": "COLOR", "value": color}]}]}


class AppStage(AzureStage):
    """The rules of an app with a revision for each color and one more; sizes are in memory."""

    name = "azure_container_app"
    splits = True
    tagged_id = APP

    def build(self) -> BareAzure:
        """Container Apps."""
        kinds = [ResourceGroups, Tags, Environments, ContainerApps]
        return BareAzure(kinds, ["azure-mgmt-appcontainers"], "2026-07-01", at_once=True)

    def looks(self, verb: str, path: str, action: str) -> bool:  # noqa: ARG002 - the action says it
        """The app."""
        return action == "Microsoft.App/containerApps/read"

    def fill(self) -> None:
        """An environment, and an app with its revisions."""
        self.ask("PUT", ENVIRONMENT, {"location": "westeurope", "properties": {}})
        ingress = {"external": True, "targetPort": 80, "traffic": [{"latestRevision": True, "weight": 100}]}
        configuration = {"activeRevisionsMode": "Multiple", "ingress": ingress}
        for color in (*COLORS, "white"):
            properties = {
                "environmentId": ENVIRONMENT,
                "configuration": configuration,
                "template": {"revisionSuffix": self._called(color), **_template(color)},
            }
            self.ask("PUT", APP, {"location": "westeurope", "properties": properties})

    def _called(self, color: str) -> str:
        """The suffix of a color's revision."""
        return color

    def put_back(self) -> None:
        """The rules lead to neither color; no tags."""
        self.sizes_put_back()
        self.note({})
        self._send({"white": 100})

    def _send(self, shares: Mapping[str, int]) -> None:
        rules = [{"revisionName": f"web--{self._called(name)}", "weight": weight} for name, weight in shares.items()]
        self.body["properties"]["configuration"]["ingress"]["traffic"] = rules

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "azure_container_app",
            "app_id": APP,
            "revisions": {color: f"web--{color}" for color in COLORS},
            "owner": OWNER,
            "made_with_it": True,
        }

    def look(self) -> Sight:
        """The rules and the tags."""
        weights: dict[str, int] = {}
        for rule in self.body["properties"]["configuration"]["ingress"]["traffic"]:
            color = str(rule.get("revisionName", "")).removeprefix("web--").partition("-")[0]
            if color in COLORS and rule.get("weight"):
                weights[color] = weights.get(color, 0) + int(rule["weight"])
        return self.sight(weights)

    def move(self, weights: Mapping[str, int]) -> None:
        """Other rules."""
        self._send(dict(weights))


class InstalledAppStage(AppStage):
    """The same, whose revisions the swap itself makes: both have to be installed by the first swap."""

    name = "azure_container_app with releases"

    def _called(self, color: str) -> str:
        return color if color == "white" else suffix(cast(Color, color), _template(color))

    def put_back(self) -> None:
        """The same, and neither color's revision is there: white's was made last."""
        AppStage.put_back(self)
        self.body["properties"]["template"] = {**_template("white"), "revisionSuffix": "white"}
        revisions = self.azure.world.get(APP).kept.revisions
        for color in COLORS:
            revisions.pop(f"web--{self._called(color)}", None)

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        named = AppStage.router(self)
        del named["revisions"]
        return {**named, "templates": {color: _template(color) for color in COLORS}}


STAGES = {
    AppStage.name: Staged(AppStage, Calls(11, 15, 8)),
    InstalledAppStage.name: Staged(InstalledAppStage, Calls(12, 16, 9)),
}
