"""A container app's traffic rules, in Azure's stand-in within this process: no server, no requests, nothing waits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from unittest import mock

import httpx

from bluegreen.azure.client import AzureConnection, Session
from bluegreen.azure.tags import MARK_PREFIX, OWNER_TAG
from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.platforms.templates import suffix
from bluegreen.rollout.model import COLORS, Color
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.moto_stage import OWNER, marks_of, others_of
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Calls, Heard, Staged
from localcloud.azure import description
from localcloud.azure.api import Api
from localcloud.azure.cloud import OWNER as EVERYBODY
from localcloud.azure.cloud import SUBSCRIPTION
from localcloud.azure.container_apps import ContainerApps
from localcloud.azure.description.matching import Matcher
from localcloud.azure.identity import Identity
from localcloud.azure.operations import Operations, Running, Steps
from localcloud.azure.plain import Environments, ResourceGroups
from localcloud.azure.tags import Tags
from localcloud.azure.throttling import Buckets, Limit
from localcloud.azure.world import Pace, World
from localcloud.envoy.plane import Plane
from localcloud.tls_server import Request

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
ENVIRONMENT = f"{GROUP}/providers/Microsoft.App/managedEnvironments/shop"
APP = f"{GROUP}/providers/Microsoft.App/containerApps/web"
_VERSIONS = {"Microsoft.App": "2026-07-01", "tags": "2025-04-01"}


class _Ready:
    """A capacity whose units always run."""

    def ready(self, *_: object) -> bool:
        return True

    def kill(self) -> None:
        """Nothing is there."""


class _NoPlane:
    """No process and no request."""

    def prepare(self, *_: object) -> _Ready:
        return _Ready()

    def install(self, *_: object) -> None:
        """Nothing is there."""

    end = show = install


class _AtOnce(Operations):
    """Each is over when it has been asked for."""

    def start(self, kind: str, resource: str, steps: Steps) -> Running:
        """All of its steps."""
        running = Running(kind, resource.lower())
        self._all[running.id] = running
        while self._step(running, steps) is not None:
            pass
        return running


def _template(color: str) -> dict[str, Any]:
    return {"containers": [{"name": "app", "image": "app:v1", "env": [{"name": "COLOR", "value": color}]}]}


class AppStage(MemorySizes):
    """The rules of an app with a revision for each color and one more; sizes are in memory."""

    name = "azure_container_app"
    splits = True
    hands = frozenset({"adds", "takes"})

    def _build(self) -> None:
        plane = cast(Plane, _NoPlane())
        self._world = World(plane, Pace(write=0, start=0, ready=1))
        self._world.operations = _AtOnce(self._world.lock, self._world.changed)
        self._identity = Identity([EVERYBODY])
        services = [kind(self._world) for kind in (ResourceGroups, Tags, Environments, ContainerApps)]
        packages = description.load(["azure-mgmt-appcontainers", "azure-mgmt-resource"])
        endless = Buckets(dict.fromkeys(("reads", "writes", "deletes"), Limit(1e9, 1e9)))
        self._api = Api(self._world, services, Matcher(packages), self._identity, endless, {})
        self._ask("PUT", GROUP, {"location": "westeurope"})
        self._ask("PUT", ENVIRONMENT, {"location": "westeurope", "properties": {}})
        ingress = {"external": True, "targetPort": 80, "traffic": [{"latestRevision": True, "weight": 100}]}
        configuration = {"activeRevisionsMode": "Multiple", "ingress": ingress}
        for color in (*COLORS, "white"):
            properties = {
                "environmentId": ENVIRONMENT,
                "configuration": configuration,
                "template": {"revisionSuffix": self._called(color), **_template(color)},
            }
            self._ask("PUT", APP, {"location": "westeurope", "properties": properties})

    def _called(self, color: str) -> str:
        """The suffix of a color's revision."""
        return color

    def _ask(self, verb: str, path: str, body: Any = None) -> Answer:
        version = _VERSIONS["Microsoft.App" if "/Microsoft.App/" in path and "/tags/" not in path else "tags"]
        headers = {
            "authorization": f"Bearer {self._identity.issue(EVERYBODY.client_id)}",
            "content-type": "application/json",
        }
        data = b"" if body is None else json.dumps(body).encode()
        found = self._api.answer(Request(verb, path, {"api-version": version}, headers, data, "https://azure.test"))
        return Answer(found.status, json.dumps(found.body).encode(), headers=httpx.Headers(dict(found.headers)))

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Azure is there meanwhile, and each call of the product is told."""
        self._build()

        def once(
            _session: Session, verb: str, path: str, _version: str, action: str, body: Any
        ) -> tuple[Answer | None, str]:
            answer = self._ask(verb, path, body)
            self.follow()
            heard().called(action, writes=verb != "GET", looks=action == "Microsoft.App/containerApps/read")
            return answer, ""

        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        session = Session(AzureConnection(), "https://azure.test")
        ours = mock.patch.object(AzureConnection, "session", return_value=session)
        with self.sizes_heard(heard), nothing_kept, ours, mock.patch.object(Session, "exchange", once):
            yield

    @property
    def _body(self) -> dict[str, Any]:
        return self._world.get(APP).body

    @property
    def _tags(self) -> dict[str, str]:
        found: dict[str, str] = self._body.setdefault("tags", {})
        return found

    def put_back(self) -> None:
        """The rules lead to neither color; no tags."""
        self.sizes_put_back()
        self._tags.clear()
        self._send({"white": 100})

    def _send(self, shares: Mapping[str, int]) -> None:
        rules = [{"revisionName": f"web--{self._called(name)}", "weight": weight} for name, weight in shares.items()]
        self._body["properties"]["configuration"]["ingress"]["traffic"] = rules

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "azure_container_app",
            "app_id": APP,
            "revisions": {color: f"web--{color}" for color in COLORS},
            "owner": OWNER,
            "made_with_it": True,
        }

    def capacity(self) -> None:
        """Nothing is scaled."""

    def look(self) -> Sight:
        """The rules and the tags."""
        weights: dict[str, int] = {}
        for rule in self._body["properties"]["configuration"]["ingress"]["traffic"]:
            color = str(rule.get("revisionName", "")).removeprefix("web--").partition("-")[0]
            if color in COLORS and rule.get("weight"):
                weights[color] = weights.get(color, 0) + int(rule["weight"])
        theirs = {f"tag {key}": value for key, value in others_of(self._tags).items()}
        if self._tags.get(OWNER_TAG) == STRANGER:
            theirs["owner"] = STRANGER
        return Sight(weights, self.sized(), self.retiring(), self.suspended(), marks_of(self._tags), theirs)

    def move(self, weights: Mapping[str, int]) -> None:
        """Other rules."""
        self._send(dict(weights))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Tags of the swap's kind."""
        if OWNER_TAG not in self._tags:
            return
        for name, value in changes.items():
            if value is None:
                self._tags.pop(MARK_PREFIX + name, None)
            else:
                self._tags[MARK_PREFIX + name] = value

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """A tag; another owner."""
        if OWNER_TAG not in self._tags:
            return
        if hand == "adds":
            self._tags["team"] = "shop"
        elif hand == "takes":
            self._tags[OWNER_TAG] = STRANGER
            self._tags[f"{MARK_PREFIX}incarnation"] = STRANGERS_MARK

    def mend(self) -> None:
        """The swap may go on refusing."""


class InstalledAppStage(AppStage):
    """The same, whose revisions the swap itself makes: both have to be installed by the first swap."""

    name = "azure_container_app with releases"

    def _called(self, color: str) -> str:
        return color if color == "white" else suffix(cast(Color, color), _template(color))

    def put_back(self) -> None:
        """The same, and neither color's revision is there: white's was made last."""
        AppStage.put_back(self)
        self._body["properties"]["template"] = {**_template("white"), "revisionSuffix": "white"}
        revisions = self._world.get(APP).kept.revisions
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
