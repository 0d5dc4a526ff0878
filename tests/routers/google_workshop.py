"""A Cloud Run service with a revision for each color in Google's stand-in, and hands to change its traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.google.client import GoogleConnection, Session
from bluegreen.google.cloud_run.rules import REVISION
from bluegreen.platforms.templates import suffix
from bluegreen.rollout.model import Color
from localcloud.google.bare import COMPUTE, FUNCTIONS, PROJECT, REGION, RUN, BareGoogle

PARENT = f"projects/{PROJECT}/locations/{REGION}"
SERVICE = f"{PARENT}/services/web"
COLORS = ("blue", "green", "white")
_HOSTS = {"compute": COMPUTE}
"""Of APIs, by the first part of their paths."""


def template(color: str, tag: str = "v1", **more: object) -> dict[str, Any]:
    container = {"image": f"app:{tag}", "env": [{"name": "COLOR", "value": color}]}
    return {"containers": [container], **more}


@dataclass
class World:
    """One service, of which ``white`` has all requests and is neither color."""

    google: BareGoogle
    before: list[Callable[[str, str], None]] = field(default_factory=list)
    """Who acts before a request of the product: called with its verb and path."""

    def service(self) -> dict[str, Any]:
        return self.google.run.services[SERVICE]

    def ask(self, verb: str, path: str, query: dict[str, str] | None = None, body: Any = None) -> Any:
        status, found = self.google.ask(verb, f"/v2/{path}", query, body)
        assert status == 200, found
        self.google.settle()
        return found

    def send(self, **shares: int) -> None:
        """Other targets, by somebody else."""
        targets = [
            {"type": REVISION, "revision": f"web-{name}", "percent": percent} for name, percent in shares.items()
        ]
        self.ask("PATCH", SERVICE, {"updateMask": "traffic"}, {"traffic": targets})

    def annotate(self, **changes: str) -> None:
        """Annotations, by somebody else."""
        kept = {**(self.service().get("annotations") or {}), **changes}
        self.ask("PATCH", SERVICE, {"updateMask": "annotations"}, {"annotations": kept})

    def release(self, color: str, tag: str) -> None:
        """Another revision, by somebody else's deploy: traffic that follows the latest one goes there."""
        self.ask("PATCH", SERVICE, {"updateMask": "template"}, {"template": template(color, tag)})

    def shares(self) -> dict[str, int]:
        """Where requests go, by the ends of the revisions' names."""
        found: dict[str, int] = {}
        for one in self.service()["trafficStatuses"]:
            if one.get("percent"):
                name = str(one.get("revision") or self.service()["latestReadyRevision"]).rpartition("/")[2]
                found[name.removeprefix("web-")] = found.get(name, 0) + one["percent"]
        return found


@contextmanager
def running(**options: Any) -> Iterator[World]:
    """Google, and this process' client led there."""
    world = World(BareGoogle(**options))

    def exchange(
        _session: Session, verb: str, path: str, _action: str, query: Any, body: Any
    ) -> tuple[Answer | None, str]:
        for act in tuple(world.before):
            act(verb, path)
        of_functions = "/functions/" in path or "/operations/operation-" in path
        host = _HOSTS.get(path.split("/")[1]) or (FUNCTIONS if of_functions else RUN)
        found = world.google.answer(verb, path, query, body, host)
        return Answer(found.status_code, found.content), ""

    session = Session(GoogleConnection(), "https://run.test")
    with (
        mock.patch.object(GoogleConnection, "session", return_value=session),
        mock.patch.object(Session, "exchange", exchange),
        mock.patch.object(glances, "LASTS_SECONDS", 0.0),
    ):
        yield world


def build(world: World) -> World:
    """Make the service."""
    for color in COLORS:
        body: dict[str, Any] = {"template": {**template(color), "revision": f"web-{color}"}}
        if SERVICE not in world.google.run.services:
            world.ask("POST", f"{PARENT}/services", {"serviceId": "web"}, {"labels": {"team": "orders"}, **body})
        else:
            world.ask("PATCH", SERVICE, {"updateMask": "template"}, body)
    world.send(white=100)
    return world


def installed_name(color: Color, tag: str = "v1") -> str:
    """The name of a revision that the router installs."""
    return f"web-{suffix(color, template(color, tag))}"


def section(**more: object) -> dict[str, object]:
    """A ``router`` section for it, as of a service that was made together with the swap."""
    return {
        "kind": "cloud_run",
        "service": SERVICE,
        "revisions": {color: f"web-{color}" for color in ("blue", "green")},
        "owner": "project/stack/web",
        "made_with_it": True,
        **more,
    }


def installing_section(**more: object) -> dict[str, object]:
    """The same of one whose releases the router installs."""
    named = section(**more)
    del named["revisions"]
    return {**named, "templates": {color: template(color) for color in ("blue", "green")}}
