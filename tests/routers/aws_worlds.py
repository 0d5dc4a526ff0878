"""Objects of AWS that others made, with any field that botocore's models know, each in a small world of its own."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bluegreen.aws.route53.records import REFUSED
from tests.routers import aws_store
from tests.routers.aws_store import CONNECTION
from tests.routers.botocore_strategies import kinds_of, of_a_kind, shape, structures

STEPS = {"name": "steps", "steps": [{"weight_percent": weight, "hold_seconds": 1} for weight in (10, 60)]}

ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:"
GROUPS = {"blue": ARN + "targetgroup/b/1111111111111111", "green": ARN + "targetgroup/g/2222222222222222"}
RULE = ARN + "listener-rule/app/w/1111111111111111/2222222222222222/3333333333333333"
TEST_RULE = ARN + "listener-rule/app/w/1111111111111111/2222222222222222/4444444444444444"
LISTENER = ARN + "listener/app/w/1111111111111111/2222222222222222"
NETWORK = ARN + "listener/net/w/1111111111111111/2222222222222222"
NAME, ALIASES = "app.example.com.", {"blue": "blue.elb.amazonaws.com", "green": "green.elb.amazonaws.com"}


@dataclass
class World:
    """The objects of a world.

    Attributes:
        store: who answers.
        seen: all of it, but for what is the swap's.
        router: the swap's section.
        strategy: of its promotions.
        theirs: what is the same at every moment.
    """

    store: aws_store.Store
    seen: Callable[[], Any]
    router: dict[str, Any]
    strategy: dict[str, Any] | None = None
    theirs: Callable[[], Any] = dict


# -- Elastic Load Balancing

ENDS = ("forward", "redirect", "fixed-response")


@st.composite
def forwards(draw: Any) -> dict[str, Any]:
    """A forward to blue, in any of its forms."""
    action = shape("elbv2", "Action")
    config = draw(structures(action.members["ForwardConfig"], 3, without=("TargetGroups",)))
    group = draw(structures(shape("elbv2", "TargetGroupTuple"), 3, fixed={"TargetGroupArn": GROUPS["blue"]}))
    group["Weight"] = draw(st.integers(1, 999))
    groups = [group, *([{"TargetGroupArn": GROUPS["green"], "Weight": 0}] if draw(st.booleans()) else [])]
    found = {"Type": "forward", "ForwardConfig": {**config, "TargetGroups": groups}}
    if len(groups) == 1 and draw(st.booleans()):
        found["TargetGroupArn"] = GROUPS["blue"]
    return found if draw(st.booleans()) else {"Type": "forward", "TargetGroupArn": GROUPS["blue"]}


@st.composite
def action_lists(draw: Any) -> list[dict[str, Any]]:
    """Actions that requests have to pass, of any kind, and a forward."""
    action = shape("elbv2", "Action")
    passes = sorted(kind for kind in kinds_of(action) if kind not in ENDS)
    chosen = draw(st.lists(st.sampled_from(passes), unique=True, max_size=2))
    actions = [draw(of_a_kind(action, kind)) for kind in chosen]
    for one in actions:
        if "AuthenticateOidcConfig" in one:  # as it was made: whoever reads it sees nothing of its secret
            one["AuthenticateOidcConfig"].pop("UseExistingClientSecret", None)
            one["AuthenticateOidcConfig"]["ClientSecret"] = "kept"
        if "AuthenticateCognitoConfig" in one:
            one["AuthenticateCognitoConfig"]["UserPoolArn"] = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/p"
    orders = sorted(draw(st.lists(st.integers(1, 50_000), unique=True, min_size=3, max_size=3)))
    actions.append(draw(forwards()))
    if len(actions) == 1 and draw(st.booleans()):
        return actions
    return [{**one, "Order": order} for one, order in zip(actions, orders, strict=False)]


@st.composite
def listener_rules(draw: Any, arn: str = RULE) -> dict[str, Any]:
    """A rule."""
    one = shape("elbv2", "Rule")
    rule = draw(structures(one, 1, without=("Actions", "Conditions", "Transforms")))
    condition, transform = shape("elbv2", "RuleCondition"), shape("elbv2", "RuleTransform")
    for key, of, field in (("Conditions", condition, "Field"), ("Transforms", transform, "Type")):
        kinds = draw(st.lists(st.sampled_from(sorted(kinds_of(of))), unique=True, max_size=2))
        rule[key] = [draw(of_a_kind(of, kind, field)) for kind in kinds]
    return {**rule, "RuleArn": arn, "Priority": "10", "IsDefault": False, "Actions": draw(action_lists())}


@st.composite
def listeners(draw: Any, arn: str = LISTENER) -> dict[str, Any]:
    """A listener."""
    listener = draw(structures(shape("elbv2", "Listener"), 1, without=("DefaultActions",)))
    actions = [draw(forwards())] if "/net/" in arn else draw(action_lists())
    return {**listener, "ListenerArn": arn, "DefaultActions": actions}


def balanced(state: dict[str, Any]) -> dict[str, Any]:
    """An object without what its forward says of the colors."""
    one = copy.deepcopy(state)
    key = "Actions" if "Actions" in one else "DefaultActions"
    for action in one[key]:
        if action["Type"] == "forward":
            action.pop("TargetGroupArn", None)
            config = action.pop("ForwardConfig", {})
            groups = config.pop("TargetGroups", [])
            action["of groups"] = {
                group["TargetGroupArn"]: rest
                for group in groups
                if (rest := {key: value for key, value in group.items() if key not in ("TargetGroupArn", "Weight")})
            }
            action["forward"] = config
        if action.get("Order") == 1 and len(one[key]) == 1:
            action.pop("Order")
    return one


@contextlib.contextmanager
def behind_a_balancer(objects: list[dict[str, Any]], router: dict[str, Any], strategy: Any) -> Iterator[World]:
    by_arn = {one.get("RuleArn") or one["ListenerArn"]: copy.deepcopy(one) for one in objects}
    tags = {arn: {"team": "orders"} for arn in by_arn}
    store = aws_store.balancing(by_arn, tags)
    section = {"target_groups": GROUPS, "owner": "p/s/web", "aws": CONNECTION, **router}
    with contextlib.closing(store):
        yield World(
            store, lambda: ({arn: balanced(one) for arn, one in by_arn.items()}, copy.deepcopy(tags)), section, strategy
        )


# -- the others


@st.composite
def records(draw: Any) -> list[dict[str, Any]]:
    """Records that lead to blue: an alias, simple or of one of several weights."""
    one = shape("route53", "ResourceRecordSet")
    target = structures(one.members["AliasTarget"], 2, fixed={"DNSName": ALIASES["blue"] + ".", "HostedZoneId": "Z9"})
    record = draw(structures(one, 1, without=("SetIdentifier", "Weight", "ResourceRecords", "TTL", *REFUSED)))
    record |= {"Name": NAME, "Type": "A", "AliasTarget": draw(target)}
    identifiers = draw(st.lists(st.sampled_from(["v1", "blue", "it"]), unique=True, max_size=2))
    if not identifiers:
        return [record]
    return [{**record, "SetIdentifier": name, "Weight": draw(st.integers(1, 255))} for name in identifiers]


def effects(there: list[dict[str, Any]]) -> Any:
    """The fields of blue's record beside its name and weight, while it has one."""
    own = ("Name", "SetIdentifier", "Weight", "AliasTarget")
    blues = (one for one in there if "blue" in one.get("AliasTarget", {}).get("DNSName", ""))
    fields = [(without(one, *own), one["AliasTarget"]["EvaluateTargetHealth"]) for one in blues]
    return sorted({json.dumps(one, sort_keys=True) for one in fields}) or None


@contextlib.contextmanager
def in_a_zone(record_sets: list[dict[str, Any]]) -> Iterator[World]:
    there = copy.deepcopy(record_sets)
    store = aws_store.zone(there)
    section = {
        "kind": "route53",
        "zone_id": "Z1",
        "record_name": NAME,
        "targets": {color: {"dns_name": name, "zone_id": "Z9"} for color, name in ALIASES.items()},
        "target_groups": GROUPS,
        "adopt": True,
        "owner": "p/s/web",
        "aws": CONNECTION,
    }
    with contextlib.closing(store), contextlib.closing(aws_store.balancing({}, {})):
        yield World(store, lambda: sorted(copy.deepcopy(there), key=str), section, STEPS, lambda: effects(there))


ALIAS_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:orders:live"


@st.composite
def aliases(draw: Any) -> dict[str, Any]:
    """An alias of a function that leads to version 1."""
    alias = draw(structures(shape("lambda", "AliasConfiguration"), 1, without=("RoutingConfig",)))
    routing = draw(st.sampled_from([{}, {"RoutingConfig": {}}, {"RoutingConfig": {"AdditionalVersionWeights": {}}}]))
    own = {"AliasArn": ALIAS_ARN, "Name": "live", "FunctionVersion": "1", "RevisionId": "r0"}
    return {**alias, **routing, **own}


@contextlib.contextmanager
def of_a_function(found: dict[str, Any]) -> Iterator[World]:
    there, tags = {"live": copy.deepcopy(found)}, {"team": "orders"}
    store = aws_store.functions(there, tags)
    section = {
        "kind": "lambda_alias",
        "function_name": "orders",
        "alias_name": "live",
        "versions": {"blue": "1", "green": "2"},
        "adopt": True,
        "owner": "p/s/web",
        "aws": CONNECTION,
    }

    def seen() -> Any:
        alias = copy.deepcopy(there["live"])
        alias.pop("RevisionId")
        if not alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
            alias.pop("RoutingConfig", None)
        return {"Description": "", **alias}, dict(tags)

    with contextlib.closing(store):
        theirs = lambda: there["live"].get("Description", "").startswith(found.get("Description", ""))  # noqa: E731
        yield World(store, seen, section, STEPS, theirs)


@st.composite
def http_stages(draw: Any) -> dict[str, Any]:
    """A stage of an HTTP API whose variable is blue's."""
    stage = draw(structures(shape("apigatewayv2", "GetStage.output"), 1))
    variables = {**stage.get("StageVariables", {}), "backend": "blue.example.com"}
    return {**stage, "StageName": "$default", "StageVariables": variables}


@contextlib.contextmanager
def of_an_http_api(stage: dict[str, Any]) -> Iterator[World]:
    there = copy.deepcopy(stage)
    store = aws_store.http_stages(there)
    section = {
        "kind": "http_api_stage",
        "api_id": "a1",
        "stage_name": "$default",
        "variable": "backend",
        "values": {"blue": "blue.example.com", "green": "green.example.com"},
        "adopt": True,
        "owner": "p/s/web",
        "aws": CONNECTION,
    }
    with contextlib.closing(store):
        theirs = lambda: without(there, "Tags", "StageVariables")  # noqa: E731
        yield World(store, lambda: {"Tags": {}, **copy.deepcopy(there)}, section, theirs=theirs)


@st.composite
def rest_stages(draw: Any) -> dict[str, Any]:
    """A stage of a REST API that serves blue's deployment."""
    stage = draw(structures(shape("apigateway", "Stage"), 1, without=("canarySettings",)))
    return {**stage, "stageName": "prod", "deploymentId": "d1"}


@contextlib.contextmanager
def of_a_rest_api(stage: dict[str, Any]) -> Iterator[World]:
    there = copy.deepcopy(stage)
    store = aws_store.rest_stages(there)
    section = {
        "kind": "rest_api_canary",
        "rest_api_id": "a1",
        "stage_name": "prod",
        "deployments": {"blue": "d1", "green": "d2"},
        "adopt": True,
        "owner": "p/s/web",
        "aws": CONNECTION,
    }
    with contextlib.closing(store):
        theirs = lambda: without(there, "tags", "deploymentId", "canarySettings")  # noqa: E731
        yield World(store, lambda: {"tags": {}, **copy.deepcopy(there)}, section, STEPS, theirs)


PAIR = {"kind": "alb_listeners", "rule_arn": RULE, "test": {"rule_arn": TEST_RULE}}
ROUTERS = {
    "alb, a rule": (
        listener_rules(),
        lambda one: behind_a_balancer([one], {"kind": "alb", "rule_arn": RULE}, STEPS),
    ),
    "alb, a whole listener": (
        listeners(),
        lambda one: behind_a_balancer([one], {"kind": "alb", "listener_arn": LISTENER}, STEPS),
    ),
    "alb_listeners": (
        st.tuples(listener_rules(), listener_rules(TEST_RULE)),
        lambda both: behind_a_balancer(list(both), PAIR, None),
    ),
    "nlb": (
        listeners(NETWORK),
        lambda one: behind_a_balancer([one], {"kind": "nlb", "listener_arn": NETWORK}, None),
    ),
    "route53": (records(), in_a_zone),
    "lambda_alias": (aliases(), of_a_function),
    "http_api_stage": (http_stages(), of_an_http_api),
    "rest_api_canary": (rest_stages(), of_a_rest_api),
}


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    """All but some fields."""
    return {name: copy.deepcopy(value) for name, value in fields.items() if name not in names}
