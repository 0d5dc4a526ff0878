"""The resources of `EcsCodeDeployService` and `EcsNativeService`, and their refusals before any resource."""

from __future__ import annotations

import pulumi
import pytest

import bluegreen
from bluegreen.aws import EcsCodeDeployService, EcsNativeService
from tests.aws import mocked

SHORTEST = {
    "active_color": "blue",
    "blue": {"image": "app:v1"},
    "green": {"image": "app:v2"},
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-1", "subnet-2"],
}
SERVICE = "aws:ecs/service:Service"
SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"
GROUP = "aws:codedeploy/deploymentGroup:DeploymentGroup"


def declared(component, **more):
    recorder, made = mocked.run(lambda: component("web", **{**SHORTEST, **more}))
    found = {}
    for resource in recorder.resources:
        found.setdefault(resource.type, {})[resource.name] = resource.inputs
    return found, made


@pytest.fixture(params=[EcsCodeDeployService, EcsNativeService])
def component(request):
    return request.param


def test_there_is_one_service_with_both_colors_task_definitions_and_two_groups_of_no_color(component):
    found, _ = declared(component, active_color="green")
    (service,) = found[SERVICE].values()
    assert service["taskDefinition"].endswith(":web-green"), "the first live color's; later ones come by deployments"
    assert set(found["aws:ecs/taskDefinition:TaskDefinition"]) == {"web-blue", "web-green"}
    assert set(found["aws:lb/targetGroup:TargetGroup"]) == {"web-1", "web-2"}
    (swap,) = found[SWAP].values()
    assert swap["router"]["task_definitions"] == {
        "blue": "arn:aws:x:eu-central-1:1:web-blue",
        "green": "arn:aws:x:eu-central-1:1:web-green",
    }
    assert "capacity" not in swap
    assert swap["releases"] == {"blue": "app:v1", "green": "app:v2"}
    assert swap["plan"] == ["100 % green; gates: target health"]


def test_codedeploy_gets_an_application_and_a_group_that_always_rolls_back():
    found, _ = declared(
        EcsCodeDeployService,
        test_port=8443,
        alarm_names=["errors"],
        termination_wait_minutes=30,
        hooks={"AfterInstall": "f"},
    )
    (group,) = found[GROUP].values()
    assert group["autoRollbackConfiguration"]["enabled"]
    assert group["alarmConfiguration"] == {"alarms": ["errors"], "enabled": True}
    ends = group["blueGreenDeploymentConfig"]["terminateBlueInstancesOnDeploymentSuccess"]
    assert ends == {"action": "TERMINATE", "terminationWaitTimeInMinutes": 30}
    pair = group["loadBalancerInfo"]["targetGroupPairInfo"]
    assert pair["prodTrafficRoute"]["listenerArns"] == ["arn:aws:x:eu-central-1:1:web-production"]
    assert pair["testTrafficRoute"]["listenerArns"] == ["arn:aws:x:eu-central-1:1:web-test"]
    (service,) = found[SERVICE].values()
    assert service["deploymentController"] == {"type": "CODE_DEPLOY"}
    (swap,) = found[SWAP].values()
    assert swap["router"]["hooks"] == {"AfterInstall": "f"}
    assert swap["router"]["deployment_config"] == "CodeDeployDefault.ECSAllAtOnce"


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        ("ECSCanary10Percent15Minutes", 1800 + 15 * 60),
        ("ECSLinear10PercentEvery3Minutes", 1800 + 27 * 60),
        ({"type": "canary", "percent": 20, "interval_minutes": 7}, 1800 + 7 * 60),
        ({"type": "linear", "percent": 25, "interval_minutes": 2}, 1800 + 6 * 60),
    ],
)
def test_a_deployment_is_waited_for_as_long_as_its_configuration_takes(config, seconds):
    found, _ = declared(EcsCodeDeployService, deployment_config=config)
    (swap,) = found[SWAP].values()
    assert swap["converge_timeout_seconds"] == seconds
    if not isinstance(config, str):
        (made,) = found["aws:codedeploy/deploymentConfig:DeploymentConfig"].values()
        timing = made["trafficRoutingConfig"][f"timeBased{config['type'].title()}"]
        assert timing == {"interval": config["interval_minutes"], "percentage": config["percent"]}


def test_ecs_own_strategy_gets_its_rules_groups_hooks_and_alarms():
    hook = {"hook_target_arn": "arn:aws:lambda:x:1:function:f", "role_arn": "arn:aws:iam::1:role/r"}
    found, _ = declared(
        EcsNativeService,
        deployment_strategy="LINEAR",
        step_percent=20,
        bake_minutes=15,
        lifecycle_hooks=[{**hook, "lifecycle_stages": ["POST_TEST_TRAFFIC_SHIFT"]}],
        alarm_names=["errors"],
    )
    (service,) = found[SERVICE].values()
    config = service["deploymentConfiguration"]
    assert (config["strategy"], config["bakeTimeInMinutes"]) == ("LINEAR", "15")
    assert config["linearConfiguration"] == {"stepPercent": 20, "stepBakeTimeInMinutes": "6"}
    assert config["lifecycleHooks"][0]["lifecycleStages"] == ["POST_TEST_TRAFFIC_SHIFT"]
    assert service["alarms"] == {"alarmNames": ["errors"], "enable": True, "rollback": True}
    (balancing,) = service["loadBalancers"]
    assert balancing["targetGroupArn"].endswith(":web-1")
    assert balancing["advancedConfiguration"]["alternateTargetGroupArn"].endswith(":web-2")
    rules = found["aws:lb/listenerRule:ListenerRule"]
    assert {name: rule["priority"] for name, rule in rules.items()} == {"web-production": 100, "web-test": 99}
    (swap,) = found[SWAP].values()
    assert swap["converge_timeout_seconds"] == 1800 + 60 * (4 * 6 + 15)


@pytest.mark.parametrize(
    ("kept", "asked", "told"),
    [("f" * 32, "test-" + "f" * 32, "test-" + "f" * 32), ("", "*", "1")],
    ids=["a new stack", "one from before there were tokens"],
)
def test_the_header_that_reaches_what_comes_is_not_to_be_guessed(kept, asked, told):
    headers = []

    def program():
        made = EcsNativeService("web", **SHORTEST)
        made.test_headers.apply(headers.append)

    recorder, _ = mocked.run(program, outputs={"pulumi:index:Stash": {"output": kept}})
    (test,) = (one.inputs for one in recorder.resources if one.name == "web-test")
    assert headers == [{"X-Bluegreen-Test": told}]
    (condition,) = test["conditions"]
    values = condition["httpHeader"]["values"]
    assert [one.get("value", one) if isinstance(one, dict) else one for one in values] == [asked]


def refusal(component, **more):
    with pytest.raises(pulumi.RunError) as refused:
        declared(component, **more)
    return str(refused.value)


@pytest.mark.parametrize("kind", ["codedeploy", "ecs_native"])
def test_steps_of_our_own_are_refused_by_name(kind):
    component = {"codedeploy": EcsCodeDeployService, "ecs_native": EcsNativeService}[kind]
    said = refusal(component, strategy=bluegreen.canary(10, hold_seconds=60), promote_to_percent=50)
    assert f"strategy.steps: 1 is not allowed; allowed: none: the {kind} router cannot split traffic" in said
    assert "promote_to_percent: 50 is not allowed" in said


def test_a_color_is_no_service_of_its_own(component):
    assert "green.existing" in refusal(component, green={"existing": {"service_arn": "arn:s"}})


def test_what_has_no_effect_here_is_refused(component):
    said = refusal(component, scale_down_delay_seconds=60, idle_capacity_percent=100)
    assert "scale_down_delay_seconds: 60 is not allowed; allowed: none: the platform keeps the former tasks" in said
    assert "idle_capacity_percent: 100 is not allowed" in said


def test_gates_that_ask_the_color_itself_are_asked_in_the_bake_alone(component):
    found, _ = declared(component, gates=[bluegreen.gates.http("/healthz")], bake_seconds=60)
    (swap,) = found[SWAP].values()
    assert swap["gates"][0]["phases"] == ["bake"]
    said = refusal(component, gates=[bluegreen.gates.http("/healthz", phases=["before"])])
    assert "gates[0].phases: ['before'] is not allowed; allowed: bake and after" in said
    assert "only where it ever runs (bake)" in refusal(component, gates=[bluegreen.gates.http("/healthz")])


def test_every_wrong_option_is_named():
    said = refusal(
        EcsCodeDeployService,
        deployment_config="ECSCanary11Percent5Minutes",
        hooks={"BeforeNothing": "f"},
        termination_wait_minutes=2881,
        front={"listener_prot": 80, "target_groups": {"slow_start_seconds": 1}},
        blue={"image": "app:v1", "ports": [9090]},
    )
    for wrong in (
        "router.deployment_config: 'ECSCanary11Percent5Minutes'",
        "router.hooks.BeforeNothing",
        "termination_wait_minutes: 2881",
        "front.listener_prot: 80",
        "slow_start_seconds: 1",
        "container_port: 8080 is not allowed",
    ):
        assert wrong in said
    said = refusal(EcsNativeService, deployment_strategy="ROLLING", bake_minutes=1441, rule_priority=1)
    for wrong in ("deployment_strategy: 'ROLLING'", "bake_minutes: 1441", "rule_priority: 1"):
        assert wrong in said
    assert "step_percent: 10" in refusal(EcsNativeService, step_percent=10)
    two = [{"name": "web", "image": "app:v2", "portMappings": [{"containerPort": 8080}]}]
    assert "green.containers: 'web'" in refusal(EcsNativeService, green={"containers": two})


def test_the_providers_own_arguments_reach_the_service_and_both_task_definitions(component):
    found, _ = declared(
        component,
        blue={"image": "app:v1", "container": {"mountPoints": [{"sourceVolume": "uploads", "containerPath": "/srv"}]}},
        service_args={"enable_execute_command": True, "enable_ecs_managed_tags": True, "platform_version": "1.4.0"},
        task_args={
            "runtime_platform": {"cpu_architecture": "ARM64", "operating_system_family": "LINUX"},
            "volumes": [{"name": "uploads", "efs_volume_configuration": {"file_system_id": "fs-1"}}],
        },
    )
    (service,) = found[SERVICE].values()
    assert service["enableExecuteCommand"]
    assert service["enableEcsManagedTags"]
    assert (service["platformVersion"], service["launchType"]) == ("1.4.0", "FARGATE")
    tasks = found["aws:ecs/taskDefinition:TaskDefinition"]
    assert {task["runtimePlatform"]["cpuArchitecture"] for task in tasks.values()} == {"ARM64"}
    assert {task["volumes"][0]["name"] for task in tasks.values()} == {"uploads"}
    assert {task["taskRoleArn"] for task in tasks.values()} == {"arn:aws:x:eu-central-1:1:web-task"}
    (swap,) = found[SWAP].values()
    assert swap["router"].get("platform_version") == ("1.4.0" if component is EcsCodeDeployService else None)


def test_ecs_own_deployments_go_by_capacity_providers_and_codedeploys_would_have_to_name_them():
    placed = {"capacity_provider_strategies": [{"capacity_provider": "FARGATE_SPOT", "weight": 1}]}
    found, _ = declared(EcsNativeService, service_args=placed)
    (service,) = found[SERVICE].values()
    assert service["capacityProviderStrategies"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    assert "launchType" not in service
    (providers,) = found["aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"].values()
    assert providers["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    said = refusal(EcsCodeDeployService, service_args=placed)
    assert "service_args.capacity_provider_strategies: " in said
    assert "EcsNativeService takes them" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deployment_configuration", {"strategy": "ROLLING"}),
        ("desired_count", 3),
        ("network_configuration", {"subnets": ["s"]}),
        ("health_check_grace_period_seconds", 30),
        ("alarms", {"alarm_names": ["a"], "enable": True, "rollback": True}),
        ("deployment_controller", {"type": "ECS"}),
        ("load_balancers", []),
    ],
)
def test_what_the_component_or_the_deployment_says_is_refused_once_by_its_name(component, name, value):
    said = refusal(component, service_args={name: value})
    assert said.count("service_args.") == 1
    assert f"service_args.{name}: " in said


def test_a_misspelt_argument_a_volume_that_is_not_there_and_a_size_that_fargate_has_not_are_refused(component):
    said = refusal(
        component,
        service_args={"enable_exec": True},
        task_args={"volume": []},
        tasks={"cpu": 512, "memory": 512},
        green={"image": "app:v2", "container": {"mountPoints": [{"sourceVolume": "x", "containerPath": "/x"}]}},
    )
    for wrong in ("service_args.enable_exec: ", "task_args.volume: ", "tasks.memory: 512", "green."):
        assert wrong in said
