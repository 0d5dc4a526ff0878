"""A container app with a revision for each color in Azure's stand-in, and hands to change its rules."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import pytest

from bluegreen.platforms.templates import suffix
from bluegreen.rollout.clock import FakeClock
from localcloud.azure.cloud import OWNER, SUBSCRIPTION, Azure
from localcloud.azure.identity import TENANT
from localcloud.azure.world import Pace
from tests.localcloud.azure_cases import GROUP, Client

ENVIRONMENT = f"{GROUP}/providers/Microsoft.App/managedEnvironments/shop"
COLORS = ("blue", "green", "white")


def environment(azure: Azure) -> dict[str, str]:
    """The environment that leads the product's client and Microsoft's credentials here."""
    return {
        "AZURE_AUTHORITY_HOST": azure.url,
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": OWNER.client_id,
        "AZURE_CLIENT_SECRET": OWNER.secret,
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "ARM_ENDPOINT": azure.url,
        "SSL_CERT_FILE": str(azure.certificate),
        "REQUESTS_CA_BUNDLE": str(azure.certificate),
    }


@contextmanager
def running() -> Iterator[Azure]:
    """Azure, and this process' environment led there."""
    with Azure(pace=Pace(write=0.02, ready=20)) as azure, mock.patch.dict(os.environ, environment(azure)):
        yield azure


@dataclass
class App:
    """One in multiple mode with three revisions, of which ``white`` has all requests and is neither color."""

    azure: Azure
    client: Client
    name: str

    @property
    def id(self) -> str:
        return f"{GROUP}/providers/Microsoft.App/containerApps/{self.name}"

    @contextmanager
    def at_work(self, monkeypatch: pytest.MonkeyPatch, waiting: str) -> Iterator[list[float]]:
        """An operation that is begun in here is over when the product, in the module `waiting`, pauses for it.

        Its pauses until the first operation was over are what it yields.
        """
        paused: list[float] = []
        with self.azure.world.operations.held() as let_go, monkeypatch.context() as patch:

            def pause(seconds: float) -> None:
                paused.append(seconds)
                let_go()

            patch.setattr(f"{waiting}.pause", pause)
            yield paused

    def revision(self, color: str) -> str:
        return f"{self.name}--{color}"

    def body(self) -> dict:
        return self.client.ask("GET", self.id).json()

    def host(self) -> str:
        return self.body()["properties"]["configuration"]["ingress"]["fqdn"]

    def rules(self) -> list[dict]:
        return self.body()["properties"]["configuration"]["ingress"]["traffic"]

    def send(self, *rules: dict) -> None:
        """Other rules, by somebody else."""
        self.client.wait("PATCH", self.id, {"properties": {"configuration": {"ingress": {"traffic": list(rules)}}}})

    def rule(self, color: str, weight: int, **more: object) -> dict:
        return {"revisionName": self.revision(color), "weight": weight, **more}


def template(color: str, tag: str = "v1") -> dict:
    container = {"name": "app", "image": f"shop.azurecr.io/app:{tag}", "env": [{"name": "COLOR", "value": color}]}
    return {"revisionSuffix": color, "containers": [container]}


def build(azure: Azure, name: str) -> App:
    """Make one."""
    client = Client(azure)
    client.group()
    client.wait("PUT", ENVIRONMENT, {"location": "westeurope", "properties": {}})
    app = App(azure, client, name)
    configuration = {
        "activeRevisionsMode": "Multiple",
        "ingress": {"external": True, "targetPort": 8080, "traffic": [app.rule("white", 100)]},
    }
    properties = {"environmentId": ENVIRONMENT, "configuration": configuration, "template": template("white")}
    client.wait("PUT", app.id, {"location": "westeurope", "tags": {"team": "orders"}, "properties": properties})
    for color in ("blue", "green"):
        client.wait("PATCH", app.id, {"properties": {"template": template(color)}})
    return app


class Patient(FakeClock):
    """Azure's stand-in takes its time, too: some of each pause is a real one."""

    def sleep(self, seconds: float) -> None:
        time.sleep(0.2)
        super().sleep(seconds)


def release(color: str, tag: str = "v1", **more: object) -> dict:
    """The release of a color, for a swap that installs it: the sample app, which says its color."""
    container = {"name": "app", "image": f"shop.azurecr.io/app:{tag}", "env": [{"name": "COLOR", "value": color}]}
    return {"containers": [{**container, **more}]}


def releases(blue: str = "v1", green: str = "v1", **more: object) -> dict[str, dict]:
    """The same of both colors."""
    return {"blue": release("blue", blue, **more), "green": release("green", green, **more)}


def shell(azure: Azure, name: str) -> App:
    """An app as the component makes it: blue's first release under its own name, which has all requests."""
    client = Client(azure)
    client.group()
    client.wait("PUT", ENVIRONMENT, {"location": "westeurope", "properties": {}})
    app = App(azure, client, name)
    first = release("blue")
    named = suffix("blue", first)
    configuration = {
        "activeRevisionsMode": "Multiple",
        "secrets": [{"name": "db", "value": "s3cret"}],
        "ingress": {"external": True, "targetPort": 8080, "traffic": [app.rule(named, 100)]},
    }
    template = {**first, "revisionSuffix": named}
    properties = {"environmentId": ENVIRONMENT, "configuration": configuration, "template": template}
    client.wait("PUT", app.id, {"location": "westeurope", "properties": properties})
    return app


def section(app: App, **more: object) -> dict[str, object]:
    """A ``router`` section for it, as of an app that was made together with the swap."""
    return {
        "kind": "azure_container_app",
        "app_id": app.id,
        "revisions": {color: app.revision(color) for color in ("blue", "green")},
        "owner": "project/stack/orders",
        "made_with_it": True,
        **more,
    }


def installing_section(app: App) -> dict[str, object]:
    """The same of one whose releases the router installs."""
    named = section(app)
    del named["revisions"]
    return {**named, "templates": releases()}
