"""ingress-nginx: the weight of a canary Ingress, whose backend is green while the main Ingress' is blue.

Both Ingresses are the stack's, also the annotations that make one the canary and say its header and its cookie; the
swap owns ``canary-weight`` alone: green's percent. While there is none ingress-nginx sends everything to blue, before
the first swap, too. It looks at a canary only where the main Ingress' Service has an endpoint, so blue keeps one at
rest. A header's or a cookie's way to a color comes before the weight.

Annotations: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.kubernetes.endpoints import endpoints_of, service_health
from bluegreen.kubernetes.live_object import OWNER
from bluegreen.kubernetes.routes.weighted_router import (
    KubernetesWeightedRouter,
    keeping,
    permissions_for,
)
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Color, Readiness, Weights, percent_of

INGRESS = ("networking.k8s.io/v1", "Ingress", "ingresses")
_CANARY = "nginx.ingress.kubernetes.io/canary"
_WEIGHT = f"{_CANARY}-weight"
_AFFINITY = "nginx.ingress.kubernetes.io/affinity"
_BEHAVIOR = "nginx.ingress.kubernetes.io/affinity-canary-behavior"
_TOTAL = f"{_CANARY}-weight-total"


@dataclass(slots=True, kw_only=True)
class NginxCanaryRouter(KubernetesWeightedRouter):
    """The weight of a canary Ingress; ``name`` is the canary's."""

    kind: ClassVar[tuple[str, str, str]] = INGRESS
    conventions: ClassVar[tuple[str, ...]] = ("nginx", "nginx_honored")
    permissions: ClassVar[tuple[Permission, ...]] = permissions_for(INGRESS)

    least_idle_percent: ClassVar[float] = 1
    # It renders its configuration once in 3.3 s at most (--sync-rate-limit 0.3):
    # https://kubernetes.github.io/ingress-nginx/user-guide/cli-arguments/
    propagation_seconds: ClassVar[float] = 5
    owned_path: ClassVar[tuple[str, ...]] = ("metadata", "annotations", _WEIGHT)

    def health(self, color: Color) -> Readiness:
        """A color's endpoints; green needs some of blue's, too: where the main Ingress has none nobody is answered."""
        own, blue = self.services[color], self.services["blue"]
        by_service = endpoints_of(self.cluster, self.namespace, list(dict.fromkeys([own, blue])))
        health = service_health(self.cluster, self.namespace, own, by_service[own])
        if color == "blue" or not health.ready:
            return health
        main = service_health(self.cluster, self.namespace, blue, by_service[blue])
        if main.healthy:
            return health
        reason = (
            f"ingress-nginx answers 503 while {self.services['blue']}, the main Ingress' Service, has no ready "
            f"endpoint, whatever the canary's weight: keep one pod of blue (idle_capacity_percent); {main}"
        )
        return Readiness(False, health.healthy, health.expected, reason)

    def _fields(self, weights: Weights) -> dict[str, Any]:
        if weights == Weights():
            return {}
        if weights.elsewhere:
            raise PlatformError("patch ingresses.networking.k8s.io", f"{weights} cannot be written: the rest is blue's")
        return {"metadata": {"annotations": {_WEIGHT: str(weights.green)}}}

    def _weights(self, current: Mapping[str, Any]) -> Weights:
        said, total = _annotations(current).get(_WEIGHT, ""), _annotations(current).get(_TOTAL, "100")
        if not (said.isdecimal() and total.isdecimal()) or not 0 <= int(said) <= int(total) or not int(total):
            return Weights()
        return Weights.split("green", percent_of(int(said), int(total)))

    def _counts(self, current: Mapping[str, Any]) -> bool:
        counts = KubernetesWeightedRouter._counts(self, current)
        wrong = self._wrong_with(current) if counts and OWNER not in _annotations(current) else ""
        if wrong:
            raise NotOwned(f"get {self._object.rbac}", f"{self._object} cannot be taken over: it {wrong}")
        return counts

    def _give_up(self, current: Mapping[str, Any]) -> None:
        KubernetesWeightedRouter._give_up(self, keeping(current, _WEIGHT))

    def _foreign(self, current: Mapping[str, Any]) -> str:
        said = _annotations(current).get(_WEIGHT)
        return "" if said is None else f"{_WEIGHT}: {said}"

    def _settled(self, current: Mapping[str, Any], weights: Weights) -> bool:
        """Whether the canary is valid, or was invalid before: nothing tells when ingress-nginx has followed.

        What was wrong before a write stops no rollback; a first start it does.
        """
        wrong = self._wrong_with(current)
        if wrong and (self._opens(weights) or not self._wrong_with(self._before or {"metadata": {}})):
            raise PlatformError(f"get {self._object.rbac}", f"{self._object} {wrong}")
        return True

    def _wrong_with(self, current: Mapping[str, Any]) -> str:
        """The setting of the canary by which a weight has no effect; empty when there is none."""
        annotations = _annotations(current)
        if _AFFINITY in annotations and annotations.get(_BEHAVIOR) != "legacy":
            return f"has {_AFFINITY}, which keeps clients with their color: add {_BEHAVIOR}: legacy"
        if annotations.get(_CANARY) != "true":
            return f'is no canary: declare it with {_CANARY}: "true"'
        if annotations.get(_TOTAL, "100") != "100":
            return f"has {_TOTAL}: {annotations[_TOTAL]}: declare it without"
        others = {str(backend.get("name")) for backend in backend_services(current)} - {self.services["green"]}
        if others:
            return f"leads to {', '.join(sorted(others))}: declare it with {self.services['green']} alone"
        return ""


def backend_services(current: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The backends of an Ingress: Services, or actions in their place."""
    spec = current.get("spec") or {}
    paths = [path for rule in spec.get("rules") or () for path in (rule.get("http") or {}).get("paths", ())]
    for backend in (spec.get("defaultBackend") or {}, *(path["backend"] for path in paths)):
        if "service" in backend:
            yield backend["service"]


def _annotations(current: Mapping[str, Any]) -> dict[str, str]:
    return dict(current["metadata"].get("annotations") or {})
