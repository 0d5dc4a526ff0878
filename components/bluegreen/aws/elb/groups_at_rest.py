"""Target groups of somebody else's in a forward: those that get no requests stay in it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bluegreen.aws.elb.elbv2 import Actions, groups_in
from bluegreen.aws.service_limits import LIMITS
from bluegreen.rollout.errors import NotOwned

_COLORS = 2


def known_groups(groups: Iterable[str], former: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The colors' target groups: those of today, and those of the last update, which go with the next write.

    Args:
        groups: today's, by ARN.
        former: the router's section as the last update had it.
    """
    before = (former or {}).get("target_groups")
    return (*groups, *(before.values() if isinstance(before, Mapping) else ()))


def at_rest(actions: Actions, ours: Collection[str]) -> list[Mapping[str, Any]]:
    """The groups in a forward that are neither color's and get no requests."""
    return [one for one in groups_in(actions) if one["TargetGroupArn"] not in ours and one.get("Weight", 1) == 0]


def with_those_at_rest(forward: Mapping[str, Any], actions: Actions, ours: Collection[str]) -> Mapping[str, Any]:
    """A forward with the others' groups that stay in it; of those that came since, as many as a forward has room for.

    Args:
        forward: to the colors.
        actions: as they were read.
        ours: the colors' groups.
    """
    wanted = forward["TargetGroups"]
    beside = at_rest(actions, ours)[: max(LIMITS["forwarded_groups"].most - len(wanted), 0)]
    if not beside:
        return forward
    return {**forward, "TargetGroups": [*({"Weight": 1, **one} for one in wanted), *beside]}


def refuse_too_many(arn: str, actions: Actions, ours: Collection[str]) -> None:
    """Refuse to take over what has no room for both colors.

    Raises:
        NotOwned: it has not.
    """
    room, found = LIMITS["forwarded_groups"].most - _COLORS, at_rest(actions, ours)
    if len(found) > room:
        raise NotOwned(
            "elasticloadbalancing:DescribeTags",
            f"TargetGroups of {arn} have {len(found)} of somebody else's that get no requests and would have to stay, "
            f"and there is room for {room} beside both colors: take some away first; nothing was written",
        )
