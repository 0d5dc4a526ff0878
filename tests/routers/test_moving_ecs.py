"""A service of ECS' own blue/green, or of CodeDeploy, becomes a color and is given back; no traffic moves by that.

The services and their deployments are played, over the emulator's load balancer.
"""

from __future__ import annotations

import json
import re
import shlex

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from bluegreen.aws.ecs.capacity import refuse_another_controller
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Weights
from tests.routers import alb_workshop, deployments_workshop
from tests.test_docs import DOCS

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
CANARY = {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 5}}
# ECS' or CodeDeploy's second group; the color that is made beside gets one of its own.
ALTERNATE, OWN = "green", "stranger"
PAGES = ("ecs-moving.md", "ecs-moving-codedeploy.md")


@pytest.fixture(scope="module")
def balancer(aws_env):
    return alb_workshop.build()


@pytest.fixture
def native(cloud, balancer):
    made = deployments_workshop.build(cloud.endpoint, native=True, strategy=CANARY, alb=balancer)
    yield made
    made.leave()


@pytest.fixture
def codedeploy(cloud, balancer):
    made = deployments_workshop.build(cloud.endpoint, alb=balancer)
    yield made
    made.leave()


def build(section):
    fields = Fields(section, "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, fields.problems
    return ROUTERS.build(parsed)


def swap_of(service):
    """The swap of two services: blue is the one that was there, green one beside it."""
    groups = {"blue": service.alb.groups["blue"], "green": service.alb.groups[OWN]}
    return build({"kind": "alb", **service.route, "target_groups": groups, "owner": "project/stack/moving"})


def platform_of(service):
    """The swap that has ECS or CodeDeploy deploy."""
    return build(deployments_workshop.section(service))


def object_of(service):
    """The rule or the listener that production is at."""
    elb, route = service.alb.elb, service.route
    if "rule_arn" in route:
        (found,) = elb.describe_rules(RuleArns=[route["rule_arn"]])["Rules"]
        return found["RuleArn"], found["Actions"]
    (found,) = elb.describe_listeners(ListenerArns=[route["listener_arn"]])["Listeners"]
    return found["ListenerArn"], found["DefaultActions"]


def shares(service):
    """Who gets production's requests."""
    (action,) = object_of(service)[1]
    names = {arn: name for name, arn in service.alb.groups.items()}
    groups = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
    return {names[one["TargetGroupArn"]] for one in groups if one.get("Weight", 1)}


def tags(service):
    (found,) = service.alb.elb.describe_tags(ResourceArns=[object_of(service)[0]])["TagDescriptions"]
    return [tag["Key"] for tag in found["Tags"] if tag["Key"].startswith("bluegreen:")]


def deployed(service, color):
    """A deployment of ECS' or CodeDeploy's own to its end."""
    router = platform_of(service)
    weights = Weights.all_on(color)
    router.write(weights)
    assert service.settle(router, weights)


def given_back(service):
    """The swap had it for a promotion and a rollback, and let go."""
    swap_of(service).write(BLUE)
    swap_of(service).write(GREEN)
    assert shares(service) == {OWN}
    swap_of(service).write(BLUE)
    swap_of(service).delete()
    assert shares(service) == {"blue"}
    assert tags(service) == [], "nothing of the swap's is left"


def test_from_ecs_own_to_two_services(native):
    """As ECS leaves its rule: all weight on the live group, none on the alternate one."""
    platform_of(native).write(BLUE)
    deployed(native, "green")
    deployed(native, "blue")
    platform_of(native).delete()
    assert shares(native) == {"blue"}
    swap_of(native).write(BLUE)
    assert shares(native) == {"blue"}, "adopted, and nothing moved"
    swap_of(native).write(Weights.split("green", 10))
    assert shares(native) == {"blue", OWN}
    swap_of(native).write(GREEN)
    assert shares(native) == {OWN}


def test_back_to_ecs_own(native):
    given_back(native)
    groups = [
        {"TargetGroupArn": native.alb.groups[name], "Weight": weight} for name, weight in (("blue", 1), (ALTERNATE, 0))
    ]
    forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    native.alb.elb.modify_rule(RuleArn=native.route["rule_arn"], Actions=[forward])
    assert shares(native) == {"blue"}, "both groups are on it, and nothing moved"
    platform_of(native).write(BLUE)
    assert shares(native) == {"blue"}, "nor by taking it over"
    deployed(native, "green")
    assert shares(native) == {ALTERNATE}, "ECS goes on from there"


def test_from_codedeploy_to_two_services(codedeploy):
    """As CodeDeploy leaves its listener: its default action forwards to the primary task set's group alone."""
    platform_of(codedeploy).write(BLUE)
    deployed(codedeploy, "green")
    deployed(codedeploy, "blue")
    platform_of(codedeploy).delete()
    assert shares(codedeploy) == {"blue"}
    with pytest.raises(NotOwned, match="set activeColor to the color that it forwards to"):
        swap_of(codedeploy).write(GREEN)
    swap_of(codedeploy).write(BLUE)
    assert shares(codedeploy) == {"blue"}, "adopted, and nothing moved"
    swap_of(codedeploy).write(GREEN)
    assert shares(codedeploy) == {OWN}


def test_back_to_codedeploy(codedeploy):
    given_back(codedeploy)
    platform_of(codedeploy).write(BLUE)
    assert shares(codedeploy) == {"blue"}, "taken over as it is"
    deployed(codedeploy, "green")
    assert shares(codedeploy) == {ALTERNATE}, "CodeDeploy goes on from there"


def test_a_rule_in_the_middle_of_a_deployment_is_refused_and_stays(native):
    platform_of(native).write(BLUE)
    platform_of(native).write(GREEN)
    router = platform_of(native)
    while shares(native) != {"blue", ALTERNATE}:
        router.verify(GREEN)
    native.alb.elb.remove_tags(ResourceArns=[native.route["rule_arn"]], TagKeys=tags(native))
    with pytest.raises(NotOwned, match="taking it over must not move traffic"):
        swap_of(native).write(BLUE)
    assert shares(native) == {"blue", ALTERNATE}
    assert tags(native) == []


def test_a_service_is_a_color_when_its_controller_is_ecs_own():
    service = {"serviceName": "shop", "deploymentController": {"type": "CODE_DEPLOY"}}
    with pytest.raises(PlatformError, match="CodeDeploy moves its traffic"):
        refuse_another_controller(service)
    refuse_another_controller({**service, "deploymentController": {"type": "ECS"}})


# -- the pages' commands, by the models of the APIs

SERVICES = {"deploy": "codedeploy"}
STANDS_FOR = {
    "$RULE": "arn:rule",
    "$LISTENER": "arn:listener",
    "$FORWARD": '[{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a", "Weight": 1}]}}]',
    "$LOAD_BALANCERS": json.dumps(
        [
            {
                "targetGroupArn": "a",
                "containerName": "app",
                "containerPort": 8080,
                "advancedConfiguration": {
                    "alternateTargetGroupArn": "b",
                    "productionListenerRule": "arn:rule",
                    "roleArn": "arn:role",
                },
            }
        ]
    ),
}


def commands(page):
    text = (DOCS / page).read_text()
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines() if line]


def value_of(shape, words):
    """An option's value, as the CLI reads it: JSON, ``key=value``, a list of words, or a word."""
    first = STANDS_FOR.get(words[0], words[0])
    if first[:1] in "[{":
        return json.loads(first)
    if shape.type_name == "structure":
        return dict(pair.split("=", 1) for pair in first.split(","))
    return [STANDS_FOR.get(word, word) for word in words] if shape.type_name == "list" else first


@pytest.mark.parametrize(("page", "line"), [(page, line) for page in PAGES for line in commands(page)])
def test_a_command_of_the_pages_is_in_the_model(page, line):
    program, service, operation, *rest = shlex.split(line)
    assert program == "aws"
    model = botocore.session.get_session().get_service_model(SERVICES.get(service, service))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape
    options = {xform_name(name, "-"): name for name in shape.members}
    given, at = {}, ""
    for word in rest:
        if word.startswith("--"):
            at = options[word.removeprefix("--")]
            given[at] = []
        else:
            given[at].append(word)
    values = {name: value_of(shape.members[name], words) for name, words in given.items()}
    report = ParamValidator().validate(values, shape)
    assert not report.has_errors(), report.generate_report()
    for name, value in values.items():
        enums = (
            getattr(shape.members[name].members.get("type"), "enum", [])
            if hasattr(shape.members[name], "members")
            else []
        )
        assert not enums or value["type"] in enums


def test_strategies_and_controllers_of_the_pages_are_the_apis():
    model = botocore.session.get_session().get_service_model("ecs")
    assert {"ROLLING", "BLUE_GREEN"} <= set(model.shape_for("DeploymentStrategy").enum)
    assert {"ECS", "CODE_DEPLOY"} <= set(model.shape_for("DeploymentControllerType").enum)
