"""Where the story takes place: the AWS emulator with its load balancer, or a Kubernetes node with Traefik."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from localcloud.kubernetes.node import LocalNode
from localcloud.progress import Progress


class Place(Protocol):
    """One of them.

    Attributes:
        like: the stack in git whose config is copied.
        kubernetes: whether the stack needs the node instead of the emulator.
    """

    like: str
    kubernetes: bool

    def around(self, state_dir: Path | None, progress: Progress) -> contextlib.AbstractContextManager[None]:
        """What has to run from before the first `up` to after the `destroy`, beside what a stack brings itself."""
        ...


@dataclass(frozen=True)
class Aws:
    """ECS behind an Application Load Balancer."""

    like: str = "ecs"
    kubernetes: bool = False

    @contextlib.contextmanager
    def around(self, state_dir: Path | None, progress: Progress) -> Iterator[None]:  # noqa: ARG002 - as every place
        """Nothing: the emulator has its own load balancer."""
        yield


@dataclass(frozen=True)
class Kubernetes:
    """Deployments behind a Gateway API HTTPRoute."""

    like: str = "kubernetes_gateway"
    kubernetes: bool = True

    @contextlib.contextmanager
    def around(self, state_dir: Path | None, progress: Progress) -> Iterator[None]:
        """Traefik carries the requests."""
        with LocalNode.running(state_dir, progress) as node, node.traefik():
            yield


PLACES: dict[str, Place] = {"aws": Aws(), "kubernetes": Kubernetes()}
