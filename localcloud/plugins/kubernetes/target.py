"""The target of a request."""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.engine import Engine
from localcloud.plugins.kubernetes.objects import Object, is_patch, parsed_id


@dataclass(frozen=True, slots=True)
class Target:
    """A resource of one request."""

    cluster: Cluster
    engine: Engine
    urn: str
    token: str

    def patches(self, obj: Object) -> bool:
        return is_patch(self.token, str(obj.get("kind") or ""))

    def progress(self, text: str) -> None:
        self.engine.progress(self.urn, text)


def named(obj: Object, resource_id: str) -> Object:
    """The place of the object, as its id says."""
    namespace, name = parsed_id(resource_id)
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": metadata}
