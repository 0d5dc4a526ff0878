"""AWS Load Balancer Controller: a weighted forward in an annotation of an Ingress, which its paths lead to by name.

The Ingress is the stack's; the swap owns ``alb.ingress.kubernetes.io/actions.NAME`` alone. At 0/100 it forwards to the
one Service; the idle color's target group stays on the load balancer, and is health-checked, through the color's own
action and condition (``kubernetes_rules.alb_preview_actions``). An Ingress says nothing of when the controller has
followed: what is stored counts.

Annotations: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.fields import Fields
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Weights
from bluegreen.routers import kubernetes_split
from bluegreen.routers.kubernetes_rules import as_json
from bluegreen.routers.kubernetes_split import Rule, Shape
from bluegreen.routers.kubernetes_weighted import (
    KubernetesWeightedRouter,
    keeping,
    parse_common,
    parse_one_rule,
    permissions_for,
)
from bluegreen.routers.nginx_canary import INGRESS, backend_services

_ACTIONS = "alb.ingress.kubernetes.io/actions."
_BY_ACTION = "use-annotation"
_NO_COLOR = {
    "type": "fixed-response",
    "fixedResponseConfig": {"contentType": "text/plain", "statusCode": "503", "messageBody": "no color is live"},
}


@dataclass(slots=True, kw_only=True)
class AwsLoadBalancerIngressRouter(KubernetesWeightedRouter):
    """One action of an Ingress.

    Attributes:
        action: its name: what the paths' backends have as the service's name.
        forward: its ``forwardConfig``: ``targetGroups`` of both colors' Services, and stickiness.
    """

    kind: ClassVar[tuple[str, str, str]] = INGRESS
    permissions: ClassVar[tuple[Permission, ...]] = permissions_for(INGRESS)

    # The controller calls the load balancer's API, which has no documented bound either: several calls, and some air.
    propagation_seconds: ClassVar[float] = 10

    action: str
    forward: Rule

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check the ``router`` section."""
        common = parse_common(fields)
        action = fields.text("action")
        forward = parse_one_rule(fields, "forward", _groups(common["services"]), common["services"])
        return {**common, "action": action, "forward": forward}

    @property
    def _annotation(self) -> str:
        return f"{_ACTIONS}{self.action}"

    @property
    def owned_path(self) -> tuple[str, ...]:  # type: ignore[override]
        """The annotation, by the action's name."""
        return ("metadata", "annotations", self._annotation)

    def _give_up(self, found: Mapping[str, Any]) -> None:
        KubernetesWeightedRouter._give_up(self, keeping(found, self._annotation))

    def _fields(self, weights: Weights) -> dict[str, Any]:
        action: dict[str, Any] = _NO_COLOR
        (forward,) = kubernetes_split.with_weights([self.forward], weights, _groups(self.services))
        if weights != Weights():
            action = {"type": "forward", "forwardConfig": forward}
        return {"metadata": {"annotations": {self._annotation: as_json(action)}}}

    def _weights(self, found: Mapping[str, Any]) -> Weights:
        return kubernetes_split.weights_in(self._forward_in(found), _groups(self.services))

    def _foreign(self, found: Mapping[str, Any]) -> str:
        shape = _groups(self.services)
        backends = kubernetes_split.backends_of(self._forward_in(found), shape)
        return ", ".join(f"{self._annotation} to {shape.name(backend)}" for backend in backends)

    def _forward_in(self, found: Mapping[str, Any]) -> Rule:
        """The ``forwardConfig`` that is there; what cannot be understood is none."""
        said = (found["metadata"].get("annotations") or {}).get(self._annotation, "{}")
        try:
            action = json.loads(said)
        except ValueError:
            return {}
        if not isinstance(action, Mapping) or action.get("type") != "forward":
            return {}
        forward = action.get("forwardConfig")
        return forward if isinstance(forward, Mapping) else {"targetGroups": [action]}  # the short form names one group

    def _settled(self, found: Mapping[str, Any], weights: Weights) -> bool:  # noqa: ARG002 - whatever they are
        """Nothing tells when the controller has followed; what is declared has to make sense."""
        wanted = {"name": self.action, "port": {"name": _BY_ACTION}}
        if not any(kubernetes_split.covers(backend, wanted) for backend in backend_services(found)):
            raise PlatformError(
                f"get {self._object.rbac}",
                f"{self._object} has no path to the action: declare one whose backend is the service {self.action!r} "
                f"with the port name {_BY_ACTION!r}",
            )
        return True


def _groups(services: Mapping[Color, Any]) -> Shape:
    def color(backend: Rule) -> Color | None:
        return next((color for color in COLORS if services[color] == backend.get("serviceName")), None)

    def name(backend: Rule) -> str:
        return str(backend.get("serviceName") or backend.get("targetGroupARN") or backend.get("targetGroupName"))

    return Shape("targetGroups", name, color, lambda rule: rule)
