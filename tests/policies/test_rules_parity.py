"""Both colors are alike but for the release."""

import json

import pytest
from policy_resources import containers, resource, stack

from rules import parity
from rules.values import ECS_SERVICE, UNKNOWN


def put(kind, key, value):
    def change(props):
        props[kind][key] = value

    return change


def containers_are(color, tag, **changes):
    return put("task", "containerDefinitions", json.dumps(containers(color, tag, **changes)))


def messages(found):
    return [violation.message for violation in found]


def test_colors_that_differ_in_release_names_and_size_alone_are_alike():
    assert parity.violations(stack()) == []


def test_a_difference_is_named_by_its_path_with_both_values():
    (found,) = parity.violations(stack(green=put("service", "deploymentMaximumPercent", 150.0)))
    assert found.urn.endswith(f"{ECS_SERVICE}::web-green")
    assert found.message == (
        "web-green: this Service differs from web-blue in more than the release: deploymentMaximumPercent is 200 in "
        'blue and 150 in green. Make both the same; or, where it is meant, add "deploymentMaximumPercent" to the '
        "`exempt` list of `parity` in the pack's config."
    )


def test_a_difference_deep_within_has_a_path_too():
    (message,) = messages(parity.violations(stack(blue=put("group", "healthCheck", {"path": "/", "interval": 10.0}))))
    assert 'this TargetGroup differs from web-blue in more than the release: healthCheck.path is "/" in blue' in message
    assert 'and "/healthz" in green' in message


def test_arguments_of_the_providers_own_are_compared_and_a_colors_own_endpoint_is_its_name_alone():
    def placed(color, weight=1):
        def change(props):
            endpoint = {
                "portName": "http",
                "discoveryName": f"http-{color}",
                "clientAlias": [{"dnsName": f"a-{color}"}],
            }
            props["service"]["serviceConnectConfiguration"] = {"enabled": True, "services": [endpoint]}
            strategy = {"capacityProvider": "FARGATE_SPOT", "weight": weight}
            props["service"]["capacityProviderStrategies"] = [strategy]
            props["task"]["runtimePlatform"] = {"cpuArchitecture": "ARM64"}
            props["task"]["volumes"] = [{"name": "uploads", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]

        return change

    assert parity.violations(stack(blue=placed("blue"), green=placed("green"))) == []
    (message,) = messages(parity.violations(stack(blue=placed("blue"), green=placed("green", 3))))
    assert "capacityProviderStrategies" in message


def test_what_only_one_color_has_is_not_set_in_the_other():
    (message,) = messages(parity.violations(stack(green=put("service", "healthCheckGracePeriodSeconds", 30.0))))
    assert "healthCheckGracePeriodSeconds is not set in blue and 30 in green" in message


def test_a_color_that_sends_requests_to_the_other_is_found():
    blues = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web-blue-11aa"
    change = put("service", "loadBalancers", [{"targetGroupArn": blues, "containerName": "app", "containerPort": 8080}])
    (message,) = messages(parity.violations(stack(green=change)))
    assert "loadBalancers" in message
    assert "targetGroupArn" in message


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"cpu": 128}, "containerDefinitions[app].cpu is not set in blue and 128 in green"),
        ({"portMappings": []}, "containerDefinitions[app].portMappings[8080] is set in blue and not set in green"),
        (
            {"portMappings": [{"containerPort": 8080, "protocol": "udp"}]},
            'containerDefinitions[app].portMappings[8080].protocol is not set in blue and "udp" in green',
        ),
    ],
)
def test_containers_are_compared_by_their_names(changes, path):
    (message,) = messages(parity.violations(stack(green=containers_are("green", "v2", **changes))))
    assert path in message


def test_the_order_of_a_command_counts_and_that_of_subnets_does_not():
    def change(arguments, subnets):
        def both(props):
            color = props["task"]["tags"]["bluegreen:color"]
            tag = {"blue": "v1", "green": "v2"}[color]
            props["task"]["containerDefinitions"] = json.dumps(containers(color, tag, command=arguments))
            props["service"]["networkConfiguration"]["subnets"] = subnets

        return both

    found = parity.violations(stack(blue=change(["a", "b"], ["s-1", "s-2"]), green=change(["b", "a"], ["s-2", "s-1"])))
    assert found
    assert all("containerDefinitions[app].command" in message for message in messages(found))


def environment(color, **variables):
    return [{"name": name, "value": value} for name, value in {"COLOR": color, **variables}.items()]


@pytest.mark.parametrize("value", ["v2", "registry:5000/app:v2"])
def test_a_variable_may_hold_the_color_and_the_release(value):
    blue = containers_are("blue", "v1", environment=environment("BLUE", VERSION=value.replace("v2", "v1")))
    green = containers_are("green", "v2", environment=environment("GREEN", VERSION=value))
    assert parity.violations(stack(blue, green)) == []


def test_any_other_variable_must_be_the_same_and_its_value_is_never_shown():
    blue = containers_are("blue", "v1", environment=environment("blue", TOKEN="hunter2"))
    green = containers_are("green", "v2", environment=environment("green", TOKEN="hunter3"))
    (message,) = messages(parity.violations(stack(blue, green)))
    assert "containerDefinitions[app].environment[TOKEN].value differs" in message
    assert "hunter" not in message


def test_a_variable_of_one_color_is_named_without_its_value():
    blue = containers_are("blue", "v1", environment=environment("blue"))
    green = containers_are("green", "v2", environment=environment("green", FLAG="hunter2"))
    (message,) = messages(parity.violations(stack(blue, green)))
    assert "containerDefinitions[app].environment[FLAG] is not set in blue and set in green" in message
    assert "hunter" not in message


@pytest.mark.parametrize(
    "exempt",
    [
        "containerDefinitions.environment",
        "containerDefinitions[app].environment[TOKEN]",
        "containerDefinitions[*].environment[TOKEN].value",
        "containerDefinitions.*.value",
        "container*",
    ],
)
def test_paths_can_be_exempt(exempt):
    blue = containers_are("blue", "v1", environment=environment("blue", TOKEN="1"))
    green = containers_are("green", "v2", environment=environment("green", TOKEN="2"))
    assert parity.violations(stack(blue, green), [exempt]) == []


@pytest.mark.parametrize(
    "exempt", ["deployment", "deploymentMaximum", "Percent", "deploymentMaximumPercentage", "[", ""]
)
def test_an_exempt_path_is_not_a_piece_of_a_name(exempt):
    assert len(parity.violations(stack(green=put("service", "deploymentMaximumPercent", 150)), [exempt])) == 1


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("service", "loadBalancers", UNKNOWN),
        ("service", "loadBalancers", [UNKNOWN]),
        ("service", "networkConfiguration", {"subnets": UNKNOWN, "securityGroups": ["sg-1"]}),
        ("service", "networkConfiguration", {"subnets": [UNKNOWN], "securityGroups": ["sg-1"]}),
        ("service", "arn", UNKNOWN),
        ("task", "containerDefinitions", UNKNOWN),
        ("group", "healthCheck", UNKNOWN),
    ],
)
def test_what_is_not_known_yet_differs_from_nothing(kind, key, value):
    assert parity.violations(stack(green=put(kind, key, value))) == []


def test_what_the_platform_writes_where_a_program_wrote_nothing_is_no_difference():
    def as_ecs_tells_it(props):
        told = containers(
            "blue",
            "v1",
            cpu=0,
            mountPoints=[],
            volumesFrom=[],
            systemControls=[],
            portMappings=[{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
        )
        props["task"]["containerDefinitions"] = json.dumps(told)
        props["service"] |= {"capacityProviderStrategies": [], "enableExecuteCommand": False, "iamRole": ""}

    def as_planned(props):
        (planned,) = containers("green", "v2", portMappings=[{"containerPort": 8080}])
        del planned["essential"]
        props["task"]["containerDefinitions"] = json.dumps([planned])

    assert parity.violations(stack(as_ecs_tells_it, as_planned)) == []


def test_words_that_only_contain_a_color_are_left_alone():
    found = parity.violations(
        stack(put("group", "tags", _tags("blue", "bluebird")), put("group", "tags", _tags("green", "greenbird")))
    )
    (message,) = messages(found)
    assert 'tags.team is "bluebird" in blue and "greenbird" in green' in message


def _tags(color, team):
    return {"bluegreen:service": "web", "bluegreen:color": color, "team": team}


def test_a_resource_of_the_colors_own_without_tags_is_known_by_its_name():
    secret = "aws:secretsmanager/secret:Secret"
    blue, green = (
        resource(secret, f"db-{color}", {"arn": f"arn:aws:secretsmanager:us-east-1:123456789012:secret:x-{end}"})
        for color, end in (("blue", "AbCdEf"), ("green", "GhIjKl"))
    )
    both = stack(
        containers_are("blue", "v1", secrets=[{"name": "DB", "valueFrom": f"{blue.props['arn']}:password::"}]),
        containers_are("green", "v2", secrets=[{"name": "DB", "valueFrom": f"{green.props['arn']}:password::"}]),
    )
    assert parity.violations([*both, blue, green]) == []
    (message,) = messages(parity.violations(both))
    assert "containerDefinitions[app].secrets[DB].valueFrom" in message


def test_another_services_colors_are_compared_among_themselves():
    api = [
        resource(
            ECS_SERVICE,
            f"api-{color}",
            {
                "desiredCount": 1,
                "tags": {"bluegreen:service": "api", "bluegreen:color": color},
                "platformVersion": "1.4.0",
            },
        )
        for color in ("blue", "green")
    ]
    assert parity.violations([*stack(), *api]) == []


def test_resources_of_no_color_are_not_looked_at():
    assert (
        parity.violations([resource(ECS_SERVICE, "cron", {"tags": UNKNOWN}), resource("other:index:Thing", "x", {})])
        == []
    )
