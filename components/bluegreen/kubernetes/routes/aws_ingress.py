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
from bluegreen.kubernetes.live_object import OWNER
from bluegreen.kubernetes.routes import rule_lists as kubernetes_rule_lists
from bluegreen.kubernetes.routes import split as kubernetes_split
from bluegreen.kubernetes.routes.nginx_canary import INGRESS, backend_services
from bluegreen.kubernetes.routes.rules import as_json
from bluegreen.kubernetes.routes.split import Rule, Shape
from bluegreen.kubernetes.routes.weighted_router import (
    KubernetesWeightedRouter,
    keeping,
    parse_one_rule,
    permissions_for,
)
from bluegreen.options.declared import option
from bluegreen.options.kinds import Text
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Weights

_ACTIONS = "alb.ingress.kubernetes.io/actions."
_BY_ACTION = "use-annotation"
_SHORT_FORM = ("serviceName", "servicePort", "targetGroupARN", "targetGroupName")
FORWARD = "bluegreen/forward"
"""The annotation with the ``forward`` that was declared when the action was written last."""
_NO_COLOR: dict[str, Any] = {
    "type": "fixed-response",
    "fixedResponseConfig": {"contentType": "text/plain", "statusCode": "503", "messageBody": "no color is live"},
}


@dataclass(slots=True, kw_only=True)
class AwsLoadBalancerIngressRouter(KubernetesWeightedRouter):
    """One action of an Ingress."""

    kind: ClassVar[tuple[str, str, str]] = INGRESS
    # The controller makes the target groups that CloudWatch counts by, and gives them names of its own.
    counted_by: ClassVar[str] = ""
    permissions: ClassVar[tuple[Permission, ...]] = permissions_for(INGRESS)

    # The controller calls the load balancer's API, which has no documented bound either: several calls, and some air.
    propagation_seconds: ClassVar[float] = 10

    action: str = option("the action's name: what the paths' backends have as the service's name", Text())
    forward: Rule = option(
        "the action's ``forwardConfig``: ``targetGroups`` of both colors' Services, and stickiness",
        kubernetes_split.ONE_RULE,
    )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse a forward without both colors."""
        values["forward"] = parse_one_rule(fields, "forward", _groups(values["services"]), values["services"])

    @property
    def _annotation(self) -> str:
        return f"{_ACTIONS}{self.action}"

    @property
    def owned_path(self) -> tuple[str, ...]:  # type: ignore[override]
        """The annotation, by the action's name."""
        return ("metadata", "annotations", self._annotation)

    def _give_up(self, current: Mapping[str, Any]) -> None:
        KubernetesWeightedRouter._give_up(self, keeping(current, self._annotation))

    def _fields(self, weights: Weights) -> dict[str, Any]:
        kubernetes_split.refuse_a_rest(weights)
        current, action = self._found or {"metadata": {}}, _NO_COLOR
        if weights != Weights():
            action = self._action(current, weights)
        return {"metadata": {"annotations": {self._annotation: as_json(action), FORWARD: as_json(self.forward)}}}

    def _action(self, current: Mapping[str, Any], weights: Weights) -> dict[str, Any]:
        """The action that is there, with the weights and with what has changed in its declaration."""
        here, former = self._forward_in(current), self._former(current)
        groups = kubernetes_rule_lists.filled(here, former, self.forward, weights, _groups(self.services))
        forward = kubernetes_rule_lists.three_way(here or self.forward, former if here else self.forward, self.forward)
        rest = (
            {}
            if not here
            else {key: value for key, value in self._live_action(current).items() if key not in _SHORT_FORM}
        )
        return {**rest, "type": "forward", "forwardConfig": {**forward, "targetGroups": groups}}

    def _former(self, current: Mapping[str, Any]) -> Rule:
        """The declaration at the last write of the action; one that is taken over stays as it is."""
        if OWNER not in (current["metadata"].get("annotations") or {}):
            return self.forward
        former = _parsed(current, FORWARD)
        return former if _can_be_read(former.get("targetGroups")) else self.forward

    def _weights(self, current: Mapping[str, Any]) -> Weights:
        return kubernetes_split.weights_in(self._forward_in(current), _groups(self.services))

    def _foreign(self, current: Mapping[str, Any]) -> str:
        shape, action = _groups(self.services), self._live_action(current)
        if action and action.get("type") != "forward" and not _answers_with_an_error(action):
            return f"{self._annotation}: {action.get('type')}"  # a redirect for everybody, say
        backends = kubernetes_split.backends_of(self._forward_in(current), shape)
        return ", ".join(f"{self._annotation} to {shape.name(backend)}" for backend in backends)

    def _live_action(self, current: Mapping[str, Any]) -> Rule:
        """The action that is there; empty where it cannot be read."""
        return _parsed(current, self._annotation)

    def _forward_in(self, current: Mapping[str, Any]) -> Rule:
        """The ``forwardConfig`` that is there."""
        action = self._live_action(current)
        if action.get("type") != "forward":
            return {}
        forward = action.get("forwardConfig")
        if isinstance(forward, Mapping):
            return forward if _can_be_read(forward.get("targetGroups")) else {}
        # The short form names one group.
        return {"targetGroups": [{key: value for key, value in action.items() if key in _SHORT_FORM}]}

    def _settled(self, current: Mapping[str, Any], weights: Weights) -> bool:
        """Whether the action is valid, or was invalid before the swap: nothing tells when the controller has followed.

        What was wrong before a write stops no rollback; a first start it does.
        """
        if not self._is_led_to(current) and (self._opens(weights) or self._is_led_to(self._before or {})):
            raise PlatformError(
                f"get {self._object.rbac}",
                f"{self._object} has no path to the action: declare one whose backend is the service {self.action!r} "
                f"with the port name {_BY_ACTION!r}",
            )
        return True

    def _is_led_to(self, current: Mapping[str, Any]) -> bool:
        wanted = {"name": self.action, "port": {"name": _BY_ACTION}}
        return any(kubernetes_split.covers(backend, wanted) for backend in backend_services(current))


def _answers_with_an_error(action: Rule) -> bool:
    """Whether an action answers with an error, as a swap leaves it where no color is live."""
    fixed = action.get("fixedResponseConfig")
    return isinstance(fixed, Mapping) and str(fixed.get("statusCode", ""))[:1] in ("4", "5")


def _can_be_read(groups: object) -> bool:
    """Whether these are target groups: nobody has checked the annotation's text."""
    return isinstance(groups, list) and all(
        isinstance(group, Mapping)
        and isinstance(weight := group.get("weight", 1), int)
        and not isinstance(weight, bool)
        and weight >= 0
        for group in groups
    )


def _parsed(current: Mapping[str, Any], annotation: str) -> Rule:
    said = (current["metadata"].get("annotations") or {}).get(annotation, "{}")
    try:
        value = json.loads(said)
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}


def _groups(services: Mapping[Color, Any]) -> Shape:
    def color(backend: Rule) -> Color | None:
        return next((color for color in COLORS if services[color] == backend.get("serviceName")), None)

    def name(backend: Rule) -> str:
        return str(backend.get("serviceName") or backend.get("targetGroupARN") or backend.get("targetGroupName"))

    return Shape(
        "targetGroups",
        name,
        color,
        lambda rule: rule,
        as_color=lambda backend, color: {**backend, "serviceName": services[color]},
    )
