"""The Application Gateway that a component makes: production's listener, and one for each color's previews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_azure_native import network as azure

from bluegreen.azure.entry import EntryContext
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

PRODUCTION = "production"
"""The rule that the swap owns, and its listener."""
_PRIORITIES = {PRODUCTION: 1000, "blue": 100, "green": 200}
_DRAIN_SECONDS = 60


def gateway_name(context: EntryContext) -> str:
    """The gateway's name in Azure."""
    return f"{context.name}-gateway"


def made_gateway(
    context: EntryContext,
    *,
    subnet_id: pulumi.Input[str],
    hosts: Mapping[Color, str],
    preview_port: int,
    capacity: tuple[int, int],
    certificate_secret_id: pulumi.Input[str] | None,
    identity_id: pulumi.Input[str] | None,
    zones: tuple[str, ...],
) -> tuple[azure.ApplicationGateway, azure.PublicIPAddress]:
    """Declare the gateway and its public address.

    Both are declared once: an update would send the whole gateway, with the pool that production had at first.
    """
    once = pulumi.ResourceOptions(parent=context.parent, ignore_changes=["*"])
    place: dict[str, Any] = {
        "resource_group_name": context.resource_group_name,
        "location": context.location,
        "tags": dict(context.tags) if context.tags else None,
        "zones": list(zones) or None,
    }
    address = azure.PublicIPAddress(
        f"{context.name}-gateway",
        sku={"name": "Standard"},
        public_ip_allocation_method="Static",
        opts=pulumi.ResourceOptions(parent=context.parent),
        **place,
    )
    name = gateway_name(context)
    gateway_id = pulumi.Output.all(subnet_id, context.resource_group_name).apply(
        lambda values: gateway_id_in(values[0], values[1], name)
    )

    def part(kind: str, called: str) -> dict[str, Any]:
        return {"id": gateway_id.apply(lambda own: f"{own}/{kind}/{called}")}

    def listener(called: str, port: str, **more: Any) -> dict[str, Any]:
        front = {"frontend_ip_configuration": part("frontendIPConfigurations", "public")}
        return {"name": called, **front, "frontend_port": part("frontendPorts", port), "protocol": "Http", **more}

    def rule(called: str, pool: str) -> dict[str, Any]:
        return {
            "name": called,
            "rule_type": "Basic",
            "priority": _PRIORITIES[called],
            "http_listener": part("httpListeners", called),
            "backend_address_pool": part("backendAddressPools", pool),
            "backend_http_settings": part("backendHttpSettingsCollection", "instances"),
        }

    secure = certificate_secret_id is not None
    tls: dict[str, Any] = (
        {"protocol": "Https", "ssl_certificate": part("sslCertificates", PRODUCTION)} if secure else {}
    )
    probe = {"name": "instances", "protocol": "Http", "path": context.health_path, "host": "127.0.0.1"}
    settings = {
        "name": "instances",
        "port": context.port,
        "protocol": "Http",
        "cookie_based_affinity": "Disabled",
        "request_timeout": 30,
        "connection_draining": {"enabled": True, "drain_timeout_in_sec": _DRAIN_SECONDS},
        "probe": part("probes", "instances"),
    }
    gateway = azure.ApplicationGateway(
        f"{context.name}-gateway",
        application_gateway_name=name,
        identity={"type": "UserAssigned", "user_assigned_identities": [identity_id]} if identity_id else None,
        sku={"name": "Standard_v2", "tier": "Standard_v2"},
        autoscale_configuration={"min_capacity": capacity[0], "max_capacity": capacity[1]},
        gateway_ip_configurations=[{"name": "subnet", "subnet": {"id": subnet_id}}],
        frontend_ip_configurations=[{"name": "public", "public_ip_address": {"id": address.id}}],
        frontend_ports=[
            {"name": PRODUCTION, "port": 443 if secure else 80},
            {"name": "preview", "port": preview_port},
        ],
        ssl_certificates=[{"name": PRODUCTION, "key_vault_secret_id": certificate_secret_id}] if secure else None,
        backend_address_pools=[{"name": color} for color in COLORS],
        probes=[{**probe, "interval": 10, "timeout": 5, "unhealthy_threshold": 2}],
        backend_http_settings_collection=[settings],
        http_listeners=[
            listener(PRODUCTION, PRODUCTION, **tls),
            *(listener(color, "preview", host_name=hosts[color]) for color in COLORS),
        ],
        request_routing_rules=[
            rule(PRODUCTION, context.active_color),
            # The gateway probes a pool only where a rule leads to it.
            *(rule(color, color) for color in COLORS),
        ],
        opts=once,
        **place,
    )
    return gateway, address


def in_a_subscription(resource_id: str) -> bool:
    """Whether a resource id says which subscription it is in."""
    parts = resource_id.split("/")
    return len(parts) > 3 and parts[0] == "" and parts[1].lower() == "subscriptions" and parts[2] != ""


def gateway_id_in(subnet_id: str, group: str, name: str) -> str:
    """The id that a gateway will have: it is in the subscription of its subnet.

    Raises:
        pulumi.RunError: the subnet's id, known only now, is none.
    """
    if not in_a_subscription(subnet_id):
        allowed = "a subnet's resource id, /subscriptions/…/subnets/NAME"
        raise pulumi.RunError(str(Problem("entry.subnet_id", subnet_id, allowed)))
    subscription = subnet_id.split("/")[2]
    place = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network"
    return f"{place}/applicationGateways/{name}"
