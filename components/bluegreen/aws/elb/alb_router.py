"""Application Load Balancer: one forward that the swap owns, with a weight for each color.

It is a listener rule that the swap makes, or a rule or a whole listener that is handed in. The listener itself answers
503 by default and belongs to the user's stack; the colors' static rules, which keep both target groups attached and
health-checked, do too. Nobody but the swap writes the forward.
At 0/100 it goes to the one group alone: a weight of 0 beside it is a leak waiting to happen.

Limits and shapes: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.aws import error_counts
from bluegreen.aws.client import AwsConnection
from bluegreen.aws.connection_option import aws_option
from bluegreen.aws.elb import elbv2, room_for_rules, sign_in, sign_in_secret
from bluegreen.aws.elb.production_place import ProductionPlaceRouter
from bluegreen.aws.elb.rule_places import Place, PlaceOptions, build_place
from bluegreen.aws.elb.sign_in_secret import SignInSecret
from bluegreen.aws.typed import typed
from bluegreen.fields import Fields
from bluegreen.metrics.error_counts import CLOUDWATCH, ErrorCounts
from bluegreen.options.declared import option, several
from bluegreen.options.kinds import Anything, Made, Number, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.ownership import Ownership
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color, Convergence, Weights
from bluegreen.rollout.ports import Capability
from bluegreen.secrets import HIDDEN

_LISTENERS = "arn:aws:elasticloadbalancing:*:*:listener/app/*"
_RULES = "arn:aws:elasticloadbalancing:*:*:listener-rule/app/*"
# Tags are on what stands there: a rule, or a listener that is handed in whole.
_TAGGED = "arn:aws:elasticloadbalancing:*:*:listener*/app/*"
_WEEK_SECONDS = 604_800
STICKY_CLIENTS = ("drained", "kept")


@dataclass(slots=True)
class AlbRouter(ProductionPlaceRouter):
    """The production forward.

    Attributes:
        former_owner, incarnation, former: of the resource's last update, none of them part of the section: who owned
            it, the mark of its rule wherever that stands, and the section itself.
    """

    counted_by: ClassVar[str] = CLOUDWATCH
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    where: ClassVar[frozenset[str]] = frozenset({"kind", "listener_arn", "priority", "rule_arn"})
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("elasticloadbalancing:DescribeRules", "every preview and update"),
        Permission("elasticloadbalancing:DescribeListeners", "the same, where a whole listener is handed in"),
        Permission("elasticloadbalancing:DescribeTags", "every preview and update"),
        Permission("elasticloadbalancing:DescribeTargetHealth", "previews of a promotion, updates"),
        Permission("elasticloadbalancing:CreateRule", "the first start", _LISTENERS),
        Permission("elasticloadbalancing:AddTags", "the first start and every swap: its owner and its lease", _TAGGED),
        Permission("elasticloadbalancing:RemoveTags", "the end of every swap: its lease", _TAGGED),
        Permission("elasticloadbalancing:ModifyRule", "every shift", _RULES),
        Permission("elasticloadbalancing:SetRulePriorities", "a replacement at another priority", _RULES),
        Permission("elasticloadbalancing:ModifyListener", "the same, where a whole listener is handed in", _LISTENERS),
        Permission("elasticloadbalancing:DeleteRule", "`pulumi destroy`", _RULES),
        elbv2.SIGN_IN_PERMISSION,
        sign_in_secret.PERMISSION,
        room_for_rules.PERMISSION,
    )

    place: Mapping[str, Any] = several(PlaceOptions)
    target_groups: Mapping[Color, str] = elbv2.target_groups_option()
    owner: str = option(
        "who owns the forward, written into its ``bluegreen:owner`` tag: ``project/stack/name``", Text()
    )
    stickiness_seconds: int = option(
        "how long a client stays with its color while traffic is split; 0 is off",
        Number(0, _WEEK_SECONDS, "seconds", whole=True),
        default=0,
    )
    sticky_clients: str = option(
        "what becomes of such clients at 100 %: ``drained`` (they go over with all others) or ``kept`` (the old color "
        "stays in the forward with a weight of 0, and its clients stay until their cookie ends)",
        Text(choices=STICKY_CLIENTS),
        default="drained",
    )
    sign_in: Sequence[Mapping[str, Any]] = option(
        "what the rule that is made requires of clients before its forward, as ELB's API has it: actions of the type "
        "``authenticate-cognito`` with their ``AuthenticateCognitoConfig``, ``authenticate-oidc`` with their "
        "``AuthenticateOidcConfig`` but for its secret, or ``jwt-validation`` with their ``JwtValidationConfig``",
        Anything(hint="Sequence[Mapping[str, object]]"),
        default=(),
        absent="what stands on the rule stays",
    )
    sign_in_secret: SignInSecret | None = option(
        "where the client secret of OpenID Connect is: one of ``env``, ``file`` and ``secrets_manager`` with its "
        "``key``; another ``version`` has it read and written anew",
        Made("Mapping[str, str]", SignInSecret.take),
        default=None,
    )
    aws: AwsConnection = aws_option()
    former_owner: str = ""
    incarnation: str = ""
    former: Mapping[str, Any] = field(default_factory=dict)
    _production: Place = field(init=False)

    def __post_init__(self) -> None:
        ownership = Ownership(self.owner, self.former_owner, self.incarnation)
        groups = tuple(self.target_groups.values())
        self._production = build_place(
            self.place,
            self.aws,
            ownership,
            groups,
            former=self.former,
            sign_in=self.sign_in,
            secret=self.sign_in_secret,
        )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse sign-in that the swap cannot write, and where it has no rule of its own."""
        values["sign_in"] = sign_in.checked(fields, values["sign_in"])
        if values["sign_in"] and values["place"]["priority"] is None and not fields.unknown:
            allowed = "none, where a rule or a whole listener is handed in: it keeps its own"
            fields.problem("sign_in", len(values["sign_in"]), allowed)
        asks = sign_in.asks_for_a_secret(fields.raw("sign_in"))
        if asks and fields.raw("sign_in_secret") is None:
            fields.problem("sign_in_secret", None, "where the client secret is, since sign_in has authenticate-oidc")
        if values["sign_in_secret"] is not None and asks is False:
            fields.problem("sign_in_secret", HIDDEN, "none, where sign_in has no authenticate-oidc")

    @staticmethod
    def error_counts(section: Mapping[str, Any], _: object) -> ErrorCounts | None:
        """The target groups' counts."""
        return error_counts.of_target_groups(section)

    @staticmethod
    def problems_of_a_first_start(section: Mapping[str, Any]) -> list[Problem]:
        """Problems that only the load balancer knows of: no room for what is made. Some calls, in previews alone."""
        return room_for_rules.problems_of_room(section)

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make the rule with its marks, where there is none: one call; take over what was handed in: some more."""
        return self._production.create(self._forward(weights), marks)

    def write(self, weights: Weights) -> None:
        """One call after a look: a rule is made or changed; no weight at all gives the place up."""
        if weights == Weights():
            self._production.remove()
        else:
            self._production.write(self._forward(weights))

    def _forward(self, weights: Weights) -> dict[str, Any]:
        kept = self.sticky_clients == "kept" and self.stickiness_seconds > 0
        groups = [
            {"TargetGroupArn": self.target_groups[color], "Weight": weights.of(color)}
            for color in COLORS
            if weights.of(color) or kept
        ]
        forward: dict[str, Any] = {"TargetGroups": groups}
        if self.stickiness_seconds and len(groups) > 1:
            forward[elbv2.STICKINESS] = {"Enabled": True, "DurationSeconds": self.stickiness_seconds}
        elif self.stickiness_seconds or self.former.get("stickiness_seconds") or self.place["priority"] is not None:
            forward[elbv2.STICKINESS] = {"Enabled": False}  # the swap's own; one that was found stays
        return forward

    def verify(self, weights: Weights) -> Convergence:
        """Whether the forward is as written: one call, none right after a write, whose answer says it."""
        if weights == Weights():
            live = self.read().weights
        else:
            live = elbv2.weights_of(self._production.actions(), self.target_groups)
        return Convergence.CONVERGED if live == weights else Convergence.PENDING

    @typed
    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        if weights == Weights():
            return (self._production.command(None),)
        return (self._production.command(self._forward(weights)),)

    def delete(self) -> None:
        """Remove the rule that the swap made; what was handed in stays as it is, without the swap's tags."""
        self._production.remove()
