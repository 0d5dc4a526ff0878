"""Traefik's own weights: ``spec.weighted`` of a TraefikService, which routes of the stack's IngressRoute lead to.

The swap's are ``spec.weighted.services`` and what else is declared for ``weighted``, such as the cookie that keeps a
client with its color while traffic is split.
Traefik writes no status: what is stored counts, and Traefik follows within its throttle duration (2 s by default).

TraefikService: https://doc.traefik.io/traefik/routing/providers/kubernetes-crd/#kind-traefikservice
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.fields import Fields
from bluegreen.kubernetes.routes import split as kubernetes_split
from bluegreen.kubernetes.routes.rule_lists import filled
from bluegreen.kubernetes.routes.split import Rule, Shape
from bluegreen.kubernetes.routes.weighted_router import (
    KubernetesWeightedRouter,
    parse_one_rule,
    permissions_for,
)
from bluegreen.options.declared import option
from bluegreen.permissions import Permission
from bluegreen.rollout.model import COLORS, Color, Weights

_KIND = ("traefik.io/v1alpha1", "TraefikService", "traefikservices")


@dataclass(slots=True, kw_only=True)
class TraefikServiceRouter(KubernetesWeightedRouter):
    """``spec.weighted`` of a TraefikService."""

    kind: ClassVar[tuple[str, str, str]] = _KIND
    conventions: ClassVar[tuple[str, ...]] = ("traefik",)
    permissions: ClassVar[tuple[Permission, ...]] = permissions_for(_KIND)

    owned_path: ClassVar[tuple[str, ...]] = ("spec", "weighted")

    weighted: Rule = option(
        "``spec.weighted`` of the TraefikService: its ``services``, which name both colors' Services, and ``sticky``",
        kubernetes_split.ONE_RULE,
    )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse weights without both colors."""
        shape = _services(values["services"], str(values["namespace"]))
        values["weighted"] = parse_one_rule(fields, "weighted", shape, values["services"])

    @property
    def _shape(self) -> Shape:
        return _services(self.services, self.namespace)

    def _fields(self, weights: Weights) -> dict[str, Any]:
        kubernetes_split.refuse_a_rest(weights)
        services: list[Rule] = []
        if weights != Weights():
            weighted = _weighted_in(self._found or {})
            former = {} if self._owned else self.weighted  # what is taken over stays what it is
            services = filled(weighted, former, self.weighted, weights, self._shape)
        # What else stands there is left alone by not being named: it is an object, of which every field has an owner.
        return {"spec": {"weighted": {**self.weighted, "services": services}}}

    def _weights(self, current: Mapping[str, Any]) -> Weights:
        return kubernetes_split.weights_in(_weighted_in(current), self._shape)

    def _foreign(self, current: Mapping[str, Any]) -> str:
        backends = kubernetes_split.backends_of(_weighted_in(current), self._shape)
        return ", ".join(f"weighted to {self._shape.name(backend)}" for backend in backends)


def _weighted_in(current: Mapping[str, Any]) -> Rule:
    weighted: Rule = (current.get("spec") or {}).get("weighted") or {}
    return weighted


def _services(services: Mapping[Color, Any], namespace: str) -> Shape:
    def color(backend: Rule) -> Color | None:
        if backend.get("kind", "Service") != "Service" or backend.get("namespace", namespace) != namespace:
            return None
        return next((color for color in COLORS if services[color] == backend.get("name")), None)

    return Shape(
        "services",
        lambda backend: str(backend.get("name")),
        color,
        lambda rule: {**rule, "services": []},
        as_color=lambda backend, color: {**backend, "name": services[color]},
    )
