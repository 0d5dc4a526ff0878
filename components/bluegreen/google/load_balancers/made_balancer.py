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
    redirects: bool,
) -> MadeBalancer:
    """Declare it, global or regional.

    With ``redirects`` its port 80 tells clients to come over HTTPS: for one with certificates.

    The URL map is declared once, and so are backend services that the swap writes into: an update would send them
    whole, with the weights that they had at first, and without the swap's notes in their descriptions.
    """
    own = pulumi.ResourceOptions(parent=context.parent)
    once = pulumi.ResourceOptions(parent=context.parent, ignore_changes=["*"])
    place: dict[str, Any] = {"project": context.project, **({"region": region} if region else {})}
    behind = context.behind
    probed: dict[str, Any] = {}
    if behind.probe is not None:
        check = (gcp.RegionHealthCheck if region else gcp.HealthCheck)(
            context.name, http_health_check=behind.probe, check_interval_sec=5, timeout_sec=5, opts=own, **place
        )
        probed = {"health_checks": check.id, "connection_draining_timeout_sec": _DRAIN_SECONDS}
    if behind.port_name is not None:
        probed["port_name"] = behind.port_name
    services = {
        color: (gcp.RegionBackendService if region else gcp.BackendService)(
            f"{context.name}-{color}",
            protocol="HTTP",
            load_balancing_scheme=_SCHEME,
            backends=[{"group": group, **behind.balancing} for group in behind.groups[color]],
            opts=once if behind.noted else own,
            **probed,
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

    def rule(name: str, target: pulumi.Input[str], port: str) -> pulumi.Resource:
        made: pulumi.Resource = (gcp.ForwardingRule if region else gcp.GlobalForwardingRule)(
            name,
            target=target,
            port_range=port,
            ip_address=address.address,
            load_balancing_scheme=_SCHEME,
            **({"network": network} if region else {}),
            opts=own,
            **place,
        )
        return made

    rules = [rule(context.name, proxy.id, "443" if secure else "80")]
    if redirects:
        over = f"{context.name}-http"
        elsewhere = (gcp.RegionUrlMap if region else gcp.URLMap)(
            over, default_url_redirect={"https_redirect": True, "strip_query": False}, opts=own, **place
        )
        plain = (gcp.RegionTargetHttpProxy if region else gcp.TargetHttpProxy)(
            over, url_map=elsewhere.id, opts=own, **place
        )
        rules.append(rule(over, plain.id, "80"))
    return MadeBalancer(
        url_map=found.id,
        backend_services={color: service.id for color, service in services.items()},
        address=address.address,
        resources=[*services.values(), found, proxy, *rules],
    )
