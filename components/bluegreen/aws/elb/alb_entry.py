"""An Application Load Balancer in front of the colors: one listener, weights on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.arguments.reporting import reporting
from bluegreen.aws.component import problems_of_regions
from bluegreen.aws.elb import balancer, sign_in_actions
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


@declared
class AlbEntry(Options):
    """An Application Load Balancer with weights: promotions may go in steps."""

    function: ClassVar[Function] = Function(
        "alb", rest=Rest("target_groups", "HttpTargetGroups", "see ``HttpTargetGroups``")
    )

    load_balancer_arn: pulumi.Input[str] | None = option(
        "an existing load balancer, on which a listener is made; one is made when absent",
        Text(later=True),
        default=None,
    )
    listener_arn: pulumi.Input[str] | None = option(
        "an existing listener, on which the rules are made",
        Text(later=True),
        default=None,
    )
    rule_arn: pulumi.Input[str] | None = option(
        "an existing rule, which the swap takes over as it is: adopting it moves no traffic",
        Text(later=True),
        default=None,
    )
    whole_listener: bool = option(
        "whether ``listener_arn``'s default action is taken over in the same way, instead of a new rule",
        Flag(),
        default=False,
    )
    listener_port: int | None = option(
        "default 80, or 443 with a certificate",
        Number(1, 65_535, whole=True),
        default=None,
    )
    certificate_arns: Sequence[pulumi.Input[str]] = option(
        "make the listener HTTPS; the first is the default, others are chosen by SNI",
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
        "who may reach a load balancer made here; with IPv6 everybody means ``::/0``, too",
        Texts(),
        default=("0.0.0.0/0",),
    )
    preview_cidrs: Sequence[str] = option(
        "who may reach a color by its header; everybody whom production is for when empty, which is refused where "
        "an existing rule or listener requires sign-in or a token",
        Texts(),
        default=(),
    )
    host_headers: Sequence[str] = option(
        "hosts that this service is for, where several share a listener",
        Texts(),
        default=(),
    )
    path_patterns: Sequence[str] = option(
        "paths that this service is for; all when empty",
        Texts(),
        default=(),
    )
    rule_priority: int = option(
        "the production rule's priority, where one is made; the two before it are the colors' own rules",
        Anything("int"),
        default=100,
    )
    stickiness_seconds: int = option(
        "how long a client stays with its color while traffic is split; 0 is off",
        Anything("int"),
        default=0,
    )
    sticky_clients: str = option(
        "what becomes of such clients at 100 %: ``drained`` (they go over with all others) or ``kept`` until their "
        "cookie ends, which needs ``idle_capacity_percent`` 100",
        Text(),
        default="drained",
    )
    sign_in: Sequence[aws.lb.ListenerRuleActionArgs | Mapping[str, Any]] = option(
        "what the rule that the swap makes requires of clients before it forwards, as actions of "
        "``aws.lb.ListenerRule`` have it: ``type`` ``authenticate-cognito`` with ``authenticate_cognito``, or "
        "``jwt-validation`` with ``jwt_validation``, or ``authenticate-oidc`` with ``authenticate_oidc``, but for "
        "its client secret. Over HTTPS; testers come by ``preview_cidrs``",
        Anything("Sequence[aws.lb.ListenerRuleActionArgs | Mapping[str, Any]]"),
        default=(),
    )
    sign_in_secret: SignInSecretPlace | Mapping[str, Any] | None = option(
        'where the client secret of OpenID Connect is: ``{"secrets_manager": ARN}``, ``{"env": NAME}`` or '
        '``{"file": PATH}``: see ``SignInSecretPlace``. It is in no state: ELB keeps it with the rule',
        Anything("SignInSecretPlace | Mapping[str, Any]"),
        default=None,
    )
    target_groups: HttpTargetGroups = field(default_factory=HttpTargetGroups)
    converge_timeout_seconds: float = 60

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """A header that names the color."""
        return preview_headers_of(self.host_headers)

    def problems(self, settings: Mapping[str, Any]) -> list[Problem]:
        """The problems with the options."""
        problems = problems_in(self.target_groups) + problems_of_a_balancer(self)
        problems += problems_of_conditions(self.preview_cidrs, self.host_headers, self.path_patterns)
        problems += problems_of_regions(
            settings,
            listener_arn=self.listener_arn,
            rule_arn=self.rule_arn,
            load_balancer_arn=self.load_balancer_arn,
        )
        if self.rule_priority <= len(COLORS):
            allowed = "3 to 50000: the two before it are the colors' own"
            problems.append(Problem("rule_priority", self.rule_priority, allowed))
        if self.rule_arn is not None and self.listener_arn is not None:
            problems.append(Problem("listener_arn", known(self.listener_arn), "none, where a rule_arn is given"))
        if (self.rule_arn is not None or self.whole_listener) and (self.host_headers or self.path_patterns):
            allowed = "none, where a rule or a whole listener is given: it has its own"
            problems.append(Problem("host_headers", [*self.host_headers, *self.path_patterns], allowed))
        if self.whole_listener and self.listener_arn is None:
            problems.append(Problem("listener_arn", None, "the listener, where whole_listener is set"))
        problems += self._problems_of_sign_in()
        # A client with a cookie is sent to its color even when nothing runs there any more, and gets a 503.
        if self.sticky_clients == "kept" and known(settings.get("idle_capacity_percent", 0)) != 100:
            allowed = "drained, or kept with idle_capacity_percent 100: kept clients need units that stay"
            problems.append(Problem("sticky_clients", "kept", allowed))
        return problems

    def _problems_of_sign_in(self) -> list[Problem]:
        if not self.sign_in:
            return []
        problems = sign_in_actions.problems_in(self.sign_in)
        if self.rule_arn is not None or self.whole_listener:
            allowed = "none, where a rule or a whole listener is given: it keeps its own"
            problems.append(Problem("sign_in", len(self.sign_in), allowed))
        if not self.preview_cidrs:
            allowed = "one at least, where sign_in is set: the colors' own rules let everybody past it"
            problems.append(Problem("preview_cidrs", [], allowed))
        if self.listener_arn is None and self.rule_arn is None and not self.certificate_arns:
            allowed = "one at least, where sign_in is set: load balancers do it over HTTPS alone"
            problems.append(Problem("certificate_arns", [], allowed))
        return problems

    def draft(self, owner: str, connection: Mapping[str, str]) -> dict[str, Any]:
        """The router's section."""
        where: dict[str, Any] = {"listener_arn": UNKNOWN}
        if self.rule_arn is not None:
            where = {"rule_arn": UNKNOWN}
        elif not self.whole_listener:
            where["priority"] = self.rule_priority
        if self.path_patterns:
            where["path_patterns"] = list(self.path_patterns)
        return {
            "kind": "alb",
            **where,
            "target_groups": UNKNOWN,
            "owner": owner,
            "host_headers": list(self.host_headers),
            "stickiness_seconds": self.stickiness_seconds,
            **({} if self.sticky_clients == "drained" else {"sticky_clients": self.sticky_clients}),
            **({"sign_in": known(self._sign_in_actions)} if self._sign_in_actions else {}),
            **({} if self.sign_in_secret is None else {"sign_in_secret": known(self.sign_in_secret)}),
            "aws": dict(connection),
        }

    @property
    def _sign_in_actions(self) -> list[dict[str, Any]]:
        return [] if sign_in_actions.problems_in(self.sign_in) else sign_in_actions.of_the_api(self.sign_in)

    def declare(self, context: EntryContext) -> EntryResources:
        """The load balancer and its listener, as far as they are not there, target groups, the colors' own rules."""
        listener_arn, url, security_groups = self._front(context)
        groups = http_target_groups(context, self.target_groups)
        values = named(context.name, context.parent).values
        rules = preview_rules(
            context,
            listener_arn=listener_arn,
            first_priority=self.rule_priority - len(COLORS),
            groups=groups,
            values=values,
            preview_cidrs=self.preview_cidrs,
            host_headers=self.host_headers,
            path_patterns=self.path_patterns,
            rule_arns=() if self.rule_arn is None else [self.rule_arn],
            default_of=[listener_arn] if self.whole_listener else (),
        )
        router = {
            **self.draft(context.owner, context.connection),
            **place_of(listener_arn, self.rule_arn),
            **({"sign_in": self._sign_in_actions} if self._sign_in_actions else {}),
            **({} if self.sign_in_secret is None else {"sign_in_secret": self.sign_in_secret}),
        }
        made = Made(listener_arn, url, url, security_groups, groups, rules, values)
        return resources_of(self, router, made)

    def _front(
        self, context: EntryContext
    ) -> tuple[pulumi.Output[str], pulumi.Output[str], pulumi.Output[Sequence[str]]]:
        """The listener's ARN, the URL, and the load balancer's security groups."""
        given = self.listener_arn if self.rule_arn is None else balancer.listener_arn_of(self.rule_arn)
        if given is not None:
            front = balancer.found_balancer(balancer.balancer_arn_of(given), context.parent)
            return pulumi.Output.from_input(given), url_at(given, front, context.parent), front.security_group_ids
        scheme = "https" if self.certificate_arns else "http"
        port = self.listener_port or DEFAULT_PORTS[scheme]
        front = balancer_for(self, context, [port])
        listener_arn = balancer.made_listener(
            context, f"{context.name}-{scheme}", front.arn, port, self.certificate_arns
        )
        return listener_arn, url_of(front.dns_name, scheme, port), front.security_group_ids


class SignInSecretPlace(TypedDict, total=False):
    """The place of the client secret of OpenID Connect; one of the first three.

    Attributes:
        env: the name of an environment variable where the swap runs.
        file: a path there.
        secrets_manager: the ARN or name of a secret in Secrets Manager.
        key: the field of a secret in Secrets Manager that is JSON.
        version: any text: another one has the secret read and written anew, after a rotation.
    """

    env: pulumi.Input[str]
    file: pulumi.Input[str]
    secrets_manager: pulumi.Input[str]
    key: str
    version: pulumi.Input[str]


# -- written by `python dev/public_functions.py` from the options above


@reporting
def alb(
    *,
    load_balancer_arn: pulumi.Input[str] | None = None,
    listener_arn: pulumi.Input[str] | None = None,
    rule_arn: pulumi.Input[str] | None = None,
    whole_listener: bool = False,
    listener_port: int | None = None,
    certificate_arns: Sequence[pulumi.Input[str]] = (),
    internal: bool = False,
    ip_address_type: str = "ipv4",
    ingress_cidrs: Sequence[str] = ("0.0.0.0/0",),
    preview_cidrs: Sequence[str] = (),
    host_headers: Sequence[str] = (),
    path_patterns: Sequence[str] = (),
    rule_priority: int = 100,
    stickiness_seconds: int = 0,
    sticky_clients: str = "drained",
    sign_in: Sequence[aws.lb.ListenerRuleActionArgs | Mapping[str, Any]] = (),
    sign_in_secret: SignInSecretPlace | Mapping[str, Any] | None = None,
    **target_groups: Unpack[HttpTargetGroups],
) -> AlbEntry:
    """An Application Load Balancer with weights: promotions may go in steps.

    Args:
        load_balancer_arn: an existing load balancer, on which a listener is made; one is made when absent.
        listener_arn: an existing listener, on which the rules are made.
        rule_arn: an existing rule, which the swap takes over as it is: adopting it moves no traffic.
        whole_listener: whether ``listener_arn``'s default action is taken over in the same way, instead of a new rule.
        listener_port: default 80, or 443 with a certificate (1 to 65535).
        certificate_arns: make the listener HTTPS; the first is the default, others are chosen by SNI.
        internal: whether a load balancer made here is internal.
        ip_address_type: of a load balancer made here: ``ipv4``, ``dualstack``, ``dualstack-without-public-ipv4``.
        ingress_cidrs: who may reach a load balancer made here; with IPv6 everybody means ``::/0``, too.
        preview_cidrs: who may reach a color by its header; everybody whom production is for when empty, which is
            refused where an existing rule or listener requires sign-in or a token.
        host_headers: hosts that this service is for, where several share a listener.
        path_patterns: paths that this service is for; all when empty.
        rule_priority: the production rule's priority, where one is made; the two before it are the colors' own rules.
        stickiness_seconds: how long a client stays with its color while traffic is split; 0 is off.
        sticky_clients: what becomes of such clients at 100 %: ``drained`` (they go over with all others) or ``kept``
            until their cookie ends, which needs ``idle_capacity_percent`` 100.
        sign_in: what the rule that the swap makes requires of clients before it forwards, as actions of
            ``aws.lb.ListenerRule`` have it: ``type`` ``authenticate-cognito`` with ``authenticate_cognito``, or
            ``jwt-validation`` with ``jwt_validation``, or ``authenticate-oidc`` with ``authenticate_oidc``, but for its
            client secret. Over HTTPS; testers come by ``preview_cidrs``.
        sign_in_secret: where the client secret of OpenID Connect is: ``{"secrets_manager": ARN}``, ``{"env": NAME}`` or
            ``{"file": PATH}``: see ``SignInSecretPlace``. It is in no state: ELB keeps it with the rule.
        **target_groups: see ``HttpTargetGroups``.
    """
    return AlbEntry(
        load_balancer_arn=load_balancer_arn,
        listener_arn=listener_arn,
        rule_arn=rule_arn,
        whole_listener=whole_listener,
        listener_port=listener_port,
        certificate_arns=listed(certificate_arns),
        internal=internal,
        ip_address_type=ip_address_type,
        ingress_cidrs=listed(ingress_cidrs),
        preview_cidrs=listed(preview_cidrs),
        host_headers=listed(host_headers),
        path_patterns=listed(path_patterns),
        rule_priority=rule_priority,
        stickiness_seconds=stickiness_seconds,
        sticky_clients=sticky_clients,
        sign_in=listed(sign_in),
        sign_in_secret=sign_in_secret,
        target_groups=target_groups,
    )
