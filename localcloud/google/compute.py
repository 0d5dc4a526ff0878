"""Compute Engine's load balancers: URL maps, backend services and their health, and whatever stands between.

Names, types and values are checked by Google's description before anything gets here. Every change is an operation,
which is done at the next turn; until then the object is what it was, and refuses other changes.

https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.envoy.routes import Share
from localcloud.google import compute_errors
from localcloud.google.compute_endpoints import Endpoints
from localcloud.google.compute_errors import conflict, invalid, missing, not_ready, stale
from localcloud.google.compute_groups import Groups
from localcloud.google.compute_maps import refuse_uncertified, refuse_unfit
from localcloud.google.compute_plane import sites_of
from localcloud.google.errors import GoogleError
from localcloud.google.service import Handler, Service
from localcloud.google.world import Steps, Work, World

Places = Mapping[str, str]
LINK = "https://www.googleapis.com/compute/v1/"
# By the method's first word: what its objects are called in names, and in the places of paths.
KINDS = {
    "urlMaps": ("urlMaps", "urlMap"),
    "regionUrlMaps": ("urlMaps", "urlMap"),
    "backendServices": ("backendServices", "backendService"),
    "regionBackendServices": ("backendServices", "backendService"),
    "healthChecks": ("healthChecks", "healthCheck"),
    "regionHealthChecks": ("healthChecks", "healthCheck"),
    "instanceTemplates": ("instanceTemplates", "instanceTemplate"),
    "instanceGroupManagers": ("instanceGroupManagers", "instanceGroupManager"),
    "regionInstanceGroupManagers": ("instanceGroupManagers", "instanceGroupManager"),
    "autoscalers": ("autoscalers", "autoscaler"),
    "regionAutoscalers": ("autoscalers", "autoscaler"),
    "targetHttpProxies": ("targetHttpProxies", "targetHttpProxy"),
    "regionTargetHttpProxies": ("targetHttpProxies", "targetHttpProxy"),
    "targetHttpsProxies": ("targetHttpsProxies", "targetHttpsProxy"),
    "regionTargetHttpsProxies": ("targetHttpsProxies", "targetHttpsProxy"),
    "globalForwardingRules": ("forwardingRules", "forwardingRule"),
    "forwardingRules": ("forwardingRules", "forwardingRule"),
    "globalAddresses": ("addresses", "address"),
    "addresses": ("addresses", "address"),
    "networkEndpointGroups": ("networkEndpointGroups", "networkEndpointGroup"),
    "regionNetworkEndpointGroups": ("networkEndpointGroups", "networkEndpointGroup"),
    "sslCertificates": ("sslCertificates", "sslCertificate"),
    "regionSslCertificates": ("sslCertificates", "sslCertificate"),
}
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?\Z")
# Output only, in the description's own words.
_GOOGLES_OWN = ("creationTimestamp", "fingerprint", "id", "kind", "region", "selfLink", "status", "zone")
# https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps: the field `fingerprint`, and its like elsewhere.
_UNDER_A_FINGERPRINT = frozenset({"urlMaps", "backendServices", "instanceGroupManagers", "targetHttpProxies"})
_MAY_CHANGE = ("patch", "update")
_ENDPOINTS = {"attach": "attached", "detach": "detached", "list": "listed"}


@dataclass
class Operation:
    """A change that is done at the next turn."""

    told: dict[str, Any]
    target: str
    work: Work

    def as_told(self) -> dict[str, Any]:
        """The operation as the API tells it."""
        if not self.work.done:
            return {**self.told, "status": "RUNNING", "progress": 0}
        error = self.work.error
        failed = {"error": {"errors": [{"code": error.status, "message": error.message}]}} if error is not None else {}
        return {**self.told, "status": "DONE", "progress": 100, **failed}


class Compute(Service):
    """All of it.

    Attributes:
        objects: by their names, from ``projects`` on.
        ill: the ends of the names of instances that no health check finds well.
        groups: managed instance groups and their autoscalers.
        endpoints: those of zonal network endpoint groups.
    """

    api, host, variable, base = "compute.v1", "compute.googleapis.com", "COMPUTE", "/compute/v1/"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.objects: dict[str, dict[str, Any]] = {}
        self.operations: dict[str, Operation] = {}
        self.ill: set[str] = set()
        self.groups = Groups(self.objects, world)
        self.endpoints = Endpoints(self.objects, world)
        self._count = self._addresses = 0
        world.draw_over(lambda: sites_of(self.objects, self._serving))

    def _serving(self, service: str) -> tuple[Share, ...]:
        """Those behind a backend service that get requests: instances, endpoints, and Cloud Run services."""
        found = [Share(one) for one in (*self.groups.serving(service), *self.endpoints.serving(service))]
        for backend in (self.objects.get(service) or {}).get("backends") or ():
            name = str(backend.get("group") or "").removeprefix(LINK)
            run = ((self.objects.get(name) or {}).get("cloudRun") or {}).get("service")
            if run:
                place = name.partition("/networkEndpointGroups/")[0].replace("/regions/", "/locations/")
                found += self.world.shares_of(self.world.host_of(f"{place}/services/{run}")) or ()
        return tuple(found)

    def permission(self, method: str) -> str:
        """``compute.urlMaps.update`` of ``urlMaps.patch``.

        Each method's page names it: https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps/patch
        """
        kind, verb = method.split(".")
        verbs = {
            "insert": "create",
            "patch": "update",
            "resize": "update",
            "getHealth": "get",
            "listManagedInstances": "get",
            "listNetworkEndpoints": "get",
        }
        # Those of a region's groups, autoscalers and network endpoint groups are the zones' own.
        shared = ("InstanceGroupManagers", "Autoscalers", "NetworkEndpointGroups", "SslCertificates")
        bare = kind.removeprefix("region")
        kind = bare[0].lower() + bare[1:] if bare in shared else kind
        return f"compute.{kind}.{verbs.get(verb, verb)}"

    def permissions_beside(self, method: str, places: Places, body: Any) -> list[str]:
        """Those to use the objects that a body names, as the methods' pages have them."""
        kind, verb = method.split(".")
        if verb not in ("insert", *_MAY_CHANGE):
            return []
        text, found = json.dumps(body), []
        if KINDS[kind][0] == "urlMaps" and "/backendServices/" in text:
            found.append(f"compute.{'regionB' if 'region' in places else 'b'}ackendServices.use")
        if KINDS[kind][0] == "instanceGroupManagers" and "/instanceTemplates/" in text:
            found.append("compute.instanceTemplates.useReadOnly")
        return found

    def in_its_words(self, error: GoogleError) -> GoogleError:
        """Without a status in words."""
        return compute_errors.in_its_words(error)

    def handlers(self) -> dict[str, Handler]:
        """By the method's name in Google's description: places of the path, query, body."""
        found: dict[str, Handler] = {}
        for kind in KINDS:
            found |= {f"{kind}.{verb}": self._handler(kind, verb) for verb in ("insert", "get", "list", "delete")}
            found |= {f"{kind}.{verb}": self._handler(kind, verb) for verb in _MAY_CHANGE}
        for kind in ("backendServices", "regionBackendServices"):
            found[f"{kind}.getHealth"] = self._handler(kind, "health")
        for kind in ("instanceGroupManagers", "regionInstanceGroupManagers"):
            found[f"{kind}.resize"] = self._handler(kind, "resize")
            found[f"{kind}.listManagedInstances"] = self._handler(kind, "instances")
        for verb, done in _ENDPOINTS.items():
            found[f"networkEndpointGroups.{verb}NetworkEndpoints"] = self._handler("networkEndpointGroups", done)
        for kind in ("globalOperations", "regionOperations", "zoneOperations"):
            found[f"{kind}.get"] = self._operation
        return found

    def _handler(self, kind: str, verb: str) -> Handler:
        act: Callable[[str, str, Places, Mapping[str, str], Any], Any] = getattr(self, f"_{verb}")

        def handle(places: Places, query: Mapping[str, str], body: Any) -> Any:
            collection, place = KINDS[kind]
            parent = f"projects/{places['project']}/{_scope(places)}/{collection}"
            return act(collection, parent, {"name": places.get(place, ""), **places}, query, body)

        return handle

    # -- what runs

    def _began(self, kind: str, name: str, apply: Callable[[], None]) -> Any:
        self._count += 1
        scope = name.partition(f"/{name.split('/')[-2]}/")[0]
        own = f"{scope}/operations/operation-{self._count:06d}"
        told = {
            "kind": "compute#operation",
            "name": own.rpartition("/")[2],
            "operationType": kind,
            "selfLink": LINK + own,
            "targetLink": LINK + name,
        }

        def steps() -> Steps:
            yield
            apply()

        operation = Operation(told, name, self.world.works.begin(steps()))
        self.operations[own] = operation
        return operation.as_told()

    def _operation(self, places: Places, _query: Mapping[str, str], _body: Any) -> Any:
        name = f"projects/{places['project']}/{_scope(places)}/operations/{places['operation']}"
        if name not in self.operations:
            raise missing(name)
        return self.operations[name].as_told()

    # -- any object

    def _at(self, parent: str, places: Places) -> str:
        name = f"{parent}/{places['name']}"
        if name not in self.objects:
            raise missing(name)
        return name

    def _told(self, name: str) -> dict[str, Any]:
        found = self.groups.told(name) or copy.deepcopy(self.objects[name])
        return {**found, "fingerprint": _fingerprint(self.objects[name])}

    def _get(self, _collection: str, parent: str, places: Places, _query: Any, _body: Any) -> Any:
        return self._told(self._at(parent, places))

    def _list(self, _collection: str, parent: str, _places: Places, _query: Any, _body: Any) -> Any:
        return {"items": [self._told(name) for name in self.objects if name.startswith(f"{parent}/")]}

    def _insert(self, collection: str, parent: str, _places: Places, _query: Any, body: Any) -> Any:
        name = f"{parent}/{body.get('name', '')}"
        if not _NAME.match(str(body.get("name") or "")):
            raise invalid("resource.name", body.get("name"), f"Must be a match of regex '{_NAME.pattern}'")
        if name in self.objects:
            raise conflict(name)
        made = {
            **merged({}, _without_own(body)),
            "kind": f"compute#{collection.removesuffix('s')}",
            "selfLink": LINK + name,
        }
        made |= {"id": str(len(self.objects) + 1), **_where(name)}
        self._check(collection, name, made)
        if collection == "sslCertificates":
            made.pop("privateKey", None)  # input only
        if collection == "addresses":
            made |= {"address": made.get("address") or self._address(), "status": "RESERVED"}
        if collection == "forwardingRules":
            address = str(made.get("IPAddress") or self._address())
            # It may name an address: https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules
            made["IPAddress"] = (self.objects.get(_bare(address, name.split("/")[1])) or {}).get("address", address)
        self.objects[name] = made  # its name is taken from now on
        return self._began("insert", name, lambda: self.groups.made(name))

    def _address(self) -> str:
        self._addresses += 1
        return f"34.149.0.{self._addresses}"

    def _patch(self, collection: str, parent: str, places: Places, query: Any, body: Any) -> Any:
        """https://www.rfc-editor.org/rfc/rfc7386, which the description names."""
        return self._change(collection, parent, places, query, body, merge=True)

    def _update(self, collection: str, parent: str, places: Places, query: Any, body: Any) -> Any:
        return self._change(collection, parent, places, query, body, merge=False)

    def _change(
        self, collection: str, parent: str, places: Places, query: Mapping[str, str], body: Any, *, merge: bool
    ) -> Any:
        # An autoscaler's name is not in the path: https://cloud.google.com/compute/docs/reference/rest/v1/autoscalers
        given = query.get("autoscaler") or body.get("name") if collection == "autoscalers" else places["name"]
        name = self._at(parent, {"name": str(given or "")})
        self._refuse_busy(name)
        there = self.objects[name]
        if collection in _UNDER_A_FINGERPRINT and body.get("fingerprint") != _fingerprint(there):
            raise stale()
        own = {key: there[key] for key in (*_GOOGLES_OWN, "name") if key in there}
        wanted = merged(there if merge else {}, _without_own(body))
        wanted |= own
        self._check(collection, name, wanted)
        return self._began("patch" if merge else "update", name, lambda: self._put(name, wanted))

    def _put(self, name: str, wanted: dict[str, Any]) -> None:
        if name in self.objects:
            self.objects[name] = wanted
            self.groups.changed(name)

    def _delete(self, _collection: str, parent: str, places: Places, _query: Any, _body: Any) -> Any:
        name = self._at(parent, places)
        self._refuse_busy(name)
        for other, body in self.objects.items():
            if other != name and f'"{LINK}{name}"' in json.dumps(body):
                raise invalid(
                    "", name, f"The resource is already being used by '{other}'", "resourceInUseByAnotherResource"
                )
        return self._began("delete", name, lambda: self._drop(name))

    def _drop(self, name: str) -> None:
        self.objects.pop(name, None)
        self.groups.dropped(name)
        self.endpoints.dropped(name)

    def _refuse_busy(self, name: str) -> None:
        if any(one.target == name and not one.work.done for one in self.operations.values()):
            raise not_ready(name)

    def _check(self, collection: str, name: str, wanted: dict[str, Any]) -> None:
        """Refuse what is wrong in itself, and give names of other objects the form that the API has them in."""
        project = name.split("/")[1]
        wanted.update(_linked(wanted, project))
        if collection == "urlMaps":
            refuse_unfit(name, wanted, self.objects)
        if collection == "targetHttpsProxies":
            refuse_uncertified(wanted, self.objects)
        self.groups.check(collection, wanted)

    # -- groups and health

    def _resize(self, _collection: str, parent: str, places: Places, query: Mapping[str, str], _body: Any) -> Any:
        name = self._at(parent, places)
        size = str(query.get("size", ""))
        if not size.isdigit():
            raise invalid("size", size, "a whole number of 0 or more")
        return self._began("resize", name, lambda: self.groups.resize(name, int(size)))

    def _instances(self, _collection: str, parent: str, places: Places, _query: Any, _body: Any) -> Any:
        return {"managedInstances": self.groups.instances(self._at(parent, places), self.ill)}

    def _attached(self, _collection: str, parent: str, places: Places, _query: Any, body: Any) -> Any:
        """https://cloud.google.com/compute/docs/reference/rest/v1/networkEndpointGroups/attachNetworkEndpoints"""
        name, given = self._at(parent, places), (body or {}).get("networkEndpoints") or ()
        return self._began("attachNetworkEndpoints", name, lambda: self.endpoints.attach(name, given))

    def _detached(self, _collection: str, parent: str, places: Places, _query: Any, body: Any) -> Any:
        name, given = self._at(parent, places), (body or {}).get("networkEndpoints") or ()
        return self._began("detachNetworkEndpoints", name, lambda: self.endpoints.detach(name, given))

    def _listed(self, _collection: str, parent: str, places: Places, _query: Any, _body: Any) -> Any:
        name = self._at(parent, places)
        return {"items": [{"networkEndpoint": dict(one.told)} for one in self.endpoints.attached.get(name, ())]}

    def _health(self, _collection: str, parent: str, places: Places, _query: Any, body: Any) -> Any:
        """https://cloud.google.com/compute/docs/reference/rest/v1/backendServices/getHealth"""
        service = self.objects[self._at(parent, places)]
        project = parent.split("/")[1]
        group = _bare(str((body or {}).get("group") or ""), project)
        backend = next((one for one in service.get("backends") or () if _bare(one["group"], project) == group), None)
        if backend is None:
            raise invalid("resource.group", group, "it is no backend of the service")
        if not service.get("healthChecks"):
            # https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts: no health checks.
            raise invalid("resource.group", group, "its backends have no health checks")
        told = self.endpoints.probe(group, self.ill) + [
            {"instance": one["instance"], "healthState": "HEALTHY" if one["well"] else "UNHEALTHY"}
            for one in self.groups.endpoints(group, self.ill)
        ]
        # What is empty is left out of an answer: https://protobuf.dev/programming-guides/json/
        return {"kind": "compute#backendServiceGroupHealth", **({"healthStatus": told} if told else {})}


def merged(there: Any, change: Any) -> Any:
    """A JSON merge patch's result."""
    if not isinstance(change, dict):
        return copy.deepcopy(change)
    found = dict(there) if isinstance(there, dict) else {}
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


def _scope(places: Places) -> str:
    if "zone" in places:
        return f"zones/{places['zone']}"
    return f"regions/{places['region']}" if "region" in places else "global"


def _where(name: str) -> dict[str, str]:
    parts = name.split("/")
    return {} if parts[2] == "global" else {parts[2].removesuffix("s"): f"{LINK}{'/'.join(parts[:4])}"}


def _without_own(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: copy.deepcopy(value) for key, value in body.items() if key not in _GOOGLES_OWN}


def _fingerprint(body: Mapping[str, Any]) -> str:
    """*A hash of the contents stored in this object*, in the description's words."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _bare(name: str, project: str) -> str:
    found = re.sub(r"^(https://[^/]+/compute/[^/]+/|/?compute/[^/]+/|/)", "", name)
    return f"projects/{project}/{found}" if re.match(r"(global|regions|zones)/", found) else found


_PARTIAL = re.compile(
    r"(https://[^/]+/compute/[^/]+/|/?compute/[^/]+/|/)?(projects/[^/]+/)?"
    r"(global|regions/[^/]+|zones/[^/]+)/[a-zA-Z]+/[^/]+\Z"
)


def _linked(value: Any, project: str) -> Any:
    """With every name of another object as the whole URL, which is how the API answers."""
    if isinstance(value, dict):
        return {
            key: one if key in ("description", "name", "path") else _linked(one, project) for key, one in value.items()
        }
    if isinstance(value, list):
        return [_linked(one, project) for one in value]
    if isinstance(value, str) and _PARTIAL.match(value):
        return LINK + _bare(value, project)
    return value
