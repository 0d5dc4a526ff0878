"""A service of ECS' own blue/green, or of CodeDeploy, becomes a color and is let go again; no traffic moves by that."""

from __future__ import annotations

import boto3
import botocore.session
import pytest

from bluegreen.aws.ecs.capacity import refuse_another_controller
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Weights
from tests.routers import alb_workshop

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
ALTERNATE = "stranger"


@pytest.fixture(scope="module")
def alb(aws_env):
    return alb_workshop.build()


def build(section):
    fields = Fields(section, "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, fields.problems
    return ROUTERS.build(parsed)


def forward(alb, **shares):
    groups = [{"TargetGroupArn": alb.groups[name], "Weight": weight} for name, weight in shares.items()]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


def shares(alb, actions):
    (action,) = actions
    names = {arn: name for name, arn in alb.groups.items()}
    groups = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
    return {names[one["TargetGroupArn"]]: one.get("Weight", 1) for one in groups if one.get("Weight", 1)}


@pytest.fixture
def rule(alb):
    """Production's rule as ECS leaves it: all weight on the live group, none on the alternate one."""
    made = alb.elb.create_rule(
        ListenerArn=alb.listener_arn,
        Priority=700,
        Conditions=[{"Field": "path-pattern", "Values": ["/shop/*"]}],
        Actions=forward(alb, blue=100, **{ALTERNATE: 0}),
    )
    (found,) = made["Rules"]
    yield found["RuleArn"]
    alb.elb.delete_rule(RuleArn=found["RuleArn"])


def rule_shares(alb, rule):
    (found,) = alb.elb.describe_rules(RuleArns=[rule])["Rules"]
    return shares(alb, found["Actions"])


def tags(alb, arn):
    (found,) = alb.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return [tag["Key"] for tag in found["Tags"]]


def section_of(alb, **where):
    groups = {color: alb.groups[color] for color in ("blue", "green")}
    return {"kind": "alb", **where, "target_groups": groups, "owner": "project/stack/moving"}


def test_a_rule_of_ecs_own_is_adopted_promoted_and_let_go(alb, rule):
    section = section_of(alb, rule_arn=rule)
    build(section).write(BLUE)
    assert rule_shares(alb, rule).keys() == {"blue"}, "adopted, and nothing moved"
    build(section).write(Weights.split("green", 10))
    assert rule_shares(alb, rule) == {"blue": 90, "green": 10}
    build(section).write(GREEN)
    build(section).delete()
    assert rule_shares(alb, rule).keys() == {"green"}
    assert not [key for key in tags(alb, rule) if key.startswith("bluegreen:")]
    # What ECS wants before a deployment of its own: both groups on the rule. It moves nothing.
    alb.elb.modify_rule(RuleArn=rule, Actions=forward(alb, green=1, **{ALTERNATE: 0}))
    assert rule_shares(alb, rule).keys() == {"green"}


def test_a_rule_in_the_middle_of_a_deployment_is_refused_and_stays(alb, rule):
    alb.elb.modify_rule(RuleArn=rule, Actions=forward(alb, blue=90, **{ALTERNATE: 10}))
    with pytest.raises(NotOwned, match="taking it over must not move traffic"):
        build(section_of(alb, rule_arn=rule)).write(BLUE)
    assert rule_shares(alb, rule) == {"blue": 90, ALTERNATE: 10}
    assert tags(alb, rule) == []


def test_a_listener_of_codedeploy_is_adopted_as_a_whole_and_let_go(alb):
    made = alb.elb.create_listener(
        LoadBalancerArn=alb.arn,
        Protocol="HTTP",
        Port=9300,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": alb.groups["blue"]}],
    )
    listener = made["Listeners"][0]["ListenerArn"]

    def now():
        (found,) = alb.elb.describe_listeners(ListenerArns=[listener])["Listeners"]
        return shares(alb, found["DefaultActions"]).keys()

    section = section_of(alb, listener_arn=listener)
    with pytest.raises(NotOwned, match="set activeColor to the color that it forwards to"):
        build(section).write(GREEN)
    build(section).write(BLUE)
    assert now() == {"blue"}
    build(section).write(GREEN)
    assert now() == {"green"}
    build(section).write(BLUE)
    build(section).delete()
    assert now() == {"blue"}
    assert not [key for key in tags(alb, listener) if key.startswith("bluegreen:")]
    alb.elb.delete_listener(ListenerArn=listener)


def test_a_service_is_a_color_when_its_controller_is_ecs_own():
    service = {"serviceName": "shop", "deploymentController": {"type": "CODE_DEPLOY"}}
    with pytest.raises(PlatformError, match="CodeDeploy moves its traffic"):
        refuse_another_controller(service)
    refuse_another_controller({**service, "deploymentController": {"type": "ECS"}})


def test_the_service_model_has_the_calls_of_the_page():
    model = botocore.session.get_session().get_service_model("ecs")
    taken = model.operation_model("UpdateService").input_shape.members
    assert {"deploymentController", "deploymentConfiguration", "loadBalancers"} <= taken.keys()
    assert {"ROLLING", "BLUE_GREEN"} <= set(model.shape_for("DeploymentStrategy").enum)
    assert boto3.client("ecs", region_name="us-east-1").meta.service_model.operation_model("ListServiceDeployments")
