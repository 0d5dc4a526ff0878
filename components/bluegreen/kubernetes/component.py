"""Shared by every component on Kubernetes: the cluster that the swap calls, and the namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import pulumi

from bluegreen.component import base as swapping
from bluegreen.component import swap_settings
from bluegreen.connections import KubernetesConnection


class SwapSettings(swap_settings.SwapSettings, total=False):
    """The settings of a component's swaps; every component takes these beside its own arguments.

    The others are the same on every platform: see ``bluegreen.component.swap_settings.SwapSettings``.

    Attributes:
        kubernetes_connection: ``kubeconfig`` (a path) and ``context`` for the swap; the stack's
            ``kubernetes:kubeconfig`` and ``kubernetes:context`` by default, then the official client's own default. A
            provider's credentials do not reach the swap.
    """

    kubernetes_connection: KubernetesConnection | Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Place:
    """The cluster and the namespace of a component's objects.

    Attributes:
        namespace: of all of them.
        cluster: the swap's ``cluster`` section; empty where the client's own default is meant.
    """

    namespace: str
    cluster: Mapping[str, str]

    @property
    def section(self) -> dict[str, Any]:
        """The part of every router's and capacity's section that says the place."""
        return {"namespace": self.namespace, **({"cluster": dict(self.cluster)} if self.cluster else {})}


def place_of(settings: SwapSettings, namespace: str | None = None) -> Place:
    """The cluster and the namespace that the swap calls.

    Args:
        settings: the component's.
        namespace: as it was given; the stack's ``kubernetes:namespace`` when absent, then ``default``.
    """
    config = pulumi.Config("kubernetes")
    defaults = {key: value for key in ("kubeconfig", "context") if (value := config.get(key))}
    cluster = {**defaults, **cast("Mapping[str, str]", settings.get("kubernetes_connection") or {})}
    return Place(namespace or config.get("namespace") or "default", cluster)


draft = partial(swapping.draft, without=("kubernetes_connection",))
"""``bluegreen.component.base.draft`` for a component's settings."""
