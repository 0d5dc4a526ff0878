"""Shared by the routers for Elastic Load Balancing: target health, owner and marks as tags, forwards as weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from bluegreen.aws.client import AwsConnection, called, error_code
from bluegreen.options.declared import option
from bluegreen.options.kinds import Both, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.ownership import Ownership
from bluegreen.rollout.errors import NotOwned
from bluegreen.rollout.model import COLORS, Color, Readiness, Weights

Actions = Sequence[Mapping[str, Any]]
#: ELB asks in the caller's name for what an action that is sent back signs in with.
SIGN_IN_PERMISSION = Permission(
    "cognito-idp:DescribeUserPoolClient",
    "a write needs it, where production signs in by Cognito",
    "arn:aws:cognito-idp:*:*:userpool/*",
)
OWNER_TAG = "bluegreen:owner"
MARK_PREFIX = "bluegreen:mark:"
_TAGS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class RuleState:
    """The rule or the listener at a place, as it is now.

    Attributes:
        arn: of the rule or listener.
        actions: its actions.
        tags: its tags.
        owned: whether the swap has made it or taken it over.
        conditions: of a rule.
        priority: of a rule.
    """

    arn: str
    actions: Actions
    tags: Mapping[str, str]
    owned: bool
    conditions: Sequence[Mapping[str, Any]] = ()
    priority: int = 0


def target_groups_option() -> Any:
    """The option with a target group for each color, two different ones."""
    return option("a target group's ARN for each color", Both(Text(), "another target group than blue's"))


def target_health(aws: AwsConnection, target_group_arn: str) -> Readiness:
    """The load balancer's own verdict on the health of a group's targets: one call."""
    with called("elasticloadbalancing:DescribeTargetHealth"):
        answer = aws.client("elbv2").describe_target_health(TargetGroupArn=target_group_arn)
    # Draining targets are on their way out and take no new requests: they are not the color's any more.
    states = [
        item["TargetHealth"]
        for item in answer["TargetHealthDescriptions"]
        if item["TargetHealth"]["State"] != "draining"
    ]
    healthy, starting = (sum(state["State"] == name for state in states) for name in ("healthy", "initial"))
    reason = next((_why(state) for state in states if state["State"] != "healthy"), "")
    if not states:
        reason = "no target is registered"
    ready = bool(states) and healthy == len(states)
    return Readiness(ready, healthy, len(states), reason, starting=starting)


def _why(state: Mapping[str, Any]) -> str:
    return " ".join(str(state[key]) for key in ("State", "Reason", "Description") if state.get(key))


def tags_of(aws: AwsConnection, arn: str) -> dict[str, str]:
    """The tags of a listener or a rule: one call."""
    return tags_of_all(aws, [arn]).get(arn, {})


def tags_of_all(aws: AwsConnection, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    """The tags of several of them, by ARN: one call for each 20."""
    tags: dict[str, dict[str, str]] = {}
    for start in range(0, len(arns), _TAGS_AT_ONCE):
        with called("elasticloadbalancing:DescribeTags"):
            answer = aws.client("elbv2").describe_tags(ResourceArns=list(arns[start : start + _TAGS_AT_ONCE]))
        for one in answer["TagDescriptions"]:
            tags[one["ResourceArn"]] = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
    return tags


def marks_in(tags: Mapping[str, str]) -> dict[str, str]:
    """The marks among an object's tags."""
    return {key.removeprefix(MARK_PREFIX): value for key, value in tags.items() if key.startswith(MARK_PREFIX)}


def keys_of_ours(tags: Mapping[str, str]) -> list[str]:
    """The keys of a swap's own tags among an object's: its owner and its marks."""
    return [key for key in tags if key == OWNER_TAG or key.startswith(MARK_PREFIX)]


def set_marks(aws: AwsConnection, arn: str, changes: Mapping[str, str | None], owner: str | None = None) -> None:
    """Set and remove marks: a call for each of the two. A new ``owner`` is stamped with the first that are set."""
    added = {MARK_PREFIX + name: value for name, value in changes.items() if value is not None}
    tag(aws, arn, {**added, OWNER_TAG: owner} if added and owner is not None else added)
    untag(aws, arn, [MARK_PREFIX + name for name, value in changes.items() if value is None])


def tag(aws: AwsConnection, arn: str, tags: Mapping[str, str]) -> None:
    """Add tags; none is fine."""
    if tags:
        with called("elasticloadbalancing:AddTags"):
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            aws.client("elbv2").add_tags(ResourceArns=[arn], Tags=pairs)


def untag(aws: AwsConnection, arn: str, keys: Sequence[str]) -> None:
    """Remove tags, there or not; none is fine."""
    if keys:
        with called("elasticloadbalancing:RemoveTags"):
            aws.client("elbv2").remove_tags(ResourceArns=[arn], TagKeys=list(keys))


def refuse_stranger(tags: Mapping[str, str], ownership: Ownership, what: str) -> None:
    """End with an error when the object in our place is not ours.

    Raises:
        NotOwned: naming who owns it.
    """
    holder, owner = tags.get(OWNER_TAG), ownership.owner
    if not ownership.holds(holder, marks_in(tags)):
        owned_by = f"is owned by {holder}" if holder else "was not made by bluegreen"
        raise NotOwned("elasticloadbalancing:DescribeTags", f"{what} {owned_by}; this swap is {owner}")


def shares_of(actions: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Weight by target group ARN of the forward among a rule's actions; empty when there is none."""
    return {group["TargetGroupArn"]: group.get("Weight", 1) for group in groups_in(actions)}


def groups_in(actions: Actions) -> Actions:
    """The target groups of the forward among a rule's actions; none when there is none."""
    for action in actions:
        if action["Type"] == "forward":
            groups: Actions = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
            return groups
    return ()


def weights_of(actions: Sequence[Mapping[str, Any]], target_groups: Mapping[Color, str]) -> Weights:
    """The percentage of requests that actions forward to each color."""
    shares = shares_of(actions)
    blue, green = (shares.get(target_groups[color], 0) for color in COLORS)
    return Weights.of_shares(blue, green, sum(shares.values()))


_ENDS = ("forward", "redirect", "fixed-response")
STICKINESS = "TargetGroupStickinessConfig"
_NOT_SERVED = 400
_FORWARD_KEYS = ("Type", "Order", "TargetGroupArn", "ForwardConfig")


def with_forward(actions: Sequence[Mapping[str, Any]], forward: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A listener's or rule's actions with another forward at their end; all others stay, known kinds or not.

    Args:
        actions: as they are now.
        forward: what the swap says. Without a stickiness of its own it leaves the one that is there; one that is off
            takes it away.
    """
    kept = [_resent(action) for action in actions if action["Type"] not in _ENDS]
    former = next((action for action in actions if action["Type"] == "forward"), {})
    config = former.get("ForwardConfig") or {}
    groups = {group["TargetGroupArn"]: group for group in config.get("TargetGroups", ())}
    wanted = {**config, **forward}
    wanted["TargetGroups"] = [
        {**_unknown(groups.get(one["TargetGroupArn"], {})), **one} for one in forward["TargetGroups"]
    ]
    if not (wanted.get(STICKINESS) or {}).get("Enabled") and not _is_off(config):
        wanted.pop(STICKINESS, None)
    elif _is_off(config) and _is_off(wanted):
        wanted[STICKINESS] = config[STICKINESS]
    last: dict[str, Any] = {key: value for key, value in former.items() if key not in _FORWARD_KEYS}
    last = {"Type": "forward", **last, "ForwardConfig": wanted}
    return _in_order([*kept, last], [*kept, former])


def _is_off(config: Mapping[str, Any]) -> bool:
    """Whether a forward says that its stickiness is off, which is the default."""
    return STICKINESS in config and not config[STICKINESS].get("Enabled")


def _in_order(actions: Sequence[dict[str, Any]], former: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Actions with the orders that they had, where these still ascend; with new ones where they do not."""
    orders = [int(action.get("Order", 0)) for action in former]
    if all(orders) and orders == sorted(set(orders)):
        return [{**action, "Order": order} for action, order in zip(actions, orders, strict=True)]
    if len(actions) == 1:
        return [*actions]
    return [{**action, "Order": order} for order, action in enumerate(actions, 1)]


def _unknown(group: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in group.items() if key not in ("TargetGroupArn", "Weight")}


def lost_by_a_forward(actions: Actions) -> str:
    """Name the action of somebody's that a forward in its place would end; empty when nothing is lost.

    A forward is moved, and an error that is answered to everybody stands for nobody. All else is somebody's: a
    redirect, a page, and whatever ends a list of actions that is not known here.
    """
    if not actions or any(action["Type"] == "forward" for action in actions):
        return ""
    last = max(enumerate(actions), key=lambda one: (one[1].get("Order", 0), one[0]))[1]
    answer = str((last.get("FixedResponseConfig") or {}).get("StatusCode", ""))
    if last["Type"] == "fixed-response" and answer.isdecimal() and int(answer) >= _NOT_SERVED:
        return ""
    return f"{last['Type']} {answer}".strip()


def _resent(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action in the form that AWS accepts back: the client secret of OpenID Connect is never read, only kept."""
    config = action.get("AuthenticateOidcConfig")
    if config is None or "ClientSecret" in config:
        return dict(action)
    return {**action, "AuthenticateOidcConfig": {**config, "UseExistingClientSecret": True}}


def listener_actions(aws: AwsConnection, arn: str) -> Actions:
    """A listener's default actions: one call; empty when there is no such listener."""
    with called("elasticloadbalancing:DescribeListeners"):
        try:
            listeners = aws.client("elbv2").describe_listeners(ListenerArns=[arn])["Listeners"]
        except ClientError as error:
            if error_code(error) != "ListenerNotFound":
                raise
            return ()
    return listeners[0]["DefaultActions"] if listeners else ()


def first_of(answer: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The one object in the answer to a write; empty where the answer leaves it out."""
    written: Mapping[str, Any] = next(iter(answer.get(key) or ()), {})
    return written


def rule_actions(aws: AwsConnection, arn: str) -> Actions:
    """A rule's actions: one call; empty when there is no such rule."""
    rule = rule_at(aws, arn)
    return () if rule is None else rule["Actions"]


def rule_at(aws: AwsConnection, arn: str) -> Mapping[str, Any] | None:
    """A rule as it is: one call; ``None`` when there is none."""
    with called("elasticloadbalancing:DescribeRules"):
        try:
            rules = aws.client("elbv2").describe_rules(RuleArns=[arn])["Rules"]
        except ClientError as error:
            if error_code(error) != "RuleNotFound":
                raise
            return None
    return rules[0] if rules else None
