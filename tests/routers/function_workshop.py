"""A function in Google's stand-in whose releases the swap deploys, and hands beside it."""

from __future__ import annotations

import copy
from typing import Any

from bluegreen.google.functions.releases import marked
from bluegreen.platforms.templates import suffix
from bluegreen.rollout.model import COLORS, Color
from localcloud.google.bare import FUNCTIONS
from tests.routers.google_workshop import PARENT, World

FUNCTION, SERVICE = f"{PARENT}/functions/shop", f"{PARENT}/services/shop"


def template(color: str, version: str = "v1", **more: object) -> dict[str, Any]:
    source = {"storageSource": {"bucket": "sources", "object": f"shop/{version}.zip"}}
    return {
        "buildConfig": {"runtime": "go123", "entryPoint": "Shop", "source": source},
        "serviceConfig": {"environmentVariables": {"COLOR": color}, **more},
    }


def templates(blue: str = "v1", green: str = "v1") -> dict[str, Any]:
    return {"blue": template("blue", blue), "green": template("green", green)}


def section(blue: str = "v1", green: str = "v1", **more: object) -> dict[str, Any]:
    """A ``router`` section for it, as of a function that was made together with the swap."""
    return {
        "kind": "cloud_function",
        "function": FUNCTION,
        "service": SERVICE,
        "templates": templates(blue, green),
        "owner": "project/stack/shop",
        "made_with_it": True,
        **more,
    }


class Function:
    """The function, made with blue's first release as the component makes it."""

    def __init__(self, world: World) -> None:
        self.world, self.google = world, world.google
        first = marked("blue", template("blue"))
        body = {**first, "serviceConfig": {**first["serviceConfig"], "allTrafficOnLatestRevision": True}}
        self.ask("POST", f"{PARENT}/functions", body, functionId="shop")
        self.google.settle()

    def ask(self, verb: str, path: str, body: Any = None, **query: str) -> Any:
        status, found = self.google.ask(verb, f"/v2/{path}", query, body, FUNCTIONS)
        assert status == 200, found
        return found

    def told(self) -> dict[str, Any]:
        """What Google keeps of it, for hands."""
        return self.google.services[FUNCTIONS].functions[FUNCTION]  # type: ignore[attr-defined, no-any-return]

    def service(self) -> dict[str, Any]:
        return self.google.run.services[SERVICE]

    def deploy(self, version: str, *, takes_all: bool = False, settle: bool = True, **variables: str) -> None:
        """Another source, deployed by somebody else with gcloud: all else stays as it is."""
        source = {"storageSource": {"bucket": "sources", "object": f"theirs/{version}.zip"}}
        there = self.told()["serviceConfig"].get("environmentVariables") or {}
        config: dict[str, Any] = {"environmentVariables": {**there, **variables}}
        mask = "buildConfig.source,serviceConfig.environmentVariables"
        if takes_all:
            config["allTrafficOnLatestRevision"] = True
            mask += ",serviceConfig.allTrafficOnLatestRevision"
        self.ask("PATCH", FUNCTION, {"buildConfig": {"source": source}, "serviceConfig": config}, updateMask=mask)
        if settle:
            self.google.settle()

    def revisions(self) -> dict[str, dict[str, Any]]:
        """By their short names, the oldest first."""
        return {name.rpartition("/")[2]: one for name, one in self.google.run.revisions.items()}

    def runs(self, name: str) -> str:
        """The version and the color of a revision: ``v2 green``."""
        (container,) = self.revisions()[name]["containers"]
        variables = {one["name"]: one.get("value") for one in container["env"]}
        return f"{container['image'].rpartition(':')[2]} {variables['COLOR']}"

    def shares(self) -> dict[str, int]:
        """Where requests go, by what runs there."""
        latest = self.service()["latestReadyRevision"].rpartition("/")[2]
        found: dict[str, int] = {}
        for one in self.service()["trafficStatuses"]:
            if one.get("percent"):
                runs = self.runs(str(one.get("revision") or latest).rpartition("/")[2])
                found[runs] = found.get(runs, 0) + one["percent"]
        return found

    def tags(self) -> dict[str, str]:
        """What each tag leads to."""
        return {one["tag"]: self.runs(one["revision"]) for one in self.service()["traffic"] if one.get("tag")}

    def builds(self) -> int:
        """The deploys so far."""
        return sum(one == "cloudfunctions.functions.update" for one in self.google.calls)

    def send(self, **shares: int) -> None:
        """Other targets, by somebody else, to the colors' own revisions."""
        names = {
            color: next(name for name, one in self.revisions().items() if _is(one, color, template(color)))
            for color in shares
        }
        targets = [
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": names[color], "percent": percent}
            for color, percent in shares.items()
        ]
        body = {"traffic": targets}
        status, found = self.google.ask("PATCH", f"/v2/{SERVICE}", {"updateMask": "traffic"}, body)
        assert status == 200, found
        self.google.settle()


def _is(revision: dict[str, Any], color: str, given: dict[str, Any]) -> bool:
    wanted = suffix("green" if color == "green" else "blue", given)
    return any(one.get("value") == wanted for one in revision["containers"][0]["env"])


def build_both(function: Function) -> None:
    """Both first releases are there, and requests go to neither."""
    for color in COLORS:
        body = copy.deepcopy(marked(_color(color), template(color)))
        mask = "buildConfig.source,serviceConfig.environmentVariables"
        function.ask("PATCH", FUNCTION, body, updateMask=mask)
        function.google.settle()
    function.deploy("v9", takes_all=True, BLUEGREEN_RELEASE="")


def _color(color: str) -> Color:
    return "green" if color == "green" else "blue"
