"""Gateway API: the rules of a GRPCRoute, with a weight for each color's Service. All else is as with an HTTPRoute.

GRPCRoute: https://gateway-api.sigs.k8s.io/api-types/grpcroute/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bluegreen.kubernetes.routes.gateway_http_route import GatewayHttpRouteRouter
from bluegreen.kubernetes.routes.weighted_router import permissions_for
from bluegreen.permissions import Permission

_KIND = ("gateway.networking.k8s.io/v1", "GRPCRoute", "grpcroutes")


@dataclass(slots=True, kw_only=True)
class GatewayGrpcRouteRouter(GatewayHttpRouteRouter):
    """``spec.rules`` of a GRPCRoute."""

    kind: ClassVar[tuple[str, str, str]] = _KIND
    permissions: ClassVar[tuple[Permission, ...]] = permissions_for(_KIND)
