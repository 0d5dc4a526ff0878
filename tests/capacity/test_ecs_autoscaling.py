"""Autoscaling of one's own: declared, suspended, rehearsed, given back."""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import Stubber

from bluegreen.aws.ecs.capacity import EcsCapacity
from bluegreen.aws.ranges import Range
from bluegreen.fields import Fields
from bluegreen.rollout.errors import PlatformError
from tests.capacity.services import WITH, WITHOUT, Stubbed, another


@pytest.mark.parametrize("own", [False, True])
def test_a_rehearsal_changes_nothing(capacity, scaling, own):
    if own:
        scaling.register("green")
    capacity.preflight("green", 0)
    if own:
        scaling.is_untouched("green")
    else:
        assert scaling.target("green") is None
    assert capacity.read()["green"].desired == 0


@pytest.mark.parametrize(
    ("calls", "refused"),
    [(calls, call) for calls in (WITHOUT, WITH) for call in ["DescribeScalableTargets", *calls]],
)
def test_a_rehearsal_names_what_is_not_allowed(capacity, calls, refused):
    """The emulator allows everything: botocore's Stubber refuses."""
    client = boto3.client("application-autoscaling")
    resource = f"service/capacity/{capacity.services['green']}"
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1,
        "MaxCapacity": 4,
        "RoleARN": "arn:role",
        "CreationTime": 0,
        "ScalableTargetARN": "arn:target",
    }
    answers = {"DescribeScalableTargets": {"ScalableTargets": [target] if calls is WITH else []}}
    with Stubber(client) as stubber:
        for call in ["DescribeScalableTargets", *calls]:
            name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in call).lstrip("_")
            if call == refused:
                stubber.add_client_error(name, "AccessDeniedException", f"not authorized to perform {call}")
                if call == "PutScheduledAction" and calls is WITHOUT:
                    continue  # what was made is removed again
                break
            stubber.add_response(name, answers.get(call, {}))
        stubbed = EcsCapacity("capacity", capacity.services, capacity.task_definitions, 2, Stubbed(client))
        with pytest.raises(PlatformError) as error:
            stubbed._autoscaling.preflight("green")
        stubber.assert_no_pending_responses()
    assert error.value.call == f"application-autoscaling:{refused}"
    assert "AccessDeniedException" in str(error.value)


def test_a_target_that_is_not_seen_at_once_is_asked_for_again(capacity):
    """As AWS says of new targets; the emulator's are there at once."""
    client = boto3.client("application-autoscaling")
    with Stubber(client) as stubber:
        stubber.add_response("describe_scalable_targets", {"ScalableTargets": []})
        stubber.add_response("register_scalable_target", {})
        stubber.add_client_error("put_scheduled_action", "ObjectNotFoundException")
        stubber.add_response("put_scheduled_action", {})
        stubber.add_response("deregister_scalable_target", {})
        stubbed = EcsCapacity("capacity", capacity.services, capacity.task_definitions, 2, Stubbed(client))
        stubbed._autoscaling.preflight("green")
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"min_capacity": 0, "max_capacity": 2}, "autoscaling.min_capacity: 0 is not allowed"),
        ({"min_capacity": 3, "max_capacity": 2}, "autoscaling.max_capacity: 2 is not allowed"),
        ({"min_capacity": 3}, "autoscaling.max_capacity: None is not allowed"),
        ({"min_capacity": 1, "max_capacity": 2, "cpu": 1}, "autoscaling.cpu: 1 is not allowed"),
        ("2-10", "autoscaling: '2-10' is not allowed"),
    ],
)
def test_a_range_that_cannot_be_is_refused(section, expected):
    both = {"blue": "a", "green": "b"}
    fields = Fields({"cluster": "c", "services": both, "task_definitions": both, "autoscaling": section})
    EcsCapacity.parse(fields)
    assert any(expected in str(problem) for problem in fields.problems)


def test_a_range_is_read():
    both = {"blue": "a", "green": "b"}
    section = {"min_capacity": 2.0, "max_capacity": 10.0}  # the engine sends every number as a float
    fields = Fields({"cluster": "c", "services": both, "task_definitions": both, "autoscaling": section})
    assert EcsCapacity(**EcsCapacity.parse(fields)).autoscaling == Range(2, 10)
    assert not fields.problems


def test_what_the_owner_suspended_stays_suspended(capacity, scaling):
    scaling.register("blue", SuspendedState={"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": True})
    scaling.register("green", SuspendedState={"DynamicScalingOutSuspended": True})
    theirs = ["DynamicScalingIn", "ScheduledScaling"]
    capacity.suspend_scale_in()
    assert (scaling.suspended("blue"), scaling.tags("blue")) == (theirs, {})
    assert scaling.suspended("green") == ["DynamicScalingIn", "DynamicScalingOut"]
    capacity.retire("blue", 0, 0)
    capacity.resume_scaling(["green"])
    assert scaling.suspended("green") == ["DynamicScalingOut"]
    capacity.cancel_retirement("blue")
    capacity.resume_scaling(["blue"])
    assert (scaling.suspended("blue"), scaling.range("blue"), scaling.tags("blue")) == (theirs, (1, 4), {})


def test_a_range_that_the_owner_has_set_since_is_theirs(capacity, scaling):
    scaling.register("blue")
    capacity.retire("blue", 0, 0)
    scaling.register("blue", 2, 8)
    capacity.cancel_retirement("blue")
    capacity.resume_scaling(["blue"])
    scaling.is_untouched("blue", (2, 8))


def test_a_declared_range_is_what_the_live_color_gets(capacity, scaling):
    scaling.register("blue", 2, 4)
    scaling.register("green", 0, 4)  # as the component makes an idle color's
    declared = another(capacity, autoscaling=Range(2, 6))
    declared.resume_scaling(["blue"])
    scaling.is_untouched("blue", (2, 6))
    scaling.is_untouched("green", (0, 4))
    declared.cancel_retirement("green")
    scaling.is_untouched("green", (2, 6))
    declared.retire("blue", 0, 0)
    another(capacity, autoscaling=Range(3, 9)).cancel_retirement("blue")
    assert scaling.range("blue") == (3, 9)


def test_a_target_that_a_retirement_made_becomes_the_components_once_autoscaling_is_declared(capacity, scaling):
    capacity.retire("blue", 0, 600)
    scaling.register("blue", 0, 6)
    declared = another(capacity, autoscaling=Range(2, 6))
    declared.resume_scaling(["green"])
    assert "bluegreen-retire" in scaling.actions("blue")
    declared.cancel_retirement("blue")
    declared.resume_scaling(["blue"])
    scaling.is_untouched("blue", (2, 6))


def test_destroying_the_swap_gives_everything_back_but_starts_nothing_for_a_range_that_goes_too(capacity, scaling):
    scaling.register("blue")
    scaling.register("green")
    capacity.suspend_scale_in()
    capacity.retire("blue", 0, 600)
    capacity.delete()
    scaling.is_untouched("blue")
    scaling.is_untouched("green")
    capacity.retire("blue", 0, 0)
    another(capacity, autoscaling=Range(1, 4)).delete()
    scaling.is_untouched("blue", (0, 0))
