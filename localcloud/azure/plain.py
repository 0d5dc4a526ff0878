"""Resources of which nothing is played but that they are there: resource groups, plans, environments.

https://learn.microsoft.com/rest/api/resources/resource-groups
"""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from localcloud.azure.api import Call, Handler, Service
from localcloud.azure.errors import ArmError
from localcloud.azure.world import Resource
from localcloud.tls_server import Answer

RESOURCE_GROUPS = "ResourceGroups"


class Plain(Service):
    """A service whose resources are kept as they were written."""

    def put(self, call: Call) -> Answer:
        """Created or replaced."""
        self.require_group(call.path)
        there = self.world.resources.get(call.path.lower())
        body = {**call.body, **named(call.path)}
        properties = body.setdefault("properties", {})
        properties["provisioningState"] = "Succeeded"
        self.complete(body)
        self.world.resources[call.path.lower()] = Resource(call.path, body)
        return Answer(200 if there or 201 not in call.match.operation.statuses else 201, body)

    def complete(self, body: dict[str, Any]) -> None:
        """Add the fields that the service itself writes."""

    def patch(self, call: Call) -> Answer:
        """Changed in part."""
        found = self.world.get(call.path)
        merge(found.body, call.body)
        return Answer(200, found.body)

    def get(self, call: Call) -> Answer:
        """As it was written."""
        return Answer(200, self.world.get(call.path).body)

    def head(self, call: Call) -> Answer:
        """Whether it is there."""
        return Answer(204 if call.path.lower() in self.world.resources else 404)

    def delete(self, call: Call) -> Answer:
        """It, and what is below it."""
        there = call.path.lower() in self.world.resources
        self.world.remove(call.path)
        return Answer(200 if there and 200 in call.match.operation.statuses else 204)

    def below(self, call: Call) -> Answer:
        """A list."""
        return Answer(200, {"value": [one.body for one in self.world.below(call.path)]})

    def require_group(self, resource_id: str) -> None:
        """Nothing can be without a resource group."""
        group = "/".join(resource_id.split("/")[:5])
        if group != resource_id and group.lower() not in self.world.resources:
            raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{group.split('/')[-1]}' could not be found.")


class ResourceGroups(Plain):
    """They delete what is in them."""

    def handlers(self) -> dict[str, Handler]:
        return {
            "ResourceGroups.create_or_update": self.put,
            "ResourceGroups.update": self.patch,
            "ResourceGroups.get": self.get,
            "ResourceGroups.check_existence": self.head,
            "ResourceGroups.delete": self.delete,
            "ResourceGroups.list": self.below,
        }


class Environments(Plain):
    """Container Apps environments: the part of an app's host name that they have in common.

    https://learn.microsoft.com/azure/container-apps/environment
    """

    def handlers(self) -> dict[str, Handler]:
        return {
            "ManagedEnvironments.create_or_update": self.put,
            "ManagedEnvironments.update": self.patch,
            "ManagedEnvironments.get": self.get,
            "ManagedEnvironments.delete": self.delete,
            "ManagedEnvironments.list_by_resource_group": self.below,
        }

    def complete(self, body: dict[str, Any]) -> None:
        properties = body["properties"]
        region = str(body.get("location", "")).replace(" ", "").lower()
        properties["defaultDomain"] = f"{digest(body['id'])}.{region}.azurecontainerapps.io"
        properties["staticIp"] = "127.0.0.1"


def named(resource_id: str) -> dict[str, str]:
    """Id, name and type of a resource."""
    parts = resource_id.strip("/").split("/")
    kind = "Microsoft.Resources/resourceGroups" if len(parts) <= 4 else "/".join([parts[5], *parts[6::2]])
    return {"id": resource_id, "name": parts[-1], "type": kind}


def digest(text: str) -> str:
    """A short word that is always the same for a text."""
    return hashlib.sha256(text.lower().encode()).hexdigest()[:10]


def merge(old: dict[str, Any], change: dict[str, Any]) -> None:
    """JSON Merge Patch: objects are merged, a null removes, all else, lists too, replaces.

    https://www.rfc-editor.org/rfc/rfc7396
    """
    for name, value in change.items():
        if value is None:
            old.pop(name, None)
        elif isinstance(value, dict):
            inner = old.get(name)
            old[name] = inner if isinstance(inner, dict) else {}
            merge(old[name], value)
        else:
            old[name] = copy.deepcopy(value)
