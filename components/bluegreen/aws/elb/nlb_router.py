"""Network Load Balancer: the default action of a production listener, and of a test listener where there is one.

Production forwards to the live color, test to the idle one; at the end of a swap they are exchanged, production first.
Such listeners have no rules, so the swap owns their default actions and nobody else writes them. TCP, TLS, UDP and
TCP_UDP alike.

Connections that are open stay with the target that they have, also after a swap, until they end or their target is
deregistered: that is how long the color left behind has to keep running.

In steps the production listener forwards to both target groups with weights, new connections by chance:
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html
At 0/100 it forwards to the one group without a weight: a weight of 0 beside it is a leak waiting to happen, and a swap
without steps writes nothing that a region without weights on network load balancers refuses. While traffic is split the
test listener shows the color that is being promoted, as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bluegreen.aws.elb.alb_listeners_router import ListenerPairRouter
from bluegreen.aws.elb.handed_in_rule import HandedIn
from bluegreen.fields import Fields
from bluegreen.options.declared import Options, declared, option, several
from bluegreen.options.kinds import Flag, Text
from bluegreen.permissions import Permission
from bluegreen.rollout.model import COLORS, Color, Weights
from bluegreen.rollout.ports import Capability

_LISTENERS = "arn:aws:elasticloadbalancing:*:*:listener/net/*"


@declared
class _Listeners(Options):
    """The listeners of a pair."""

    listener_arn: str = option("production's listener", Text())
    test_listener_arn: str | None = option("the test listener, where there is one", Text(), default=None)


@dataclass(slots=True)
class NlbRouter(ListenerPairRouter):
    """Two listeners of a network load balancer: production's weights, and test exchanged with it at its ends.

    The first write tags a listener with its owner; before it no color is live as far as the swap is concerned. It moves
    no traffic: a production listener that forwards to the other color, or to a stranger's target group, is refused.
    """

    counted_by: ClassVar[str] = ""  # it forwards connections, and knows no answers
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    where: ClassVar[frozenset[str]] = frozenset({"kind", "listener_arn"})
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("elasticloadbalancing:DescribeListeners", "every preview and update"),
        Permission("elasticloadbalancing:DescribeTags", "every preview and update"),
        Permission("elasticloadbalancing:DescribeTargetHealth", "previews of a promotion, updates"),
        Permission("elasticloadbalancing:ModifyListener", "every swap", _LISTENERS),
        Permission(
            "elasticloadbalancing:AddTags", "the first start and every swap: its owner and its lease", _LISTENERS
        ),
        Permission("elasticloadbalancing:RemoveTags", "the end of every swap: its lease; `pulumi destroy`", _LISTENERS),
    )

    production: Mapping[str, Any] = several(_Listeners)
    test: Mapping[str, Any] | None = None
    made_with_it: bool = option(
        "the listeners were made together with the swap, so that nobody depends on where they forward to before the "
        "first write; it may then put production on either color",
        Flag(),
        default=False,
    )

    def __post_init__(self) -> None:
        # A dataclass with slots is another class than the one that a bare `super()` would look for.
        ListenerPairRouter.__post_init__(self)
        if self.made_with_it and isinstance(self._production, HandedIn):
            self._production.is_production = False

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Check the two listeners, each as a place."""
        listener, test = values["production"]["listener_arn"], values["production"]["test_listener_arn"]
        if isinstance(test, str) and test == listener:
            fields.problem("test_listener_arn", test, "another listener than production's, or none")
        values["production"], values["test"] = _whole(listener), None if test is None else _whole(test)

    def _forward(self, weights: Weights) -> dict[str, Any]:
        if weights.live_color is not None:
            return self._forward_to(weights.live_color)
        groups = [
            {"TargetGroupArn": self.target_groups[color], "Weight": weights.of(color)}
            for color in COLORS
            if weights.of(color)
        ]
        return {"TargetGroups": groups}

    def _forward_to(self, color: Color) -> dict[str, Any]:
        return {"TargetGroups": [{"TargetGroupArn": self.target_groups[color]}]}


def _whole(listener_arn: Any) -> dict[str, Any]:
    """A listener's default action, as a place."""
    return {"listener_arn": listener_arn, "rule_arn": None, "priority": None, "host_headers": (), "path_patterns": ()}
