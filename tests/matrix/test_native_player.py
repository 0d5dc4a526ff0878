"""How ECS' own deployments are played: as AWS documents a canary, by time and not by looks."""

from __future__ import annotations

import pytest

from dev.matrix.somebody_else.native_player import STAGE_SECONDS, PlayedService, Revision

TASKS = {color: f"arn:aws:ecs:eu-central-1:123456789012:task-definition/web-{color}:1" for color in ("blue", "green")}
ONE, TWO = "group-one", "group-two"


class Time:
    seconds = 1_000.0


@pytest.fixture
def shares():
    return [{ONE: 100}]


@pytest.fixture
def service(shares):
    return PlayedService("shop", "web", [ONE, TWO], Revision(TASKS["blue"], ONE), shares.append, lambda: Time.seconds)


def after(service, stages):
    Time.seconds += stages * STAGE_SECONDS
    return service.go_on()


def deploy(service, color="green"):
    service.answer("UpdateService", {"service": "web", "taskDefinition": TASKS[color]})


def status(service):
    (newest,) = service.answer("ListServiceDeployments", {})["serviceDeployments"][-1:]
    arn = newest["serviceDeploymentArn"]
    (told,) = service.answer("DescribeServiceDeployments", {"serviceDeploymentArns": [arn]})["serviceDeployments"]
    return arn, told


def test_a_deployment_takes_its_share_then_everything_and_keeps_the_former_tasks_for_a_bake(service, shares):
    deploy(service)
    assert [unit.group for unit in service.units] == [ONE, TWO]
    assert not service.go_on()
    assert after(service, 1)
    assert shares[-1] == {ONE: 90, TWO: 10}
    after(service, 2)
    assert shares[-1] == {ONE: 0, TWO: 100}
    assert status(service)[1]["lifecycleStage"] == "BAKE_TIME"
    assert len(service.units) == 2
    after(service, 2)
    assert status(service)[1]["status"] == "SUCCESSFUL"
    assert [unit.task_definition for unit in service.units] == [TASKS["green"]]
    deploy(service, "blue")
    after(service, 1)
    assert shares[-1] == {TWO: 90, ONE: 10}, "the groups take turns"


def test_a_stop_goes_back_at_once_and_takes_its_time_to_be_over(service, shares):
    deploy(service)
    after(service, 1)
    service.answer("StopServiceDeployment", {"serviceDeploymentArn": status(service)[0], "stopType": "ROLLBACK"})
    assert shares[-1] == {ONE: 100, TWO: 0}
    assert status(service)[1]["status"] == "ROLLBACK_IN_PROGRESS"
    assert service.answer("DescribeServices", {})["services"][0]["taskDefinition"] == TASKS["blue"]
    after(service, 1)
    assert status(service)[1]["status"] == "ROLLBACK_SUCCESSFUL"


def test_a_newer_deployment_takes_the_place_of_one_that_goes_on(service, shares):
    deploy(service)
    after(service, 1)
    deploy(service, "blue")
    newest = service.answer("ListServiceDeployments", {"status": ["IN_PROGRESS"]})["serviceDeployments"]
    assert len(newest) == 1
    assert shares[-1] == {ONE: 100, TWO: 0}
    after(service, 5)
    assert [unit.task_definition for unit in service.units] == [TASKS["blue"]]
