"""Instances of a former launch template version: replaced before a promotion, left alone under traffic.

Neither the emulator nor moto has instance refreshes: they come from the emulator's front (`localcloud.autoscaling`),
which replaces the instances, and where it matters what AWS says, from botocore's Stubber.
"""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import Stubber

from bluegreen.aws.asg.capacity import AsgCapacity
from bluegreen.aws.asg.refresh import RefreshSettings
from bluegreen.rollout.errors import PlatformError
from tests.capacity.services import Stubbed, calls_of
from tests.capacity.test_asg import described


def refreshes(groups, color):
    name = groups.names[color]
    return groups.front.missing.of(name).refreshes


@pytest.fixture
def renewed(groups):
    """Green is warm with two instances of version 1, and launches version 2 from now on."""
    groups.range_is("green", 0, 4, 2)
    groups.launch("green", 2)
    return groups


def test_a_promotion_has_former_instances_replaced_and_waits_for_it(renewed):
    capacity = renewed.capacity(version=2, instance_refresh=RefreshSettings(50, 150, 30))
    capacity.preflight("green", 2)
    said = []
    while not (readiness := capacity.ready("green")).ready:
        assert len(said) < 10
        said.append(readiness.reason)
    former = f"group {renewed.names['green']}: 2 instances are of a former launch template version; "
    assert said == [
        f"{former}an instance refresh was started",
        f"{former}the instance refresh is at 0 %, 2 to go",
        f"{former}the instance refresh is at 50 %, 2 to go",
    ]
    assert renewed.versions("green") == ["2", "2"]
    (refresh,) = refreshes(renewed, "green")
    wanted = {
        "MinHealthyPercentage": "50",
        "MaxHealthyPercentage": "150",
        "SkipMatching": "true",
        "InstanceWarmup": "30",
    }
    assert refresh["Preferences"] == wanted


def test_the_next_update_takes_up_a_refresh_that_is_under_way(renewed):
    for _ in range(2):
        capacity = renewed.capacity(version=2)
        capacity.preflight("green", 2)
        capacity.ready("green")
    assert len(refreshes(renewed, "green")) == 1


def test_scaling_up_and_replacing_go_together(renewed):
    capacity = renewed.capacity(version=2)
    capacity.preflight("green", 3)
    capacity.prepare("green", 3)
    assert renewed.versions("green") == ["1", "1", "2"]
    while not capacity.ready("green").ready:
        assert len(refreshes(renewed, "green")) == 1
    assert renewed.versions("green") == ["2", "2", "2"]


def test_instances_that_traffic_goes_back_to_are_never_replaced(renewed):
    """No `preflight` comes before a heal or a rollback: the color is served from, or was."""
    capacity = renewed.capacity(version=2)
    capacity.prepare("green", 2)
    assert capacity.ready("green").ready
    assert refreshes(renewed, "green") == []


def test_a_preview_starts_nothing(renewed):
    calls = calls_of(lambda: renewed.capacity(version=2).ready("green"))
    assert calls == ["DescribeAutoScalingGroups"]


@pytest.fixture
def stubbed():
    client = boto3.client("autoscaling", region_name="us-east-1")
    states = [("InService", "Healthy")] * 2
    version = {"LaunchTemplate": {"LaunchTemplateId": "lt-0a", "Version": "2"}}
    with Stubber(client) as stubber:
        capacity = AsgCapacity(
            {"blue": "web-blue", "green": "web-green"}, dict.fromkeys(("blue", "green"), "lt-0a:2"), 2, Stubbed(client)
        )
        stubber.add_response(
            "describe_auto_scaling_groups",
            {"AutoScalingGroups": [described("web-green", instances=states, **version)]},
        )
        for call in (
            "update_auto_scaling_group",
            "create_or_update_tags",
            "put_scheduled_update_group_action",
            "delete_scheduled_action",
            "delete_tags",
        ):
            stubber.add_response(call, {})
        capacity.preflight("green", 2)

        def answers(*found):
            stubber.add_response(
                "describe_auto_scaling_groups",
                {"AutoScalingGroups": [described("web-green", instances=states, **version)]},
            )
            stubber.add_response("describe_instance_refreshes", {"InstanceRefreshes": list(found)})

        yield capacity, stubber, answers
        stubber.assert_no_pending_responses()


def refresh(number, status, **more):
    return {"InstanceRefreshId": f"refresh-{number}", "AutoScalingGroupName": "web-green", "Status": status, **more}


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"])
def test_a_refresh_that_failed_ends_the_update_and_the_next_one_starts_another(stubbed, status):
    capacity, stubber, answers = stubbed
    answers(refresh(1, status, StatusReason="from an earlier update"))
    stubber.add_response("start_instance_refresh", {"InstanceRefreshId": "refresh-2"})
    assert not capacity.ready("green").fatal
    answers(refresh(2, "Baking", PercentageComplete=100, InstancesToUpdate=0))
    assert "the instance refresh is at 100 %, 0 to go" in capacity.ready("green").reason
    answers(refresh(2, status, StatusReason="Instances failed their health checks."))
    readiness = capacity.ready("green")
    assert readiness.fatal
    assert f"the instance refresh ended as {status}: Instances failed their health checks." in readiness.reason


def test_a_refresh_for_a_version_before_is_followed_by_another(stubbed):
    capacity, stubber, answers = stubbed
    answers(refresh(1, "InProgress", PercentageComplete=50, InstancesToUpdate=1))
    capacity.ready("green")
    answers(refresh(1, "Successful", PercentageComplete=100))
    stubber.add_response("start_instance_refresh", {"InstanceRefreshId": "refresh-2"})
    assert "an instance refresh was started" in capacity.ready("green").reason


def test_a_start_whose_reply_was_lost_is_taken_up(stubbed):
    capacity, stubber, answers = stubbed
    answers()
    stubber.add_client_error("start_instance_refresh", "InstanceRefreshInProgress")
    assert "an instance refresh is under way" in capacity.ready("green").reason


def test_a_refresh_that_is_not_allowed_is_named(stubbed):
    capacity, stubber, answers = stubbed
    answers()
    stubber.add_client_error("start_instance_refresh", "AccessDenied", "no")
    with pytest.raises(PlatformError, match=r"autoscaling:StartInstanceRefresh.*AccessDenied"):
        capacity.ready("green")
