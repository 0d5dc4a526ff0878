"""The Application Load Balancer that a component makes: production's place in its URL map, and a host for previews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_gcp import compute as gcp

from bluegreen.google.entry import EntryContext
from bluegreen.rollout.model import COLORS, Color

_SCHEME = "EXTERNAL_MANAGED"
_DRAIN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class MadeBalancer:
    """A load balancer that was made.

    Attributes:
        url_map: the URL map's id.
        backend_services: the id of each color's backend service.
        address: its IP address.
        resources: all of it that has to be there before traffic moves.
    """

    url_map: pulumi.Output[str]
    backend_services: Mapping[Color, pulumi.Output[str]]
    address: pulumi.Output[str]
    resources: Sequence[pulumi.Resource]


def made_balancer(
    context: EntryContext,
    *,
    region: str | None,
    network: pulumi.Input[str] | None,
    hosts: Mapping[Color, str],
    ssl_certificates: Sequence[pulumi.Input[str]],
) -> MadeBalancer:
    """Declare it, global or regional.

    URL map and backend services are declared once: an update would send them whole, with the weights that they had at
    first, and without the swap's notes in their descriptions.
    """
    own = pulumi.ResourceOptions(parent=context.parent)
    once = pulumi.ResourceOptions(parent=context.parent, ignore_changes=["*"])
    place: dict[str, Any] = {"project": context.project, **({"region": region} if region else {})}
    probe = {"port": context.port, "request_path": context.health_path}
    check = (gcp.RegionHealthCheck if region else gcp.HealthCheck)(
        context.name, http_health_check=probe, check_interval_sec=5, timeout_sec=5, opts=own, **place
    )
    services = {
        color: (gcp.RegionBackendService if region else gcp.BackendService)(
            f"{context.name}-{color}",
            protocol="HTTP",
            port_name=context.port_name,
            load_balancing_scheme=_SCHEME,
            health_checks=check.id,
            backends=[{"group": context.groups[color], "balancing_mode": "UTILIZATION", "capacity_scaler": 1}],
            connection_draining_timeout_sec=_DRAIN_SECONDS,
            opts=once,
            **place,
        )
        for color in COLORS
    }
    weighted = [
        {"backend_service": services[color].id, "weight": 100 if color == context.active_color else 0}
        for color in COLORS
    ]
    # Google's health checks look at a backend service only where a URL map leads to it.
    found = (gcp.RegionUrlMap if region else gcp.URLMap)(
        context.name,
        default_route_action={"weighted_backend_services": weighted},
        host_rules=[{"hosts": [hosts[color]], "path_matcher": color} for color in COLORS],
        path_matchers=[{"name": color, "default_service": services[color].id} for color in COLORS],
        opts=once,
        **place,
    )
    secure: dict[str, Any] = {"ssl_certificates": list(ssl_certificates)} if ssl_certificates else {}
    if region:
        proxy_type = gcp.RegionTargetHttpsProxy if secure else gcp.RegionTargetHttpProxy
    else:
        proxy_type = gcp.TargetHttpsProxy if secure else gcp.TargetHttpProxy
    proxy = proxy_type(context.name, url_map=found.id, opts=own, **secure, **place)
    address = (gcp.Address if region else gcp.GlobalAddress)(context.name, opts=own, **place)
    rule = (gcp.ForwardingRule if region else gcp.GlobalForwardingRule)(
        context.name,
        target=proxy.id,
        port_range="443" if secure else "80",
        ip_address=address.address,
        load_balancing_scheme=_SCHEME,
        **({"network": network} if region else {}),
        opts=own,
        **place,
    )
    return MadeBalancer(
        url_map=found.id,
        backend_services={color: service.id for color, service in services.items()},
        address=address.address,
        resources=[*services.values(), found, proxy, rule],
    )
