"""Types of the provider's own in the plugin's schema: copies of the SDK's, without what a component refuses."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.adapters.plugin.arguments import keyword_arguments
from bluegreen.adapters.plugin.schema import package_schema
from bluegreen.aws.ecs import provider_args
from bluegreen.naming import camel

SERVICE = "bluegreen:aws:EcsServiceOptions"
GIVEN = {
    "activeColor": "blue",
    "blue": {"image": "app:v1"},
    "green": {"image": "app:v2"},
    "vpcId": "vpc-1",
    "subnetIds": ["subnet-1"],
    "entry": {"alb": {}},
}


def test_what_a_component_refuses_is_not_offered():
    types = package_schema()["types"]
    offered = types[SERVICE]["properties"]
    assert not {camel(name) for name in provider_args.REFUSED_OF_A_SERVICE} & offered.keys()
    assert {"capacityProviderStrategies", "enableExecuteCommand", "serviceConnectConfiguration"} <= offered.keys()
    tasks = types["bluegreen:aws:EcsTaskDefinitionOptions"]
    assert not {camel(name) for name in provider_args.REFUSED_OF_A_TASK} & tasks["properties"].keys()
    assert tasks["required"] == [], "what the SDK requires, the component says itself"


def test_what_is_required_within_is_said():
    strategy = package_schema()["types"]["bluegreen:aws:EcsServiceCapacityProviderStrategyOptions"]
    assert strategy["required"] == ["capacityProvider"]
    assert strategy["properties"]["weight"]["type"] == "integer"


def test_names_become_the_sdks_however_deep_they_lie_and_keys_of_the_users_own_stay():
    strategies = [{"capacityProvider": "FARGATE_SPOT", "weight": 1.0}]
    connect = {"enabled": True, "services": [{"portName": "http", "clientAlias": [{"port": 80.0}]}]}
    given = {
        "serviceArgs": {
            "capacityProviderStrategies": strategies,
            "serviceConnectConfiguration": connect,
            "triggers": {"myKey": "1"},
        },
        "taskArgs": {"volumes": [{"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]},
    }
    found = keyword_arguments("bluegreen:aws:EcsService", {**GIVEN, **given})
    assert found["service_args"] == {
        "capacity_provider_strategies": [{"capacity_provider": "FARGATE_SPOT", "weight": 1}],
        "service_connect_configuration": {
            "enabled": True,
            "services": [{"port_name": "http", "client_alias": [{"port": 80}]}],
        },
        "triggers": {"myKey": "1"},
    }
    assert found["task_args"]["volumes"][0]["efs_volume_configuration"] == {"file_system_id": "fs-1"}


def test_sign_in_is_written_as_the_listener_rule_has_it():
    sign_in = [{"type": "jwt-validation", "jwtValidation": {"issuer": "i", "jwksEndpoint": "j"}}]
    found = keyword_arguments("bluegreen:aws:EcsService", {**GIVEN, "entry": {"alb": {"signIn": sign_in}}})
    assert found["entry"].sign_in == (
        {"type": "jwt-validation", "jwt_validation": {"issuer": "i", "jwks_endpoint": "j"}},
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"serviceArgs": {"desiredCount": 3}}, "serviceArgs.desiredCount"),
        (
            {"serviceArgs": {"capacityProviderStrategies": [{"provider": "x"}]}},
            "serviceArgs.capacityProviderStrategies",
        ),
        ({"taskArgs": {"volumes": "files"}}, "taskArgs.volumes"),
    ],
)
def test_what_there_is_not_is_refused_as_the_user_spells_it(more, said):
    with pytest.raises(pulumi.RunError) as refused:
        keyword_arguments("bluegreen:aws:EcsService", {**GIVEN, **more})
    assert said in str(refused.value)


def test_a_color_without_a_release_is_one_that_is_left_out():
    given = {key: value for key, value in GIVEN.items() if key != "green"}
    assert keyword_arguments("bluegreen:aws:EcsService", given)["green"] is None
