"""ECS services in the emulator, with real containers: scaling, readiness, retirement, autoscaling."""

from __future__ import annotations

import itertools
import json
import time

import boto3
import httpx
import pytest
from botocore.stub import Stubber

from bluegreen.calls import counted
from bluegreen.capacity.ecs import EcsCapacity
from bluegreen.capacity.ecs_scalable import Range
from bluegreen.clients.aws import AwsConnection
from bluegreen.fields import Fields
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Size

_numbers = itertools.count(1)
LIMIT_SECONDS = 60


@pytest.fixture(scope="module")
def cluster(aws_env, cloud):
    ecs, ec2 = boto3.client("ecs"), boto3.client("ec2")
    ecs.create_cluster(clusterName="capacity")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:1]
    for tag in ("v1", "v2"):
        ecs.register_task_definition(
            family="capacity",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "app", "image": cloud.image(tag), "essential": True}],
        )
    return ecs, {"awsvpcConfiguration": {"subnets": subnets}}


@pytest.fixture
def capacity(cluster):
    """Blue with one task, green with none; both run `v1`."""
    ecs, network = cluster
    number = next(_numbers)
    names = {color: f"{color}-{number}" for color in ("blue", "green")}
    for color, name in names.items():
        ecs.create_service(
            cluster="capacity",
            serviceName=name,
            taskDefinition="capacity:1",
            desiredCount=1 if color == "blue" else 0,
            launchType="FARGATE",
            networkConfiguration=network,
        )
    definition = ecs.describe_task_definition(taskDefinition="capacity:1")["taskDefinition"]["taskDefinitionArn"]
    yield EcsCapacity("capacity", dict(names), dict.fromkeys(names, definition), 2)
    for name in names.values():
        ecs.delete_service(cluster="capacity", service=name, force=True)


def until(what, wanted):
    """Poll until it is so; bounded."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while (found := what()) != wanted:
        assert time.monotonic() < deadline, f"{found} instead of {wanted}"
        time.sleep(0.5)


def test_scaling_and_readiness(capacity):
    until(lambda: capacity.ready("blue").ready, True)
    assert capacity.read() == {"blue": Size(1, 1), "green": Size(0, 0)}
    assert capacity.ready("green").reason == f"service {capacity.services['green']} is scaled to 0"
    capacity.prepare("green", 2)
    assert not capacity.ready("green").ready
    until(lambda: capacity.ready("green").ready, True)
    assert capacity.ready("green").expected == 2


def test_another_release_than_the_declared_one_is_not_ready(capacity, cluster):
    ecs, _ = cluster
    until(lambda: capacity.ready("blue").ready, True)
    v2 = ecs.describe_task_definition(taskDefinition="capacity:2")["taskDefinition"]["taskDefinitionArn"]
    capacity.task_definitions["blue"] = v2
    assert "instead of" in capacity.ready("blue").reason
    ecs.update_service(cluster="capacity", service=capacity.services["blue"], taskDefinition=v2)
    until(lambda: capacity.ready("blue").ready, True)


def test_the_swap_may_act_in_a_role_of_its_own(capacity):
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
    role = boto3.client("iam").create_role(
        RoleName="deployer", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    connection = AwsConnection(role_arn=role["Role"]["Arn"])
    calls = []
    with counted(calls.append):
        EcsCapacity("capacity", capacity.services, capacity.task_definitions, 1, connection).read()
    assert calls == ["ecs:DescribeServices"], (
        "credentials are fetched, and fetched again when they expire, by themselves"
    )


def test_a_deployment_that_ecs_gave_up_on_is_started_afresh(capacity):
    """The emulator's circuit breaker never opens: botocore's Stubber answers as AWS documents it."""
    client = boto3.client("ecs")
    service = {
        "serviceName": capacity.services["green"],
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 0,
        "pendingCount": 0,
        "taskDefinition": capacity.task_definitions["green"],
        "deployments": [{"status": "PRIMARY", "rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start"}],
    }
    described = {"cluster": "capacity", "services": [capacity.services["green"]]}
    with Stubber(client) as stubber:
        stubber.add_response("describe_services", {"services": [service]}, described)
        stubber.add_response("describe_services", {"services": [service]}, described)
        stubber.add_response(
            "update_service",
            {},
            {
                "cluster": "capacity",
                "service": capacity.services["green"],
                "desiredCount": 2,
                "forceNewDeployment": True,
            },
        )
        stubbed = EcsCapacity("capacity", capacity.services, capacity.task_definitions, 2, Stubbed(client))
        readiness = stubbed.ready("green")
        assert readiness.fatal
        assert "tasks failed to start" in readiness.reason
        stubbed.prepare("green", 2)
        stubber.assert_no_pending_responses()


class Stubbed:
    """A connection with this client for its service."""

    def __init__(self, client):
        self._client = client

    def client(self, service):
        return self._client if service == self._client.meta.service_model.service_name else boto3.client(service)


def test_a_service_that_is_not_there_is_named(capacity):
    capacity.services["green"] = "nobody"
    with pytest.raises(PlatformError, match="no active service nobody in capacity"):
        capacity.read()


# -- autoscaling


class Scaling:
    """What Application Auto Scaling has for the two services, asked and set past the code under test."""

    def __init__(self, services, endpoint):
        self.api = boto3.client("application-autoscaling")
        self.endpoint = endpoint
        self.where = {
            color: {
                "ServiceNamespace": "ecs",
                "ResourceId": f"service/capacity/{name}",
                "ScalableDimension": "ecs:service:DesiredCount",
            }
            for color, name in services.items()
        }

    def register(self, color, low=1, high=4, **more):
        self.api.register_scalable_target(**self.where[color], MinCapacity=low, MaxCapacity=high, **more)

    def policy(self, color):
        tracking = {
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        }
        self.api.put_scaling_policy(
            **self.where[color],
            PolicyName="cpu",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking,
        )

    def target(self, color):
        where = self.where[color]
        found = self.api.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[where["ResourceId"]])
        return next(iter(found["ScalableTargets"]), None)

    def range(self, color):
        found = self.target(color)
        return found and (found["MinCapacity"], found["MaxCapacity"])

    def suspended(self, color):
        state = self.target(color).get("SuspendedState", {})
        return sorted(name.removesuffix("Suspended") for name, value in state.items() if value)

    def tags(self, color):
        return self.api.list_tags_for_resource(ResourceARN=self.target(color)["ScalableTargetARN"])["Tags"]

    def actions(self, color):
        found = self.api.describe_scheduled_actions(ServiceNamespace="ecs", ResourceId=self.where[color]["ResourceId"])[
            "ScheduledActions"
        ]
        return {one["ScheduledActionName"]: one["ScalableTargetAction"] for one in found}

    def policies(self, color):
        found = self.api.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=self.where[color]["ResourceId"])
        return [policy["PolicyName"] for policy in found["ScalingPolicies"]]

    def is_untouched(self, color, limits=(1, 4)):
        assert self.range(color) == limits
        assert self.suspended(color) == []
        assert self.tags(color) == {}
        assert self.actions(color) == {}

    def tick(self):
        """Run what is due: the emulator looks by itself, too, but every 30 seconds only."""
        httpx.post(f"{self.endpoint}/_fakecloud/application-autoscaling/scheduled-tick", trust_env=False)


@pytest.fixture
def scaling(capacity, cloud):
    return Scaling(capacity.services, cloud.endpoint)


def another(capacity, **changes):
    """What the next `pulumi up` has: the same inputs, and no memory."""
    fields = {"cluster": "capacity", "services": dict(capacity.services), "desired_count": 2, **changes}
    return EcsCapacity(task_definitions=capacity.task_definitions, **fields)


def calls_of(operation):
    calls = []
    with counted(calls.append):
        operation()
    return [call.partition(":")[2] for call in calls]


def retired_by_itself(capacity, scaling, color, size):
    def desired():
        scaling.tick()
        return capacity.read()[color].desired

    until(desired, size)


def test_a_retirement_happens_by_itself_and_another_is_cancelled(capacity, scaling):
    until(lambda: capacity.ready("blue").ready, True)
    assert "is scaled to 0 at " in capacity.retire("blue", 0, 600)
    capacity.keep("blue")
    assert scaling.target("blue") is None
    assert scaling.actions("blue") == {}
    capacity.retire("blue", 0, 2)
    retired_by_itself(capacity, scaling, "blue", 0)
    capacity.keep("blue")
    capacity.prepare("blue", 1)
    until(lambda: capacity.ready("blue").ready, True)


def test_no_delay_scales_at_once(capacity, scaling):
    capacity.prepare("blue", 3)
    assert capacity.retire("blue", 1, 0) == "blue is scaled to 1"
    assert capacity.read()["blue"].desired == 1
    assert scaling.target("blue") is None


def test_no_delay_takes_the_place_of_a_retirement_that_waits(capacity, scaling):
    capacity.prepare("blue", 3)
    capacity.retire("blue", 0, 600)
    capacity.retire("blue", 1, 0)
    assert scaling.target("blue") is None, "nothing may take the last task later"


def test_a_color_that_is_small_enough_needs_nothing(capacity, scaling):
    scaling.register("blue")
    for delay in (0, 600):
        calls = calls_of(lambda after=delay: capacity.retire("blue", 1, after))
        assert calls == ["DescribeServices"]
    assert capacity.retire("green", 1, 600) == "green is at 0 already"


def test_a_swap_keeps_both_colors_ranges_and_policies_and_suspends_scale_in_meanwhile(capacity, scaling):
    for color in ("blue", "green"):
        scaling.register(color)
        scaling.policy(color)
    capacity.keep("green")
    capacity.rehearse("green", 0)
    capacity.hold()
    assert [scaling.suspended(color) for color in ("blue", "green")] == [["DynamicScalingIn"], ["DynamicScalingIn"]]
    capacity.retire("blue", 0, 600)
    capacity.release(["green"])
    scaling.is_untouched("green")
    assert scaling.range("blue") == (1, 4)
    assert scaling.suspended("blue") == ["DynamicScalingIn"], "it keeps its size although it has no load any more"
    assert scaling.actions("blue") == {"bluegreen-retire": {"MinCapacity": 0, "MaxCapacity": 0}}
    # The rollback, within the delay.
    capacity.keep("blue")
    assert capacity.read()["blue"].desired == 1
    capacity.hold()
    capacity.retire("green", 0, 600)
    capacity.release(["blue"])
    scaling.is_untouched("blue")
    assert scaling.range("green") == (1, 4)
    assert [scaling.policies(color) for color in ("blue", "green")] == [["cpu"], ["cpu"]]


def test_a_retirement_with_autoscaling_happens_by_itself_and_the_range_is_given_back(capacity, scaling):
    capacity.prepare("blue", 3)
    scaling.register("blue", 2, 5)
    capacity.retire("blue", 1, 2)
    retired_by_itself(capacity, scaling, "blue", 1)
    assert scaling.range("blue") == (1, 1)
    another(capacity).release(["green"])
    assert scaling.range("blue") == (1, 1), "at rest it stays at rest"
    another(capacity).keep("blue")
    another(capacity).release(["blue"])
    scaling.is_untouched("blue", (2, 5))


def test_a_retirement_at_once_is_not_undone_by_autoscaling(capacity, scaling):
    scaling.register("blue")
    capacity.retire("blue", 0, 0)
    assert (scaling.range("blue"), capacity.read()["blue"].desired) == ((0, 0), 0)
    # Whoever scales up without a word before gets a range that allows it.
    another(capacity).prepare("blue", 1)
    assert (scaling.range("blue"), capacity.read()["blue"].desired) == ((1, 4), 1)


def test_a_second_retirement_remembers_the_first_range_and_cancels_what_waits(capacity, scaling):
    capacity.prepare("blue", 4)
    scaling.register("blue")
    capacity.retire("blue", 2, 600)
    capacity.retire("blue", 1, 0)
    assert scaling.actions("blue") == {}
    capacity.keep("blue")
    capacity.release(["blue"])
    scaling.is_untouched("blue")


def test_after_a_kill_the_next_swap_resumes_scaling(capacity, scaling):
    scaling.register("blue")
    scaling.register("green")
    capacity.hold()
    another(capacity).release(["blue"])
    scaling.is_untouched("blue")
    assert scaling.suspended("green") == ["DynamicScalingIn"], "a color at rest keeps its size"
    another(capacity).release(["blue", "green"])
    scaling.is_untouched("green")


class Killed(BaseException):
    """Nobody catches it, as nobody catches a SIGKILL."""


def killed_at(number, program):
    """Run the program up to its call of that number; whether it got that far."""
    left = itertools.count(number, -1)

    def listener(_):
        if next(left) == 0:
            raise Killed

    with counted(listener):
        try:
            program()
        except Killed:
            return True
    return False


def forth_and_back(capacity):
    """A promotion of green and the way back, as far as autoscaling sees them."""
    for live, idle in (("green", "blue"), ("blue", "green")):
        capacity.keep(live)
        capacity.rehearse(live, capacity.read()[live].desired)
        capacity.hold()
        capacity.retire(idle, 0, 600 if idle == "blue" else 0)
        capacity.release([live])


@pytest.mark.parametrize("whose", ["own", "nobody's"])
def test_a_kill_at_any_call_leaves_nothing_that_the_next_swap_does_not_put_right(capacity, scaling, whose):
    for number in range(200):
        for color in ("blue", "green") if whose == "own" else ():
            scaling.register(color)
        boto3.client("ecs").update_service(cluster="capacity", service=capacity.services["green"], desiredCount=1)
        killed = killed_at(number, lambda: forth_and_back(another(capacity)))
        for color in ("blue", "green", "blue"):  # whichever color is next
            after = another(capacity)
            after.keep(color)
            after.hold()
            after.release(["blue", "green"])
        for color in ("blue", "green"):
            # A rehearsal's action may be left: it is far away, and replaced by the next rehearsal.
            another(capacity).rehearse(color, 1)
            if whose == "own":
                scaling.is_untouched(color)
            else:
                assert scaling.target(color) is None, f"after call {number}"
        if not killed:
            break
    assert number > 10


def test_what_the_owner_suspended_stays_suspended(capacity, scaling):
    scaling.register("blue", SuspendedState={"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": True})
    scaling.register("green", SuspendedState={"DynamicScalingOutSuspended": True})
    theirs = ["DynamicScalingIn", "ScheduledScaling"]
    capacity.hold()
    assert (scaling.suspended("blue"), scaling.tags("blue")) == (theirs, {})
    assert scaling.suspended("green") == ["DynamicScalingIn", "DynamicScalingOut"]
    capacity.retire("blue", 0, 0)
    capacity.release(["green"])
    assert scaling.suspended("green") == ["DynamicScalingOut"]
    capacity.keep("blue")
    capacity.release(["blue"])
    assert (scaling.suspended("blue"), scaling.range("blue"), scaling.tags("blue")) == (theirs, (1, 4), {})


def test_a_range_that_the_owner_has_set_since_is_theirs(capacity, scaling):
    scaling.register("blue")
    capacity.retire("blue", 0, 0)
    scaling.register("blue", 2, 8)
    capacity.keep("blue")
    capacity.release(["blue"])
    scaling.is_untouched("blue", (2, 8))


def test_a_declared_range_is_what_the_live_color_gets(capacity, scaling):
    scaling.register("blue", 2, 4)
    scaling.register("green", 0, 4)  # as the component makes an idle color's
    declared = another(capacity, autoscaling=Range(2, 6))
    declared.release(["blue"])
    scaling.is_untouched("blue", (2, 6))
    scaling.is_untouched("green", (0, 4))
    declared.keep("green")
    scaling.is_untouched("green", (2, 6))
    declared.retire("blue", 0, 0)
    another(capacity, autoscaling=Range(3, 9)).keep("blue")
    assert scaling.range("blue") == (3, 9)


def test_a_target_that_a_retirement_made_becomes_the_components_once_autoscaling_is_declared(capacity, scaling):
    capacity.retire("blue", 0, 600)
    scaling.register("blue", 0, 6)
    declared = another(capacity, autoscaling=Range(2, 6))
    declared.release(["green"])
    assert "bluegreen-retire" in scaling.actions("blue")
    declared.keep("blue")
    declared.release(["blue"])
    scaling.is_untouched("blue", (2, 6))


def test_destroying_the_swap_gives_everything_back_but_starts_nothing_for_a_range_that_goes_too(capacity, scaling):
    scaling.register("blue")
    scaling.register("green")
    capacity.hold()
    capacity.retire("blue", 0, 600)
    capacity.delete()
    scaling.is_untouched("blue")
    scaling.is_untouched("green")
    capacity.retire("blue", 0, 0)
    another(capacity, autoscaling=Range(1, 4)).delete()
    scaling.is_untouched("blue", (0, 0))


def test_a_live_color_is_not_about_to_retire(capacity, scaling):
    capacity.retire("blue", 0, 600)
    capacity.release(["blue"])
    assert scaling.target("blue") is None
    scaling.register("blue")
    capacity.retire("blue", 0, 600)
    capacity.release(["blue"])
    scaling.is_untouched("blue")


@pytest.mark.parametrize("own", [False, True])
def test_a_rehearsal_changes_nothing(capacity, scaling, own):
    if own:
        scaling.register("green")
    capacity.rehearse("green", 0)
    if own:
        scaling.is_untouched("green")
    else:
        assert scaling.target("green") is None
    assert capacity.read()["green"].desired == 0


WITHOUT = ["RegisterScalableTarget", "PutScheduledAction", "DeregisterScalableTarget"]
WITH = ["PutScheduledAction", "DeleteScheduledAction", "UntagResource"]


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
            stubbed._autoscaling.rehearse("green")
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
        stubbed._autoscaling.rehearse("green")
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


def test_each_operation_makes_as_few_calls_as_it_can(capacity):
    until(lambda: capacity.ready("blue").ready, True)
    counts = {
        name: calls_of(operation)
        for name, operation in {
            "read": capacity.read,
            "ready": lambda: capacity.ready("blue"),
            "prepare": lambda: capacity.prepare("blue", 1),
            "hold nothing": capacity.hold,
            "release nothing": lambda: capacity.release(["blue"]),
            "keep nothing": lambda: capacity.keep("blue"),
            "rehearse": lambda: capacity.rehearse("green", 0),
            "retire": lambda: capacity.retire("blue", 0, 600),
            "keep": lambda: capacity.keep("blue"),
            "delete nothing": capacity.delete,
            "retire at once": lambda: capacity.retire("blue", 0, 0),
        }.items()
    }
    assert counts == {
        "read": ["DescribeServices"],
        "ready": ["DescribeServices"],
        "prepare": ["DescribeScalableTargets", "DescribeServices", "UpdateService"],
        "hold nothing": ["DescribeScalableTargets"],
        "release nothing": ["DescribeScalableTargets"],
        "keep nothing": ["DescribeScalableTargets"],
        "rehearse": ["UpdateService", "DescribeScalableTargets", *WITHOUT],
        "retire": ["DescribeServices", "DescribeScalableTargets", "RegisterScalableTarget", "PutScheduledAction"],
        "keep": ["DescribeScalableTargets", "ListTagsForResource", "DeregisterScalableTarget"],
        "delete nothing": ["DescribeScalableTargets"],
        "retire at once": ["DescribeServices", "DescribeScalableTargets", "UpdateService"],
    }


def test_each_operation_makes_as_few_calls_as_it_can_with_autoscaling(capacity, scaling):
    scaling.register("blue")
    scaling.register("green")
    find, tags, register = "DescribeScalableTargets", "ListTagsForResource", "RegisterScalableTarget"
    counts = {
        name: calls_of(operation)
        for name, operation in {
            "release nothing": lambda: capacity.release(["blue"]),
            "keep nothing": lambda: capacity.keep("green"),
            "rehearse": lambda: capacity.rehearse("green", 0),
            "hold": capacity.hold,
            "hold again": capacity.hold,
            "retire": lambda: capacity.retire("blue", 0, 600),
            "release": lambda: capacity.release(["green"]),
            "keep": lambda: capacity.keep("blue"),
            "retire at once": lambda: capacity.retire("blue", 0, 0),
            "keep one at rest": lambda: capacity.keep("blue"),
        }.items()
    }
    assert counts == {
        "release nothing": [find],
        "keep nothing": [find],
        "rehearse": ["UpdateService", find, *WITH],
        "hold": [find, *["TagResource", register] * 2],
        "hold again": [find],
        "retire": ["DescribeServices", find, tags, "TagResource", "PutScheduledAction"],
        "release": [find, tags, register, "UntagResource"],
        "keep": [find, tags, "DeleteScheduledAction", "UntagResource"],
        "retire at once": ["DescribeServices", find, tags, "TagResource", register, "UpdateService"],
        "keep one at rest": [find, tags, "DeleteScheduledAction", register, "UntagResource"],
    }
