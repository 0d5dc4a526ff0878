"""A load balancer before scale sets: one that is there, or one made for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
from pulumi_azure_native import network as azure

from bluegreen.arguments.reporting import reporting
from bluegreen.azure.entry import EntryContext, EntryResources
from bluegreen.component.declaration import is_of_both, known, listed
from bluegreen.fields import UNKNOWN
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.functions import Function
from bluegreen.options.kinds import Anything, Flag, Text, Texts
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

PRODUCTION = "production"
"""The rule that the swap owns."""
_DRAIN_MINUTES = 4


@declared
class LoadBalancerEntry(Options):
    """An Azure Load Balancer: the backend pool of a load-balancing rule.

    A promotion leads the rule to the other color's pool; steps are refused. One is made with a public address, unless
    ``load_balancer_id`` says which one is there.
    """

    function: ClassVar[Function] = Function("load_balancer")

    load_balancer_id: pulumi.Input[str] | None = option(
        "the resource id of a load balancer that is there already",
        Text(later=True),
        default=None,
    )
    rule: str | None = option(
        "of one that is there, production's load-balancing rule",
        Text(),
        default=None,
    )
    pools: Mapping[Color, str] | None = option(
        "of one that is there, the name of each color's backend pool",
        Anything("Mapping[Color, str]"),
        default=None,
    )
    url: pulumi.Input[str] | None = option(
        "of one that is there, where production requests go",
        Text(later=True),
        default=None,
    )
    preview_urls: Mapping[Color, pulumi.Input[str]] | None = option(
        "of one that is there, a URL for each color",
        Anything("Mapping[Color, pulumi.Input[str]]"),
        default=None,
    )
    port: int = option(
        "production's port on one that is made here",
        Anything("int"),
        default=80,
    )
    preview_ports: Mapping[Color, int] | None = option(
        "each color's own port on one that is made here: 8081 for blue, 8082 for green",
        Anything("Mapping[Color, int]"),
        default=None,
    )
    outbound: bool = option(
        "whether the instances reach the internet by way of one that is made here (*outbound rules*)",
        Flag(),
        default=True,
    )
    zones: Sequence[str] = option(
        "availability zones of the address that is made here",
        Texts(),
        default=(),
    )

    pool_key = "load_balancer_backend_address_pools"

    def _ports(self) -> dict[Color, int]:
        given = self.preview_ports or {}
        return {color: int(given.get(color, 8081 + number)) for number, color in enumerate(COLORS)}

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """None are needed: a color has a port of its own."""
        there = self.load_balancer_id is not None and not self.preview_urls
        return {} if there else {color: {} for color in COLORS}

    def problems(self) -> list[Problem]:
        """Either all of one that is there, or what one is made of."""
        found = []
        own: dict[str, Any] = {"rule": self.rule, "pools": self.pools, "url": self.url}
        if self.load_balancer_id is not None:
            allowed = "given: the load balancer is there already"
            found += [Problem(name, None, allowed) for name, value in own.items() if value is None]
            found += [
                Problem(name, known(value), "one for each color, blue and green")
                for name, value in (("pools", self.pools), ("preview_urls", self.preview_urls))
                if value is not None and not is_of_both(value)
            ]
        else:
            own["preview_urls"] = self.preview_urls
            found += [
                Problem(name, known(value), "absent without a load_balancer_id")
                for name, value in own.items()
                if value is not None
            ]
        ports = [self.port, *self._ports().values()]
        for name, port in zip(("port", "preview_ports.blue", "preview_ports.green"), ports, strict=True):
            if not 1 <= port <= 65534 or ports.count(port) > 1:
                found.append(Problem(name, port, "1 to 65534, and a port of its own"))
        if self.preview_ports is not None and not set(self.preview_ports) <= set(COLORS):
            found.append(Problem("preview_ports", dict(self.preview_ports), "ports of blue and green"))
        return found

    def draft(self, owner: str, connection: Mapping[str, str]) -> dict[str, Any]:
        """The router's section."""
        place: dict[str, Any] = {"rule": PRODUCTION, "pools": {color: color for color in COLORS}, "made_with_it": True}
        if self.load_balancer_id is not None:
            place = {"rule": self.rule or UNKNOWN, "pools": self.pools or UNKNOWN}
        return {
            "kind": "azure_load_balancer",
            "load_balancer_id": UNKNOWN,
            **place,
            "owner": owner,
            "azure": dict(connection),
        }

    def declare(self, context: EntryContext) -> EntryResources:
        """The load balancer, unless it is there."""
        router = self.draft(context.owner, context.connection)
        made: tuple[pulumi.Resource, ...] = ()
        if self.load_balancer_id is not None:
            balancer_id, url = pulumi.Output.from_input(self.load_balancer_id), pulumi.Output.from_input(self.url or "")
            given = self.preview_urls or {}
            urls = {color: pulumi.Output.from_input(given[color]) for color in self.preview_headers}
        else:
            balancer, address = self._made(context)
            balancer_id, made = balancer.id, (balancer,)
            host = address.ip_address.apply(lambda ip: ip or "")
            url = host.apply(_url_at(self.port))
            urls = {color: host.apply(_url_at(port)) for color, port in self._ports().items()}
        pools = {color: balancer_id.apply(_pool_in(router["pools"][color])) for color in COLORS}
        return EntryResources(
            router={**router, "load_balancer_id": balancer_id},
            url=url,
            preview_urls=urls,
            pools={color: [pools[color]] for color in COLORS},
            made=made,
        )

    def _made(self, context: EntryContext) -> tuple[azure.LoadBalancer, azure.PublicIPAddress]:
        """One, and its public address. It is declared once: an update would send it whole, with its first pool."""
        place: dict[str, Any] = {
            "resource_group_name": context.resource_group_name,
            "location": context.location,
            "tags": dict(context.tags) if context.tags else None,
        }
        address = azure.PublicIPAddress(
            f"{context.name}-balancer",
            sku={"name": "Standard"},
            public_ip_allocation_method="Static",
            zones=list(self.zones) or None,
            opts=pulumi.ResourceOptions(parent=context.parent),
            **place,
        )
        name = f"{context.name}-balancer"
        # It is in the subscription of its address.
        balancer_id = pulumi.Output.all(address.id, context.resource_group_name).apply(
            lambda values: _id_in(values[0], values[1], name)
        )

        def part(kind: str, called: str) -> dict[str, Any]:
            return {"id": balancer_id.apply(lambda own: f"{own}/{kind}/{called}")}

        def rule(called: str, port: int, pool: str) -> dict[str, Any]:
            return {
                "name": called,
                "protocol": "Tcp",
                "frontend_port": port,
                "backend_port": context.port,
                "idle_timeout_in_minutes": _DRAIN_MINUTES,
                "enable_tcp_reset": True,
                "disable_outbound_snat": True,
                "frontend_ip_configuration": part("frontendIPConfigurations", "public"),
                "backend_address_pool": part("backendAddressPools", pool),
                "probe": part("probes", "instances"),
            }

        probe = {"name": "instances", "protocol": "Http", "port": context.port, "request_path": context.health_path}
        outbound = {
            "protocol": "All",
            "frontend_ip_configurations": [part("frontendIPConfigurations", "public")],
            "allocated_outbound_ports": 0,
        }
        balancer = azure.LoadBalancer(
            name,
            load_balancer_name=name,
            sku={"name": "Standard"},
            frontend_ip_configurations=[{"name": "public", "public_ip_address": {"id": address.id}}],
            backend_address_pools=[{"name": color} for color in COLORS],
            probes=[{**probe, "interval_in_seconds": 5, "number_of_probes": 2}],
            load_balancing_rules=[
                rule(PRODUCTION, self.port, context.active_color),
                # A load balancer probes a pool only where a rule leads to it.
                *(rule(color, port, color) for color, port in self._ports().items()),
            ],
            # Without one, instances behind a Standard load balancer reach nothing outside.
            outbound_rules=[
                {"name": color, **outbound, "backend_address_pool": part("backendAddressPools", color)}
                for color in COLORS
            ]
            if self.outbound
            else None,
            opts=pulumi.ResourceOptions(parent=context.parent, ignore_changes=["*"]),
            **place,
        )
        return balancer, address


def _id_in(address_id: str, group: str, name: str) -> str:
    subscription = address_id.split("/")[2] if address_id.count("/") > 2 else ""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/loadBalancers/{name}"


def _url_at(port: int) -> Any:
    return lambda ip: f"http://{ip}" if port == 80 else f"http://{ip}:{port}"


def _pool_in(name: str) -> Any:
    return lambda own: f"{own}/backendAddressPools/{name}"


# -- written by `python dev/public_functions.py` from the options above


@reporting
def load_balancer(
    *,
    load_balancer_id: pulumi.Input[str] | None = None,
    rule: str | None = None,
    pools: Mapping[Color, str] | None = None,
    url: pulumi.Input[str] | None = None,
    preview_urls: Mapping[Color, pulumi.Input[str]] | None = None,
    port: int = 80,
    preview_ports: Mapping[Color, int] | None = None,
    outbound: bool = True,
    zones: Sequence[str] = (),
) -> LoadBalancerEntry:
    """An Azure Load Balancer: the backend pool of a load-balancing rule.

    A promotion leads the rule to the other color's pool; steps are refused. One is made with a public address, unless
    ``load_balancer_id`` says which one is there.

    Args:
        load_balancer_id: the resource id of a load balancer that is there already.
        rule: of one that is there, production's load-balancing rule.
        pools: of one that is there, the name of each color's backend pool.
        url: of one that is there, where production requests go.
        preview_urls: of one that is there, a URL for each color.
        port: production's port on one that is made here.
        preview_ports: each color's own port on one that is made here: 8081 for blue, 8082 for green.
        outbound: whether the instances reach the internet by way of one that is made here (*outbound rules*).
        zones: availability zones of the address that is made here.
    """
    return LoadBalancerEntry(
        load_balancer_id=load_balancer_id,
        rule=rule,
        pools=pools,
        url=url,
        preview_urls=preview_urls,
        port=port,
        preview_ports=preview_ports,
        outbound=outbound,
        zones=listed(zones),
    )
