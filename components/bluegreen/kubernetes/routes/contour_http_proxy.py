"""Contour: the routes of an HTTPProxy, with a weight for each color's Service.

The host name, TLS and includes are the stack's; routes of others in ``spec.routes`` go back as they were read. The
object may be a root, or one that a root includes. Contour says in its status whether it takes the object as it is now.

HTTPProxy: https://projectcontour.io/docs/main/config/request-routing/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.fields import Fields
from bluegreen.kubernetes.routes import split as kubernetes_split
from bluegreen.kubernetes.routes.split import Rule, Rules, Shape
from bluegreen.kubernetes.routes.weighted_router import (
    KubernetesRulesRouter,
    check_rules,
    permissions_for,
)
from bluegreen.options.declared import Options, declared, option, several
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Weights

_KIND = ("projectcontour.io/v1", "HTTPProxy", "httpproxies")


@declared
class _Lists(Options):
    """The lists of rules in ``spec``."""

    routes: Sequence[Rule] = option(
        "``spec.routes`` of the HTTPProxy; in those that name both colors' Services the swap fills the weights in",
        kubernetes_split.RULES,
    )


@dataclass(slots=True, kw_only=True)
class ContourHttpProxyRouter(KubernetesRulesRouter):
    """``spec.routes`` of an HTTPProxy."""

    kind: ClassVar[tuple[str, str, str]] = _KIND
    conventions: ClassVar[tuple[str, ...]] = ("contour",)
    permissions: ClassVar[tuple[Permission, ...]] = permissions_for(_KIND)

    rules: Mapping[str, Rules] = several(_Lists)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse rules of which none has both colors."""
        shape = _services(values["services"])
        check_rules(fields, "routes", values["rules"]["routes"], shape, values["services"])

    def _shape(self, key: str) -> Shape:  # noqa: ARG002 - there is one list
        return _services(self.services)

    def _settled(self, current: Mapping[str, Any], weights: Weights) -> bool:
        before = None if self._opens(weights) else self._before
        self._told = waited_for(current, f"get {self._object.rbac}", before)
        return not self._told


def waited_for(proxy: Mapping[str, Any], call: str, before: Mapping[str, Any] | None = None) -> str:
    """The condition that Contour has still to report before it uses the object as it is; empty when there is none.

    Args:
        proxy: the object.
        call: what requested it, for an error.
        before: the object as it was before it was written, while a color was live: what Contour found wrong with it
            then says nothing of the write.

    Raises:
        PlatformError: Contour finds something wrong with it that was not before.
    """
    status = proxy.get("status") or {}
    current, generation = status.get("currentStatus", "NotReconciled"), proxy["metadata"].get("generation")
    said: Mapping[str, Any] = next((one for one in status.get("conditions") or () if one.get("type") == "Valid"), {})
    if current == "NotReconciled":
        return "Contour has not said a word about the HTTPProxy: is it running, and is this its ingress class?"
    if said.get("observedGeneration", generation) != generation:
        return "Contour has not looked at the HTTPProxy as it is now"
    if current not in ("valid", "invalid") and current == ((before or {}).get("status") or {}).get("currentStatus"):
        return ""  # orphaned, and it was so before
    if current == "invalid":
        if _errors(proxy) <= _errors(before or {}) and _errors(proxy):
            return ""
        raise PlatformError(call, f"Contour finds the HTTPProxy invalid: {_why(said, status)}")
    return "" if current == "valid" else f"Contour says that the HTTPProxy is {current}: {_why(said, status)}"


def _errors(current: Mapping[str, Any]) -> set[str]:
    status = current.get("status") or {}
    said: Mapping[str, Any] = next((one for one in status.get("conditions") or () if one.get("type") == "Valid"), {})
    return {_why({"errors": [error]}, {}) for error in said.get("errors") or ()}


def _why(said: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    texts = [str(error.get("message")) for error in said.get("errors") or ()]
    return "; ".join(texts) or str(said.get("message") or status.get("description") or "it says no reason")


def _services(services: Mapping[Color, Any]) -> Shape:
    def color(backend: Rule) -> Color | None:
        return next((color for color in COLORS if services[color] == backend.get("name")), None)

    # Beside a service that has a weight, one without has none.
    return Shape(
        "services",
        lambda backend: str(backend.get("name")),
        color,
        _closed,
        default_weight=0,
        as_color=lambda backend, color: {**backend, "name": services[color]},
        match="conditions",
        normal=lambda conditions: list(conditions or ({"prefix": "/"},)),
        all_match=True,
    )


def _closed(rule: Rule) -> Rule:
    kept = {"conditions": rule["conditions"]} if "conditions" in rule else {}
    return {**kept, "directResponsePolicy": {"statusCode": 503, "body": "no color is live"}}
