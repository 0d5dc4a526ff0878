"""The API (v3), played. Each rule that is not a matter of a type names the page that says it.

https://v3-apidocs.cloudfoundry.org/version/3.195.0/index.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from localcloud.cloudfoundry import description
from localcloud.cloudfoundry.description import Operation
from localcloud.cloudfoundry.uaa import Uaa
from localcloud.cloudfoundry.world import (
    ORGANIZATION,
    SPACE,
    App,
    Build,
    Route,
    World,
    can_be_pulled,
    destination,
    made_guid,
)

_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\Z")
_PREFIX = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\Z")
_LONGEST_ANNOTATION = 5000
# Nothing here goes by these.
_TIMES = {"created_at": "2026-11-30T08:00:00Z", "updated_at": "2026-11-30T08:00:00Z"}
_STATS: Mapping[str, Any] = {
    "type": "web",
    "usage": {},
    "host": "10.0.0.9",
    "uptime": 1,
    "instance_ports": [],
    "isolation_segment": None,
    "mem_quota": 1,
    "disk_quota": 1,
    "fds_quota": 1,
    "details": None,
}


@dataclass(frozen=True)
class Answer:
    """An answer."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An error as the API tells it.

    https://v3-apidocs.cloudfoundry.org/#errors
    """

    def __init__(self, status: int, code: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.answer = Answer(status, {"errors": [{"code": code, "title": title, "detail": detail}]})


def unprocessable(detail: str) -> Refused:
    """A request that is understood and cannot be done."""
    return Refused(422, 10008, "CF-UnprocessableEntity", detail)


def not_found(what: str) -> Refused:
    """A thing that is not there, or may not be seen."""
    return Refused(404, 10010, "CF-ResourceNotFound", f"{what} not found")


@dataclass(frozen=True)
class Call:
    """A request that is taken."""

    places: Mapping[str, str]
    query: Mapping[str, str]
    body: Any


class Api:
    """All of it.

    Args:
        world: what there is.
        uaa: whose tokens count.
    """

    def __init__(self, world: World, uaa: Uaa) -> None:
        self._world, self._uaa = world, uaa
        self.calls: list[str] = []
        """The operations of all that was taken, in their order."""
        self.busy: list[int] = []
        """Statuses that the next requests are answered with, before anything is done."""
        self._handlers: dict[str, Callable[[Call], Answer]] = {
            "GET /v3/organizations": self._organizations,
            "GET /v3/spaces": self._spaces,
            "GET /v3/apps": self._apps,
            "GET /v3/apps/{guid}": lambda call: Answer(200, self._told_app(self._app(call))),
            "PATCH /v3/apps/{guid}": self._update_app,
            "GET /v3/apps/{guid}/droplets/current": self._current_droplet,
            "PATCH /v3/apps/{guid}/relationships/current_droplet": self._set_droplet,
            "POST /v3/apps/{guid}/actions/start": self._start,
            "POST /v3/apps/{guid}/actions/stop": self._stop,
            "GET /v3/processes": self._processes,
            "GET /v3/processes/{guid}": lambda call: Answer(200, self._told_process(self._process(call))),
            "GET /v3/processes/{guid}/stats": self._stats,
            "POST /v3/processes/{guid}/actions/scale": self._scale,
            "GET /v3/routes": self._routes,
            "GET /v3/routes/{guid}": lambda call: Answer(200, self._told_route(self._route(call))),
            "PATCH /v3/routes/{guid}": self._update_route,
            "GET /v3/routes/{guid}/destinations": lambda call: self._told_destinations(self._route(call)),
            "PATCH /v3/routes/{guid}/destinations": self._replace_destinations,
            "POST /v3/routes/{guid}/destinations": self._insert_destinations,
            "POST /v3/packages": self._create_package,
            "POST /v3/builds": self._create_build,
            "GET /v3/builds/{guid}": self._build,
        }

    def answer(
        self, base: str, verb: str, path: str, query: Mapping[str, str], authorization: str, content: bytes
    ) -> Answer:
        """An answer; never an exception for what a client did."""
        if path == "/" and verb == "GET":
            links = {"uaa": {"href": base}, "login": {"href": base}, "cloud_controller_v3": {"href": f"{base}/v3"}}
            return Answer(200, {"links": links})
        if path == "/oauth/token" and verb == "POST":
            with self._world.lock:
                return Answer(*self._uaa.token(authorization, dict(parse_qsl(content.decode()))))
        try:
            with self._world.lock:
                return self._taken(verb, path, query, authorization, content)
        except Refused as refused:
            return refused.answer

    def _taken(self, verb: str, path: str, query: Mapping[str, str], authorization: str, content: bytes) -> Answer:
        self._world.settle()
        who = self._uaa.who(authorization)
        if who is None:
            title, detail = ("CF-InvalidAuthToken", "Invalid Auth Token") if authorization else ("", "")
            if not authorization:
                title, detail = "CF-NotAuthenticated", "Authentication error"
            raise Refused(401, 1000 if authorization else 10002, title, detail)
        if self.busy:
            status = self.busy.pop(0)
            throttled = {"Retry-After": "1"} if status == 429 else {}
            code, title = (10013, "CF-RateLimitExceeded") if status == 429 else (10001, "UnknownError")
            errors = [{"code": code, "title": title, "detail": "Rate Limit Exceeded" if status == 429 else "busy"}]
            return Answer(status, {"errors": errors}, throttled)
        found = description.find(verb, path)
        if found is None:
            raise Refused(404, 10000, "CF-NotFound", "Unknown request")
        operation, named = found
        if operation.roles != description.ANYBODY and who.role not in operation.roles:
            # Who may not even read gets a 404.
            # https://v3-apidocs.cloudfoundry.org/#authorization
            if who.role not in description.READERS:
                if verb == "GET" and "{guid}" not in path and named == {}:
                    return _listed([])
                raise not_found("Resource")
            raise Refused(403, 10003, "CF-NotAuthorized", "You are not authorized to perform the requested action")
        wrong = description.wrong_query(operation, query)
        if wrong:
            raise Refused(400, 10005, "CF-BadQueryParameter", wrong)
        self.calls.append(operation.name)
        answer = self._handlers[operation.name](Call(named, query, self._body(operation, content)))
        self._world.settle()
        _as_described(operation, answer)
        return answer

    @staticmethod
    def _body(operation: Operation, content: bytes) -> Any:
        if not operation.body:
            return None
        try:
            body = json.loads(content or b"{}")
        except ValueError as error:
            raise Refused(
                400, 1001, "CF-MessageParseError", "Request invalid due to parse error: invalid request body"
            ) from error
        wrong = description.wrong_body(operation, body)
        if wrong:
            raise unprocessable(wrong)
        return body

    # -- organizations, spaces

    def _organizations(self, call: Call) -> Answer:
        there = [{"guid": self._world.organization, "name": ORGANIZATION}]
        return _listed(
            one for one in there if _named(call, "names", one["name"]) and _named(call, "guids", one["guid"])
        )

    def _spaces(self, call: Call) -> Answer:
        there = [{"guid": self._world.space, "name": SPACE}]
        inside = _named(call, "organization_guids", self._world.organization)
        return _listed(one for one in there if inside and _named(call, "names", one["name"]))

    def _in_space(self, call: Call) -> bool:
        return _named(call, "space_guids", self._world.space)

    # -- apps

    def _app(self, call: Call) -> App:
        app = self._world.apps.get(call.places["guid"])
        if app is None:
            raise not_found("App")
        return app

    def _apps(self, call: Call) -> Answer:
        return _listed(
            self._told_app(one)
            for one in self._world.apps.values()
            if self._in_space(call) and _named(call, "names", one.name) and _named(call, "guids", one.guid)
        )

    @staticmethod
    def _told_app(app: App) -> dict[str, Any]:
        return {
            "guid": app.guid,
            **_TIMES,
            "name": app.name,
            "state": app.state,
            "lifecycle": {"type": "docker", "data": {}},
            "relationships": {"current_droplet": {"data": {"guid": app.droplet} if app.droplet else None}},
            "metadata": {"labels": dict(app.labels), "annotations": dict(app.annotations)},
            "links": {},
        }

    def _update_app(self, call: Call) -> Answer:
        app = self._app(call)
        _update(app, call.body.get("metadata") or {})
        return Answer(200, self._told_app(app))

    def _current_droplet(self, call: Call) -> Answer:
        droplet = self._world.droplets.get(self._app(call).droplet)
        if droplet is None:
            raise not_found("Droplet")
        return Answer(200, {"guid": droplet.guid, "state": "STAGED", "image": droplet.image, "error": None})

    def _set_droplet(self, call: Call) -> Answer:
        """https://v3-apidocs.cloudfoundry.org/#set-current-droplet"""
        app, guid = self._app(call), str((call.body["data"] or {}).get("guid"))
        droplet = self._world.droplets.get(guid)
        if droplet is None or droplet.app != app.guid:
            raise unprocessable("Unable to assign current droplet. Ensure the droplet exists and belongs to this app.")
        # What runs continues with the former one until it is started anew.
        app.droplet = droplet.guid
        return Answer(200, {"data": {"guid": droplet.guid}})

    def _start(self, call: Call) -> Answer:
        app = self._app(call)
        if not app.droplet:
            raise unprocessable("Assign a droplet before starting this app.")
        app.state = "STARTED"
        return Answer(200, self._told_app(app))

    def _stop(self, call: Call) -> Answer:
        app = self._app(call)
        app.state = "STOPPED"
        return Answer(200, self._told_app(app))

    # -- processes

    def _process(self, call: Call) -> App:
        found = next((one for one in self._world.apps.values() if one.process == call.places["guid"]), None)
        if found is None:
            raise not_found("Process")
        return found

    def _processes(self, call: Call) -> Answer:
        return _listed(
            self._told_process(one)
            for one in self._world.apps.values()
            if self._in_space(call)
            and _named(call, "app_guids", one.guid)
            and _named(call, "types", "web")
            and _named(call, "guids", one.process)
        )

    @staticmethod
    def _told_process(app: App) -> dict[str, Any]:
        check = {"type": "http", "data": {"endpoint": app.health}} if app.health else {"type": "port", "data": {}}
        return {
            "guid": app.process,
            **_TIMES,
            "type": "web",
            "command": None,
            "instances": app.instances,
            "memory_in_mb": 64,
            "disk_in_mb": 1024,
            "log_rate_limit_in_bytes_per_second": -1,
            "health_check": check,
            "readiness_health_check": {"type": "process", "data": {}},
            "relationships": {"app": {"data": {"guid": app.guid}}},
            "metadata": {"labels": {}, "annotations": {}},
            "links": {},
        }

    def _stats(self, call: Call) -> Answer:
        """One entry for each instance that is wanted; one that no cell has room for is ``DOWN``.

        https://v3-apidocs.cloudfoundry.org/#the-process-stats-object
        """
        app = self._process(call)
        wanted = app.instances if app.state == "STARTED" else 0
        states = [one.state() for one in app.running[:wanted]]
        for one in app.running:
            looked = getattr(one, "looked", None)
            if looked is not None:
                looked()
        found: list[dict[str, Any]] = [
            {
                **_STATS,
                "index": index,
                "state": states[index] if index < len(states) else "DOWN",
                "routable": index < len(states) and states[index] == "RUNNING",
                "details": None if index < len(states) else "insufficient resources: memory",
            }
            for index in range(wanted)
        ]
        stopped = [{**_STATS, "index": 0, "state": "DOWN", "routable": False}]
        return Answer(200, {"resources": found or stopped})

    def _scale(self, call: Call) -> Answer:
        app, count = self._process(call), call.body.get("instances")
        if count is not None:
            app.instances = count
        return Answer(202, self._told_process(app))

    # -- routes

    def _route(self, call: Call) -> Route:
        route = self._world.routes.get(call.places["guid"])
        if route is None:
            raise not_found("Route")
        return route

    def _routes(self, call: Call) -> Answer:
        return _listed(
            self._told_route(one)
            for one in self._world.routes.values()
            if self._in_space(call)
            and _named(call, "hosts", one.host)
            and _named(call, "paths", one.path)
            and "ports" not in call.query
        )

    @staticmethod
    def _told_route(route: Route) -> dict[str, Any]:
        return {
            "guid": route.guid,
            **_TIMES,
            "protocol": "http",
            "host": route.host,
            "path": route.path,
            "port": None,
            "url": route.url,
            "destinations": [dict(one) for one in route.destinations],
            "relationships": {},
            "metadata": {"labels": dict(route.labels), "annotations": dict(route.annotations)},
            "links": {},
        }

    def _update_route(self, call: Call) -> Answer:
        route = self._route(call)
        _update(route, call.body.get("metadata") or {})
        return Answer(200, self._told_route(route))

    @staticmethod
    def _told_destinations(route: Route) -> Answer:
        return Answer(200, {"destinations": [dict(one) for one in route.destinations]})

    def _replace_destinations(self, call: Call) -> Answer:
        """https://v3-apidocs.cloudfoundry.org/#replace-all-destinations-for-a-route"""
        route = self._route(call)
        route.destinations = self._checked(call.body["destinations"], route.destinations)
        return self._told_destinations(route)

    def _insert_destinations(self, call: Call) -> Answer:
        """https://v3-apidocs.cloudfoundry.org/#insert-destinations-for-a-route"""
        route = self._route(call)
        more = self._checked(call.body["destinations"], route.destinations)
        known = {_place(one) for one in route.destinations}
        route.destinations += [one for one in more if _place(one) not in known]
        return self._told_destinations(route)

    def _checked(self, wanted: list[dict[str, Any]], there: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Either all have a weight, and these come to 100, or none has one."""
        weights = [one["weight"] for one in wanted if one.get("weight") is not None]
        if weights and len(weights) < len(wanted):
            raise unprocessable("Destinations cannot contain both weighted and unweighted destinations.")
        if weights and sum(weights) != 100:
            raise unprocessable("Destinations must have weights that sum to 100.")
        known = {_place(one): one for one in there}
        found = []
        for one in wanted:
            guid = one.get("app", {}).get("guid")
            if guid not in self._world.apps:
                raise unprocessable(f'App(s) with guid(s) "{guid}" do not exist or you do not have access.')
            kind = (one["app"].get("process") or {}).get("type") or "web"
            made = destination(guid, kind, one.get("port") or 8080, one.get("protocol") or "http1")
            made["weight"] = one.get("weight")
            kept = known.get(_place(made))
            found.append({**made, "guid": kept["guid"]} if kept else made)
        if len({_place(one) for one in found}) < len(found):
            raise unprocessable("Destinations cannot contain duplicate entries")
        return found

    # -- packages, builds

    def _create_package(self, call: Call) -> Answer:
        app = ((call.body["relationships"].get("app") or {}).get("data") or {}).get("guid")
        if app not in self._world.apps:
            raise unprocessable("App is invalid. Ensure it exists and you have access to it.")
        image = (call.body.get("data") or {}).get("image")
        if call.body["type"] != "docker" or not image:
            raise unprocessable("The stand-in takes Docker images alone.")
        guid = made_guid()
        self._world.packages[guid] = (app, image)
        related = {"relationships": call.body["relationships"], "metadata": {"labels": {}, "annotations": {}}}
        told = {"guid": guid, **_TIMES, "type": "docker", "state": "READY", "data": {"image": image}, "links": {}}
        return Answer(201, {**told, **related})

    def _create_build(self, call: Call) -> Answer:
        found = self._world.packages.get((call.body["package"] or {}).get("guid") or "")
        if found is None:
            raise unprocessable("Unable to use package. Ensure that the package exists and you have access to it.")
        build = Build(made_guid(), *found)
        self._world.builds[build.guid] = build
        return Answer(201, {"guid": build.guid, "state": "STAGING", "error": None, "droplet": None})

    def _build(self, call: Call) -> Answer:
        """An image that cannot be pulled fails to stage.

        https://v3-apidocs.cloudfoundry.org/#the-build-object
        """
        build = self._world.builds.get(call.places["guid"])
        if build is None:
            raise not_found("Build")
        told: dict[str, Any] = {"guid": build.guid, "state": "STAGING", "error": None, "droplet": None}
        build.looks += 1
        if build.looks < 2:
            return Answer(200, told)
        if not can_be_pulled(build.image):
            why = f"StagingError - Staging error: cannot pull {build.image}"
            return Answer(200, {**told, "state": "FAILED", "error": why})
        there = [one for one in self._world.droplets.values() if (one.app, one.image) == (build.app, build.image)]
        droplet = there[-1] if there else self._world.stage(self._world.apps[build.app], build.image)
        return Answer(200, {**told, "state": "STAGED", "droplet": {"guid": droplet.guid}})


def _as_described(operation: Operation, answer: Answer) -> None:
    """No answer of ours is one that the API does not give."""
    wrong = description.unlike(operation, answer.body)
    if wrong or answer.status != operation.answers:
        raise AssertionError(f"{operation.name} answers {answer.status}: {wrong or 'another status than is described'}")


def _listed(found: Iterable[Mapping[str, Any]]) -> Answer:
    resources = [dict(one) for one in found]
    return Answer(200, {"pagination": {"total_results": len(resources)}, "resources": resources})


def _named(call: Call, parameter: str, value: str) -> bool:
    """Whether a filter, where there is one, lets a value through."""
    return parameter not in call.query or value in call.query[parameter].split(",")


def _place(one: Mapping[str, Any]) -> tuple[object, ...]:
    return one["app"]["guid"], one["app"]["process"]["type"], one["port"], one["protocol"]


def _update(thing: App | Route, metadata: Mapping[str, Any]) -> None:
    """Those that are named; the value ``None`` removes one.

    https://v3-apidocs.cloudfoundry.org/#updating-labels-and-annotations
    """
    for kind, there in (("labels", thing.labels), ("annotations", thing.annotations)):
        changes = metadata.get(kind) or {}
        for key, value in changes.items():
            prefix, slash, name = key.rpartition("/")
            if not _KEY.match(name) or (slash and not _PREFIX.match(prefix)):
                raise unprocessable(f"Metadata {kind} key error: '{key}' contains invalid characters")
            if value is not None and len(value) > _LONGEST_ANNOTATION:
                raise unprocessable(f"Metadata {kind} value error: '{value[:8]}...' is greater than 5000 characters")
        for key, value in changes.items():
            if value is None:
                there.pop(key, None)
            else:
                there[key] = value
