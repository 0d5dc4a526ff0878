"""Cloud Run: services, their revisions, and which requests each revision gets.

https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.envoy.plane import Site
from localcloud.envoy.routes import Answer as Unready
from localcloud.envoy.routes import Route, Share
from localcloud.google import run_checks
from localcloud.google.errors import GoogleError
from localcloud.google.service import Handler, Service
from localcloud.google.world import Steps, Work, World

LATEST, REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
_SERVICE = "type.googleapis.com/google.cloud.run.v2.Service"
# https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services: the field `annotations`.
_REFUSED = ("run.googleapis.com/", "cloud.googleapis.com/", "serving.knative.dev/", "autoscaling.knative.dev/")
# Output only: a client may send them, and nothing comes of it.
_GOOGLES_OWN = (
    "conditions", "createTime", "creator", "deleteTime", "etag", "expireTime", "generation", "lastModifier",
    "latestCreatedRevision", "latestReadyRevision", "name", "observedGeneration", "reconciling", "satisfiesPzs",
    "terminalCondition", "trafficStatuses", "uid", "updateTime", "uri", "urls",
)  # fmt: skip
_VERBS = {"patch": "update"}
# https://cloud.google.com/run/docs/configuring/min-instances: the double takes none away where nobody asks.
MOST_INSTANCES = 3
_START_STEPS = 400
PAGE = 100
"""Of a list where nobody asks for another one; no page of Google's says how many there are."""


@dataclass
class Operation:
    """Work on a service, as it is requested."""

    name: str
    work: Work
    service: str


class CloudRun(Service):
    """All of it.

    Attributes:
        services: by their full names.
        revisions: the same.
    """

    api, host, variable, base = "run.v2", "run.googleapis.com", "CLOUD_RUN_V2", "/v2/"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.services: dict[str, dict[str, Any]] = {}
        self.revisions: dict[str, dict[str, Any]] = {}
        self.operations: dict[str, Operation] = {}
        self._count = 0
        world.draw(self._sites)
        world.host_of = lambda name: _host(self.services[name]["uri"]) if name in self.services else ""

    def permission(self, method: str) -> str:
        """``run.revisions.get`` of ``projects.locations.services.revisions.get``."""
        *_, kind, verb = method.split(".")
        return f"run.{kind}.{_VERBS.get(verb, verb)}"

    def permissions_beside(self, method: str, places: Mapping[str, str], body: Any) -> list[str]:
        """Whoever switches the check of callers off or on: https://cloud.google.com/run/docs/authenticating/public"""
        there = self.services.get(_name(places)) if method.endswith("services.patch") else None
        wanted = body.get("invokerIamDisabled")
        if there is None or wanted is None or bool(wanted) is bool(there.get("invokerIamDisabled")):
            return []
        return ["run.services.create", "run.services.setIamPolicy"]

    def handlers(self) -> Mapping[str, Handler]:
        """By the method's name in Google's description."""
        services = "projects.locations.services."
        return {
            f"{services}create": self._create,
            f"{services}get": lambda places, _query, _body: self._told(self._service(places)),
            f"{services}list": lambda places, _query, _body: {
                "services": [self._told(one) for name, one in self.services.items() if name.startswith(_parent(places))]
            },
            f"{services}patch": self._patch,
            f"{services}delete": self._delete,
            f"{services}revisions.get": lambda places, _query, _body: self._revision(places),
            f"{services}revisions.list": self._list_revisions,
            f"{services}revisions.delete": self._delete_revision,
            "projects.locations.operations.get": self._operation,
        }

    # -- requests

    def _create(self, places: Mapping[str, str], query: Mapping[str, str], body: Any) -> Any:
        run_checks.check_name(query.get("serviceId", ""))
        name = f"{_parent(places)}/services/{query['serviceId']}"
        if name in self.services:
            raise GoogleError("ALREADY_EXISTS", f"Resource '{name.rpartition('/')[2]}' already exists.")
        given = _writable(body)
        service = {"name": name, "uid": str(uuid.uuid4()), "generation": "0", "trafficStatuses": [], **given}
        return self._written(service, given, made=True)

    def _patch(self, places: Mapping[str, str], query: Mapping[str, str], body: Any) -> Any:
        there = self._service(places)
        # https://google.aip.dev/154
        if body.get("etag") and body["etag"] != there["etag"]:
            raise GoogleError(
                "ABORTED", f"Conflict for resource '{there['name'].rpartition('/')[2]}': version mismatch."
            )
        mask = [part for part in query.get("updateMask", "").split(",") if part]
        if mask != ["*"]:
            run_checks.check_mask(mask)
        given = _writable(body)
        changed = copy.deepcopy(there)
        if not mask or mask == ["*"]:
            # The whole object: what is left out is gone, traffic as well.
            changed = {key: value for key, value in changed.items() if key in _GOOGLES_OWN} | given
        for path in mask:
            if "." in path:
                raise GoogleError("UNIMPLEMENTED", f"The stand-in plays no mask with a path: {path}.")
            if path in given:
                changed[path] = given[path]
            else:
                changed.pop(path, None)
        return self._written(changed, given, made=False, anew=query.get("forceNewRevision") == "true")

    def _delete(self, places: Mapping[str, str], query: Mapping[str, str], _body: Any) -> Any:
        service = self._service(places)
        if query.get("etag") and query["etag"] != service["etag"]:
            raise GoogleError("ABORTED", "Conflict for resource: version mismatch.")
        name = service["name"]
        del self.services[name]
        for revision in [one for one in self.revisions if one.startswith(f"{name}/revisions/")]:
            self._end(revision)
        return self._began(name, iter(()))

    def _list_revisions(self, places: Mapping[str, str], query: Mapping[str, str], _body: Any) -> Any:
        """The newest first, by the page: https://google.aip.dev/158"""
        below = f"{_name(places)}/revisions/"
        found = [one for name, one in reversed(self.revisions.items()) if name.startswith(below)]
        first, size = int(query.get("pageToken") or 0), int(query.get("pageSize") or PAGE)
        more = {"nextPageToken": str(first + size)} if first + size < len(found) else {}
        return {"revisions": found[first : first + size], **more}

    def _delete_revision(self, places: Mapping[str, str], _query: Mapping[str, str], _body: Any) -> Any:
        revision, service = self._revision(places), self._service(places)
        short = revision["name"].rpartition("/")[2]
        # https://cloud.google.com/run/docs/managing/revisions#delete: not one that can get requests, not the latest
        # (nor the only one, which is that as well).
        if any(target.get("revision", "").rpartition("/")[2] == short for target in service.get("traffic") or ()):
            raise GoogleError("FAILED_PRECONDITION", f"Revision {short} serves traffic or has a tag.")
        if revision["name"] in (service.get("latestCreatedRevision"), service.get("latestReadyRevision")):
            raise GoogleError("FAILED_PRECONDITION", f"Revision {short} is the latest one of its service.")
        self._end(revision["name"])
        return self._began(service["name"], iter(()))

    def _operation(self, places: Mapping[str, str], _query: Mapping[str, str], _body: Any) -> Any:
        found = self.operations.get(places["operationsId"])
        if found is None:
            raise GoogleError("NOT_FOUND", f"Operation {places['operationsId']} does not exist.")
        return self._told_of(found)

    # -- what comes of a write

    def _written(self, service: dict[str, Any], given: Mapping[str, Any], *, made: bool, anew: bool = False) -> Any:
        """Check what is to be; begin to make it so."""
        name, former = service["name"], self.services.get(service["name"], {})
        for key in service.get("annotations") or {}:
            if key.startswith(_REFUSED):
                raise GoogleError("INVALID_ARGUMENT", f"annotations: {key} is in a reserved namespace.")
        run_checks.check_labels(service.get("labels") or {})
        revision = self._new_revision(service, former, given, anew=made or anew)
        self._check_traffic(service)
        self._count += 1
        service |= {
            "etag": f'"{self._count:08x}"',
            "generation": str(int(service["generation"]) + 1),
            "reconciling": True,
            "uri": f"https://{name.rpartition('/')[2]}-{service['uid'][:6]}-ew.a.run.app",
        }
        if revision is not None:
            self.revisions[revision["name"]] = revision
            service["latestCreatedRevision"] = revision["name"]
        self.services[name] = service
        return self._began(name, self._reconcile(name, service["generation"], revision))

    def _new_revision(
        self, service: dict[str, Any], former: Mapping[str, Any], given: Mapping[str, Any], *, anew: bool
    ) -> dict[str, Any] | None:
        """The revision that a write makes: none, if it changes nothing of the template."""
        template = service.get("template") or {}
        run_checks.check_template(template)
        before = former.get("template") or {}
        wanted = template.get("revision") or ""
        if not anew and ("template" not in given or template == before):
            return None
        short = service["name"].rpartition("/")[2]
        if not wanted:
            self._count += 1
            wanted = f"{short}-{self._count:05d}-abc"
        # https://cloud.google.com/run/docs/managing/revisions: a revision's name begins with the service's.
        if not wanted.startswith(f"{short}-") or len(wanted) > 63:
            raise GoogleError("INVALID_ARGUMENT", f"template.revision: {wanted} has to begin with {short}-.")
        name = f"{service['name']}/revisions/{wanted}"
        if name in self.revisions:
            raise GoogleError(
                "ALREADY_EXISTS", f"Revision named '{wanted}' with different configuration already exists."
            )
        parts = {key: copy.deepcopy(value) for key, value in template.items() if key != "revision"}
        return {
            **parts,
            "name": name,
            "service": service["name"],
            "uid": str(uuid.uuid4()),
            "createTime": f"2026-01-01T00:00:{len(self.revisions):09.6f}Z",
            "generation": "1",
            "reconciling": True,
            "conditions": [{"type": "Ready", "state": "CONDITION_RECONCILING"}],
        }

    @staticmethod
    def _check_traffic(service: Mapping[str, Any]) -> None:
        targets = service.get("traffic") or []
        run_checks.check_targets(service["name"].rpartition("/")[2], targets)
        if targets and sum(int(one.get("percent") or 0) for one in targets) != 100:
            raise GoogleError("INVALID_ARGUMENT", "traffic: Traffic percents have to add up to 100.")
        tags = [one["tag"] for one in targets if one.get("tag")]
        if len(tags) != len(set(tags)):
            raise GoogleError("INVALID_ARGUMENT", "traffic: tags have to be unique.")
        for one in targets:
            kind, revision = one.get("type"), one.get("revision")
            if kind == LATEST and revision:
                raise GoogleError("INVALID_ARGUMENT", "traffic: a target of the latest revision has no revision.")
            if kind == REVISION and not revision:
                raise GoogleError("INVALID_ARGUMENT", "traffic: a target by revision needs a revision.")

    def _reconcile(self, name: str, generation: str, revision: dict[str, Any] | None) -> Steps:
        """A revision starts; then requests go by the targets."""
        yield
        failure = None
        if revision is not None:
            why = yield from self._start(revision)
            if why:
                said = f"Revision '{_short(revision['name'])}' is not ready and cannot serve traffic. {why}"
                self._condition(revision, "CONDITION_FAILED", said)
                failure = GoogleError("FAILED_PRECONDITION", said)
            else:
                yield
                self._condition(revision, "CONDITION_SUCCEEDED", "")
                self._now_ready(name, revision["name"])
        while self._is_at_work(name, generation):
            yield
        failure = failure or self._unroutable(name, generation)
        self._settled(name, generation, failure.message if failure else "")
        if failure:
            raise failure

    def _now_ready(self, name: str, revision: str) -> None:
        """It is the latest ready one, unless one that was made later is ready before."""
        service, made = self.services.get(name), list(self.revisions)
        if service is not None and revision in made:
            former = service.get("latestReadyRevision")
            if former not in made or made.index(former) < made.index(revision):
                service["latestReadyRevision"] = revision

    def _targets(self, name: str, generation: str) -> list[dict[str, Any]]:
        """The targets, while the service still is what a change has made of it."""
        service = self.services.get(name)
        if service is None or service["generation"] != generation:
            return []
        return service.get("traffic") or [{"type": LATEST, "percent": 100}]

    def _is_at_work(self, name: str, generation: str) -> bool:
        """Whether a revision that a target names is starting, by an earlier change."""
        named = [self._named(name, one) for one in self._targets(name, generation)]
        return any(one is not None and one["reconciling"] for one in named)

    def _named(self, name: str, target: Mapping[str, Any]) -> dict[str, Any] | None:
        """The revision that a target names, if it is there."""
        return self.revisions.get(f"{name}/revisions/{_short(target.get('revision'))}")

    def _unroutable(self, name: str, generation: str) -> GoogleError | None:
        """The error of a change whose traffic names a revision that is not there, or that has failed.

        The change itself is taken; its operation fails, and requests stay, at 0 % as well:
        https://github.com/terraform-google-modules/terraform-docs-samples/pull/269, and as Knative Serving has it.
        """
        for target in self._targets(name, generation):
            if not target.get("revision"):
                continue
            found, short = self._named(name, target), _short(target["revision"])
            if found is None:
                said = f"Revision '{short}' does not exist or is deleted."
                return GoogleError("INTERNAL", f"{said} Update all traffic to route to currently available revisions.")
            if not _succeeded(found):
                return GoogleError("FAILED_PRECONDITION", f"Revision '{short}' is not ready and cannot serve traffic.")
        return None

    def _start(self, revision: Mapping[str, Any]) -> Generator[None, None, str]:
        """Start its containers, and wait until they are ready; why they are not, or nothing.

        https://cloud.google.com/run/docs/container-contract and .../configuring/healthchecks
        """
        container = revision["containers"][0]
        image = str(container.get("image") or "")
        tag = self.world.pulled(image)
        if tag is None:
            return f"Image '{image}' not found."
        least = int((revision.get("scaling") or {}).get("minInstanceCount") or 0)
        coming = self.world.plane.prepare(tag, _settings(revision, container), min(max(1, least), MOST_INSTANCES))
        path = str(((container.get("startupProbe") or {}).get("httpGet") or {}).get("path") or "")
        for _ in range(_START_STEPS):
            if revision["name"] not in self.revisions:
                break
            if coming.ready(path):
                self.world.plane.install(revision["name"], coming)
                return ""
            yield
        coming.kill()
        return "The user-provided container failed to start and listen on the port defined by the PORT variable."

    def _end(self, revision: str) -> None:
        del self.revisions[revision]
        self.world.plane.end(revision)

    @staticmethod
    def _condition(revision: dict[str, Any], state: str, message: str) -> None:
        revision["reconciling"] = False
        revision["conditions"] = [{"type": "Ready", "state": state, **({"message": message} if message else {})}]

    def _settled(self, name: str, generation: str, failure: str) -> None:
        """Requests go by what was wanted last, if all that it names is ready; else as before.

        A service whose latest revision failed is not ready, wherever its requests go.
        """
        service = self.services.get(name)
        if service is None or service["generation"] != generation:
            return  # somebody has written since, whose own operation ends it
        service["reconciling"] = False
        service["observedGeneration"] = generation
        latest = self.revisions.get(service.get("latestCreatedRevision", ""))
        failure = failure or ("" if latest is None else str(latest["conditions"][0].get("message") or ""))
        state = "CONDITION_FAILED" if failure else "CONDITION_SUCCEEDED"
        service["terminalCondition"] = {"type": "Ready", "state": state, **({"message": failure} if failure else {})}
        targets = self._targets(name, generation)
        if all(self._is_ready(name, one) for one in targets):
            service["trafficStatuses"] = [self._status(service, one) for one in targets]

    def _is_ready(self, name: str, target: Mapping[str, Any]) -> bool:
        if not target.get("revision"):
            return bool(self.services[name].get("latestReadyRevision"))
        found = self._named(name, target)
        return found is not None and _succeeded(found)

    @staticmethod
    def _status(service: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, Any]:
        tagged = {"uri": service["uri"].replace("https://", f"https://{target['tag']}---")} if target.get("tag") else {}
        return {**target, **tagged}

    # -- operations

    def _began(self, name: str, steps: Steps) -> Any:
        self._count += 1
        parent = name.partition("/services/")[0]
        one = Operation(f"{parent}/operations/{self._count:06d}", self.world.works.begin(steps), name)
        self.operations[one.name.rpartition("/")[2]] = one
        return self._told_of(one)

    def _told_of(self, one: Operation) -> dict[str, Any]:
        service = self.services.get(one.service)
        told = {"@type": _SERVICE, **copy.deepcopy(service)} if service is not None else None
        found: dict[str, Any] = {"name": one.name, "done": one.work.done}
        if one.work.error is not None:
            return {**found, "error": {"code": one.work.error.number, "message": one.work.error.message}}
        if told is not None:
            found["response" if one.work.done else "metadata"] = told
        return found

    def _service(self, places: Mapping[str, str]) -> dict[str, Any]:
        name = _name(places)
        if name not in self.services:
            raise GoogleError("NOT_FOUND", f"Resource '{places['servicesId']}' of kind 'SERVICE' does not exist.")
        return self.services[name]

    def _revision(self, places: Mapping[str, str]) -> dict[str, Any]:
        name = f"{_name(places)}/revisions/{places['revisionsId']}"
        if name not in self.revisions:
            raise GoogleError("NOT_FOUND", f"Resource '{places['revisionsId']}' of kind 'REVISION' does not exist.")
        return self.revisions[name]

    # -- requests to what runs

    def _sites(self) -> list[Site]:
        """By their names: a service's follow its targets, a tag's go to its revision alone."""
        found = []
        for service in self.services.values():
            latest, statuses = service.get("latestReadyRevision", ""), service["trafficStatuses"]
            leads = [(self._full(service, one.get("revision")) or latest, one) for one in statuses]
            shares = tuple(Share(name, int(one["percent"])) for name, one in leads if one.get("percent"))
            found.append(Site((_host(service["uri"]),), (Route(shares or Unready(503, "no revision is ready")),)))
            found += [Site((_host(one["uri"]),), (Route((Share(name),)),)) for name, one in leads if one.get("tag")]
        return found

    @staticmethod
    def _full(service: Mapping[str, Any], revision: Any) -> str:
        return f"{service['name']}/revisions/{revision.rpartition('/')[2]}" if revision else ""

    @staticmethod
    def _told(service: Mapping[str, Any]) -> dict[str, Any]:
        # What is false or empty is left out of an answer: https://protobuf.dev/programming-guides/json/
        return {key: copy.deepcopy(value) for key, value in service.items() if value not in (False, None, [], {}, "")}


def _parent(places: Mapping[str, str]) -> str:
    return f"projects/{places['projectsId']}/locations/{places['locationsId']}"


def _name(places: Mapping[str, str]) -> str:
    return f"{_parent(places)}/services/{places['servicesId']}"


def _writable(body: Any) -> dict[str, Any]:
    return {key: copy.deepcopy(value) for key, value in (body or {}).items() if key not in _GOOGLES_OWN}


def _short(revision: object) -> str:
    return str(revision or "").rpartition("/")[2]


def _succeeded(revision: Mapping[str, Any]) -> bool:
    return bool(revision["conditions"][0]["state"] == "CONDITION_SUCCEEDED")


def _host(uri: str) -> str:
    return uri.removeprefix("https://")


def _settings(revision: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a container; of a secret its name alone, as there is no Secret Manager here."""
    found = {"K_SERVICE": revision["service"].rpartition("/")[2]}
    found["K_REVISION"] = revision["name"].rpartition("/")[2]
    for one in container.get("env") or ():
        secret = ((one.get("valueSource") or {}).get("secretKeyRef") or {}).get("secret")
        found[one["name"]] = str(secret if secret else one.get("value") or "")
    return found
