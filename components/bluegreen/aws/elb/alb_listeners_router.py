"""Two listeners of an Application Load Balancer, production and test, whose target groups are exchanged whole.

Production forwards to the live color and test to the idle one, so that a tester reaches the next release at a port or
host of its own. Each is a rule that the swap makes, or a rule or a whole listener that is handed in. Nothing is split.

A swap writes production first: were it killed between its two writes, the test listener would be what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.aws import error_counts
from bluegreen.aws.client import AwsConnection
from bluegreen.aws.connection_option import aws_option
from bluegreen.aws.elb import elbv2, room_for_rules
from bluegreen.aws.elb.production_place import ProductionPlaceRouter
from bluegreen.aws.elb.rule_places import Place, PlaceOptions, build_place
from bluegreen.aws.typed import typed
from bluegreen.metrics.error_counts import CLOUDWATCH, ErrorCounts
from bluegreen.options.declared import option, several
from bluegreen.options.kinds import Nested, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.ownership import Ownership
from bluegreen.rollout.errors import PlatformError, Problem
from bluegreen.rollout.model import Color, Convergence, Weights, other
from bluegreen.rollout.ports import Capability

_LISTENERS = "arn:aws:elasticloadbalancing:*:*:listener/app/*"
_RULES = "arn:aws:elasticloadbalancing:*:*:listener-rule/app/*"
# Tags are on what stands there: a rule, or a listener that is handed in whole.
_TAGGED = "arn:aws:elasticloadbalancing:*:*:listener*/app/*"


@dataclass(slots=True)
class ListenerPairRouter(ProductionPlaceRouter):
    """Production and test, exchanged whole.

    Attributes:
        former_owner, incarnation, former: of the resource's last update, as the ALB router has them.
    """

    counted_by: ClassVar[str] = CLOUDWATCH
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    # Not the test listener: another one is an update, so that production's rule is never made anew for it.
    where: ClassVar[frozenset[str]] = frozenset({"kind", "listener_arn", "priority", "rule_arn"})
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("elasticloadbalancing:DescribeRules", "every preview and update"),
        Permission("elasticloadbalancing:DescribeListeners", "the same, where whole listeners are handed in"),
        Permission("elasticloadbalancing:DescribeTags", "every preview and update"),
        Permission("elasticloadbalancing:DescribeTargetHealth", "previews of a promotion, updates"),
        Permission("elasticloadbalancing:CreateRule", "the first start", _LISTENERS),
        Permission("elasticloadbalancing:AddTags", "the first start and every swap: its owner and its lease", _TAGGED),
        Permission("elasticloadbalancing:RemoveTags", "the end of every swap: its lease", _TAGGED),
        Permission("elasticloadbalancing:ModifyRule", "every swap", _RULES),
        Permission("elasticloadbalancing:SetRulePriorities", "a replacement at another priority", _RULES),
        Permission("elasticloadbalancing:ModifyListener", "the same, where whole listeners are handed in", _LISTENERS),
        Permission("elasticloadbalancing:DeleteRule", "`pulumi destroy`", _RULES),
        elbv2.SIGN_IN_PERMISSION,
        room_for_rules.PERMISSION,
    )

    production: Mapping[str, Any] = several(PlaceOptions)
    target_groups: Mapping[Color, str] = elbv2.target_groups_option()
    owner: str = option("who owns both, written into their ``bluegreen:owner`` tags: ``project/stack/name``", Text())
    test: Mapping[str, Any] | None = option(
        "where the test listener's forward stands, where there is one", Nested(PlaceOptions), default=None
    )
    aws: AwsConnection = aws_option()
    former_owner: str = ""
    incarnation: str = ""
    former: Mapping[str, Any] = field(default_factory=dict)
    _production: Place = field(init=False)
    _test: Place | None = field(init=False)

    def __post_init__(self) -> None:
        groups = tuple(self.target_groups.values())
        ownership = Ownership(self.owner, self.former_owner, self.incarnation)
        former, test = self.former, self.test
        self._production = build_place(self.production, self.aws, ownership, groups, former=former, sibling=test)
        self._test = None
        if test is not None:
            before = former.get("test") or {}
            former = {**before, "target_groups": former.get("target_groups")} if before else {}
            self._test = build_place(
                test, self.aws, ownership, groups, is_production=False, former=former, sibling=self.production
            )

    @staticmethod
    def error_counts(section: Mapping[str, Any], _: object) -> ErrorCounts | None:
        """The target groups' counts, at the production listener."""
        return error_counts.of_target_groups(section)

    @staticmethod
    def problems_of_a_first_start(section: Mapping[str, Any]) -> list[Problem]:
        """Problems that only the load balancer knows of: no room for what is made. Some calls, in previews alone."""
        return room_for_rules.problems_of_room(section, "test")

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make or take over production with its marks, then the test listener."""
        if not self._production.create(self._forward(weights), marks):
            return False
        self._write_test(weights)
        return True

    def write(self, weights: Weights) -> None:
        """Production, then the test listener: a call each, one more to find a test rule."""
        if weights == Weights():
            self.delete()
            return
        self._production.write(self._forward(weights))
        self._write_test(weights)

    def _write_test(self, weights: Weights) -> None:
        """Forward the test listener to the idle color; while traffic is split it stays as it was before."""
        if self._test is not None and weights.live_color is not None:
            self._test.read()
            self._test.write(self._forward_to(other(weights.live_color)))

    def _whole(self, weights: Weights) -> Color:
        """The color that has all traffic; the inputs' check refuses a mix long before it comes here."""
        if weights.live_color is None:
            raise PlatformError(
                "elasticloadbalancing:ModifyRule", f"{weights} cannot be written: listeners are swapped whole"
            )
        return weights.live_color

    def _forward(self, weights: Weights) -> dict[str, Any]:
        """Production's forward."""
        return self._forward_to(self._whole(weights))

    def _forward_to(self, color: Color) -> dict[str, Any]:
        return {"TargetGroups": [{"TargetGroupArn": self.target_groups[color], "Weight": 1}]}

    def verify(self, weights: Weights) -> Convergence:
        """Whether both forward as written: a call each, none right after a write, whose answer says it."""
        if weights == Weights():
            return Convergence.CONVERGED if self.read().weights == weights else Convergence.PENDING
        arrived = elbv2.weights_of(self._production.actions(), self.target_groups) == weights
        if arrived and self._test is not None and weights.live_color is not None:
            wanted = Weights.all_on(other(weights.live_color))
            arrived = elbv2.weights_of(self._test.actions(), self.target_groups) == wanted
        return Convergence.CONVERGED if arrived else Convergence.PENDING

    @typed
    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        if weights == Weights() or (weights.live_color is None and Capability.WEIGHTS not in self.capabilities):
            places = [place for place in (self._production, self._test) if place is not None]
            return tuple(place.command(None) for place in places)
        production = self._production.command(self._forward(weights))
        if self._test is None or weights.live_color is None:
            return (production,)
        return production, self._test.command(self._forward_to(other(weights.live_color)))

    def delete(self) -> None:
        """Remove the rules that the swap made; what was handed in stays as it is, without the swap's tags."""
        self._production.remove()
        if self._test is not None:
            self._test.remove()
