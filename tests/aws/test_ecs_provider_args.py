"""Arguments of the provider's own that both colors of an ECS service take, and those that are refused by name."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws
import pytest

from bluegreen.aws import EcsService, alb, dns, nlb
from tests.aws import mocked

SERVICE, TASK = "aws:ecs/service:Service", "aws:ecs/taskDefinition:TaskDefinition"
CI = "arn:aws:ecs:eu-central-1:1:task-definition/shop:7"
SHORTEST = {
    "active_color": "blue",
    "blue": {"image": "app:v1"},
    "green": {"image": "app:v2"},
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-1", "subnet-2"],
}


def declared(name="web", **more):
    recorder, _ = mocked.run(lambda: EcsService(name, **{**SHORTEST, **more}))
    return recorder.resources


def of(resources, kind):
    return {found.name: found.inputs for found in resources if found.type == kind}


def refusal(**more):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**more)
    assert "nothing was written" in str(refused.value)
    return str(refused.value)


def test_both_colors_are_placed_alike_by_capacity_providers_which_a_cluster_made_here_has():
    spot = aws.ecs.ServiceCapacityProviderStrategyArgs(capacity_provider="FARGATE_SPOT", weight=3)
    strategies = [spot, aws.ecs.ServiceCapacityProviderStrategyArgs(capacity_provider="FARGATE", base=1)]
    resources = declared(service_args=aws.ecs.ServiceArgs(capacity_provider_strategies=strategies))
    for service in of(resources, SERVICE).values():
        assert service["capacityProviderStrategies"] == [
            {"capacityProvider": "FARGATE_SPOT", "weight": 3},
            {"capacityProvider": "FARGATE", "base": 1},
        ]
        assert "launchType" not in service
    (cluster,) = of(resources, "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders").values()
    assert cluster["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert {task["requiresCompatibilities"][0] for task in of(resources, TASK).values()} == {"FARGATE"}


def test_a_cluster_that_is_there_keeps_its_capacity_providers():
    strategies = [{"capacity_provider": "my-instances"}]
    resources = declared(cluster_arn="arn:c", service_args={"capacity_provider_strategies": strategies}, cpu=300)
    assert not of(resources, "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders")
    assert {task["requiresCompatibilities"][0] for task in of(resources, TASK).values()} == {"EC2"}


def test_instances_have_sizes_that_fargate_has_not():
    placed = [{"type": "spread", "field": "attribute:ecs.availability-zone"}]
    arguments = {"launch_type": "EC2", "ordered_placement_strategies": placed}
    resources = declared(cluster_arn="arn:c", service_args=arguments, cpu=300, memory=400)
    assert {service["launchType"] for service in of(resources, SERVICE).values()} == {"EC2"}
    assert {(task["cpu"], task["memory"]) for task in of(resources, TASK).values()} == {("300", "400")}
    assert "cpu: 300 is not allowed; allowed: one of 256, 512" in refusal(cpu=300, memory=400)


def test_the_platform_storage_and_volumes_are_the_providers_own_and_named_by_the_containers_that_mount_them():
    volume = aws.ecs.TaskDefinitionVolumeArgs(
        name="uploads",
        efs_volume_configuration={"file_system_id": "fs-1", "transit_encryption": "ENABLED"},
    )
    mounted = {"mountPoints": [{"sourceVolume": "uploads", "containerPath": "/srv"}]}
    resources = declared(
        blue={"image": "app:v1", "container": mounted},
        green={"image": "app:v2", "container": mounted},
        task_args={
            "volumes": [volume],
            "runtime_platform": {"cpu_architecture": "ARM64", "operating_system_family": "LINUX"},
            "ephemeral_storage": {"size_in_gib": 40},
        },
        service_args={"platform_version": "1.4.0", "health_check_grace_period_seconds": 60},
    )
    for task in of(resources, TASK).values():
        assert task["runtimePlatform"] == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
        assert task["ephemeralStorage"] == {"sizeInGib": 40}
        assert task["volumes"][0]["efsVolumeConfiguration"]["fileSystemId"] == "fs-1"
        (container,) = json.loads(task["containerDefinitions"])
        assert container["mountPoints"] == mounted["mountPoints"]
        assert container["portMappings"] == [{"containerPort": 8080, "protocol": "tcp"}]
    for service in of(resources, SERVICE).values():
        assert (service["platformVersion"], service["healthCheckGracePeriodSeconds"]) == ("1.4.0", 60)


def test_sidecars_stand_beside_the_image_and_take_its_logs():
    router = {"name": "logs", "image": "fluent-bit:3", "firelensConfiguration": {"type": "fluentbit"}}
    secret = "arn:aws:secretsmanager:eu-central-1:1:secret:key-AbCdEf"
    options = [{"name": "apikey", "valueFrom": secret}]
    release = {
        "image": "app:v1",
        "container": {
            "dependsOn": [{"containerName": "logs", "condition": "START"}],
            "logConfiguration": {"logDriver": "awsfirelens", "secretOptions": options},
        },
        "sidecars": [router],
    }
    resources = declared(blue=release)
    app, logs = json.loads(of(resources, TASK)["web-blue"]["containerDefinitions"])
    assert app["logConfiguration"]["logDriver"] == "awsfirelens"
    assert logs["logConfiguration"]["logDriver"] == "awslogs", "the router's own"
    (policy,) = of(resources, "aws:iam/rolePolicy:RolePolicy").values()
    assert json.loads(policy["policy"])["Statement"][0]["Resource"] == [secret]
    service = of(resources, SERVICE)["web-blue"]
    assert service["loadBalancers"][0]["containerName"] == "app"


def test_a_sidecar_may_be_what_the_load_balancer_talks_to():
    proxy = {"name": "proxy", "image": "envoy:1", "portMappings": [{"containerPort": 9000}]}
    releases = {color: {**SHORTEST[color], "sidecars": [proxy], "ports": [8080]} for color in ("blue", "green")}
    resources = declared(**releases, container_port=9000)
    for service in of(resources, SERVICE).values():
        assert service["loadBalancers"][0]["containerName"] == "proxy"


def test_a_task_definition_made_elsewhere_is_a_release():
    resources = declared(green={"task_definition_arn": CI, "container_name": "shop"})
    assert set(of(resources, TASK)) == {"web-blue"}
    service = of(resources, SERVICE)["web-green"]
    assert service["taskDefinition"] == CI
    assert service["loadBalancers"][0]["containerName"] == "shop"
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    assert swap["releases"]["green"] == "shop:7"
    assert swap["capacity"]["task_definitions"]["green"] == CI


def test_a_color_without_a_release_is_made_of_the_others_and_has_no_tasks():
    resources = declared(green=None)
    services = of(resources, SERVICE)
    assert (services["web-blue"]["desiredCount"], services["web-green"]["desiredCount"]) == (2, 0)
    (container,) = json.loads(of(resources, TASK)["web-green"]["containerDefinitions"])
    assert container["image"] == "app:v1"
    assert "green: None is not allowed; allowed: a release: it is the active color's" in refusal(
        active_color="green", green=None
    )
    assert "blue: None is not allowed" in refusal(blue=None, green=None)


def test_a_shell_needs_a_role_and_policies_are_for_roles_that_are_made_here():
    resources = declared(service_args={"enable_execute_command": True}, task_policy_arns=["arn:p"])
    assert {service["enableExecuteCommand"] for service in of(resources, SERVICE).values()} == {True}
    policies = of(resources, "aws:iam/rolePolicy:RolePolicy")
    (statement,) = json.loads(policies["web-exec"]["policy"])["Statement"]
    assert "ssmmessages:OpenDataChannel" in statement["Action"]
    attached = of(resources, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attached["web-task-1"]["policyArn"] == "arn:p"
    roles = {task["taskRoleArn"] for task in of(resources, TASK).values()}
    assert roles == {"arn:aws:x:eu-central-1:1:web-task"}
    told = refusal(task_role_arn="arn:r", task_policy_arns=["arn:p"])
    assert "task_policy_arns: '<given>' is not allowed; allowed: none, where task_role_arn is given" in told
    more = of(declared(execution_policy_arns=["arn:q"]), "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert more["web-execution-1"]["policyArn"] == "arn:q"


STEP = {
    "policy": {
        "adjustment_type": "ChangeInCapacity",
        "cooldown": 60,
        "step_adjustments": [{"metric_interval_lower_bound": "0", "scaling_adjustment": 2}],
    },
    "alarm": {
        "namespace": "AWS/ECS",
        "metric_name": "CPUUtilization",
        "comparison_operator": "GreaterThanThreshold",
        "evaluation_periods": 1,
        "period": 60,
        "statistic": "Average",
        "threshold": 80,
    },
}
RANGE = {"min_capacity": 1, "max_capacity": 8}


def test_both_colors_have_step_scaling_each_with_an_alarm_of_its_own():
    resources = declared(autoscaling={**RANGE, "target_cpu_percent": 50, "steps": [STEP]})
    policies = of(resources, "aws:appautoscaling/policy:Policy")
    assert {policies[f"web-{color}-step-1"]["policyType"] for color in ("blue", "green")} == {"StepScaling"}
    assert policies["web-blue-cpu"]["policyType"] == "TargetTrackingScaling"
    alarms = of(resources, "aws:cloudwatch/metricAlarm:MetricAlarm")
    for color in ("blue", "green"):
        alarm = alarms[f"web-{color}-step-1"]
        assert alarm["dimensions"]["ServiceName"] == f"web-{color}"
        assert alarm["alarmActions"] == [f"arn:aws:x:eu-central-1:1:web-{color}-step-1"]
    told = refusal(autoscaling={**RANGE, "steps": [{**STEP, "alarm": {**STEP["alarm"], "alarm_actions": ["a"]}}]})
    assert "autoscaling.steps[0].alarm.alarm_actions: " in told
    assert "autoscaling.steps[0].policy.step_adjustments: None" in refusal(
        autoscaling={**RANGE, "steps": [{**STEP, "policy": {"cooldown": 60}}]}
    )
    assert "autoscaling.steps[0].alarm: None is not allowed" in refusal(
        autoscaling={**RANGE, "steps": [{"policy": STEP["policy"]}]}
    )


def test_security_groups_are_added_to_the_one_that_lets_the_entry_in_or_stand_in_its_place():
    for service in of(declared(security_group_ids=["sg-db"]), SERVICE).values():
        assert service["networkConfiguration"]["securityGroups"] == ["web-tasks-id", "sg-db"]
    resources = declared(security_group_ids=["sg-mine"], entry_security_group=False)
    assert "web-tasks" not in of(resources, "aws:ec2/securityGroup:SecurityGroup")
    for service in of(resources, SERVICE).values():
        assert service["networkConfiguration"]["securityGroups"] == ["sg-mine"]
    assert "security_group_ids: [] is not allowed" in refusal(entry_security_group=False)


def test_each_color_has_an_endpoint_of_its_own_in_service_connect():
    connect = aws.ecs.ServiceServiceConnectConfigurationArgs(
        enabled=True,
        namespace="shop",
        services=[
            aws.ecs.ServiceServiceConnectConfigurationServiceArgs(
                port_name="http", client_alias=[{"port": 80, "dns_name": "web.shop"}]
            )
        ],
    )
    named = {"portMappings": [{"containerPort": 8080, "name": "http"}]}
    releases = {color: {**SHORTEST[color], "container": named} for color in ("blue", "green")}
    resources = declared(**releases, service_args={"service_connect_configuration": connect})
    for color in ("blue", "green"):
        (service,) = of(resources, SERVICE)[f"web-{color}"]["serviceConnectConfiguration"]["services"]
        assert service["discoveryName"] == f"http-{color}"
        assert service["clientAlias"] == [{"port": 80, "dnsName": f"web.shop-{color}"}]


def test_cloud_map_stands_beside_a_load_balancer_as_another_entry():
    zone = {"zone_id": "Z1", "record_name": "web.shop.internal"}
    resources = declared(entries=[alb(), dns(**zone, behind="cloud_map")])
    for service in of(resources, SERVICE).values():
        assert len(service["loadBalancers"]) == 1
        assert service["serviceRegistries"]["registryArn"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"service_args": {"desired_count": 3}},
            "service_args.desired_count: 3 is not allowed; allowed: none: desired",
        ),
        ({"service_args": {"cluster": "c"}}, "cluster_arn of the component names it"),
        ({"service_args": {"load_balancers": []}}, "entry and entries say how requests reach the tasks"),
        ({"service_args": {"service_registries": {"registry_arn": "a"}}}, "entries=[alb(), dns(...)]"),
        ({"service_args": {"task_definition": "a"}}, "task_definition_arn where it was made elsewhere"),
        ({"service_args": {"launchType": "EC2"}}, "service_args.launchType: <class 'str'> is not allowed; allowed: no"),
        ({"service_args": {"alarms": {"names": []}}}, "service_args.alarms.names: "),
        ({"service_args": {"launch_type": "EXTERNAL"}}, "service_args.launch_type: 'EXTERNAL' is not allowed"),
        (
            {"service_args": {"launch_type": "EC2", "capacity_provider_strategies": [{"capacity_provider": "x"}]}},
            "service_args.launch_type: 'EC2' is not allowed; allowed: none, where capacity_provider",
        ),
        (
            {"service_args": {"capacity_provider_strategies": [{"capacity_provider": "mine"}]}},
            "cluster_arn: None is not allowed; allowed: the cluster that has the capacity provider mine",
        ),
        (
            {"service_args": {"deployment_configuration": {"strategy": "BLUE_GREEN"}}},
            "service_args.deployment_configuration.strategy: 'BLUE_GREEN' is not allowed; allowed: ROLLING",
        ),
        ({"task_args": {"cpu": "256"}}, "task_args.cpu: '256' is not allowed; allowed: none: cpu of the component"),
        ({"task_args": {"family": "a"}}, "task_args.family: 'a' is not allowed"),
        ({"task_args": {"network_mode": "bridge"}}, "task_args.network_mode: 'bridge' is not allowed; allowed: awsvpc"),
        ({"task_args": {"ephemeral_storage": {"size_in_gib": 20}}}, "task_args.ephemeral_storage.size_in_gib: 20"),
        ({"task_args": {"runtime_platform": {"cpu_architecture": "ARM"}}}, "cpu_architecture: 'ARM' is not allowed"),
        ({"task_args": {"requires_compatibilities": ["EC2"]}}, "task_args.requires_compatibilities: ['EC2']"),
        (
            {"green": {"image": "a", "container": {"mountPoints": [{"sourceVolume": "gone"}]}}},
            "mountPoints[0].sourceVolume: 'gone' is not allowed; allowed: a volume of task_args.volumes",
        ),
        (
            {"green": {"image": "a", "container": {"dependsOn": [{"containerName": "gone"}]}}},
            "green.container.dependsOn[0].containerName: 'gone' is not allowed; allowed: another container",
        ),
        (
            {"green": {"image": "a", "container": {"logConfiguration": {"logDriver": "awsfirelens"}}}},
            "a sidecar with a firelensConfiguration",
        ),
        ({"green": {"image": "a", "container": {"image": "b"}}}, "green.container.image: '<given>' is not allowed"),
        (
            {"green": {"image": "a", "ports": [8080], "container": {"portMappings": [{"containerPort": 8080}]}}},
            "green.ports: [8080] is not allowed; allowed: none, where container.portMappings are given",
        ),
        (
            {"green": {"image": "a", "sidecars": [{"name": "app", "image": "b"}]}},
            "green.sidecars[0].name: 'app' is not allowed",
        ),
        ({"green": {"task_definition_arn": "shop:7"}}, "green.task_definition_arn: 'shop:7' is not allowed"),
        ({"green": {"task_definition_arn": CI.rpartition(":")[0]}}, "task-definition/FAMILY:REVISION"),
        ({"green": {"task_definition_arn": CI, "image": "a"}}, "green.image: 'a' is not allowed"),
        (
            {"green": {"task_definition_arn": CI}, "aws_connection": {"region": "us-east-1"}},
            "green.task_definition_arn: 'arn:aws:ecs:eu-central-1",
        ),
    ],
)
def test_what_both_would_write_and_what_cannot_be_is_refused_by_name(more, said):
    assert said in refusal(**more)


def test_what_only_an_update_knows_is_taken():
    def program():
        later = pulumi.Output.from_input
        platform = later({"cpu_architecture": "ARM64"})
        strategies = [{"capacity_provider": later("FARGATE_SPOT")}]
        mine = {"health_check_grace_period_seconds": later(60), "capacity_provider_strategies": strategies}
        more = {"task_args": {"volumes": [{"name": later("uploads")}], "runtime_platform": platform}}
        more |= {"green": {"task_definition_arn": later(CI)}, "security_group_ids": [later("sg-db")]}
        EcsService("web", **{**SHORTEST, **more}, service_args=mine)

    resources = mocked.run(program)[0].resources
    service = of(resources, SERVICE)["web-green"]
    assert (service["healthCheckGracePeriodSeconds"], service["taskDefinition"]) == (60, CI)
    task = of(resources, TASK)["web-blue"]
    assert task["requiresCompatibilities"] == ["EC2", "FARGATE"], "whichever it will be"


def test_a_long_name_is_cut_where_aws_takes_fewer_characters_and_is_no_other_names():
    names = ["a-service-with-quite-a-long-name-of-its-own-one", "a-service-with-quite-a-long-name-of-its-own-two"]
    seen = []
    for name in names:
        resources = declared(name, entries=[alb(), nlb()])
        groups = of(resources, "aws:lb/targetGroup:TargetGroup")
        balancers = of(resources, "aws:lb/loadBalancer:LoadBalancer")
        assert all(len(one) <= 32 - len("-1234567") for one in (*groups, *balancers))
        assert len({one.removesuffix("-blue").removesuffix("-green") for one in groups}) == 2, "alike but for the color"
        assert all(len(one) <= 64 - len("-1234567") for one in of(resources, "aws:iam/role:Role"))
        assert set(of(resources, SERVICE)) == {f"{name}-blue", f"{name}-green"}
        seen.append({*groups, *balancers})
    assert not seen[0] & seen[1]
    short = declared("x" * 18)
    assert set(of(short, "aws:lb/targetGroup:TargetGroup")) == {"x" * 18 + "-blue", "x" * 18 + "-green"}


def test_transforms_reach_every_resource_that_is_made():
    """Pulumi's mocks call the older kind in process; an engine calls both for the same resources."""
    seen = []

    def note(args):
        seen.append((args.type_, args.name))

    opts = pulumi.ResourceOptions(transformations=[note])
    resources = declared(
        opts=opts,
        entries=[alb(certificate_arns=["arn:1", "arn:2"]), nlb()],
        service_args={
            "enable_execute_command": True,
            "capacity_provider_strategies": [{"capacity_provider": "FARGATE_SPOT"}],
        },
        autoscaling={"min_capacity": 1, "max_capacity": 4, "target_cpu_percent": 50},
        task_policy_arns=["arn:p"],
        execution_policy_arns=["arn:q"],
    )
    assert {(one.type, one.name) for one in resources} == set(seen)
