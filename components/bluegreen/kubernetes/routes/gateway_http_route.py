"""Gateway API: the rules of an HTTPRoute, with a weight for each color's Service.

The route's parents and host names are the stack's; ``spec.rules`` is one list for the API server, so it is written as a
whole; rules of others go back as they were read. At 0/100 the idle color's backend is left out. The controller says
in the status that it has read the route.

HTTPRoute: https://gateway-api.sigs.k8s.io/api-types/httproute/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.fields import Fields
from bluegreen.kubernetes.routes import split as kubernetes_split
from bluegreen.kubernetes.routes.gateway_status import waited_for
from bluegreen.kubernetes.routes.split import Rule, Rules, Shape
from bluegreen.kubernetes.routes.weighted_router import (
    KubernetesRulesRouter,
    check_rules,
    permissions_for,
)
from bluegreen.options.declared import Options, declared, option, several
from bluegreen.permissions import Permission
from bluegreen.rollout.model import COLORS, Color, Weights

_KIND = ("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")
_EVERYTHING, _EXACT = {"type": "PathPrefix", "value": "/"}, {"type": "Exact"}


@declared
class _Lists(Options):
    """The lists of rules in ``spec``."""

    rules: Sequence[Rule] = option(
        "``spec.rules`` of the route; in those that name both colors' Services the swap fills the weights in",
        kubernetes_split.RULES,
    )


@dataclass(slots=True, kw_only=True)
class GatewayHttpRouteRouter(KubernetesRulesRouter):
    """``spec.rules`` of an HTTPRoute."""

    kind: ClassVar[tuple[str, str, str]] = _KIND
    conventions: ClassVar[tuple[str, ...]] = ("istio", "linkerd", "traefik", "contour", "nginx", "nginx_honored")
    permissions: ClassVar[tuple[Permission, ...]] = permissions_for(_KIND)

    rules: Mapping[str, Rules] = several(_Lists)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse rules of which none has both colors."""
        shape = backend_refs(values["services"], values["namespace"])
        check_rules(fields, "rules", values["rules"]["rules"], shape, values["services"])

    def _shape(self, key: str) -> Shape:  # noqa: ARG002 - there is one list
        return backend_refs(self.services, self.namespace)

    def _settled(self, current: Mapping[str, Any], weights: Weights) -> bool:
        written = [self.services[color] for color in COLORS if weights.of(color)]
        call = f"get {self._object.rbac}"
        self._told = waited_for(current, call, self._before, written, first=self._opens(weights))
        return not self._told


def backend_refs(services: Mapping[Color, Any], namespace: str) -> Shape:
    """Backends as the Gateway API has them: ``backendRefs`` to Services."""

    def color(backend: Rule) -> Color | None:
        service = backend.get("kind", "Service") == "Service" and backend.get("group", "") in ("", "core")
        if not service or backend.get("namespace", namespace) != namespace:
            return None
        return next((color for color in COLORS if services[color] == backend.get("name")), None)

    return Shape(
        "backendRefs",
        lambda backend: str(backend.get("name")),
        color,
        closed,
        as_color=lambda backend, color: {**backend, "name": services[color]},
        normal=_normal,
        placeholder=lambda rule: not rule.keys() - {"matches"} and _normal(rule.get("matches")) == _normal(None),
    )


def _normal(matches: Any) -> Any:
    """Matches with the API server's defaults; a rule without matches is for everything."""
    if not isinstance(matches or (), (list, tuple)):
        return matches
    listed: list[Any] = list(matches or ({},))
    return [_normal_match(match) if isinstance(match, Mapping) else match for match in listed]


def _normal_match(match: Mapping[str, Any]) -> dict[str, Any]:
    made = {**match, "path": _with(_EVERYTHING, match.get("path") or {})}
    if "method" in made:  # of a GRPCRoute an object, of an HTTPRoute a word
        made["method"] = _with(_EXACT, made["method"])
    for key in ("headers", "queryParams"):
        if isinstance(made.get(key), (list, tuple)):
            made[key] = [_with(_EXACT, one) for one in made[key]]
    return made


def _with(defaults: Mapping[str, str], said: Any) -> Any:
    return {**defaults, **said} if isinstance(said, Mapping) else said


def closed(rule: Rule) -> Rule:
    """A rule without backends, for which a Gateway answers with an error."""
    return {key: value for key, value in rule.items() if key != "backendRefs"}
