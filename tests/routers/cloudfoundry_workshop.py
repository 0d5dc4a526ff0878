"""A route and an app for each color in Cloud Foundry's stand-in within this process, and hands to change them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bluegreen.clients.http import Answer
from bluegreen.cloudfoundry.client import Session, _session
from bluegreen.fields import Fields
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.calls import guarded
from bluegreen.rollout.clock import FakeClock
from localcloud.cloudfoundry.cloud import BareCloudFoundry
from localcloud.cloudfoundry.uaa import OWNER, Principal
from localcloud.cloudfoundry.world import DOMAIN, ORGANIZATION, SPACE

COLORS = ("blue", "green")
ROUTE = f"web.{DOMAIN}"
NAMED = {"space": f"{ORGANIZATION}/{SPACE}", "apps": {color: f"web-{color}" for color in COLORS}}
IMAGE = "registry.example.com/app:v1"


def environment(cloud: BareCloudFoundry, who: Principal = OWNER) -> dict[str, str]:
    """The environment that leads the product's client here, as somebody."""
    kind = ("USERNAME", "PASSWORD") if who.user else ("CLIENT_ID", "CLIENT_SECRET")
    return {"CF_API_URL": cloud.url, f"CF_{kind[0]}": who.name, f"CF_{kind[1]}": who.secret, "CF_HOME": "/nowhere"}


@contextmanager
def led_to(cloud: BareCloudFoundry, who: Principal = OWNER) -> Iterator[None]:
    """This process' calls of Cloud Foundry are answered by it."""

    def exchange(_self: Session, verb: str, url: str, authorization: str, query: Any, content: Any) -> Any:
        found = cloud.ask(verb, url, authorization, query, content)
        return Answer(found.status_code, found.content, headers=found.headers), ""

    kept = {name: value for name, value in os.environ.items() if not name.startswith("CF_")}
    _session.cache_clear()
    with (
        mock.patch.dict(os.environ, {**kept, **environment(cloud, who)}, clear=True),
        mock.patch.object(Session, "exchange", exchange),
    ):
        yield
    _session.cache_clear()


@contextmanager
def patient(clock: FakeClock | None = None) -> Iterator[FakeClock]:
    """Waits are of this clock."""
    clock = clock or FakeClock()
    with guarded(lambda: None, sleep=clock.sleep):
        yield clock


def build(cloud: BareCloudFoundry, instances: int = 4, *mapped: str) -> None:
    """Both apps, as the team's pipeline has pushed them, and the route."""
    for color in COLORS:
        cloud.world.push(f"web-{color}", IMAGE, instances, {"COLOR": color}, health="/healthz")
    cloud.world.create_route("web", *(f"web-{color}" for color in mapped))


@contextmanager
def running() -> Iterator[BareCloudFoundry]:
    """A route that leads nowhere yet, both apps with four instances; waits take no time."""
    cloud = BareCloudFoundry()
    build(cloud)
    with led_to(cloud), patient():
        yield cloud


def section(**more: Any) -> dict[str, Any]:
    """The ``router`` section."""
    return {
        "kind": "cloudfoundry",
        "route": ROUTE,
        **NAMED,
        "owner": "project/stack/web",
        "made_with_it": True,
        **more,
    }


def installing_section() -> dict[str, Any]:
    """The same of one that brings releases."""
    images = {"blue": "registry.example.com/app:v1", "green": "registry.example.com/app:v2"}
    return section(install={color: {"image": image} for color, image in images.items()})


def capacity_section(**more: Any) -> dict[str, Any]:
    """The ``capacity`` section."""
    return {"kind": "cloudfoundry", "route": ROUTE, **NAMED, **more}


def router(known: dict[str, Any] | None = None, **more: Any) -> Any:
    """A router, as a fresh process has it."""
    kind, arguments = parsed(ROUTERS, section(**more), "router")
    return ROUTERS.build((kind, {**arguments, **(known or {})}))


def capacity(**more: Any) -> Any:
    """A capacity, as a fresh process has it."""
    return CAPACITIES.build(parsed(CAPACITIES, capacity_section(**more), "capacity"))


def parsed(registry: Any, given: dict[str, Any], name: str) -> Any:
    """A section that is all right, parsed."""
    fields = Fields(given, name)
    found = registry.parse(fields)
    assert not fields.problems, fields.problems
    return found
