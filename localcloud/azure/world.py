"""The resources of this Azure, under one lock, and how they are drawn into the data plane."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcloud.azure.errors import ArmError
from localcloud.azure.operations import Operations
from localcloud.envoy.drawing import Drawing
from localcloud.envoy.plane import Plane


@dataclass(frozen=True)
class Pace:
    """How long things take here, in seconds. In Azure most of it takes minutes.

    Attributes:
        write: an operation that starts nothing.
        start: until the first look whether a started process is ready, and between two such questions.
        ready: how long it has for that.
        restart: what a swap's restart of a slot takes beside the process itself.
        retry_after: what a client has to wait before it asks again.
    """

    write: float = 0.1
    start: float = 0.05
    ready: float = 10.0
    restart: float = 0.3
    retry_after: int = 1


@dataclass
class Resource:
    """One, as it was last written.

    Attributes:
        id: as who made it wrote it.
        body: what is known of it; `properties` and all.
        kept: what its service keeps of it beside that.
        teller: what tells it, where that is more than the body.
    """

    id: str
    body: dict[str, Any]
    kept: Any = None
    teller: Callable[[], dict[str, Any]] | None = None

    def told(self) -> dict[str, Any]:
        """Its part of an answer."""
        return self.body if self.teller is None else self.teller()

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]


class World(Drawing):
    """Resources by id in lower case, and what runs."""

    def __init__(self, plane: Plane, pace: Pace | None = None) -> None:
        super().__init__(plane)
        self.pace = pace or Pace()
        self.lock = threading.RLock()
        self.resources: dict[str, Resource] = {}
        self.operations = Operations(self.lock, self.changed)
        self.scaled: Callable[[str, int, int], None] = lambda *_: None
        """Brings a scale set's capacity between a least and a most: who plays scale sets sets it."""
        self.ranges: Callable[[], None] = lambda: None
        """Keeps every autoscale setting's range: who plays those sets it."""

    def get(self, resource_id: str) -> Resource:
        """One that is there.

        Raises:
            ArmError: it is not: 404.
        """
        found = self.resources.get(resource_id.lower())
        if found is None:
            raise missing(resource_id)
        return found

    def below(self, prefix: str) -> list[Resource]:
        """All whose id is `prefix` and one name more."""
        start = prefix.lower().rstrip("/") + "/"
        return [one for key, one in self.resources.items() if key.startswith(start) and "/" not in key[len(start) :]]

    def remove(self, resource_id: str) -> None:
        """It, and what is below it."""
        key = resource_id.lower()
        for one in [one for one in self.resources if one == key or one.startswith(f"{key}/")]:
            del self.resources[one]


def missing(resource_id: str) -> ArmError:
    """The answer where there is nothing.

    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
    """
    parts = resource_id.strip("/").split("/")
    group = parts[3] if len(parts) > 3 else ""
    if len(parts) <= 4:
        return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
    kind = "/".join([parts[5], *parts[6::2]])
    name = "/".join(parts[7::2])
    return ArmError(
        404, "ResourceNotFound", f"The Resource '{kind}/{name}' under resource group '{group}' was not found."
    )
