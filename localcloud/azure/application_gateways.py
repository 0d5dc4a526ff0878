"""Application gateways: one object that is written whole, with rules that lead from listeners to backend pools.

A write takes its time, and requests go as before until it is done. One that comes meanwhile supersedes the first.

https://learn.microsoft.com/azure/application-gateway/configuration-request-routing-rules
https://learn.microsoft.com/azure/application-gateway/multiple-site-overview
https://learn.microsoft.com/rest/api/application-gateway/application-gateways/backend-health
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from localcloud.azure import network, scale_sets
from localcloud.azure.api import Call, Handler
from localcloud.azure.errors import ArmError
from localcloud.azure.network import Network
from localcloud.azure.operations import Running, Steps
from localcloud.azure.plain import named
from localcloud.azure.world import Resource, World
from localcloud.envoy import routes
from localcloud.envoy.plane import Site
from localcloud.envoy.routes import Route, Share
from localcloud.tls_server import Answer

PARTS = {
    "authenticationCertificates",
    "backendAddressPools",
    "backendHttpSettingsCollection",
    "backendSettingsCollection",
    "frontendIPConfigurations",
    "frontendPorts",
    "gatewayIPConfigurations",
    "httpListeners",
    "listeners",
    "loadDistributionPolicies",
    "privateLinkConfigurations",
    "probes",
    "redirectConfigurations",
    "requestRoutingRules",
    "rewriteRuleSets",
    "routingRules",
    "sslCertificates",
    "sslProfiles",
    "trustedClientCertificates",
    "trustedRootCertificates",
    "urlPathMaps",
}
"""The lists whose items have names, and ids of their own."""
_NEVER_TOLD = {"sslCertificates": ("data", "password"), "authenticationCertificates": ("data",)}


@dataclass
class Kept:
    """Knowledge of a gateway beside what it tells.

    Attributes:
        serving: its properties as requests go by them.
        working: the operation that counts.
        secrets: what was written and is never shown, by the part's name.
    """

    serving: dict[str, Any] = field(default_factory=dict)
    working: Running | None = None
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)


class ApplicationGateways(Network):
    """Plays `Microsoft.Network/applicationGateways`."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.draw(self._sites)

    def handlers(self) -> dict[str, Handler]:
        return {
            "ApplicationGateways.create_or_update": self.put,
            "ApplicationGateways.update_tags": self.patch,
            "ApplicationGateways.get": self.get,
            "ApplicationGateways.delete": self.delete,
            "ApplicationGateways.list": self.below,
            "ApplicationGateways.backend_health": self.backend_health,
        }

    def put(self, call: Call) -> Answer:
        """Created, or replaced by what is given: what is left out is gone."""
        self.require_group(call.path)
        there = self.world.resources.get(call.path.lower())
        network.require_match(call, there)
        body = {**copy.deepcopy(call.body), **named(call.path)}
        body.pop("etag", None)
        properties = body.setdefault("properties", {})
        kept = there.kept if there is not None else Kept()
        _complete(call.path, properties, kept)
        self._check(call, properties)
        properties |= {"provisioningState": "Updating", "operationalState": "Running"}
        resource = there or Resource(call.path, body, kept)
        resource.body = body
        self.world.resources[call.path.lower()] = resource
        region = str(body.get("location", "")).replace(" ", "").lower()
        running = self._work(resource)
        return Answer(200 if there else 201, network.told(body), self.headers(call, region, running))

    def _work(self, gateway: Resource) -> Running:
        kept: Kept = gateway.kept
        mine: list[Running] = []
        properties = gateway.body["properties"]

        def steps() -> Steps:
            yield self.world.pace.write
            if mine and kept.working is not mine[0]:
                raise ArmError(
                    409,
                    "CanceledAndSupersededDueToAnotherOperation",
                    f"Operation PutApplicationGatewayOperation ({mine[0].id}) was canceled and superseded.",
                )
            kept.serving = copy.deepcopy(properties)
            properties["provisioningState"] = "Succeeded"

        running = self.world.operations.start("PutApplicationGatewayOperation", gateway.id, steps())
        mine.append(running)
        kept.working = running
        return running

    def backend_health(self, call: Call) -> Answer:
        """The findings of the rules' probes; a pool that no rule leads to is not read, and not reported."""
        gateway = self.world.get(call.path.rpartition("/")[0])
        result = {"backendAddressPools": list(self._health(gateway))}

        def steps() -> Steps:
            yield self.world.pace.write

        running = self.world.operations.start("BackendHealth", f"{gateway.id}/backendhealth", steps())
        running.result = result
        subscription = "/".join(call.path.split("/")[:3])
        where = f"{call.base}{subscription}/providers/Microsoft.Network/locations/here/operationResults/{running.id}"
        headers = {"Location": f"{where}?api-version={call.version}", "Retry-After": str(self.world.pace.retry_after)}
        return Answer(202, None, headers)

    def _health(self, gateway: Resource) -> Iterator[dict[str, Any]]:
        properties = gateway.kept.serving
        asked: dict[str, set[str]] = {}
        for pool, settings in _pairs(properties):
            asked.setdefault(pool, set()).add(settings)
        for pool, all_settings in sorted(asked.items()):
            collection = []
            for settings in sorted(all_settings):
                servers = [
                    {
                        "address": f"10.0.1.{4 + machine.number}",
                        "ipConfiguration": {
                            "id": f"{one.id}/virtualMachines/{machine.number}/networkInterfaces/nic/ipConfigurations/ip"
                        },
                        "health": "Healthy" if self._well(properties, settings, one, machine) else "Unhealthy",
                    }
                    for one, machine in scale_sets.members(self.world, pool)
                ]
                collection.append({"backendHttpSettings": {"id": settings}, "servers": servers})
            yield {"backendAddressPool": {"id": pool}, "backendHttpSettingsCollection": collection}

    def _well(self, properties: dict[str, Any], settings: str, one: Resource, machine: scale_sets.Machine) -> bool:
        http = _part(properties, "backendHttpSettingsCollection", settings).get("properties") or {}
        probe = _part(properties, "probes", (http.get("probe") or {}).get("id")).get("properties") or {}
        path = str(probe.get("path") or "/")
        name = f"{one.id.lower()}/{machine.number}"
        return machine.up and self.world.plane.answers(name, path, lambda status: 200 <= status < 400)

    def _check(self, call: Call, properties: dict[str, Any]) -> None:
        """Refuse what Azure refuses, as far as that is played."""
        path = call.path
        if properties.get("loadDistributionPolicies"):
            raise ArmError(501, "NotPlayed", "The stand-in plays no load distribution policies.")
        known = {str(one.get("id")).lower() for name in PARTS for one in properties.get(name) or ()}
        known |= {
            str(rule.get("id")).lower()
            for one in properties.get("urlPathMaps") or ()
            for rule in (one.get("properties") or {}).get("pathRules") or ()
        }
        for what, reference in _references(properties):
            inside = reference.lower().startswith(f"{path.lower()}/")
            if inside and reference.lower() not in known:
                raise ArmError(
                    400, "InvalidResourceReference", f"Resource {reference} referenced by {what} was not found."
                )
            if not inside and "/microsoft.network/" in reference.lower():
                self.join(call, what, reference)
        used: dict[str, str] = {}
        for rule in properties.get("requestRoutingRules") or ():
            told = rule.get("properties") or {}
            if str((properties.get("sku") or {}).get("tier", "")).lower().endswith("_v2") and not told.get("priority"):
                raise ArmError(
                    400,
                    "ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty",
                    f"Priority of the request routing rule {rule.get('name')} cannot be empty.",
                )
            listener = str((told.get("httpListener") or {}).get("id") or "").lower()
            if listener in used:
                raise ArmError(
                    400,
                    "ApplicationGatewayHttpListenersUsedByMultipleRules",
                    f"The listener {listener} is used by {used[listener]} and {rule.get('name')}.",
                )
            used[listener] = str(rule.get("name"))

    def _sites(self) -> list[Site]:
        taken: set[str] = set()
        found = []
        for one in list(self.world.resources.values()):
            if not isinstance(one.kept, Kept) or not one.kept.serving:
                continue
            for names, to in self._listened(one.kept.serving):
                own = tuple(name for name in names if name not in taken)
                taken |= set(own)
                if own:
                    found.append(Site(own, to))
        return found

    def _listened(self, properties: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], tuple[Route, ...]]]:
        """Names and routes, those of listeners with a host's name first."""
        rules = sorted(
            properties.get("requestRoutingRules") or (),
            key=lambda rule: int((rule.get("properties") or {}).get("priority") or 0),
        )
        for rule in rules:
            told = rule.get("properties") or {}
            listener = _part(properties, "httpListeners", (told.get("httpListener") or {}).get("id"))
            listens = listener.get("properties") or {}
            hosts = [*(listens.get("hostNames") or ()), *([listens["hostName"]] if listens.get("hostName") else ())]
            names = tuple(str(one).lower() for one in hosts) or self._addresses(properties, listens)
            yield names, self._routes(properties, told)

    def _addresses(self, properties: dict[str, Any], listens: dict[str, Any]) -> tuple[str, ...]:
        front = _part(properties, "frontendIPConfigurations", (listens.get("frontendIPConfiguration") or {}).get("id"))
        address = ((front.get("properties") or {}).get("publicIPAddress") or {}).get("id")
        found = self.world.resources.get(str(address).lower())
        return network.names_of(found) if found is not None else ()

    def _routes(self, properties: dict[str, Any], rule: dict[str, Any]) -> tuple[Route, ...]:
        if "urlPathMap" not in rule:
            return (self._route(rule.get("backendAddressPool"), "/"),)
        path_map = _part(properties, "urlPathMaps", rule["urlPathMap"]["id"]).get("properties") or {}
        found = []
        for one in path_map.get("pathRules") or ():
            told = one.get("properties") or {}
            found += [
                self._route(told.get("backendAddressPool"), str(path).rstrip("*")) for path in told.get("paths") or ()
            ]
        return (*found, self._route(path_map.get("defaultBackendAddressPool"), "/"))

    def _route(self, pool: dict[str, Any] | None, prefix: str) -> Route:
        shares = tuple(Share(name) for name in scale_sets.backends(self.world, str((pool or {}).get("id") or "")))
        return Route(shares or routes.Answer(502, "no server in the pool runs"), prefix=prefix)


def _complete(path: str, properties: dict[str, Any], kept: Kept) -> None:
    """Ids of the parts; what is never shown goes out of the body."""
    for name in PARTS & set(properties):
        for one in properties[name] or ():
            one["id"], one["type"] = f"{path}/{name}/{one['name']}", f"Microsoft.Network/applicationGateways/{name}"
            told = one.setdefault("properties", {})
            told["provisioningState"] = "Succeeded"
            for secret in _NEVER_TOLD.get(name, ()):
                if told.get(secret):
                    kept.secrets.setdefault(f"{name}/{one['name']}", {})[secret] = told.pop(secret)
            for rule in told.get("pathRules") or ():
                rule["id"] = f"{one['id']}/pathRules/{rule['name']}"


def _part(properties: dict[str, Any], name: str, part_id: Any) -> dict[str, Any]:
    wanted = str(part_id or "").lower()
    return next((one for one in properties.get(name) or () if str(one.get("id")).lower() == wanted), {})


def _pairs(properties: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each pool with the settings by which a rule leads to it."""
    for rule in properties.get("requestRoutingRules") or ():
        told = rule.get("properties") or {}
        if "urlPathMap" not in told:
            yield from _pair(told, "backendAddressPool", "backendHttpSettings")
            continue
        path_map = _part(properties, "urlPathMaps", told["urlPathMap"]["id"]).get("properties") or {}
        yield from _pair(path_map, "defaultBackendAddressPool", "defaultBackendHttpSettings")
        for one in path_map.get("pathRules") or ():
            yield from _pair(one.get("properties") or {}, "backendAddressPool", "backendHttpSettings")


def _pair(told: dict[str, Any], pool: str, settings: str) -> Iterator[tuple[str, str]]:
    if told.get(pool) and told.get(settings):
        yield str(told[pool]["id"]), str(told[settings]["id"])


def _references(value: Any, what: str = "the gateway", *, top: bool = True) -> Iterator[tuple[str, str]]:
    """Ids that a value names, each with where; a part's own id is no reference."""
    if isinstance(value, list):
        for one in value:
            yield from _references(one, what, top=top)
    elif isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, dict) and set(one) == {"id"}:
                yield f"{what}.{name}", str(one["id"])
            elif isinstance(one, dict | list):
                yield from _references(one, str(value.get("name") or what), top=False)
