"""A container app in Azure's API within this process, whose every call can be the last one of a swap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bluegreen.azure.client import AzureConnection, Session
from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.platforms.templates import suffix
from bluegreen.rollout.clock import FakeClock
from bluegreen.swap.service import SwapService
from localcloud.azure.bare import BareAzure
from localcloud.azure.container_apps import ContainerApps
from localcloud.azure.plain import Environments, ResourceGroups
from localcloud.azure.tags import Tags
from tests.localcloud.azure_cases import GROUP
from tests.routers.azure_workshop import release, releases

APP = f"{GROUP}/providers/Microsoft.App/containerApps/web"
ENVIRONMENT = f"{GROUP}/providers/Microsoft.App/managedEnvironments/shop"
VERSION = "2026-07-01"


class Killed(BaseException):
    """The process ended."""


class Bare:
    """One app as the component makes it, and the calls of whoever asks Azure here.

    Attributes:
        calls: the action of each call of the product.
        seen: the traffic rules after each of them, as revision and percent.
    """

    def __init__(self) -> None:
        kinds = (ResourceGroups, Tags, Environments, ContainerApps)
        self.azure = BareAzure(kinds, ["azure-mgmt-appcontainers"], VERSION, at_once=True)
        self.calls: list[str] = []
        self.seen: list[dict[str, int]] = []
        self.azure.ask("PUT", GROUP, {"location": "westeurope"})
        self.azure.ask("PUT", ENVIRONMENT, {"location": "westeurope", "properties": {}})
        first = release("blue")
        named = suffix("blue", first)
        traffic = [{"revisionName": f"web--{named}", "weight": 100}]
        configuration = {
            "activeRevisionsMode": "Multiple",
            "ingress": {"external": True, "targetPort": 8080, "traffic": traffic},
        }
        template = {**first, "revisionSuffix": named}
        properties = {"environmentId": ENVIRONMENT, "configuration": configuration, "template": template}
        self.azure.ask("PUT", APP, {"location": "westeurope", "properties": properties})

    def body(self) -> dict[str, Any]:
        return self.azure.ask("GET", APP).body

    def shares(self) -> dict[str, int]:
        """The percent of each color's revision that gets requests."""
        rules = self.body()["properties"]["configuration"]["ingress"]["traffic"]
        return {rule["revisionName"].partition("--")[2]: rule["weight"] for rule in rules if rule["weight"]}

    def revisions(self) -> dict[str, dict[str, Any]]:
        """What Azure tells of each revision, by its suffix."""
        found = self.azure.ask("GET", f"{APP}/revisions").body["value"]
        return {one["name"].partition("--")[2]: one["properties"] for one in found}

    @contextmanager
    def asked(self, end: Callable[[int, str], str] = lambda number, action: "") -> Iterator[None]:
        """Meanwhile the product asks here.

        Args:
            end: of a call's number and action: ``before`` or ``after`` it the process ends; empty: it continues.
        """
        bare = self

        def once(
            _session: Session, verb: str, path: str, _version: str, action: str, body: Any
        ) -> tuple[Answer | None, str]:
            number, when = len(bare.calls), end(len(bare.calls), action)
            bare.calls.append(action)
            if when == "before":
                raise Killed(number)
            given = bare.azure.answer(verb, path, body)
            bare.seen.append(bare.shares())
            if when == "after":
                raise Killed(number)
            return Answer(given.status_code, given.content, headers=given.headers), ""

        session = Session(AzureConnection(), "https://azure.test")
        ours = mock.patch.object(AzureConnection, "session", return_value=session)
        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        with ours, nothing_kept, mock.patch.object(Session, "exchange", once):
            yield


def inputs(active: str, green: str = "v2", blue: str = "v1", **more: Any) -> dict[str, Any]:
    """A swap that installs, and deactivates what rests."""
    place = {"kind": "azure_container_app", "app_id": APP, "templates": releases(blue, green)}
    return {
        "name": "web",
        "active_color": active,
        "releases": {"blue": blue, "green": green},
        "router": {**place, "owner": "project/stack/web", "made_with_it": True},
        "capacity": place,
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
        "scale_down_delay_seconds": 0,
        **more,
    }


def service(clock: FakeClock) -> SwapService:
    """A fresh process."""
    return SwapService(clock=clock)
