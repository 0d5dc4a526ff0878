"""A promotion and a rollback under a policy with the documented actions alone, and without each of them."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import boto3
import pytest

from bluegreen.cli.stack import plain
from bluegreen.permissions import policy_document
from bluegreen.rollout.errors import BluegreenError, SwapFailed
from bluegreen.swap import contract
from bluegreen.swap.service import SwapService
from localcloud.fault_proxy import FaultProxy
from tests.e2e import stack as stacks
from tests.e2e.stack import Rule

# Not made in a promotion between two colors at full size, or only after something else went wrong.
NOT_IN_A_PROMOTION = {
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:DeleteRule",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "application-autoscaling:TagResource",
    "application-autoscaling:UntagResource",
    "elasticloadbalancing:SetRulePriorities",
    "application-autoscaling:ListTagsForResource",
    "application-autoscaling:DeleteScheduledAction",
    "iam:CreateServiceLinkedRole",
    "cognito-idp:DescribeUserPoolClient",
    "ecs:DescribeTaskDefinition",
    "application-autoscaling:DescribeScheduledActions",  # these two: of previews alone
    "elasticloadbalancing:DescribeAccountLimits",
    "secretsmanager:GetSecretValue",  # of a rule that signs in by OpenID Connect
}
# Where a whole listener is the swap's, which it is not here.
OF_WHAT_IS_HANDED_IN = {"elasticloadbalancing:DescribeListeners", "elasticloadbalancing:ModifyListener"}
ACTIONS = sorted(
    action
    for statement in policy_document(["alb", "ecs"])["Statement"]
    for action in statement["Action"]
    if action not in NOT_IN_A_PROMOTION | OF_WHAT_IS_HANDED_IN
)


class Policy:
    """The swap's IAM policy. The emulator judges calls of few services itself, but any call on demand."""

    def __init__(self):
        self.iam = boto3.client("iam")
        self.judged = {}
        self.may()

    def may(self, but=()):
        """Grant the permissions in the docs, ``but`` some of them."""
        document = policy_document(["alb", "ecs"])
        for statement in document["Statement"]:
            statement["Action"] = [action for action in statement["Action"] if action not in but]
        document["Statement"] = [statement for statement in document["Statement"] if statement["Action"]]
        self.judged.clear()
        self.document = json.dumps(document) if document["Statement"] else None

    def allows(self, action, body):
        """Judge one call by its action and resource."""
        asked = action, resource_of(action, body)
        if asked not in self.judged:
            self.judged[asked] = self.document is not None and self._simulated(*asked)
        return self.judged[asked]

    def _simulated(self, action, resource):
        found = self.iam.simulate_custom_policy(
            PolicyInputList=[self.document], ActionNames=[action], ResourceArns=[resource]
        )
        return found["EvaluationResults"][0]["EvalDecision"] == "allowed"


def resource_of(action, body):
    """The resource of a call, as IAM sees it: https://docs.aws.amazon.com/service-authorization/latest/reference/"""
    if action.startswith(("elasticloadbalancing:Describe", "application-autoscaling:")):
        return "*"
    if action.startswith("elasticloadbalancing:"):
        fields = parse_qs(body.decode())
        return next(fields[key][0] for key in ("RuleArn", "ListenerArn", "ResourceArns.member.1") if key in fields)
    if action in ("ecs:DescribeServices", "ecs:UpdateService"):
        asked = json.loads(body)
        service = asked.get("service") or asked["services"][0]
        return f"arn:aws:ecs:us-east-1:123456789012:service/{asked['cluster'].rpartition('/')[2]}/{service}"
    return "*"


@pytest.fixture(scope="module")
def policy(aws_env):
    return Policy()


@pytest.fixture(scope="module")
def proxy(cloud, policy):
    with FaultProxy(cloud.endpoint) as made:
        made.judge = policy.allows
        yield made


@pytest.fixture(scope="module")
def stack(cloud, aws_env, policy, proxy, tmp_path_factory):
    yield from stacks.make(cloud, tmp_path_factory, "ecs", proxy.url, idleCapacityPercent="100")


@pytest.fixture(scope="module")
def swap(stack, policy):
    """The swap as the state has it."""
    policy.may()
    stack.up(activeColor="blue")
    resources = plain(json.loads(stack.pulumi("stack", "export", "--show-secrets")))["deployment"]["resources"]
    outputs = next(resource["outputs"] for resource in resources if resource["type"].endswith(":TrafficSwap"))
    return {key: value for key, value in outputs.items() if not key.startswith("__")}


@pytest.fixture(scope="module")
def rule(stack):
    return Rule(stack)


def test_the_documented_permissions_are_enough(stack, policy, proxy):
    policy.may()
    stack.up(activeColor="green", idleCapacityPercent="0")
    assert stack.outcome() == "promoted"
    stack.up(activeColor="blue")
    assert stack.outcome() == "rolled_back"
    assert stack.colors() == {"blue"}
    assert len(policy.judged) > 10, "every call of the swap was judged"
    stack.up(idleCapacityPercent="100")


def test_without_any_permission_the_first_call_is_named(stack, policy, proxy):
    policy.may(but=set(ACTIONS) | NOT_IN_A_PROMOTION | OF_WHAT_IS_HANDED_IN)
    said = stack.up_fails(activeColor="green")
    assert "elasticloadbalancing:DescribeRules: AccessDenied" in said
    assert "Traceback" not in said
    policy.may()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_missing_permission_is_named_before_traffic_moves(swap, rule, policy, proxy, action):
    before = rule.rule()["Actions"]
    inputs = {key: swap[key] for key in contract.INPUT_KEYS if key in swap}
    for section in ("router", "capacity"):
        inputs[section] = {**inputs[section], "aws": {"endpoint_url": proxy.url, "region": "us-east-1"}}
    wanted = {**inputs, "active_color": "green", "idle_capacity_percent": 0}
    policy.may(but={action})
    try:
        with pytest.raises(BluegreenError, match=f"{action}: AccessDenied") as refused:
            SwapService().update({**swap, **inputs}, wanted)
        assert rule.rule()["Actions"] == before
        if isinstance(refused.value, SwapFailed):
            assert "traffic was not moved" in str(refused.value)
    finally:
        policy.may()
        SwapService().update({**swap, **inputs}, inputs)  # whatever is left of it is tidied up
