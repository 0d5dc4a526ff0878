"""Cloud Functions (2nd gen): a deploy builds a function, and makes a revision of a Cloud Run service of its own.

https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions
https://cloud.google.com/functions/docs/configuring/traffic-splitting
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Any, cast

from localcloud.google.description import load
from localcloud.google.errors import GoogleError
from localcloud.google.run import LATEST, CloudRun
from localcloud.google.service import Handler, Service
from localcloud.google.world import Steps, Work, World

_VERBS = {"patch": "update"}
_DEPLOYS = ("create", "patch")
# Of a build; at Google it takes minutes.
_BUILD_STEPS = 6
# Output only, in the description's own words.
_GOOGLES_OWN = frozenset({"createTime", "name", "state", "stateMessages", "updateTime", "upgradeInfo", "url"})
_GOOGLES_OWN_OF_A_SERVICE = frozenset({"revision", "service", "uri"})


class CloudFunctions(Service):
    """All of it; a build comes to its end at the next turn.

    Attributes:
        functions: by their full names.
    """

    api, host, variable = "cloudfunctions.v2", "cloudfunctions.googleapis.com", "CLOUDFUNCTIONS2"
    base = "/v2/"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.functions: dict[str, dict[str, Any]] = {}
        self._operations: dict[str, tuple[Work, str]] = {}

    def permission(self, method: str) -> str:
        *_, kind, verb = method.split(".")
        return f"cloudfunctions.{kind}.{_VERBS.get(verb, verb)}"

    def permissions_beside(self, method: str, places: Mapping[str, str], body: Any) -> list[str]:  # noqa: ARG002
        """Whoever deploys has to be allowed to act as the account that the function runs as.

        https://cloud.google.com/functions/docs/reference/iam/roles#additional-configuration
        """
        return ["iam.serviceAccounts.actAs"] if method.rpartition(".")[2] in _DEPLOYS else []

    def handlers(self) -> Mapping[str, Handler]:
        functions = "projects.locations.functions."
        return {
            f"{functions}create": self._create,
            f"{functions}get": lambda places, _query, _body: self._told(self._function(places)),
            f"{functions}list": lambda places, _query, _body: {
                "functions": [
                    self._told(one) for name, one in self.functions.items() if name.startswith(f"{_parent(places)}/")
                ]
            },
            f"{functions}patch": self._patch,
            f"{functions}delete": self._delete,
            "projects.locations.operations.get": self._operation,
        }

    @property
    def _run(self) -> CloudRun:
        return cast(CloudRun, self.world.services[CloudRun.host])

    def _create(self, places: Mapping[str, str], query: Mapping[str, str], body: Any) -> Any:
        name = f"{_parent(places)}/functions/{query.get('functionId', '')}"
        if name in self.functions:
            raise GoogleError("ALREADY_EXISTS", f"Could not create function {name}: it already exists.")
        if not (body.get("buildConfig") or {}).get("runtime"):
            raise GoogleError("INVALID_ARGUMENT", "buildConfig.runtime: a runtime is required.")
        given = {key: copy.deepcopy(value) for key, value in body.items() if key not in _GOOGLES_OWN}
        self.functions[name] = {"environment": "GEN_2", **given, "name": name}
        return self._deploying(name, made=True)

    def _patch(self, places: Mapping[str, str], query: Mapping[str, str], body: Any) -> Any:
        function = self._at_rest(places)
        mask = [part for part in query.get("updateMask", "").split(",") if part] or [
            key for key in body if key not in _GOOGLES_OWN
        ]
        for path in mask:
            head, _, rest = path.partition(".")
            if head not in _parts() or (rest and rest not in _parts()[head]):
                raise GoogleError("INVALID_ARGUMENT", f"Invalid field mask: there is no {path}.")
            if rest and rest not in (body.get(head) or {}):
                # A field that is named and not sent is cleared: https://google.aip.dev/134
                function.setdefault(head, {}).pop(rest, None)
            elif rest:
                function.setdefault(head, {})[rest] = copy.deepcopy(body[head][rest])
            else:
                function[head] = copy.deepcopy(body.get(head))
        return self._deploying(function["name"], made=False)

    def _at_rest(self, places: Mapping[str, str]) -> dict[str, Any]:
        """The function, if nobody is at work on it: its operations follow one another."""
        function = self._function(places)
        if function["state"] == "DEPLOYING":
            raise GoogleError("ABORTED", f"unable to queue the operation: one on {function['name']} is in progress")
        return function

    def _delete(self, places: Mapping[str, str], _query: Mapping[str, str], _body: Any) -> Any:
        function = self._at_rest(places)
        service = function["serviceConfig"]["service"]
        if service in self._run.services:
            self._run.handlers()["projects.locations.services.delete"](_of_a_service(service), {}, {})
        del self.functions[function["name"]]
        return self._began(function["name"], iter(()))

    def _deploying(self, name: str, *, made: bool) -> Any:
        function = self.functions[name]
        config = function.setdefault("serviceConfig", {})
        for key in _GOOGLES_OWN_OF_A_SERVICE & config.keys():
            del config[key]
        # "when set to true, the revision being deployed will serve 100% of traffic": Google's description.
        takes_all = config.pop("allTrafficOnLatestRevision", None) is True
        parent, _, short = name.partition("/functions/")
        config["service"] = f"{parent}/services/{short.lower()}"
        function["state"] = "DEPLOYING"
        return self._began(name, self._built(function, made=made, takes_all=takes_all))

    def _built(self, function: dict[str, Any], *, made: bool, takes_all: bool) -> Steps:
        """The build ends; the service gets a revision, and all of the traffic goes there where that was requested."""
        for _ in range(_BUILD_STEPS):
            yield
        config = function["serviceConfig"]
        service, handlers = config["service"], self._run.handlers()
        image = f"{_images_of(service)}/app:{_tag(function['buildConfig'])}"
        if self.world.pulled(image) is None:
            # A build that fails makes no revision; what serves continues: https://cloud.google.com/functions/docs/building
            why = f"Build failed with status: FAILURE: no source {_tag(function['buildConfig'])}"
            function |= {"state": "FAILED", "stateMessages": [{"severity": "ERROR", "type": "Build", "message": why}]}
            raise GoogleError("INVALID_ARGUMENT", why)
        function.pop("stateMessages", None)
        body: dict[str, Any] = {"template": _template(image, config)}
        places = _of_a_service(service)
        if made:
            query = {"serviceId": places["servicesId"]}
            handlers["projects.locations.services.create"](places, query, body)
        else:
            # Without it "the existing traffic configuration" is honored: what names a revision stays.
            if takes_all:
                body["traffic"] = [{"type": LATEST, "percent": 100}]
            query = {"updateMask": ",".join(body), "forceNewRevision": "true"}
            handlers["projects.locations.services.patch"](places, query, body)
        while self._run.services[service]["reconciling"]:
            yield
        there = self._run.services[service]
        failed = (there.get("terminalCondition") or {}).get("state") == "CONDITION_FAILED"
        function["state"] = "FAILED" if failed else "ACTIVE"
        if failed:
            raise GoogleError("FAILED_PRECONDITION", f"Could not create or update Cloud Run service: {_said(there)}")
        function["url"] = (
            f"https://{places['locationsId']}-{places['projectsId']}.cloudfunctions.net/{places['servicesId']}"
        )

    def _told(self, function: Mapping[str, Any]) -> dict[str, Any]:
        found = copy.deepcopy(dict(function))
        service = self._run.services.get(function["serviceConfig"]["service"])
        if service is not None:
            # "On GetFunction, true will be returned if the latest revision is serving 100% of traffic."
            latest = str(service.get("latestReadyRevision") or "").rpartition("/")[2]
            shares = [one for one in service.get("trafficStatuses") or () if one.get("percent")]
            names = {str(one.get("revision") or latest).rpartition("/")[2] for one in shares}
            told = {"revision": latest, "uri": service["uri"]}
            found["serviceConfig"] |= {**told, **({"allTrafficOnLatestRevision": True} if names == {latest} else {})}
        return found

    def _function(self, places: Mapping[str, str]) -> dict[str, Any]:
        name = f"{_parent(places)}/functions/{places['functionsId']}"
        if name not in self.functions:
            raise GoogleError("NOT_FOUND", f"Resource '{name}' was not found")
        return self.functions[name]

    # -- operations

    def _began(self, name: str, steps: Steps) -> Any:
        short = f"operation-{len(self._operations) + 1}"
        self._operations[short] = (self.world.works.begin(steps), name)
        return self._as_told(short)

    def _operation(self, places: Mapping[str, str], _query: Mapping[str, str], _body: Any) -> Any:
        if places["operationsId"] not in self._operations:
            raise GoogleError("NOT_FOUND", f"Operation {places['operationsId']} was not found")
        return self._as_told(places["operationsId"])

    def _as_told(self, short: str) -> dict[str, Any]:
        work, name = self._operations[short]
        parent = name.partition("/functions/")[0]
        found: dict[str, Any] = {"name": f"{parent}/operations/{short}", "done": work.done}
        if work.error is not None:
            found["error"] = {"code": work.error.code, "message": work.error.message}
        elif work.done and name in self.functions:
            found["response"] = self._told(self.functions[name])
        return found


@functools.cache
def _parts() -> Mapping[str, Mapping[str, Any]]:
    """The names that a mask may have: of a function, and below each of them."""
    schemas = load(CloudFunctions.api).schemas
    names = schemas["Function"]["properties"]
    return {name: schemas.get(one.get("$ref", ""), {}).get("properties", {}) for name, one in names.items()}


def _parent(places: Mapping[str, str]) -> str:
    return f"projects/{places['projectsId']}/locations/{places['locationsId']}"


def _images_of(service: str) -> str:
    """The folder that a build's image is in: https://cloud.google.com/functions/docs/building."""
    _, project, _, region, _, short = service.split("/")
    return f"{region}-docker.pkg.dev/{project}/gcf-artifacts/{short}"


def _tag(build: Mapping[str, Any]) -> str:
    """The sample app's tag that a source stands for: `v2` of an object `v2.zip`; `v1` where none is named."""
    source = ((build.get("source") or {}).get("storageSource") or {}).get("object") or ""
    return str(source).rpartition("/")[2].partition(".")[0] or "v1"


def _said(service: Mapping[str, Any]) -> str:
    return str((service.get("terminalCondition") or {}).get("message") or "it is not ready")


def _template(image: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The template that a function's configuration comes to, as far as it is played."""
    env = [{"name": key, "value": value} for key, value in (config.get("environmentVariables") or {}).items()]
    env += [
        {"name": one["key"], "valueSource": {"secretKeyRef": {"secret": one["secret"], "version": one["version"]}}}
        for one in config.get("secretEnvironmentVariables") or ()
    ]
    limits = {"memory": config.get("availableMemory", "256M"), "cpu": config.get("availableCpu", "0.1666")}
    scaling = {key: config[key] for key in ("minInstanceCount", "maxInstanceCount") if config.get(key)}
    return {
        "containers": [{"image": image, "env": env, "resources": {"limits": limits}}],
        "maxInstanceRequestConcurrency": config.get("maxInstanceRequestConcurrency", 1),
        "timeout": f"{config.get('timeoutSeconds', 60)}s",
        **({"scaling": scaling} if scaling else {}),
        **({"serviceAccount": config["serviceAccountEmail"]} if config.get("serviceAccountEmail") else {}),
    }


def _of_a_service(name: str) -> dict[str, str]:
    _, project, _, region, _, service = name.split("/")
    return {"projectsId": project, "locationsId": region, "servicesId": service}
