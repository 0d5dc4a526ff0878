"""An app with two slots in Azure's stand-in within this process: nothing answers requests, no time passes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import httpx

from bluegreen.azure.client import AzureConnection, Session
from bluegreen.azure.web_apps.names import COLOR_SETTING, WARM_UP_PATH, WARM_UP_STATUSES
from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.rollout.calls import guarded
from bluegreen.rollout.clock import FakeClock
from localcloud.azure.bare import BareAzure
from localcloud.azure.cloud import OWNER, SUBSCRIPTION
from localcloud.azure.plain import ResourceGroups
from localcloud.azure.tags import Tags
from localcloud.azure.web_sites import Plans, WebApps

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
PLAN = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan"
APP = f"{GROUP}/providers/Microsoft.Web/sites/web"
SLOT = f"{APP}/slots/staging"
PRODUCTION_HOST, SLOT_HOST = "web.azurewebsites.net", "web-staging.azurewebsites.net"
IMAGES = {"blue": "DOCKER|shop.azurecr.io/app:v1", "green": "DOCKER|shop.azurecr.io/app:v2"}


@dataclass
class App:
    """One with blue in production and green in the slot; what is read from it by the product is noted.

    Attributes:
        azure: where it is.
        clock: turned by whoever waits.
        calls: verb and path behind the app's of each request of the product.
        answers: what comes instead of Azure's own answer to a verb and such a path, once each; the request is done.
        client_id: as whom the product asks.
    """

    azure: BareAzure
    clock: FakeClock = field(default_factory=FakeClock)
    calls: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    client_id: str = OWNER.client_id

    def ask(self, verb: str, path: str, body: Any = None) -> httpx.Response:
        """Somebody else's request, which has to be taken."""
        answer = self.azure.answer(verb, path, body)
        assert answer.is_success, answer.text
        return answer

    def put(self, path: str, color: str, **settings: str) -> None:
        given = {COLOR_SETTING: color, WARM_UP_PATH: "/healthz", WARM_UP_STATUSES: "200", **settings}
        config = {
            "linuxFxVersion": IMAGES[color],
            "appSettings": [{"name": name, "value": value} for name, value in given.items()],
        }
        body = {"location": "westeurope", "properties": {"serverFarmId": PLAN, "siteConfig": config}}
        self.ask("PUT", path, body)
        self.azure.settle()

    def settings(self, path: str) -> dict[str, str]:
        return self.ask("POST", f"{path}/config/appsettings/list").json()["properties"]

    def set(self, path: str, **changes: str | None) -> None:
        """App settings, by somebody else."""
        new = {name: value for name, value in {**self.settings(path), **changes}.items() if value is not None}
        self.ask("PUT", f"{path}/config/appsettings", {"properties": new})
        self.azure.settle()

    def rules(self) -> list[dict[str, Any]]:
        told = self.ask("GET", f"{APP}/config/web").json()["properties"]
        return (told.get("experiments") or {}).get("rampUpRules") or []

    def send(self, *rules: dict[str, Any]) -> None:
        self.ask("PATCH", f"{APP}/config/web", {"properties": {"experiments": {"rampUpRules": list(rules)}}})

    def swap(self) -> None:
        """By somebody else, and all of it."""
        self.ask("POST", f"{SLOT}/slotsswap", {"targetSlot": "production", "preserveVnet": True})
        self.azure.settle()

    def body(self, path: str = APP) -> dict[str, Any]:
        return self.ask("GET", path).json()

    @property
    def live(self) -> str:
        return self.settings(APP)[COLOR_SETTING]

    def made(self, what: str) -> int:
        """How many requests of the product ended like this."""
        return sum(call.endswith(what) for call in self.calls)

    def exchange(self, verb: str, path: str, body: Any) -> tuple[Answer | None, str]:
        """The product's request."""
        call = f"{verb} {path.removeprefix(APP)}"
        self.calls.append(call)
        found = self.azure.answer(verb, path, body, self.client_id)
        instead = self.answers.pop(call, found)
        if isinstance(instead, BaseException):
            raise instead
        if instead is None:
            return None, "https://azure.test could not be reached: it is cut"
        return Answer(instead.status_code, instead.content, headers=instead.headers), ""


@contextmanager
def running(tier: str = "Standard", *, slot: bool = True) -> Iterator[App]:
    """One, and the product's session led there."""
    azure = BareAzure([ResourceGroups, Tags, Plans, WebApps], ["azure-mgmt-web"], "2025-05-01")
    app = App(azure)
    app.ask("PUT", GROUP, {"location": "westeurope"})
    app.ask("PUT", PLAN, {"location": "westeurope", "sku": {"name": "S1", "tier": tier}})
    app.put(APP, "blue", WHERE="production")
    app.ask("PATCH", f"{APP}/providers/Microsoft.Resources/tags/default", tagged(team="orders"))
    if slot:
        app.put(SLOT, "green", WHERE="slot")
    app.ask("PUT", f"{APP}/config/slotConfigNames", {"properties": {"appSettingNames": ["WHERE"]}})

    def exchange(
        _session: Session, verb: str, path: str, _version: str, _action: str, body: Any
    ) -> tuple[Answer | None, str]:
        return app.exchange(verb, path, body)

    session = Session(AzureConnection(), "https://azure.test")
    with (
        mock.patch.object(glances, "LASTS_SECONDS", 0.0),
        mock.patch.object(AzureConnection, "session", return_value=session),
        mock.patch.object(Session, "exchange", exchange),
        guarded(lambda: None, sleep=app.clock.sleep),
    ):
        yield app


def tagged(**tags: str) -> dict[str, Any]:
    return {"operation": "Merge", "properties": {"tags": tags}}


def section(**more: object) -> dict[str, object]:
    """A ``router`` section, as of an app that was made together with the swap."""
    return {"kind": "azure_slots", "app_id": APP, "owner": "project/stack/orders", "made_with_it": True, **more}
