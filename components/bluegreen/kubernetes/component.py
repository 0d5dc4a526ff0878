"""Shared by every component on Kubernetes: the cluster that the swap calls, and the namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from bluegreen.component import base as swapping
from bluegreen.component import swap_settings
from bluegreen.connections import KubernetesConnection
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color


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


def draft(
    name: str,
    active_color: str,
    settings: SwapSettings,
    *,
    router: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    capacity: Mapping[str, Any] | None = None,
    preview_headers: Mapping[Color, Mapping[str, str]] | None = None,
    converge_timeout_seconds: float | None = None,
    problems: Sequence[Problem] = (),
) -> swapping.Draft:
    """Check everything that a component was given, before it declares anything: see ``bluegreen.component.base.draft``.

    Raises:
        pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
    """
    return swapping.draft(
        name,
        active_color,
        {key: value for key, value in settings.items() if key != "kubernetes_connection"},
        router=router,
        capacity=capacity,
        preview_headers=preview_headers,
        converge_timeout_seconds=converge_timeout_seconds,
        problems=problems,
    )
