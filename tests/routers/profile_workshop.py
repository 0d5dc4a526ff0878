"""A Traffic Manager profile in Azure's stand-in within this process: nothing answers requests, no time passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import httpx

from bluegreen.azure.client import AzureConnection, Session
from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.rollout.calls import guarded
from bluegreen.rollout.clock import FakeClock
from localcloud.azure.bare import BareAzure
from localcloud.azure.cloud import OWNER, SUBSCRIPTION
from localcloud.azure.plain import ResourceGroups
from localcloud.azure.tags import Tags
from localcloud.azure.traffic_manager import TrafficManager

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
PROFILE = f"{GROUP}/providers/Microsoft.Network/trafficManagerProfiles/shop"
TARGETS = {"blue": "blue.example.com", "green": "green.example.com"}


@dataclass
class Profile:
    """One, and what the product calls of it.

    Attributes:
        azure: where it is.
        clock: turned by whoever waits.
        calls: verb and path behind the profile's of each request of the product.
        seen: after each of them the weight of each enabled endpoint.
        client_id: as whom the product asks.
    """

    azure: BareAzure
    clock: FakeClock = field(default_factory=FakeClock)
    calls: list[str] = field(default_factory=list)
    seen: list[dict[str, int]] = field(default_factory=list)
    client_id: str = OWNER.client_id

    def ask(self, verb: str, path: str, body: Any = None) -> httpx.Response:
        """Somebody else's request, which has to be taken."""
        answer = self.azure.answer(verb, path, body)
        assert answer.is_success, answer.text
        return answer

    def put(self, ttl: int = 60, **more: Any) -> None:
        """Make the profile."""
        dns = {"relativeName": "shop-example", "ttl": ttl}
        monitor = {"protocol": "HTTPS", "port": 443, "path": "/healthz"}
        told = {"trafficRoutingMethod": "Weighted", "dnsConfig": dns, "monitorConfig": monitor, **more}
        self.ask("PUT", PROFILE, {"location": "global", "properties": told})

    def endpoint(self, name: str, weight: int = 1, *, enabled: bool = True, host: str = "") -> None:
        """An endpoint of somebody's."""
        status = "Enabled" if enabled else "Disabled"
        told = {"target": host or f"{name}.example.com", "weight": weight, "endpointStatus": status}
        self.ask("PUT", f"{PROFILE}/externalEndpoints/{name}", {"properties": told})
        self.azure.settle()

    def body(self) -> dict[str, Any]:
        return self.ask("GET", PROFILE).json()

    def told(self, name: str) -> dict[str, Any]:
        """An endpoint's properties."""
        return self.ask("GET", f"{PROFILE}/externalEndpoints/{name}").json()["properties"]

    def weights(self) -> dict[str, int]:
        """Of all endpoints that are enabled."""
        there = self.azure.world.resources.get(PROFILE.lower())
        told = [] if there is None else there.body["properties"]["endpoints"]
        return {
            one["name"]: one["properties"]["weight"] for one in told if one["properties"]["endpointStatus"] == "Enabled"
        }

    def tags(self) -> dict[str, str]:
        return self.azure.world.get(PROFILE).body.get("tags") or {}

    def exchange(self, verb: str, path: str, body: Any) -> Answer:
        """The product's request."""
        given = self.azure.answer(verb, path, body, self.client_id)
        self.calls.append(f"{verb} {path.removeprefix(PROFILE)}")
        self.seen.append(self.weights())
        return Answer(given.status_code, given.content, headers=given.headers)


def build() -> Profile:
    """A resource group, and no profile yet."""
    made = Profile(BareAzure([ResourceGroups, Tags, TrafficManager], ["azure-mgmt-trafficmanager"], "2026-09-01"))
    made.ask("PUT", GROUP, {"location": "westeurope"})
    return made


@contextmanager
def running(made: Profile | None = None) -> Iterator[Profile]:
    """The product asks here meanwhile, and waits by its clock."""
    made = made or build()

    def once(_session: Session, verb: str, path: str, _version: str, _action: str, body: Any) -> tuple[Any, str]:
        return made.exchange(verb, path, body), ""

    session = Session(AzureConnection(), "https://azure.test")
    ours = mock.patch.object(AzureConnection, "session", return_value=session)
    nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
    waiting = guarded(lambda: None, sleep=made.clock.sleep)
    with ours, nothing_kept, mock.patch.object(Session, "exchange", once), waiting:
        yield made


def section(**more: Any) -> dict[str, Any]:
    """A ``router`` section for it, as of one that was made together with the swap."""
    return {
        "kind": "azure_traffic_manager",
        "profile_id": PROFILE,
        "owner": "project/stack/shop",
        "targets": TARGETS,
        "made_with_it": True,
        **more,
    }
