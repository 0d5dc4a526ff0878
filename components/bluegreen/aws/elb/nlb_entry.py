"""A network load balancer in front of the colors: production with weights, test, and a port for each color."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pulumi
import pulumi_aws as aws

from bluegreen.arguments.reporting import reporting
from bluegreen.aws.component import problems_of_regions
from bluegreen.aws.elb import balancer
from bluegreen.aws.elb.network_balancer import made_network_balancer, network_listener, network_url, transports
from bluegreen.aws.elb.network_groups import NetworkTargetGroups, network_target_groups, problems_in, speaks_http
from bluegreen.aws.entry import EntryContext, EntryResources, named_port
from bluegreen.aws.limits import problems_of_networks
from bluegreen.aws.service_limits import LIMITS
from bluegreen.component.bounds import problems_of_bounds
from bluegreen.component.declaration import known, listed
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.functions import Function, Rest
from bluegreen.options.kinds import Anything, Flag, Text, Texts
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color, other

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from typing_extensions import Unpack

PROTOCOLS = ("TCP", "TLS", "UDP", "TCP_UDP")
_DATAGRAMS = ("UDP", "TCP_UDP")
_BY_DEFAULT = -1  # the ports after production's


@declared
class NlbEntry(Options):
    """A network load balancer: production has the live color, test the idle one, and each color a port of its own.

    A promotion gives production's new connections to the new color, all at once or in steps by weights. Connections
    that are open stay with the color that they reached until they end, so ``scale_down_delay_seconds`` has to be as
    long as they last.

    The colors' own ports never change: they keep both target groups attached (one that no listener forwards to is never
    health-checked, and ECS refuses it), and gates ask a color there, before and after it becomes live.
    """

    function: ClassVar[Function] = Function(
        "nlb", rest=Rest("target_groups", "NetworkTargetGroups", "see ``NetworkTargetGroups``")
    )

    load_balancer_arn: pulumi.Input[str] | None = option(
        "an existing load balancer, on which the listeners are made; one is made when absent",
        Text(later=True),
        default=None,
    )
    listener_arn: pulumi.Input[str] | None = option(
        "an existing production listener, which the swap takes over as it is: it has to forward to the active "
        "color's target group already, and adopting it moves no traffic",
        Text(later=True),
        default=None,
    )
    test_listener_arn: pulumi.Input[str] | None = option(
        "an existing test listener, the same; it may forward to either color",
        Text(later=True),
        default=None,
    )
    listener_port: int | None = option(
        "production's port, default 80, or 443 with TLS",
        Anything("int"),
        default=None,
    )
    test_port: int | None = option(
        "the test listener's port, default the one after production's; ``None``: no test listener",
        Anything("int | None"),
        default=_BY_DEFAULT,
    )
    color_ports: Mapping[Color, int] | None = option(
        "each color's own port, default the two ports after the test listener's",
        Anything("Mapping[Color, int]"),
        default=None,
    )
    protocol: str = option(
        "of all listeners: ``TCP``, ``TLS``, ``UDP``, ``TCP_UDP``",
        Text(choices=PROTOCOLS, any_text=True),
        default="TCP",
    )
    certificate_arns: Sequence[pulumi.Input[str]] = option(
        "for TLS; the first is the default, others are chosen by SNI",
        Anything("Sequence[pulumi.Input[str]]"),
        default=(),
    )
    domain_name: pulumi.Input[str] | None = option(
        "the name that clients reach the load balancer by, where it is not its own: a certificate's, say",
        Text(later=True),
        default=None,
    )
    cross_zone: bool = option(
        "whether units of all zones get connections",
        Flag(),
        default=True,
    )
    internal: bool = option(
        "whether a load balancer made here is internal",
        Flag(),
        default=False,
    )
    ip_address_type: str = option(
        "of a load balancer made here: ``ipv4`` or ``dualstack``",
        Text(choices=("ipv4", "dualstack"), any_text=True),
        default="ipv4",
    )
    allocation_ids: Sequence[pulumi.Input[str]] = option(
        "elastic IP addresses for a load balancer made here, one a subnet, in their order",
        Anything("Sequence[pulumi.Input[str]]"),
        default=(),
    )
    ingress_cidrs: Sequence[str] = option(
        "who may reach production on a load balancer made here",
        Texts(),
        default=("0.0.0.0/0",),
    )
    preview_cidrs: Sequence[str] = option(
        "who may reach the other ports; the same as production when empty",
        Texts(),
        default=(),
    )
    unit_source_cidrs: Sequence[str] = option(
        "whose connections units let in, where the load balancer has no security groups: its subnets' networks, and "
        "the clients' where their addresses are preserved. Else those of its security groups",
        Texts(),
        default=(),
    )
    tcp_idle_timeout_seconds: int | None = option(
        "after how long an idle TCP connection is dropped, 60-6000; absent: 350",
        Anything("int"),
        default=None,
    )
    target_groups: NetworkTargetGroups = field(default_factory=NetworkTargetGroups)
    converge_timeout_seconds: float = 60

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """No headers: each color has a port of its own."""
        return {color: {} for color in COLORS}

    @property
    def _production_port(self) -> int:
        return self.listener_port or (443 if self.protocol == "TLS" else 80)

    @property
    def _test_port(self) -> int | None:
        return self._production_port + 1 if self.test_port == _BY_DEFAULT else self.test_port

    @property
    def _color_ports(self) -> Mapping[Color, int]:
        return self.color_ports or {"blue": self._production_port + 2, "green": self._production_port + 3}

    @property
    def _ports(self) -> dict[str, int]:
        """The ports of the listeners that are made; 0 for a color that was given none."""
        own = self._color_ports if isinstance(self._color_ports, Mapping) else {}
        ports: dict[str, int | None] = {
            "production": self._production_port if self.listener_arn is None else None,
            "test": self._test_port if self.test_listener_arn is None else None,
            **{color: own.get(color, 0) for color in COLORS},
        }
        return {name: port for name, port in ports.items() if port is not None}

    def problems(self, settings: Mapping[str, Any]) -> list[Problem]:
        """The problems with the options."""
        problems = problems_in(self.target_groups, self.protocol)
        names = ("listener_arn", "test_listener_arn", "load_balancer_arn")
        problems += problems_of_regions(settings, **{name: getattr(self, name) for name in names})
        problems += problems_of_bounds(self)
        fields = Fields({}, problems=problems)
        self._check_ports(fields)
        if bool(self.certificate_arns) != (self.protocol == "TLS"):
            allowed = "one at least with protocol TLS, none with others"
            fields.problem("certificate_arns", len(self.certificate_arns), allowed)
        if self.ip_address_type == "dualstack" and self.protocol in _DATAGRAMS:
            fields.problem("ip_address_type", "dualstack", f"ipv4 with protocol {self.protocol}")
        given = self.load_balancer_arn is not None or self.listener_arn is not None
        if self.allocation_ids and (self.internal or given):
            allowed = "none for a load balancer that is internal or was made before"
            fields.problem("allocation_ids", len(self.allocation_ids), allowed)
        if self.listener_arn is not None and self.load_balancer_arn is not None:
            fields.problem("load_balancer_arn", known(self.load_balancer_arn), "none, where a listener_arn is given")
        if self.test_listener_arn is not None and self.listener_arn is None:
            fields.problem("test_listener_arn", known(self.test_listener_arn), "none without a listener_arn")
        if self.tcp_idle_timeout_seconds is not None and self.protocol != "TCP":
            allowed = f"none with protocol {self.protocol}"
            fields.problem("tcp_idle_timeout_seconds", self.tcp_idle_timeout_seconds, allowed)
        idle, limit = known(self.tcp_idle_timeout_seconds), LIMITS["tcp_idle_timeout_seconds"]
        if isinstance(idle, int) and not limit.least <= idle <= limit.most:
            fields.problem("tcp_idle_timeout_seconds", idle, limit.allowed)
        if any(gate.get("kind") == "http" for gate in settings.get("gates") or ()) and not self._http:
            allowed = "no gate of kind http where units are not known to speak HTTP: a health_check of protocol HTTP"
            fields.problem("gates", "http", allowed)
        return problems + problems_of_networks("ingress_cidrs", known(self.ingress_cidrs))

    def _check_ports(self, fields: Fields) -> None:
        seen: dict[int, str] = {}
        for name, port in self._ports.items():
            option = {"production": "listener_port", "test": "test_port"}.get(name, f"color_ports.{name}")
            if not isinstance(port, int) or not 1 <= port <= 65_535:
                fields.problem(option, port, "a whole number, 1 to 65535")
            elif port in seen:
                fields.problem(option, port, f"another port than {seen[port]}'s")
            seen.setdefault(port, option)

    @property
    def _http(self) -> bool:
        return speaks_http(self.target_groups) and self.protocol in ("TCP", "TLS", "TCP_UDP")

    def draft(self, owner: str, connection: Mapping[str, str]) -> dict[str, Any]:
        """The router's section."""
        tested = self._test_port is not None or self.test_listener_arn is not None
        return {
            "kind": "nlb",
            "listener_arn": UNKNOWN,
            **({"test_listener_arn": UNKNOWN} if tested else {}),
            # A listener of our own forwards to no users yet, whatever it was made with.
            "made_with_it": self.listener_arn is None,
            "target_groups": UNKNOWN,
            "owner": owner,
            "aws": dict(connection),
        }

    def declare(self, context: EntryContext) -> EntryResources:
        """Load balancer and listeners, as far as they are not there, target groups, the colors' own listeners."""
        front = self._front(context)
        cross_zone = None if self._makes_balancer else self.cross_zone
        groups = network_target_groups(context, self.target_groups, self.protocol, cross_zone=cross_zone)
        live = cast("Color", context.active_color)
        forwards: dict[str, Color] = {"production": live, "test": other(live), "blue": "blue", "green": "green"}
        made = {
            place: network_listener(
                context,
                f"{context.name}-{place}",
                front.arn,
                port,
                self.protocol,
                self.certificate_arns,
                groups[forwards[place]],
                swapped=place in ("production", "test"),
                idle_seconds=self.tcp_idle_timeout_seconds,
                tags=None if place in ("production", "test") else context.color_tags[forwards[place]],
            )
            for place, port in self._ports.items()
        }
        arns: dict[str, pulumi.Input[str]] = {place: listener.arn for place, listener in made.items()}
        given = {"production": self.listener_arn, "test": self.test_listener_arn}
        arns.update({place: arn for place, arn in given.items() if arn is not None})
        router = {**self.draft(context.owner, context.connection), "listener_arn": arns["production"]}
        if "test" in arns:
            router["test_listener_arn"] = arns["test"]
        host = self.domain_name or front.dns_name
        return EntryResources(
            router={**router, "target_groups": groups},
            url=self._url(context, host),
            preview_urls={
                color: network_url(host, self.protocol, self._color_ports[color], http=self._http) for color in COLORS
            },
            target_group_arns=groups,
            ports=named_port(self.target_groups),
            attachments={color: [made[color]] for color in COLORS},
            security_group_ids=() if self.unit_source_cidrs else front.security_group_ids,
            source_cidrs=self.unit_source_cidrs,
            transports=transports(self.protocol),
            listener_arn=pulumi.Output.from_input(arns["production"]),
        )

    @property
    def _makes_balancer(self) -> bool:
        return self.load_balancer_arn is None and self.listener_arn is None

    def _front(self, context: EntryContext) -> balancer.Balancer:
        if self.listener_arn is not None:
            return balancer.found_balancer(balancer.balancer_arn_of(self.listener_arn), context.parent)
        if self.load_balancer_arn is not None:
            return balancer.found_balancer(self.load_balancer_arn, context.parent)
        everybody = tuple(self.ingress_cidrs) == ("0.0.0.0/0",) and self.ip_address_type == "dualstack"
        clients = [*self.ingress_cidrs, "::/0"] if everybody else self.ingress_cidrs
        return made_network_balancer(
            context,
            {
                port: clients if place == "production" else self.preview_cidrs or clients
                for place, port in self._ports.items()
            },
            self.protocol,
            internal=self.internal,
            ip_address_type=self.ip_address_type,
            cross_zone=self.cross_zone,
            allocation_ids=self.allocation_ids,
        )

    def _url(self, context: EntryContext, host: pulumi.Input[str]) -> pulumi.Output[str]:
        protocol: pulumi.Input[str] = self.protocol
        port: pulumi.Input[int] = self._production_port
        if self.listener_arn is not None:
            options = pulumi.InvokeOutputOptions(parent=context.parent)
            listener = aws.lb.get_listener_output(arn=self.listener_arn, opts=options)
            protocol, port = listener.protocol, listener.port
        return cast("pulumi.Output[str]", network_url(host, protocol, port, http=self._http))


# -- written by `python dev/public_functions.py` from the options above


@reporting
def nlb(
    *,
    load_balancer_arn: pulumi.Input[str] | None = None,
    listener_arn: pulumi.Input[str] | None = None,
    test_listener_arn: pulumi.Input[str] | None = None,
    listener_port: int | None = None,
    test_port: int | None = -1,
    color_ports: Mapping[Color, int] | None = None,
    protocol: str = "TCP",
    certificate_arns: Sequence[pulumi.Input[str]] = (),
    domain_name: pulumi.Input[str] | None = None,
    cross_zone: bool = True,
    internal: bool = False,
    ip_address_type: str = "ipv4",
    allocation_ids: Sequence[pulumi.Input[str]] = (),
    ingress_cidrs: Sequence[str] = ("0.0.0.0/0",),
    preview_cidrs: Sequence[str] = (),
    unit_source_cidrs: Sequence[str] = (),
    tcp_idle_timeout_seconds: int | None = None,
    **target_groups: Unpack[NetworkTargetGroups],
) -> NlbEntry:
    """A network load balancer: production has the live color, test the idle one, and each color a port of its own.

    A promotion gives production's new connections to the new color, all at once or in steps by weights. Connections
    that are open stay with the color that they reached until they end, so ``scale_down_delay_seconds`` has to be as
    long as they last.

    The colors' own ports never change: they keep both target groups attached (one that no listener forwards to is never
    health-checked, and ECS refuses it), and gates ask a color there, before and after it becomes live.

    Args:
        load_balancer_arn: an existing load balancer, on which the listeners are made; one is made when absent.
        listener_arn: an existing production listener, which the swap takes over as it is: it has to forward to the
            active color's target group already, and adopting it moves no traffic.
        test_listener_arn: an existing test listener, the same; it may forward to either color.
        listener_port: production's port, default 80, or 443 with TLS.
        test_port: the test listener's port, default the one after production's; ``None``: no test listener.
        color_ports: each color's own port, default the two ports after the test listener's.
        protocol: of all listeners: ``TCP``, ``TLS``, ``UDP``, ``TCP_UDP``.
        certificate_arns: for TLS; the first is the default, others are chosen by SNI.
        domain_name: the name that clients reach the load balancer by, where it is not its own: a certificate's, say.
        cross_zone: whether units of all zones get connections.
        internal: whether a load balancer made here is internal.
        ip_address_type: of a load balancer made here: ``ipv4`` or ``dualstack``.
        allocation_ids: elastic IP addresses for a load balancer made here, one a subnet, in their order.
        ingress_cidrs: who may reach production on a load balancer made here.
        preview_cidrs: who may reach the other ports; the same as production when empty.
        unit_source_cidrs: whose connections units let in, where the load balancer has no security groups: its subnets'
            networks, and the clients' where their addresses are preserved. Else those of its security groups.
        tcp_idle_timeout_seconds: after how long an idle TCP connection is dropped, 60-6000; absent: 350.
        **target_groups: see ``NetworkTargetGroups``.
    """
    return NlbEntry(
        load_balancer_arn=load_balancer_arn,
        listener_arn=listener_arn,
        test_listener_arn=test_listener_arn,
        listener_port=listener_port,
        test_port=test_port,
        color_ports=color_ports,
        protocol=protocol,
        certificate_arns=listed(certificate_arns),
        domain_name=domain_name,
        cross_zone=cross_zone,
        internal=internal,
        ip_address_type=ip_address_type,
        allocation_ids=listed(allocation_ids),
        ingress_cidrs=listed(ingress_cidrs),
        preview_cidrs=listed(preview_cidrs),
        unit_source_cidrs=listed(unit_source_cidrs),
        tcp_idle_timeout_seconds=tcp_idle_timeout_seconds,
        target_groups=target_groups,
    )
