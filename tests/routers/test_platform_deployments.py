"""CodeDeploy's and ECS' own deployments, started, followed and sent back; played stage by stage (see tests.played)."""

from __future__ import annotations

import time

import boto3
import pytest

from bluegreen.aws.client import AwsConnection
from bluegreen.aws.elb.elbv2 import target_health
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, PlatformError, SwapAborted, SwapFailed
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap.service import SwapService
from localcloud import loopback
from tests.routers import alb_workshop, deployments_workshop
from tests.routers.conftest import servers_of_both_colors
from tests.routers.deployments_workshop import register, section

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
CANARY = {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 5}}
STARTS = {"codedeploy": "codedeploy:CreateDeployment", "ecs_native": "ecs:UpdateService"}
STOPS = {"codedeploy": "codedeploy:StopDeployment", "ecs_native": "ecs:StopServiceDeployment"}


@pytest.fixture(params=["codedeploy", "ecs_native"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def balancer(aws_env):
    """For one test after the other."""
    return alb_workshop.build()


@pytest.fixture
def service(kind, cloud, balancer):
    made = deployments_workshop.build(cloud.endpoint, native=kind == "ecs_native", strategy=CANARY, alb=balancer)
    yield made
    made.leave()


def router_of(service, **more):
    """As a fresh process builds it."""
    fields = Fields(section(service, **more), "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, fields.problems
    return ROUTERS.build(parsed)


def taken(service):
    """Blue is live and the route is the swap's."""
    router_of(service).write(BLUE)
    return service


def test_the_first_write_takes_the_route_and_starts_nothing(service):
    calls = []
    with counted(calls.append):
        router_of(service).write(BLUE)
    assert not {*STARTS.values(), *STOPS.values()} & set(calls)
    assert router_of(service).read().weights == BLUE
    with pytest.raises(NotOwned, match="is owned by project/stack/web; this swap is other/stack/web"):
        router_of(service, owner="other/stack/web").write(GREEN)


def test_a_promotion_goes_through_the_platforms_stages_and_shows_as_a_mix_until_it_is_over(service):
    router = router_of(taken(service))
    router.write(GREEN)
    seen = [router_of(service).read().weights]
    while router.verify(GREEN) is Convergence.PENDING:
        seen.append(router_of(service).read().weights)
        assert router.progress().startswith("deployment ")
    assert seen[0] == Weights(99, 1), "begun, though nothing has moved"
    assert Weights(90, 10) in seen, "the canary, as the load balancer has it"
    assert BLUE not in seen
    assert router_of(service).read().weights == GREEN
    assert service.played.forwards_to() == {service.alb.groups["green"]}


def test_whoever_comes_after_a_kill_takes_the_running_deployment_up(service, kind):
    router_of(taken(service)).write(GREEN)
    calls = []
    with counted(calls.append):
        router = router_of(service)
        router.write(GREEN)
        assert service.settle(router, GREEN)
    assert STARTS[kind] not in calls
    assert len(service.played.deployments) == 1


def test_a_deployment_that_ends_while_a_swap_is_resumed_is_fine(service):
    router_of(taken(service)).write(GREEN)
    router = router_of(service)
    found = router.read().weights
    while service.played.going_on():
        service.played.look(waits=False)
    router.write(found)  # what a rehearsal does
    router.write(GREEN)
    assert router.verify(GREEN) is Convergence.CONVERGED
    assert len(service.played.deployments) == 1


def test_back_to_the_former_color_while_a_deployment_goes_on_stops_it(service, kind):
    router_of(taken(service)).write(GREEN)
    for _ in range(3):
        router_of(service).read()
    calls = []
    with counted(calls.append):
        router = router_of(service)
        router.write(BLUE)
        assert router.verify(BLUE) is Convergence.PENDING, "it is on its way back"
        assert service.settle(router, BLUE)
    assert STOPS[kind] in calls
    assert STARTS[kind] not in calls
    assert router_of(service).read().weights == BLUE


@pytest.mark.parametrize("stage", ["install", "test", "shift 10", "after"])
def test_a_deployment_that_fails_ends_the_wait_with_its_own_words(service, kind, stage):
    router = router_of(taken(service))
    service.played.fail_at = stage
    router.write(GREEN)
    with pytest.raises(PlatformError, match=rf"{STARTS[kind]}: deployment .*: .*the hook at {stage} failed"):
        service.settle(router, GREEN)
    router.write(BLUE)
    assert service.settle(router, BLUE)
    assert router_of(service).read().weights == BLUE
    assert len(service.played.deployments) == 1, "the platform went back by itself"


def test_a_deployment_that_somebody_stops_ends_the_wait(service):
    router = router_of(taken(service))
    router.write(GREEN)
    router.verify(GREEN)
    service.played.go_back(service.played.going_on(), "stopped", "stopped by hand")
    with pytest.raises(PlatformError, match="stopped by hand"):
        service.settle(router, GREEN)


def test_a_strangers_deployment_is_stopped_before_ours_begins(service):
    ecs = boto3.client("ecs", endpoint_url=service.aws.url)
    taken(service)
    stranger = register(ecs, f"{service.name}-stranger")
    router_of(service, task_definitions={**service.tasks, "green": stranger}).write(GREEN)
    for _ in range(3):
        found = router_of(service).read().weights
    assert found == Weights(90, 0), "the rest reaches neither color"
    router = router_of(service)
    router.write(GREEN)
    assert service.settle(router, GREEN)
    assert service.played.live.task_definition == service.tasks["green"]


def test_a_route_that_was_moved_by_hand_is_put_back_without_a_deployment(service, kind):
    taken(service)
    played = service.played
    other = [{"Type": "forward", "TargetGroupArn": service.alb.groups["green"]}]
    if kind == "codedeploy":
        played.bind(service.alb.listener_arn, [service.alb.groups["blue"], service.alb.groups["green"]])
        service.alb.elb.modify_listener(ListenerArn=played.route, DefaultActions=other)
    else:
        service.alb.elb.modify_rule(RuleArn=played.route, Actions=other)
    assert router_of(service).read().weights == Weights(), "nothing runs in that group"
    router = router_of(service)
    router.write(BLUE)
    assert router.verify(BLUE) is Convergence.CONVERGED
    assert played.forwards_to() == {service.alb.groups["blue"]}
    assert not played.deployments


def test_a_new_release_of_the_live_color_that_fails_leaves_the_former_one(service):
    taken(service)
    newer = register(boto3.client("ecs", endpoint_url=service.aws.url), f"{service.name}-blue")
    router = router_of(service, task_definitions={**service.tasks, "blue": newer})
    assert router.read().weights == Weights(99, 0), "blue, and not the release that it should be"
    service.played.fail_at = "test"
    router.write(BLUE)
    with pytest.raises(PlatformError, match="the hook at test failed"):
        service.settle(router, BLUE)
    router.write(BLUE)  # the restore
    assert service.settle(router, BLUE)
    assert [one.state for one in service.played.deployments] == ["failed"], "tried once"
    again = router_of(service, task_definitions={**service.tasks, "blue": newer})
    again.write(BLUE)  # the next update tries again
    assert service.settle(again, BLUE)
    assert service.played.live.task_definition == newer


def test_health_is_that_of_the_tasks_and_what_does_not_run_needs_none(service):
    router = router_of(taken(service))
    assert "no target is registered" in router.health("blue").reason
    assert router.health("green").ready
    assert "nothing of it runs" in router.health("green").reason


def test_at_rest_few_calls_are_made(service, kind):
    router = router_of(taken(service))
    counts = {}
    for name, operation in {
        "read": router.read,
        "marks": router.marks,
        "mark": lambda: router.mark({"a": "b"}),
    }.items():
        calls = []
        with counted(calls.append):
            operation()
        counts[name] = len(calls)
    assert counts == {"read": {"codedeploy": 4, "ecs_native": 5}[kind], "marks": 1, "mark": 1}


# -- as a whole swap


def inputs(service, color, **more):
    return {
        "name": "web",
        "active_color": color,
        "releases": {"blue": "app:v1", "green": "app:v2"},
        "router": section(service),
        "converge_timeout_seconds": 3600.0,
        **more,
    }


@pytest.fixture(scope="module")
def balancer_with_targets(aws_env):
    """One with a server in each group, in the place of tasks that come and go; they answer all the time."""
    made = alb_workshop.build()
    with servers_of_both_colors() as ports:
        for color, port in ports.items():
            target = {"Id": "127.0.0.1", "Port": port}
            made.elb.register_targets(TargetGroupArn=made.groups[color], Targets=[target])
        yield made


@pytest.fixture
def healthy(kind, cloud, balancer_with_targets):
    """A service whose groups are both healthy."""
    native, groups = kind == "ecs_native", balancer_with_targets.groups
    made = deployments_workshop.build(cloud.endpoint, native=native, strategy=CANARY, alb=balancer_with_targets)
    made.played.bind(next(iter(made.route.values())), [groups["blue"], groups["green"]])
    deadline = time.monotonic() + 180
    while not all(target_health(AwsConnection(), groups[color]).ready for color in ("blue", "green")):
        assert time.monotonic() < deadline, "the emulator's health checks find nobody"
        time.sleep(0.5)
    yield made
    made.leave()


def test_a_swap_promotes_and_rolls_back_with_traffic(healthy, cloud):
    swap = SwapService(clock=FakeClock())
    address = f"http://127.0.0.1:{cloud.alb_port(healthy.alb.arn)}"

    def answering():
        with loopback.client() as client:
            return {client.get(address).headers["x-color"] for _ in range(20)}

    _, outputs = swap.create(inputs(healthy, "blue"))
    assert answering() == {"blue"}
    for color, outcome in (("green", "promoted"), ("blue", "rolled_back")):
        outputs = swap.update(outputs, inputs(healthy, color))
        assert (outputs["live_color"], outputs["history"][0]["outcome"]) == (color, outcome)
        assert answering() == {color}
        assert not swap.diff(outputs, inputs(healthy, color)).changes


def live(service, color):
    taken(service)
    return {**inputs(service, color), "live_color": color, "weights": Weights.all_on(color).as_dict()}


def test_a_swap_that_fails_says_why_and_what_is_live(healthy):
    olds = live(healthy, "blue")
    healthy.played.fail_at = "shift 10"
    with pytest.raises(SwapFailed, match="the hook at shift 10 failed") as failed:
        SwapService(clock=FakeClock()).update(olds, inputs(healthy, "green"))
    assert failed.value.live_color == "blue"
    assert router_of(healthy).read().weights == BLUE


def test_an_abort_while_it_is_waited_for_stops_the_deployment(healthy, kind):
    olds, calls = live(healthy, "blue"), healthy.aws.calls
    starts, stops = (names[kind].partition(":")[2] for names in (STARTS, STOPS))
    swap = SwapService(clock=FakeClock(), cancelled=lambda: starts in calls)
    with pytest.raises(SwapAborted):
        swap.update(olds, inputs(healthy, "green"))
    assert stops in calls
    assert router_of(healthy).read().weights == BLUE


def test_the_update_after_a_kill_goes_on_with_the_deployment_or_back(healthy):
    olds = live(healthy, "blue")
    router_of(healthy).write(GREEN)  # and then the process is gone
    outputs = SwapService(clock=FakeClock()).update(olds, inputs(healthy, "green"))
    assert outputs["live_color"] == "green"
    assert len(healthy.played.deployments) == 1
    router_of(healthy).write(BLUE)  # somebody else's: it is healed
    outputs = SwapService(clock=FakeClock()).update(outputs, inputs(healthy, "green"))
    assert (outputs["live_color"], router_of(healthy).read().weights) == ("green", GREEN)


# -- what CodeDeploy alone has


@pytest.fixture
def waiting(cloud, balancer):
    """A deployment group that keeps the former task set for an hour."""
    made = deployments_workshop.build(cloud.endpoint, wait_minutes=60, alb=balancer)
    yield made
    made.leave()


def promoted(service):
    router = router_of(taken(service))
    router.write(GREEN)
    assert service.settle(router, GREEN)
    return service


def test_a_promotion_does_not_wait_for_the_termination_wait(waiting):
    promoted(waiting)
    assert waiting.played.going_on().at == "wait"
    assert router_of(waiting).read().weights == GREEN
    router = router_of(waiting, wait_for_end=True)
    assert router.read().weights == Weights(1, 99), "whoever waits for the end sees that it is not over"
    assert router.verify(GREEN) is Convergence.PENDING


def test_a_rollback_within_the_termination_wait_is_one_stop(waiting):
    promoted(waiting)
    calls = []
    with counted(calls.append):
        router = router_of(waiting)
        router.write(BLUE)
        assert waiting.settle(router, BLUE)
    assert "codedeploy:StopDeployment" in calls
    assert "codedeploy:CreateDeployment" not in calls
    assert len(waiting.played.deployments) == 1


def test_a_rollback_after_it_is_a_deployment_all_at_once(waiting):
    promoted(waiting)
    waiting.played.skip_wait(waiting.played.going_on())
    router = router_of(waiting)
    router.write(BLUE)
    assert waiting.settle(router, BLUE)
    assert waiting.played.deployments[-1].details["config"] == "CodeDeployDefault.ECSAllAtOnce"
    waiting.played.skip_wait(waiting.played.going_on())
    router = router_of(waiting, deployment_config="ECSLinear10PercentEvery1Minutes")
    router.write(GREEN)  # what was rolled back from has to prove itself again
    assert waiting.settle(router, GREEN)
    assert waiting.played.deployments[-1].details["config"] == "CodeDeployDefault.ECSLinear10PercentEvery1Minutes"


def test_a_new_release_within_the_wait_ends_it_instead_of_going_back(waiting):
    promoted(waiting)
    newer = register(boto3.client("ecs", endpoint_url=waiting.aws.url), f"{waiting.name}-blue")
    calls = []
    with counted(calls.append):
        router = router_of(waiting, task_definitions={**waiting.tasks, "blue": newer})
        router.write(BLUE)
        assert waiting.settle(router, BLUE)
    assert "codedeploy:ContinueDeployment" in calls
    assert "codedeploy:StopDeployment" not in calls
    assert waiting.played.live.task_definition == newer
