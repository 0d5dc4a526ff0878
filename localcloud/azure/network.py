"""Entity tags and references of all of `Microsoft.Network`, and the resources of it of which little is played.

An entity tag changes with whatever changes of a resource; a write with `If-Match` is refused where it is another one.
Microsoft's Kubernetes cloud provider writes load balancers so. For application gateways the client package names no
such header; here it counts for both.

https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
https://github.com/kubernetes-sigs/cloud-provider-azure
"""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

from localcloud.azure.api import Call, Handler
from localcloud.azure.errors import ArmError
from localcloud.azure.operations import Running
from localcloud.azure.plain import Plain, named
from localcloud.azure.roles import require
from localcloud.azure.world import Resource, World
from localcloud.tls_server import Answer


def entity_tag(body: dict[str, Any]) -> str:
    """The entity tag of a resource with this body."""
    return f'W/"{hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]}"'


def told(body: dict[str, Any]) -> dict[str, Any]:
    """A resource as it is reported, with its tag."""
    return {**body, "etag": entity_tag(body)}


def require_match(call: Call, there: Resource | None) -> None:
    """Nothing, unless the call wants another version than there is.

    Raises:
        ArmError: it does: 412.
    """
    wanted = call.headers.get("if-match", "")
    if wanted and wanted != "*" and (there is None or wanted != entity_tag(there.body)):
        raise ArmError(
            412,
            "PreconditionFailed",
            f"Precondition failed. Etag provided in if-match header {wanted} does not match etag "
            f"{entity_tag(there.body) if there else ''} of resource {call.path}.",
        )


class Network(Plain):
    """A service whose resources have an entity tag."""

    def get(self, call: Call) -> Answer:
        """With its tag."""
        return Answer(200, told(self.world.get(call.path).body))

    def patch(self, call: Call) -> Answer:
        """Tags alone."""
        found = self.world.get(call.path)
        found.body["tags"] = dict(call.body.get("tags") or {})
        return Answer(200, told(found.body))

    def below(self, call: Call) -> Answer:
        return Answer(200, {"value": [told(one.body) for one in self.world.below(call.path)]})

    def refer(self, what: str, resource_id: object) -> Resource:
        """A resource that another one names.

        Raises:
            ArmError: it is not there: 400.
        """
        found = self.world.resources.get(str(resource_id or "").lower())
        if found is None:
            raise ArmError(
                400, "InvalidResourceReference", f"Resource {resource_id} referenced by {what} was not found."
            )
        return found

    def join(self, call: Call, what: str, resource_id: object) -> None:
        """Whoever writes a resource with another one's id in it has to be allowed to join that.

        https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure#permissions

        Raises:
            ArmError: it is not there, or the role lacks it.
        """
        found = self.refer(what, resource_id)
        require(call.principal, f"{named(found.id)['type']}/join/action", found.id)

    def headers(self, call: Call, region: str, running: Running) -> dict[str, str]:
        """Where an operation is followed."""
        subscription = "/".join(call.path.split("/")[:3])
        status = f"{call.base}{subscription}/providers/Microsoft.Network/locations/{region}/operations/{running.id}"
        return {
            "Azure-AsyncOperation": f"{status}?api-version={call.version}",
            "Retry-After": str(self.world.pace.retry_after),
        }


class VirtualNetworks(Network):
    """Networks, and their subnets, which are declared with them or by themselves."""

    def handlers(self) -> dict[str, Handler]:
        return {
            "VirtualNetworks.create_or_update": self.put,
            "VirtualNetworks.update_tags": self.patch,
            "VirtualNetworks.get": self.get,
            "VirtualNetworks.delete": self.delete,
            "VirtualNetworks.list": self.below,
            "Subnets.create_or_update": self.put_subnet,
            "Subnets.get": self.get,
            "Subnets.delete": self.delete,
            "Subnets.list": self.below,
        }

    def complete(self, body: dict[str, Any]) -> None:
        for subnet in body["properties"].get("subnets") or ():
            path = f"{body['id']}/subnets/{subnet['name']}"
            subnet |= {"id": path, "type": "Microsoft.Network/virtualNetworks/subnets"}
            self.world.resources[path.lower()] = Resource(path, copy.deepcopy(subnet))

    def put_subnet(self, call: Call) -> Answer:
        self.world.get(call.path.rpartition("/subnets/")[0])
        there = call.path.lower() in self.world.resources
        body = {**call.body, **named(call.path)}
        body.setdefault("properties", {})["provisioningState"] = "Succeeded"
        self.world.resources[call.path.lower()] = Resource(call.path, body)
        return Answer(200 if there else 201, told(body))


class PublicAddresses(Network):
    """Public IP addresses: each has an address, and a name where it has a label.

    https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._given = 0

    def handlers(self) -> dict[str, Handler]:
        return {
            "PublicIPAddresses.create_or_update": self.put,
            "PublicIPAddresses.update_tags": self.patch,
            "PublicIPAddresses.get": self.get,
            "PublicIPAddresses.delete": self.delete,
            "PublicIPAddresses.list": self.below,
        }

    def complete(self, body: dict[str, Any]) -> None:
        properties, there = body["properties"], self.world.resources.get(body["id"].lower())
        if there is None:
            self._given += 1
        address = f"20.0.{self._given // 250}.{self._given % 250 + 1}"
        properties["ipAddress"] = there.body["properties"]["ipAddress"] if there else address
        label = (properties.get("dnsSettings") or {}).get("domainNameLabel")
        if label:
            region = str(body.get("location", "")).replace(" ", "").lower()
            properties["dnsSettings"]["fqdn"] = f"{label}.{region}.cloudapp.azure.com"


def names_of(address: Resource) -> tuple[str, ...]:
    """How requests name a public address."""
    properties = address.body["properties"]
    fqdn = (properties.get("dnsSettings") or {}).get("fqdn")
    return (str(properties["ipAddress"]), *([str(fqdn)] if fqdn else []))
