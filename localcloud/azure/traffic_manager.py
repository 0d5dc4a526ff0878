"""Traffic Manager: profiles whose name leads to one of their endpoints.

https://learn.microsoft.com/azure/traffic-manager/traffic-manager-how-it-works
https://learn.microsoft.com/azure/traffic-manager/traffic-manager-monitoring
https://learn.microsoft.com/azure/traffic-manager/traffic-manager-FAQs

A client's DNS question is drawn into the data plane: of the requests by a profile's name each endpoint gets its part.
An answer that a resolver keeps is not played.
"""

from __future__ import annotations

import copy
import time
from typing import Any

from localcloud.azure.api import Call, Handler, Service
from localcloud.azure.errors import ArmError
from localcloud.azure.operations import Steps
from localcloud.azure.plain import merge, named
from localcloud.azure.world import Resource, missing
from localcloud.envoy import routes
from localcloud.envoy.plane import Site
from localcloud.envoy.routes import Route, Share
from localcloud.tls_server import Answer

DOMAIN = "trafficmanager.net"
KINDS = {one.lower(): one for one in ("azureEndpoints", "externalEndpoints", "nestedEndpoints")}
_LEAST, _MOST = 1, 1000
_PROBED = ("Online", "Degraded")
_METHODS = ("Performance", "Priority", "Weighted", "Geographic", "MultiValue", "Subnet")
_PARTS = 1_000


class TrafficManager(Service):
    """Plays `Microsoft.Network/trafficManagerProfiles`."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self._profiles: dict[str, Resource] = {}
        world.draw_over(self._sites)

    def handlers(self) -> dict[str, Handler]:
        return {
            "Profiles.create_or_update": self.put,
            "Profiles.update": self.patch,
            "Profiles.get": lambda call: Answer(200, self._told(self._profile(call))),
            "Profiles.delete": self.delete,
            "Profiles.list_by_resource_group": lambda call: Answer(
                200, {"value": [self._told(one) for one in self.world.below(call.path)]}
            ),
            "Endpoints.create_or_update": self.put_endpoint,
            "Endpoints.update": self.patch_endpoint,
            "Endpoints.get": self.get_endpoint,
            "Endpoints.delete": self.delete_endpoint,
        }

    # -- profiles

    def put(self, call: Call) -> Answer:
        """Created, or replaced by what is given, endpoints and all where they are given."""
        group = "/".join(call.path.split("/")[:5])
        if group.lower() not in self.world.resources:
            raise missing(group)
        there = self._profiles.get(call.path.lower())
        properties = copy.deepcopy(call.body.get("properties") or {})
        body = {**call.body, **named(call.path), "properties": properties}
        self._complete(body, there)
        profile = Resource(call.path, body, {})
        profile.teller = lambda: self._told(profile)
        given = properties.pop("endpoints", None)
        endpoints = self._given(call.path, given) if given is not None else list(_endpoints(there))
        for one in endpoints:
            self._check(one, [other for other in endpoints if other is not one])
        properties["endpoints"] = endpoints
        if there is not None:
            profile.kept = there.kept
        self._profiles[call.path.lower()] = self.world.resources[call.path.lower()] = profile
        for one in endpoints:
            self._probe(profile, one)
        return Answer(200 if there else 201, self._told(profile))

    def patch(self, call: Call) -> Answer:
        """Changed in part; endpoints are a list, and so replaced as a whole."""
        profile = self._profile(call)
        body = copy.deepcopy(profile.body)
        change = copy.deepcopy(call.body)
        given = (change.get("properties") or {}).pop("endpoints", None)
        merge(body, change)
        self._complete(body, profile)
        if given is not None:
            body["properties"]["endpoints"] = self._given(call.path, given)
        profile.body.clear()
        profile.body.update(body)
        return Answer(200, self._told(profile))

    def delete(self, call: Call) -> Answer:
        if self._profiles.pop(call.path.lower(), None) is None:
            return Answer(204)
        self.world.remove(call.path)
        return Answer(200)

    def _complete(self, body: dict[str, Any], there: Resource | None) -> None:
        """Add the fields that Azure writes by itself, and refuse what it refuses."""
        properties = body["properties"]
        if str(body.get("location") or "global").lower() != "global":
            raise ArmError(400, "LocationNotAvailableForResourceType", "A profile's location is global.")
        method = properties.setdefault("trafficRoutingMethod", "Performance")
        if method not in _METHODS:
            raise ArmError(400, "BadRequest", f"trafficRoutingMethod is '{method}'; allowed: {', '.join(_METHODS)}.")
        properties.setdefault("profileStatus", "Enabled")
        dns, monitor = properties.setdefault("dnsConfig", {}), properties.setdefault("monitorConfig", {})
        relative = str(dns.get("relativeName") or "")
        if not relative:
            raise ArmError(400, "BadRequest", "dnsConfig.relativeName is required.")
        for one in self._profiles.values():
            taken = one.body["properties"]["dnsConfig"]["relativeName"]
            if one is not there and taken.lower() == relative.lower():
                raise ArmError(409, "Conflict", f"Domain name {relative}.{DOMAIN} already exists.")
        dns["fqdn"] = f"{relative}.{DOMAIN}".lower()
        dns.setdefault("ttl", 60)
        if not 0 <= int(dns["ttl"]) <= 2_147_483_647:
            raise ArmError(400, "BadRequest", f"dnsConfig.ttl is {dns['ttl']}; allowed: 0 to 2147483647 seconds.")
        protocol = str(monitor.setdefault("protocol", "HTTP"))
        if protocol == "TCP" and monitor.get("path"):
            raise ArmError(400, "BadRequest", "monitorConfig.path is for HTTP and HTTPS.")
        monitor.setdefault("port", 443 if protocol == "HTTPS" else 80)
        if protocol != "TCP":
            monitor.setdefault("path", "/")
        monitor.setdefault("intervalInSeconds", 30)
        monitor.setdefault("timeoutInSeconds", 10 if monitor["intervalInSeconds"] == 30 else 9)
        monitor.setdefault("toleratedNumberOfFailures", 3)

    # -- endpoints

    def put_endpoint(self, call: Call) -> Answer:
        profile, kind, name = self._profile(call), self._kind(call), call.place("endpointName")
        there = self._find(profile, kind, name)
        body = {"properties": copy.deepcopy(call.body.get("properties") or {}), **self._called(profile, kind, name)}
        rest = [one for one in _endpoints(profile) if one is not there]
        self._check(body, rest)
        profile.body["properties"]["endpoints"] = [*rest, body]
        self._probe(profile, body)
        return Answer(200 if there else 201, self._endpoint_told(profile, body))

    def patch_endpoint(self, call: Call) -> Answer:
        profile, kind, name = self._profile(call), self._kind(call), call.place("endpointName")
        there = self._there(call)
        body = copy.deepcopy(there)
        merge(body, call.body)
        body |= self._called(profile, kind, name)
        rest = [one for one in _endpoints(profile) if one is not there]
        self._check(body, rest)
        was = _enabled(there)
        there.clear()
        there.update(body)
        if not was:
            self._probe(profile, there)
        return Answer(200, self._endpoint_told(profile, there))

    def get_endpoint(self, call: Call) -> Answer:
        return Answer(200, self._endpoint_told(self._profile(call), self._there(call)))

    def delete_endpoint(self, call: Call) -> Answer:
        profile = self._profile(call)
        there = self._find(profile, self._kind(call), call.place("endpointName"))
        if there is None:
            return Answer(204)
        endpoints = _endpoints(profile)
        endpoints.remove(there)
        return Answer(200)

    def _given(self, profile_id: str, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found = []
        for one in given:
            kind = KINDS.get(str(one.get("type") or "").rpartition("/")[2].lower())
            if kind is None or not one.get("name"):
                raise ArmError(400, "BadRequest", "An endpoint has a name and a type.")
            body = {"properties": copy.deepcopy(one.get("properties") or {})}
            found.append({**body, **_called(profile_id, kind, str(one["name"]))})
        return found

    def _check(self, endpoint: dict[str, Any], others: list[dict[str, Any]]) -> None:
        """Complete an endpoint, and refuse what Azure refuses."""
        told, kind = endpoint["properties"], endpoint["type"].rpartition("/")[2]
        told.setdefault("endpointStatus", "Enabled")
        told.setdefault("alwaysServe", "Disabled")
        told.setdefault("weight", 1)
        told.pop("endpointMonitorStatus", None)
        if told["endpointStatus"] not in ("Enabled", "Disabled"):
            raise ArmError(400, "BadRequest", f"endpointStatus is '{told['endpointStatus']}'.")
        if not _LEAST <= int(told["weight"]) <= _MOST:
            raise ArmError(400, "BadRequest", f"weight is {told['weight']}; allowed: {_LEAST} to {_MOST}.")
        if any(one["name"].lower() == endpoint["name"].lower() for one in others):
            raise ArmError(409, "Conflict", f"Endpoint {endpoint['name']} already exists with another type.")
        if kind == "externalEndpoints":
            if not told.get("target") or told.get("targetResourceId"):
                raise ArmError(400, "BadRequest", "An external endpoint has a target, and no targetResourceId.")
        else:
            if not told.get("targetResourceId"):
                raise ArmError(400, "BadRequest", f"One of {kind} has a targetResourceId.")
            resource = self.world.get(told["targetResourceId"])
            told["target"] = _host(resource)
            told["endpointLocation"] = str(resource.body.get("location") or "")
        for one in others:
            theirs = one["properties"]
            if str(theirs.get("target")).lower() == str(told.get("target")).lower():
                raise ArmError(400, "BadRequest", f"Endpoints {one['name']} and {endpoint['name']} have one target.")
            if _is_app(told) and _is_app(theirs) and theirs["endpointLocation"] == told["endpointLocation"]:
                raise ArmError(
                    400,
                    "BadRequest",
                    f"Endpoints {one['name']} and {endpoint['name']} are Web Apps in one region: a profile takes one.",
                )

    def _probe(self, profile: Resource, endpoint: dict[str, Any]) -> None:
        """Whoever is new or enabled is not known to be good or bad for a while."""
        key = endpoint["name"].lower()
        if not _enabled(endpoint):
            profile.kept.pop(key, None)
            return
        profile.kept[key] = started = time.monotonic()

        def steps() -> Steps:
            yield self.world.pace.start
            if profile.kept.get(key) == started:
                profile.kept[key] = None

        self.world.operations.start("ProbeEndpoint", f"{endpoint['id']}/probe", steps())

    # -- what is reported

    def _endpoint_told(self, profile: Resource, endpoint: dict[str, Any]) -> dict[str, Any]:
        status = self._status(profile, endpoint)
        return {**endpoint, "properties": {**endpoint["properties"], "endpointMonitorStatus": status}}

    def _status(self, profile: Resource, endpoint: dict[str, Any]) -> str:
        if not _enabled(endpoint):
            return "Disabled"
        if profile.body["properties"]["profileStatus"] == "Disabled":
            return "Inactive"
        if endpoint["properties"]["alwaysServe"] == "Enabled":
            return "Unmonitored"
        if profile.kept.get(endpoint["name"].lower()) is not None:
            return "CheckingEndpoint"
        return _PROBED[0] if self._answers(profile, endpoint) else _PROBED[1]

    def _answers(self, profile: Resource, endpoint: dict[str, Any]) -> bool:
        """Whether it would be found good now; who is not here answers nothing."""
        path = str(profile.body["properties"]["monitorConfig"].get("path") or "/")
        host = str(endpoint["properties"].get("target"))
        shares = self.world.shares_of(host) or (Share(host),)
        return all(self.world.plane.answers(one.backend, path, lambda status: status == 200) for one in shares)

    def _told(self, profile: Resource) -> dict[str, Any]:
        properties = profile.body["properties"]
        endpoints = [self._endpoint_told(profile, one) for one in _endpoints(profile)]
        states = {one["properties"]["endpointMonitorStatus"] for one in endpoints} - {"Disabled"}
        status = "Disabled" if properties["profileStatus"] == "Disabled" else _joint(states)
        monitor = {**properties["monitorConfig"], "profileMonitorStatus": status}
        return {**profile.body, "properties": {**properties, "endpoints": endpoints, "monitorConfig": monitor}}

    # -- what all of them need

    def _profile(self, call: Call) -> Resource:
        resource_id = "/".join(call.path.split("/")[:9])
        found = self._profiles.get(resource_id.lower())
        if found is None:
            raise missing(resource_id)
        return found

    @staticmethod
    def _kind(call: Call) -> str:
        kind = KINDS.get(call.place("endpointType").lower())
        if kind is None:
            raise ArmError(400, "BadRequest", f"'{call.place('endpointType')}' is no type of endpoint.")
        return kind

    @staticmethod
    def _find(profile: Resource, kind: str, name: str) -> dict[str, Any] | None:
        return next(
            (
                one
                for one in _endpoints(profile)
                if one["name"].lower() == name.lower() and one["type"].endswith(f"/{kind}")
            ),
            None,
        )

    def _there(self, call: Call) -> dict[str, Any]:
        found = self._find(self._profile(call), self._kind(call), call.place("endpointName"))
        if found is None:
            raise missing(call.path)
        return found

    @staticmethod
    def _called(profile: Resource, kind: str, name: str) -> dict[str, str]:
        return _called(profile.id, kind, name)

    # -- requests

    def _sites(self) -> list[Site]:
        """Each profile's name, once all others are drawn."""
        found = []
        for profile in self._profiles.values():
            properties = profile.body["properties"]
            if properties["profileStatus"] == "Disabled" or properties["trafficRoutingMethod"] != "Weighted":
                continue
            enabled = [one for one in _endpoints(profile) if _enabled(one)]
            # Where all are bad all are reported: https://learn.microsoft.com/azure/traffic-manager/traffic-manager-monitoring
            good = [one for one in enabled if self._status(profile, one) != "Degraded"] or enabled
            shares = [share for one in good for share in self._shares(one)]
            nobody = routes.Answer(503, "no endpoint of this profile answers")
            found.append(Site((properties["dnsConfig"]["fqdn"],), (Route(tuple(shares) or nobody),)))
        return found

    def _shares(self, endpoint: dict[str, Any]) -> list[Share]:
        told = endpoint["properties"]
        shares = self.world.shares_of(str(told.get("target"))) or ()
        whole = sum(share.weight for share in shares) or 1
        return [
            Share(share.backend, max(int(told["weight"]) * _PARTS * share.weight // whole, 1))
            for share in shares
            if share.weight
        ]


def _called(profile_id: str, kind: str, name: str) -> dict[str, str]:
    resource_id = f"{profile_id}/{kind}/{name}"
    return {"id": resource_id, "name": name, "type": f"Microsoft.Network/trafficManagerProfiles/{kind}"}


def _endpoints(profile: Resource | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [] if profile is None else profile.body["properties"]["endpoints"]
    return found


def _enabled(endpoint: dict[str, Any]) -> bool:
    return bool(endpoint["properties"]["endpointStatus"] == "Enabled")


def _is_app(told: dict[str, Any]) -> bool:
    return "/microsoft.web/sites/" in str(told.get("targetResourceId") or "").lower()


def _host(resource: Resource) -> str:
    """The name at which an Azure resource is reached."""
    told = resource.told().get("properties") or {}
    dns = told.get("dnsConfig") or told.get("dnsSettings") or {}
    ingress = (told.get("configuration") or {}).get("ingress") or {}
    found = told.get("defaultHostName") or dns.get("fqdn") or ingress.get("fqdn")
    if not found:
        raise ArmError(400, "BadRequest", f"{resource.id} has no DNS name that an endpoint could have.")
    return str(found).lower()


def _joint(states: set[str]) -> str:
    """https://learn.microsoft.com/azure/traffic-manager/traffic-manager-monitoring#endpoint-and-profile-status"""
    for status in ("CheckingEndpoints", "Degraded"):
        if status.removesuffix("s") in states:
            return status
    return "Online" if states else "Inactive"
