"""The resources of a component on Kubernetes, without an engine: manifests by kind and name, and the swap's inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.aws import mocked

SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"


class Declared:
    """The resources that a program declared."""

    def __init__(
        self,
        program: Callable[[], Any],
        config: dict[str, str] | None = None,
        outputs: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        recorder, self.component = mocked.run(program, config, outputs)
        self.types = {resource.type for resource in recorder.resources}
        self._resources = recorder.resources

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The objects of a kind, by name; of custom ones, too."""
        return {
            resource.name: whole(resource.inputs)
            for resource in self._resources
            if resource.type.rpartition(":")[2] == kind
        }

    def one(self, kind: str, name: str) -> dict[str, Any]:
        """One object."""
        return self.of(kind)[name]

    @property
    def swap(self) -> dict[str, Any]:
        """The swap's inputs."""
        (resource,) = (resource.inputs for resource in self._resources if resource.type == SWAP)
        return dict(whole(resource))

    @property
    def objects(self) -> set[str]:
        """All objects, as people name them."""
        objects = [one for one in self._resources if one.type.startswith("kubernetes:")]
        return {f"{one.type.rpartition(':')[2]}/{one.name}" for one in objects}


def whole(value: Any) -> Any:
    """Numbers as they were: an engine knows floats alone."""
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
