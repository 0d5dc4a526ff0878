"""An Application Load Balancer with two listeners, production and test, whose colors are exchanged whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi

from bluegreen.arguments.reporting import reporting
from bluegreen.aws.component import problems_of_regions
from bluegreen.aws.elb import balancer
from bluegreen.aws.elb.balancer import DEFAULT_PORTS, url_of
from bluegreen.aws.elb.http_front import (
    ADDRESS_TYPES,
    Made,
    balancer_for,
    place_of,
    preview_headers_of,
    problems_of_a_balancer,
    resources_of,
    url_at,
)
from bluegreen.aws.elb.preview_rules import preview_rules, problems_of_conditions
from bluegreen.aws.elb.target_groups import HttpTargetGroups, http_target_groups, problems_in
from bluegreen.aws.entry import EntryContext, EntryResources
from bluegreen.component.declaration import known, listed
from bluegreen.component.previewing import named
from bluegreen.fields import UNKNOWN
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.functions import Function, Rest
from bluegreen.options.kinds import Anything, Flag, Number, Text, Texts
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from typing_extensions import Unpack

_TEST_PORT = 8443


@declared
class AlbListenersEntry(Options):
    """Two listeners of an Application Load Balancer: production has the live color, test the idle one.

    A promotion exchanges them whole; steps and pauses are refused. Use ``alb()`` to split traffic.
    """

    function: ClassVar[Function] = Function(
        "alb_listeners", rest=Rest("target_groups", "HttpTargetGroups", "see ``HttpTargetGroups``")
    )

    load_balancer_arn: pulumi.Input[str] | None = option(
        "an existing load balancer, on which both listeners are made; one is made when absent",
        Text(later=True),
        default=None,
    )
    listener_arn: pulumi.Input[str] | None = option(
        "the existing production listener, on which a rule is made",
        Text(later=True),
        default=None,
    )
    test_listener_arn: pulumi.Input[str] | None = option(
        "the existing test listener, the same",
        Text(later=True),
        default=None,
    )
    rule_arn: pulumi.Input[str] | None = option(
        "production's existing rule, which the swap takes over as it is: adopting it moves no traffic",
        Text(later=True),
        default=None,
    )
    test_rule_arn: pulumi.Input[str] | None = option(
        "the test listener's existing rule, the same",
        Text(later=True),
        default=None,
    )
    listener_port: int | None = option(
        "production's port, default 80, or 443 with a certificate",
        Number(1, 65_535, whole=True),
        default=None,
    )
    test_port: int = option(
        "the test listener's port",
        Anything("int"),
        default=_TEST_PORT,
    )
    certificate_arns: Sequence[pulumi.Input[str]] = option(
        "make both listeners HTTPS; the first is the default, others are chosen by SNI",
        Anything("Sequence[pulumi.Input[str]]"),
        default=(),
    )
    internal: bool = option(
        "whether a load balancer made here is internal",
        Flag(),
        default=False,
    )
    ip_address_type: str = option(
        "of a load balancer made here: ``ipv4``, ``dualstack``, ``dualstack-without-public-ipv4``",
        Text(choices=ADDRESS_TYPES, any_text=True),
        default="ipv4",
    )
    ingress_cidrs: Sequence[str] = option(
        "who may reach a load balancer made here",
        Texts(),
        default=("0.0.0.0/0",),
    )
    preview_cidrs: Sequence[str] = option(
        "who may reach a color by its header on the test listener; all whom that is for when empty, which is "
        "refused where an existing rule requires sign-in or a token",
        Texts(),
        default=(),
    )
    host_headers: Sequence[str] = option(
        "hosts that this service is for, where several share the listeners",
        Texts(),
        default=(),
    )
    rule_priority: int = option(
        "the swap's rules' priority; on the test listener the two before it are the colors' own rules",
        Anything("int"),
        default=100,
    )
    target_groups: HttpTargetGroups = field(default_factory=HttpTargetGroups)
    converge_timeout_seconds: float = 60

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """A header that names the color; without it, the test listener shows the idle one."""
        return preview_headers_of(self.host_headers)

    def problems(self, settings: Mapping[str, Any]) -> list[Problem]:
        """The problems with the options."""
        problems = problems_in(self.target_groups) + problems_of_a_balancer(self)
        problems += problems_of_conditions(self.preview_cidrs, self.host_headers)
        names = ("listener_arn", "test_listener_arn", "rule_arn", "test_rule_arn", "load_balancer_arn")
        problems += problems_of_regions(settings, **{name: getattr(self, name) for name in names})
        if self.rule_priority <= len(COLORS):
            allowed = "3 to 50000: the two before it are the colors' own"
            problems.append(Problem("rule_priority", self.rule_priority, allowed))
        for kind in ("listener_arn", "rule_arn"):
            given, of_test = getattr(self, kind), getattr(self, f"test_{kind}")
            if (given is None) != (of_test is None):
                missing = kind if given is None else f"test_{kind}"
                problems.append(Problem(missing, None, "both of production and test, or neither"))
        if self.rule_arn is not None and self.listener_arn is not None:
            problems.append(Problem("listener_arn", known(self.listener_arn), "none, where a rule_arn is given"))
        if self.test_port == (self.listener_port or DEFAULT_PORTS["https" if self.certificate_arns else "http"]):
            problems.append(Problem("test_port", self.test_port, "another port than production's"))
        return problems

    def draft(self, owner: str, connection: Mapping[str, str]) -> dict[str, Any]:
        """The router's section."""
        place: dict[str, Any] = {"rule_arn": UNKNOWN}
        if self.rule_arn is None:
            place = {"listener_arn": UNKNOWN, "priority": self.rule_priority, "host_headers": list(self.host_headers)}
        return {
            "kind": "alb_listeners",
            **place,
            "test": dict(place),
            "target_groups": UNKNOWN,
            "owner": owner,
            "aws": dict(connection),
        }

    def declare(self, context: EntryContext) -> EntryResources:
        """Load balancer and listeners, as far as they are not there, target groups, the colors' own rules."""
        listeners, urls, security_groups = self._front(context)
        groups = http_target_groups(context, self.target_groups)
        # On the test listener: production has the one rule that the swap owns, and nothing beside it.
        values = named(context.name, context.parent).values
        rules = preview_rules(
            context,
            listener_arn=listeners["test"],
            first_priority=self.rule_priority - len(COLORS),
            groups=groups,
            values=values,
            preview_cidrs=self.preview_cidrs,
            host_headers=self.host_headers,
            rule_arns=[arn for arn in (self.rule_arn, self.test_rule_arn) if arn is not None],
        )
        router = {**self.draft(context.owner, context.connection), **place_of(listeners["production"], self.rule_arn)}
        router["test"] = {**router["test"], **place_of(listeners["test"], self.test_rule_arn)}
        made = Made(listeners["production"], urls["production"], urls["test"], security_groups, groups, rules, values)
        return resources_of(self, router, made)

    def _front(
        self, context: EntryContext
    ) -> tuple[dict[str, pulumi.Output[str]], dict[str, pulumi.Output[str]], pulumi.Output[Sequence[str]]]:
        """ARN and URL of both listeners, and the load balancer's security groups."""
        production, test = self.listener_arn, self.test_listener_arn
        if self.rule_arn is not None and self.test_rule_arn is not None:
            production, test = balancer.listener_arn_of(self.rule_arn), balancer.listener_arn_of(self.test_rule_arn)
        if production is not None and test is not None:
            front = balancer.found_balancer(balancer.balancer_arn_of(production), context.parent)
            arns = {"production": pulumi.Output.from_input(production), "test": pulumi.Output.from_input(test)}
            urls = {place: url_at(arn, front, context.parent) for place, arn in arns.items()}
            return arns, urls, front.security_group_ids
        scheme = "https" if self.certificate_arns else "http"
        ports = {"production": self.listener_port or DEFAULT_PORTS[scheme], "test": self.test_port}
        front = balancer_for(self, context, [*ports.values()])
        arns = {
            place: balancer.made_listener(context, f"{context.name}-{place}", front.arn, port, self.certificate_arns)
            for place, port in ports.items()
        }
        urls = {place: url_of(front.dns_name, scheme, port) for place, port in ports.items()}
        return arns, urls, front.security_group_ids


# -- written by `python dev/public_functions.py` from the options above


@reporting
def alb_listeners(
    *,
    load_balancer_arn: pulumi.Input[str] | None = None,
    listener_arn: pulumi.Input[str] | None = None,
    test_listener_arn: pulumi.Input[str] | None = None,
    rule_arn: pulumi.Input[str] | None = None,
    test_rule_arn: pulumi.Input[str] | None = None,
    listener_port: int | None = None,
    test_port: int = 8443,
    certificate_arns: Sequence[pulumi.Input[str]] = (),
    internal: bool = False,
    ip_address_type: str = "ipv4",
    ingress_cidrs: Sequence[str] = ("0.0.0.0/0",),
    preview_cidrs: Sequence[str] = (),
    host_headers: Sequence[str] = (),
    rule_priority: int = 100,
    **target_groups: Unpack[HttpTargetGroups],
) -> AlbListenersEntry:
    """Two listeners of an Application Load Balancer: production has the live color, test the idle one.

    A promotion exchanges them whole; steps and pauses are refused. Use ``alb()`` to split traffic.

    Args:
        load_balancer_arn: an existing load balancer, on which both listeners are made; one is made when absent.
        listener_arn: the existing production listener, on which a rule is made.
        test_listener_arn: the existing test listener, the same.
        rule_arn: production's existing rule, which the swap takes over as it is: adopting it moves no traffic.
        test_rule_arn: the test listener's existing rule, the same.
        listener_port: production's port, default 80, or 443 with a certificate (1 to 65535).
        test_port: the test listener's port.
        certificate_arns: make both listeners HTTPS; the first is the default, others are chosen by SNI.
        internal: whether a load balancer made here is internal.
        ip_address_type: of a load balancer made here: ``ipv4``, ``dualstack``, ``dualstack-without-public-ipv4``.
        ingress_cidrs: who may reach a load balancer made here.
        preview_cidrs: who may reach a color by its header on the test listener; all whom that is for when empty, which
            is refused where an existing rule requires sign-in or a token.
        host_headers: hosts that this service is for, where several share the listeners.
        rule_priority: the swap's rules' priority; on the test listener the two before it are the colors' own rules.
        **target_groups: see ``HttpTargetGroups``.
    """
    return AlbListenersEntry(
        load_balancer_arn=load_balancer_arn,
        listener_arn=listener_arn,
        test_listener_arn=test_listener_arn,
        rule_arn=rule_arn,
        test_rule_arn=test_rule_arn,
        listener_port=listener_port,
        test_port=test_port,
        certificate_arns=listed(certificate_arns),
        internal=internal,
        ip_address_type=ip_address_type,
        ingress_cidrs=listed(ingress_cidrs),
        preview_cidrs=listed(preview_cidrs),
        host_headers=listed(host_headers),
        rule_priority=rule_priority,
        target_groups=target_groups,
    )
