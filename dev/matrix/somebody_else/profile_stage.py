"""A Traffic Manager profile's two endpoints, in Azure's stand-in within this process: nothing waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bluegreen.azure.client import AzureConnection, Session
from bluegreen.azure.traffic_profiles.profiles import MARK_PREFIX, OWNER_TAG
from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.rollout.model import COLORS
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Calls, Heard, Staged
from localcloud.azure.bare import BareAzure
from localcloud.azure.cloud import SUBSCRIPTION
from localcloud.azure.plain import ResourceGroups
from localcloud.azure.tags import Tags
from localcloud.azure.traffic_manager import TrafficManager

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
PROFILE = f"{GROUP}/providers/Microsoft.Network/trafficManagerProfiles/shop"
_READ = "Microsoft.Network/trafficManagerProfiles/read"


class ProfileStage(MemorySizes):
    """An endpoint for each color and one of somebody else's, which is disabled; sizes are in memory."""

    name = "azure_traffic_manager"
    splits = True
    hands = frozenset({"adds", "takes"})

    def _build(self) -> None:
        kinds = [ResourceGroups, Tags, TrafficManager]
        self._azure = BareAzure(kinds, ["azure-mgmt-trafficmanager"], "2026-09-01", at_once=True)
        self._ask("PUT", GROUP, {"location": "westeurope"})
        dns = {"relativeName": "shop-example", "ttl": 0}
        properties = {"trafficRoutingMethod": "Weighted", "dnsConfig": dns, "endpoints": []}
        self._ask("PUT", PROFILE, {"location": "global", "properties": properties})
        for name in (*COLORS, "white"):
            self._endpoint(name, 0)

    def _ask(self, verb: str, path: str, body: Any = None) -> Any:
        answer = self._azure.answer(verb, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def _endpoint(self, name: str, percent: int) -> None:
        told: dict[str, Any] = {"target": f"{name}.example.com", "endpointStatus": "Disabled"}
        if percent:
            told |= {"endpointStatus": "Enabled", "weight": 10 * percent}
        self._ask("PUT", f"{PROFILE}/externalEndpoints/{name}", {"properties": told})

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Azure is there meanwhile, and each call of the product is told."""
        self._build()

        def once(
            _session: Session, verb: str, path: str, _version: str, action: str, body: Any
        ) -> tuple[Answer | None, str]:
            found = self._azure.answer(verb, path, body)
            self.follow()
            heard().called(action, writes=verb != "GET", looks=action == _READ)
            return Answer(found.status_code, found.content, headers=found.headers), ""

        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        session = Session(AzureConnection(), "https://azure.test")
        ours = mock.patch.object(AzureConnection, "session", return_value=session)
        with self.sizes_heard(heard), nothing_kept, ours, mock.patch.object(Session, "exchange", once):
            yield

    @property
    def _tags(self) -> dict[str, str]:
        found: dict[str, str] = self._azure.world.get(PROFILE).body.setdefault("tags", {})
        return found

    def put_back(self) -> None:
        """The name leads to neither color; no tags."""
        self.sizes_put_back()
        self._tags.clear()
        self._send({"white": 100})

    def _send(self, shares: Mapping[str, int]) -> None:
        for name in (*COLORS, "white"):
            self._endpoint(name, shares.get(name, 0))

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {"kind": "azure_traffic_manager", "profile_id": PROFILE, "owner": OWNER, "made_with_it": True}

    def capacity(self) -> None:
        """Nothing is scaled."""

    def look(self) -> Sight:
        """The endpoints and the tags."""
        told = self._azure.world.get(PROFILE).body["properties"]["endpoints"]
        parts = {
            one["name"]: one["properties"]["weight"]
            for one in told
            if one["name"] in COLORS and one["properties"]["endpointStatus"] == "Enabled"
        }
        weights = {color: round(100 * weight / sum(parts.values())) for color, weight in parts.items()}
        own = (OWNER_TAG, MARK_PREFIX)
        theirs = {f"tag {key}": value for key, value in self._tags.items() if not key.startswith(own)}
        theirs = {key: value for key, value in theirs.items() if not key.startswith("tag bluegreen-")}
        if self._tags.get(OWNER_TAG) == STRANGER:
            theirs["owner"] = STRANGER
        marks = {
            key.removeprefix(MARK_PREFIX): value for key, value in self._tags.items() if key.startswith(MARK_PREFIX)
        }
        return Sight(weights, self.sized(), self.retiring(), self.suspended(), marks, theirs)

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights."""
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


STAGES = {
    ProfileStage.name: Staged(ProfileStage, Calls(12, 15, 11)),
}
