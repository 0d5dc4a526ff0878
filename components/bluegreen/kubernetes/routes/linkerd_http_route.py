"""Linkerd: the rules of an HTTPRoute whose parent is the Service that clients in the mesh call.

Since 2.18 Linkerd takes the Gateway API's HTTPRoute of version v1, and its docs describe that one; the former kind of
its own, ``policy.linkerd.io``, is an option. A rule without backends goes to the endpoints of the parent itself, so
that Service has no selector: then a route without a live color reaches nobody.

Linkerd's HTTPRoutes: https://linkerd.io/2/reference/httproute/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.kubernetes.client import Resource
from bluegreen.kubernetes.routes.gateway_http_route import GatewayHttpRouteRouter
from bluegreen.kubernetes.routes.weighted_router import (
    KubernetesRulesRouter,
    permissions_for,
)
from bluegreen.options.declared import option
from bluegreen.options.kinds import Text
from bluegreen.permissions import Permission
from bluegreen.platforms.places import Same, or_default
from bluegreen.rollout.model import Weights

_GATEWAY = "gateway.networking.k8s.io"
_POLICY = "policy.linkerd.io"
VERSIONS = {_GATEWAY: "v1", _POLICY: "v1beta3"}


@dataclass(slots=True, kw_only=True)
class LinkerdHttpRouteRouter(GatewayHttpRouteRouter):
    """``spec.rules`` of an HTTPRoute of Linkerd."""

    conventions: ClassVar[tuple[str, ...]] = ("linkerd",)
    where: ClassVar[frozenset[str]] = KubernetesRulesRouter.where | {"api_group"}
    same_place: ClassVar[Mapping[str, Same]] = {
        **KubernetesRulesRouter.same_place,
        "api_group": or_default(_GATEWAY),
    }
    permissions: ClassVar[tuple[Permission, ...]] = (
        *permissions_for((f"{_GATEWAY}/{VERSIONS[_GATEWAY]}", "HTTPRoute", "httproutes")),
        Permission(f"get httproutes.{_POLICY}", "the same, with Linkerd's own kind", "the swap's HTTPRoute"),
        Permission(f"patch httproutes.{_POLICY}", "the same, with Linkerd's own kind", "the swap's HTTPRoute"),
    )

    api_group: str = option("whose kind it is", Text(choices=VERSIONS), default=_GATEWAY)

    @property
    def _object(self) -> Resource:
        version = f"{self.api_group}/{VERSIONS[self.api_group]}"
        return Resource(version, "HTTPRoute", "httproutes", self.namespace, self.name)

    def _fields(self, weights: Weights) -> dict[str, Any]:
        fields = KubernetesRulesRouter._fields(self, weights)  # super() does not know a class with slots
        if self.api_group == _POLICY:  # whose schema takes a backend without a namespace for one in "default"
            fields["spec"]["rules"] = [_in_namespace(rule, self.namespace) for rule in fields["spec"]["rules"]]
        return fields


def _in_namespace(rule: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    if "backendRefs" not in rule:
        return dict(rule)
    return {**rule, "backendRefs": [{"namespace": namespace, **backend} for backend in rule["backendRefs"]]}
