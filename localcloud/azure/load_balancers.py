"""Load balancers: written whole, with rules that lead from an address and a port to a backend pool.

Requests reach one by its address; of several rules on an address the first counts, as ports are not distinguished here.

https://learn.microsoft.com/azure/load-balancer/components
https://learn.microsoft.com/rest/api/load-balancer/load-balancer-load-balancing-rules/health
"""

from __future__ import annotations

import copy
from typing import Any

from localcloud.azure import network, scale_sets
from localcloud.azure.api import Call, Handler
from localcloud.azure.errors import ArmError
from localcloud.azure.network import Network
from localcloud.azure.operations import Steps
from localcloud.azure.plain import named
from localcloud.azure.world import Resource, World
from localcloud.envoy import routes
from localcloud.envoy.plane import Site
from localcloud.envoy.routes import Route, Share
from localcloud.tls_server import Answer

PARTS = (
    "frontendIPConfigurations",
    "backendAddressPools",
    "loadBalancingRules",
    "probes",
    "inboundNatRules",
    "inboundNatPools",
    "outboundRules",
)
"""The lists whose items have names, and ids of their own."""


class LoadBalancers(Network):
    """Plays `Microsoft.Network/loadBalancers`."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.draw(self._sites)

    def handlers(self) -> dict[str, Handler]:
        return {
            "LoadBalancers.create_or_update": self.put,
            "LoadBalancers.update_tags": self.patch,
            "LoadBalancers.get": self.get,
            "LoadBalancers.delete": self.delete,
            "LoadBalancers.list": self.below,
            "LoadBalancerLoadBalancingRules.health": self.health,
        }

    def put(self, call: Call) -> Answer:
        """Created, or replaced by what is given: requests go by it when that is done."""
        self.require_group(call.path)
        there = self.world.resources.get(call.path.lower())
        network.require_match(call, there)
        body = {**copy.deepcopy(call.body), **named(call.path)}
        body.pop("etag", None)
        properties = body.setdefault("properties", {})
        for name in PARTS:
            for one in properties.get(name) or ():
                one["id"], one["type"] = f"{call.path}/{name}/{one['name']}", f"Microsoft.Network/loadBalancers/{name}"
                one.setdefault("properties", {})["provisioningState"] = "Succeeded"
        self._check(call, properties)
        properties["provisioningState"] = "Updating"
        resource = there or Resource(call.path, body, {})
        resource.body = body
        self.world.resources[call.path.lower()] = resource

        def steps() -> Steps:
            yield self.world.pace.write
            if resource.body is body:
                resource.kept = copy.deepcopy(properties)
                properties["provisioningState"] = "Succeeded"

        running = self.world.operations.start("PutLoadBalancerOperation", call.path, steps())
        region = str(body.get("location", "")).replace(" ", "").lower()
        return Answer(200 if there else 201, network.told(body), self.headers(call, region, running))

    def health(self, call: Call) -> Answer:
        """The findings of the rule's probe in its pool."""
        balancer = self.world.get("/".join(call.path.split("/")[:9]))
        rule = _named(balancer.kept.get("loadBalancingRules"), call.path.split("/")[10])
        if rule is None:
            raise ArmError(404, "NotFound", f"There is no rule {call.path.split('/')[10]}.")
        told = rule["properties"]
        probe = _part(balancer.kept, "probes", (told.get("probe") or {}).get("id")).get("properties") or {}
        pool = str((told.get("backendAddressPool") or {}).get("id") or "")
        found = [
            {
                "ipAddress": f"10.0.1.{4 + machine.number}",
                "networkInterfaceIPConfigurationId": f"{one.id}/virtualMachines/{machine.number}/ip",
                "state": "Up" if self._well(one, machine, probe) else "Down",
                "reason": "",
            }
            for one, machine in scale_sets.members(self.world, pool)
        ]
        up = sum(one["state"] == "Up" for one in found)

        def steps() -> Steps:
            yield self.world.pace.write

        running = self.world.operations.start("RuleHealth", f"{balancer.id}/health", steps())
        running.result = {"up": up, "down": len(found) - up, "loadBalancerBackendAddresses": found}
        subscription = "/".join(call.path.split("/")[:3])
        where = f"{call.base}{subscription}/providers/Microsoft.Network/locations/here/operationResults/{running.id}"
        headers = {"Location": f"{where}?api-version={call.version}", "Retry-After": str(self.world.pace.retry_after)}
        return Answer(202, None, headers)

    def _well(self, one: Resource, machine: scale_sets.Machine, probe: dict[str, Any]) -> bool:
        name, path = f"{one.id.lower()}/{machine.number}", str(probe.get("requestPath") or "")
        return machine.up and self.world.plane.answers(name, path, lambda status: status == 200)

    def _check(self, call: Call, properties: dict[str, Any]) -> None:
        """Refuse what Azure refuses, as far as that is played."""
        known = {str(one["id"]).lower() for name in PARTS for one in properties.get(name) or ()}
        for one in properties.get("loadBalancingRules") or ():
            told = one["properties"]
            pools = told.get("backendAddressPools") or []
            pool = told.get("backendAddressPool") or (pools[0] if pools else None)
            if pool and pools and pool["id"].lower() != pools[0]["id"].lower():
                raise ArmError(
                    400,
                    "LoadBalancingRuleBackendAdressPoolAndBackendAddressPoolsMismatch",
                    f"The rule {one['name']} has a backendAddressPool that is not in its backendAddressPools.",
                )
            if pool:
                told |= {"backendAddressPool": pool, "backendAddressPools": pools or [pool]}
            for name in ("frontendIPConfiguration", "backendAddressPool", "probe"):
                reference = (told.get(name) or {}).get("id")
                if reference and str(reference).lower() not in known:
                    raise ArmError(
                        400,
                        "InvalidResourceReference",
                        f"Resource {reference} referenced by {one['name']} was not found.",
                    )
        for one in properties.get("frontendIPConfigurations") or ():
            for name in ("publicIPAddress", "subnet"):
                reference = (one["properties"].get(name) or {}).get("id")
                if reference:
                    self.join(call, str(one["name"]), reference)

    def _sites(self) -> list[Site]:
        found, taken = [], set()
        for one in list(self.world.resources.values()):
            if not (isinstance(one.kept, dict) and "loadBalancingRules" in one.kept):
                continue
            for rule in one.kept["loadBalancingRules"] or ():
                told = rule["properties"]
                front = _part(one.kept, "frontendIPConfigurations", told["frontendIPConfiguration"]["id"])
                address = ((front.get("properties") or {}).get("publicIPAddress") or {}).get("id")
                resource = self.world.resources.get(str(address).lower())
                names = tuple(name for name in network.names_of(resource) if name not in taken) if resource else ()
                if names:
                    taken |= set(names)
                    pool = str((told.get("backendAddressPool") or {}).get("id") or "")
                    shares = tuple(Share(name) for name in scale_sets.backends(self.world, pool))
                    # Without anybody to connect to a load balancer answers nothing at all; here it is a status.
                    found.append(Site(names, (Route(shares or routes.Answer(503, "no instance in the pool runs")),)))
        return found


def _named(parts: Any, name: str) -> dict[str, Any] | None:
    return next((one for one in parts or () if one["name"].lower() == name.lower()), None)


def _part(properties: dict[str, Any], name: str, part_id: Any) -> dict[str, Any]:
    wanted = str(part_id or "").lower()
    return next((one for one in properties.get(name) or () if str(one.get("id")).lower() == wanted), {})
