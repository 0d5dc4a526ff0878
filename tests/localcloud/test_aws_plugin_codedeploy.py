"""The plugin's refusals for services and groups whose traffic AWS shifts, as AWS refuses them."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.plugins.aws.driver import Driver, Refused
from tests.localcloud import codedeploy_cases

GROUP = "aws:codedeploy/deploymentGroup:DeploymentGroup"
SERVICE = "aws:ecs/service:Service"


@pytest.fixture
def service(aws_driver: Driver, aws_world: Any) -> Any:
    inputs = {
        "cluster": aws_world.cluster,
        "taskDefinition": aws_world.task,
        "launchType": "EC2",
        "desiredCount": 0,
        "deploymentController": {"type": "CODE_DEPLOY"},
    }
    made = aws_driver.create(aws_driver.check(SERVICE, "by-codedeploy", inputs))
    yield made, inputs
    aws_driver.delete(made)


@pytest.mark.parametrize("changed", [{"taskDefinition": "world:9"}, {"platformVersion": "1.4.0"}])
def test_a_service_of_codedeploy_takes_no_release_from_pulumi(aws_driver: Driver, service: Any, changed: Any) -> None:
    made, inputs = service
    with pytest.raises(Exception, match=r"on services with a CODE_DEPLOY deployment controller\. Use AWS CodeDeploy"):
        aws_driver.update(made, {**inputs, **changed})


def test_the_rest_of_it_is_changed_in_place(aws_driver: Driver, service: Any) -> None:
    made, inputs = service
    wanted = {**inputs, "taskDefinition": "world:9", "healthCheckGracePeriodSeconds": 9, "tags": {"a": "b"}}
    ignored = ("taskDefinition",)
    assert aws_driver.diff(made, wanted, ignore=ignored).changed == ["healthCheckGracePeriodSeconds", "tags"]
    outputs = aws_driver.update(made, wanted, ignore=ignored).outputs
    assert (outputs["healthCheckGracePeriodSeconds"], outputs["tags"]) == (9, {"a": "b"})


def test_a_deployment_group_for_ecs_needs_a_pair_of_target_groups(aws_driver: Driver, aws_world: Any) -> None:
    inputs, _ = codedeploy_cases.cases(aws_world)[GROUP]
    bare = {key: value for key, value in inputs.items() if key not in ("loadBalancerInfo", "deploymentStyle")}
    with pytest.raises(Refused) as refused:
        aws_driver.check(GROUP, "typed", bare)
    assert "a pair of target groups" in str(refused.value)
    assert "BLUE_GREEN" in str(refused.value)
