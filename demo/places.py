"""The place of the story: the AWS emulator with its load balancer, or a Kubernetes node with Traefik."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from localcloud.kubernetes.node import LocalNode
from localcloud.progress import Progress

GATEWAY = "public"


class Place(Protocol):
    """One of them."""

    @property
    def like(self) -> str:
        """The stack in git whose config is copied."""
        ...

    @property
    def kubernetes(self) -> bool:
        """Whether the stack needs the node instead of the emulator."""
        ...

    def around(self, state_dir: Path | None, progress: Progress) -> contextlib.AbstractContextManager[dict[str, Any]]:
        """Run the programs needed from before the first `up` to after the `destroy`; yield the stack's config."""
        ...


@dataclass(frozen=True)
class Aws:
    """ECS behind an Application Load Balancer."""

    like: str = "ecs"
    kubernetes: bool = False

    @contextlib.contextmanager
    def around(self, state_dir: Path | None, progress: Progress) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - as every place
        """Run nothing: the emulator has its own load balancer."""
        yield {}


@dataclass(frozen=True)
class Kubernetes:
    """Deployments behind a Gateway API HTTPRoute."""

    like: str = "kubernetes_gateway"
    kubernetes: bool = True

    @contextlib.contextmanager
    def around(self, state_dir: Path | None, progress: Progress) -> Iterator[dict[str, Any]]:
        """Traefik carries the requests, by a Gateway as a platform team would have one."""
        with LocalNode.running(state_dir, progress) as node:
            traefik = node.traefik()
            node.apply(_gateway(traefik.gateway_class, traefik.port))
            try:
                yield {"url": traefik.url}
            finally:
                node.kubectl("delete", "gateway", GATEWAY, "--namespace", "default")


def _gateway(gateway_class: str, port: int) -> str:
    listener = {"name": "web", "protocol": "HTTP", "port": port, "allowedRoutes": {"namespaces": {"from": "All"}}}
    return yaml.safe_dump(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": GATEWAY, "namespace": "default"},
            "spec": {"gatewayClassName": gateway_class, "listeners": [listener]},
        }
    )


PLACES: dict[str, Place] = {"aws": Aws(), "kubernetes": Kubernetes()}
