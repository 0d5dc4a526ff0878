"""An app's production slot and the one beside it, in Azure's stand-in within this process: nothing waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bluegreen.azure.client import AzureConnection, Session
from bluegreen.azure.tags import MARK_PREFIX, OWNER_TAG
from bluegreen.azure.web_apps.names import COLOR_SETTING, WARM_UP_PATH, WARM_UP_STATUSES
from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.rollout.model import COLORS
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.moto_stage import OWNER, marks_of, others_of
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Calls, Heard, Staged
from localcloud.azure.bare import BareAzure
from localcloud.azure.cloud import SUBSCRIPTION
from localcloud.azure.plain import ResourceGroups
from localcloud.azure.tags import Tags
from localcloud.azure.web_sites import Plans, WebApps

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
PLAN = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan"
APP = f"{GROUP}/providers/Microsoft.Web/sites/web"
SLOT = f"{APP}/slots/staging"
_SLOT_HOST = "web-staging.azurewebsites.net"


class SlotsStage(MemorySizes):
    """Blue's content in production, green's in the slot; sizes are in memory."""

    name = "azure_slots"
    splits = True
    hands = frozenset({"adds", "takes"})

    def _build(self) -> None:
        kinds = [ResourceGroups, Tags, Plans, WebApps]
        self._azure = BareAzure(kinds, ["azure-mgmt-web"], "2025-05-01", at_once=True)
        self._ask("PUT", GROUP, {"location": "westeurope"})
        self._ask("PUT", PLAN, {"location": "westeurope", "sku": {"name": "S1", "tier": "Standard"}})
        for path, color in ((APP, "blue"), (SLOT, "green")):
            given = {COLOR_SETTING: color, WARM_UP_PATH: "/healthz", WARM_UP_STATUSES: "200"}
            settings = [{"name": name, "value": value} for name, value in given.items()]
            properties = {"serverFarmId": PLAN, "siteConfig": {"appSettings": settings}}
            self._ask("PUT", path, {"location": "westeurope", "properties": properties})

    def _ask(self, verb: str, path: str, body: Any = None) -> Any:
        answer = self._azure.answer(verb, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Azure is there meanwhile, and each call of the product is told."""
        self._build()

        def once(
            _session: Session, verb: str, path: str, _version: str, action: str, body: Any
        ) -> tuple[Answer | None, str]:
            found = self._azure.answer(verb, path, body)
            self.follow()
            reads = verb == "GET" or path.endswith("/list")
            heard().called(action, writes=not reads, looks=action == "Microsoft.Web/sites/config/read")
            return Answer(found.status_code, found.content, headers=found.headers), ""

        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        session = Session(AzureConnection(), "https://azure.test")
        ours = mock.patch.object(AzureConnection, "session", return_value=session)
        with self.sizes_heard(heard), nothing_kept, ours, mock.patch.object(Session, "exchange", once):
            yield

    @property
    def _tags(self) -> dict[str, str]:
        found: dict[str, str] = self._azure.world.get(APP).body.setdefault("tags", {})
        return found

    @property
    def _live(self) -> str:
        return str(self._ask("POST", f"{APP}/config/appsettings/list")["properties"][COLOR_SETTING])

    @property
    def _percent(self) -> int:
        told = self._ask("GET", f"{APP}/config/web")["properties"]
        return sum(int(rule["reroutePercentage"]) for rule in (told.get("experiments") or {}).get("rampUpRules") or [])

    def put_back(self) -> None:
        """Blue is in production, and that is nobody's; no tags."""
        self.sizes_put_back()
        self._tags.clear()
        self._send({"blue": 100})

    def _send(self, weights: Mapping[str, int]) -> None:
        first = max(weights, key=lambda color: weights[color])
        if self._live != first:
            self._ask("POST", f"{SLOT}/slotsswap", {"targetSlot": "production", "preserveVnet": True})
        percent = sum(weights.values()) - weights[first]
        rule = {"name": "staging", "actionHostName": _SLOT_HOST, "reroutePercentage": percent}
        rules = {"experiments": {"rampUpRules": [rule] if percent else []}}
        self._ask("PATCH", f"{APP}/config/web", {"properties": rules})

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {"kind": "azure_slots", "app_id": APP, "owner": OWNER, "made_with_it": True}

    def capacity(self) -> None:
        """Nothing is scaled."""

    def look(self) -> Sight:
        """The contents, the rules and the tags. What nobody owns serves nobody, as the swap sees it."""
        weights: dict[str, int] = {}
        if OWNER_TAG in self._tags:
            live, percent = self._live, self._percent
            other = next(color for color in COLORS if color != live)
            weights = {color: share for color, share in ((live, 100 - percent), (other, percent)) if share}
        theirs = {f"tag {key}": value for key, value in others_of(self._tags).items()}
        if self._tags.get(OWNER_TAG) == STRANGER:
            theirs["owner"] = STRANGER
        return Sight(weights, self.sized(), self.retiring(), self.suspended(), marks_of(self._tags), theirs)

    def move(self, weights: Mapping[str, int]) -> None:
        """Another content in production, or another share."""
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


class InstalledSlotsStage(SlotsStage):
    """The same, whose releases the swap itself brings; the slot's address is asked by nobody."""

    name = "azure_slots with releases"

    def put_back(self) -> None:
        """The same, and the slot runs what was there before green's release."""
        SlotsStage.put_back(self)
        for path, tag in ((APP, "v1"), (SLOT, "v0")):
            self._ask("PATCH", f"{path}/config/web", {"properties": {"linuxFxVersion": f"DOCKER|app:{tag}"}})

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        contents = {color: {"runs": "DOCKER|app:v1"} for color in COLORS}
        return {**SlotsStage.router(self), "contents": contents, "reached_from_here": False}


STAGES = {
    SlotsStage.name: Staged(SlotsStage, Calls(24, 36, 24)),
    InstalledSlotsStage.name: Staged(InstalledSlotsStage, Calls(27, 39, 27)),
}
