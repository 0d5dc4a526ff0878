"""Everything that there is: a space, its apps and their instances, routes. Whoever changes it has the lock."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from localcloud.images import REPOSITORY, TAGS

ORGANIZATION, SPACE = "shop", "production"
DOMAIN = "apps.cf.test"


class Running(Protocol):
    """One instance that was started."""

    def state(self) -> str:
        """``STARTING``, ``RUNNING`` or ``CRASHED``."""
        ...


class Plane(Protocol):
    """It runs instances, and leads requests to them."""

    def start(self, image: str, environment: Mapping[str, str], health: str) -> Any:
        """One more instance; no request reaches it until it is shown.

        Args:
            image: of the sample app.
            environment: the app's.
            health: the path that its health check asks for; empty: an open port is enough.
        """
        ...

    def show(self, routes: Mapping[str, list[Any]], leaving: list[Any]) -> None:
        """Lead each route's requests to these instances in turns; then end those that leave."""
        ...


@dataclass
class Droplet:
    """A release, as an app can run it."""

    guid: str
    app: str
    image: str


@dataclass
class App:
    """An app, with its process `web`.

    Attributes:
        health: the path that its health check asks for; empty: an open port is enough.
    """

    guid: str
    name: str
    environment: Mapping[str, str]
    health: str = ""
    state: str = "STOPPED"
    droplet: str = ""
    process: str = ""
    instances: int = 1
    annotations: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    running: list[Any] = field(default_factory=list)
    """Its instances, by their index."""


@dataclass
class Route:
    """A route of HTTP."""

    guid: str
    host: str
    path: str = ""
    destinations: list[dict[str, Any]] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """As people write it."""
        return f"{self.host}.{DOMAIN}{self.path}"


@dataclass
class Build:
    """The staging of an image."""

    guid: str
    app: str
    image: str
    looks: int = 0


def made_guid() -> str:
    """One that nothing else has."""
    return str(uuid.uuid4())


class World:
    """All of it.

    Args:
        plane: what runs instances.
    """

    def __init__(self, plane: Plane) -> None:
        self.lock = threading.RLock()
        self.plane = plane
        self.organization, self.space = made_guid(), made_guid()
        self.apps: dict[str, App] = {}
        self.droplets: dict[str, Droplet] = {}
        self.routes: dict[str, Route] = {}
        self.packages: dict[str, tuple[str, str]] = {}
        self.builds: dict[str, Build] = {}
        self.held_instances: set[str] = set()
        """Apps whose new instances stay as they are, as where no cell has room for them."""
        self._leaving: list[Any] = []

    # -- what a pipeline does

    def push(
        self,
        name: str,
        image: str,
        instances: int = 1,
        environment: Mapping[str, str] | None = None,
        health: str = "",
        started: bool = True,
    ) -> App:
        """Leave what `cf push` leaves: an app with its droplet; one that is there gets another droplet."""
        with self.lock:
            app = self.app(name)
            if app is None:
                app = App(made_guid(), name, dict(environment or {}), health, process=made_guid(), instances=instances)
                self.apps[app.guid] = app
            self.give(app, self.stage(app, image).guid)
            app.state = "STARTED" if started else "STOPPED"
            self.settle()
            return app

    def stage(self, app: App, image: str) -> Droplet:
        """A droplet of an image."""
        droplet = Droplet(made_guid(), app.guid, image)
        self.droplets[droplet.guid] = droplet
        return droplet

    def give(self, app: App, droplet: str) -> None:
        """Another droplet; what runs the former one ends."""
        if app.droplet != droplet:
            app.droplet = droplet
            self._leaving += app.running
            app.running = []

    def create_route(self, host: str, *names: str, path: str = "") -> Route:
        """A route, mapped to these apps."""
        with self.lock:
            route = Route(made_guid(), host, path)
            self.routes[route.guid] = route
            for name in names:
                app = self.app(name)
                if app is not None:
                    route.destinations.append(destination(app.guid))
            self.settle()
            return route

    def delete_app(self, name: str) -> None:
        """The app, and with it what leads to it."""
        with self.lock:
            app = self.app(name)
            if app is None:
                return
            del self.apps[app.guid]
            self._leaving += app.running
            for route in self.routes.values():
                route.destinations = [one for one in route.destinations if one["app"]["guid"] != app.guid]
            self.settle()

    def app(self, name: str) -> App | None:
        """An app by its name."""
        return next((one for one in self.apps.values() if one.name == name), None)

    # -- what Cloud Foundry does by itself

    def settle(self) -> None:
        """Start and end instances as they are wanted, and lead requests to those that run."""
        for app in self.apps.values():
            wanted = app.instances if app.state == "STARTED" else 0
            self._leaving += app.running[wanted:]
            del app.running[wanted:]
            droplet = self.droplets.get(app.droplet)
            while droplet is not None and len(app.running) < wanted and app.guid not in self.held_instances:
                tag = droplet.image.rpartition(":")[2]
                app.running.append(self.plane.start(tag, app.environment, app.health))
        leaving, self._leaving = self._leaving, []
        self.plane.show(
            {
                route.url: [
                    instance
                    for one in route.destinations
                    if one["app"]["guid"] in self.apps
                    for instance in self.apps[one["app"]["guid"]].running
                    if instance.state() == "RUNNING"
                ]
                for route in self.routes.values()
            },
            leaving,
        )


def destination(app: str, kind: str = "web", port: int = 8080, protocol: str = "http1") -> dict[str, Any]:
    """One that Cloud Foundry has given a guid."""
    return {
        "guid": made_guid(),
        "app": {"guid": app, "process": {"type": kind}},
        "weight": None,
        "port": port,
        "protocol": protocol,
    }


def can_be_pulled(image: str) -> bool:
    """Whether it is one of the sample app's."""
    name, _, tag = image.rpartition(":")
    return name.rpartition("/")[2] == REPOSITORY and tag in TAGS


class BareInstance:
    """One without a process: it starts with the first look at it, and runs with the next."""

    def __init__(self, broken: bool, looks: int) -> None:
        self._broken, self._looks = broken, looks

    def state(self) -> str:
        """Where it has come to."""
        if self._looks > 0:
            return "STARTING"
        return "CRASHED" if self._broken else "RUNNING"

    def looked(self) -> None:
        """Time passes with each look."""
        self._looks -= 1


class BarePlane:
    """No process and no request.

    Args:
        looks: in how many looks a new instance is starting.
    """

    def __init__(self, looks: int = 0) -> None:
        self.looks = looks
        self.shown: dict[str, list[Any]] = {}
        self.tables: list[dict[str, int]] = []
        """How many instances each route led to, at each change."""

    def start(self, image: str, environment: Mapping[str, str], health: str) -> BareInstance:  # noqa: ARG002
        """One that is not there."""
        return BareInstance(bool(health) and TAGS.get(image, {}).get("FAIL") == health.strip("/"), self.looks)

    def show(self, routes: Mapping[str, list[Any]], leaving: list[Any]) -> None:  # noqa: ARG002
        """Remember it."""
        self.shown = dict(routes)
        table = {url: len(found) for url, found in routes.items()}
        if not self.tables or self.tables[-1] != table:
            self.tables.append(table)
