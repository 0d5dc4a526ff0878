"""Argo Rollouts' real controller, pointed, resumed, sent back: what the router does with one Rollout."""

from __future__ import annotations

import shlex

import pytest

from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Convergence, Weights
from tests.routers import argo_workshop
from tests.routers.argo_workshop import NOBODY, live, router_of, settled

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
RESUMES = "patch rollouts.argoproj.io/status"


@pytest.fixture(scope="module")
def here(node):
    with argo_workshop.running(node, "argo") as made:
        yield made


@pytest.fixture(scope="module")
def web(here):
    """With blue live; every test leaves it so."""
    return live(argo_workshop.build(here))


@pytest.fixture
def at_blue(web):
    """And with a release of green that was never live: what was, gets traffic back at once."""
    return live(web).new_release("green")


def managers(service, kind, name=""):
    found = service.cluster.get(service.resource(kind, name))
    return {entry["manager"]: str(entry["fieldsV1"]) for entry in found["metadata"]["managedFields"]}


def kubectl(here, service, *patch):
    what = ("patch", "rollouts.argoproj.io", service.name, "-n", here.namespace, "--type=merge")
    here.node.kubectl(*what, *patch)


def test_no_field_has_two_owners_and_an_unrelated_update_moves_nothing(at_blue):
    wrote = managers(at_blue, "Rollout")
    assert "f:workloadRef" in wrote["bluegreen"]
    assert not [who for who, fields in wrote.items() if who != "bluegreen" and "f:workloadRef" in fields]
    selector = {who for who, fields in managers(at_blue, "Service").items() if "f:selector" in fields}
    assert selector == {"rollouts-controller"}
    at_blue.declare_rollout(scaleDownDelaySeconds=61)
    at_blue.declare()
    assert router_of(at_blue).read().weights == BLUE
    settled(router_of(at_blue), BLUE)
    assert router_of(at_blue).read().weights == BLUE


def test_a_promotion_shows_as_a_mix_until_all_traffic_is_on_the_new_color(at_blue):
    router = router_of(at_blue)
    router.write(GREEN)
    seen, told = set(), set()
    while router.verify(GREEN) is Convergence.PENDING:
        seen.add(router_of(at_blue).read().weights)
        told.add(router.progress())
    assert Weights(99, 1) in seen, "begun, though nothing has moved"
    assert BLUE not in seen
    assert any("Paused: BlueGreenPause" in text or "cutover pending" in text for text in told), told
    assert router_of(at_blue).read().weights == GREEN
    assert at_blue.answers("green")


def test_a_rollback_within_the_delay_is_one_write_and_no_pause(at_blue):
    live(at_blue, "green").keeps("blue")
    calls, before = [], at_blue.rollout["metadata"]["generation"]
    with counted(calls.append):
        router = router_of(at_blue)
        router.write(BLUE)
        settled(router, BLUE)
    # Nothing is resumed or aborted. A nudge, where the controller is slow, is a patch that changes nothing.
    assert {call for call in calls if call.startswith("patch ")} == {"patch rollouts.argoproj.io"}
    assert at_blue.rollout["metadata"]["generation"] == before + 1


def test_whoever_comes_after_a_kill_resumes_what_waits(at_blue):
    router_of(at_blue).write(GREEN)
    at_blue.wait(lambda status: status.get("pauseConditions"))
    calls = []
    with counted(calls.append):
        router = router_of(at_blue)
        assert router.read().weights == Weights(99, 1)
        router.write(router.read().weights)  # what a rehearsal does: nothing
        assert not [call for call in calls if call.startswith("patch ")]
        router.write(GREEN)
        settled(router, GREEN)
    assert RESUMES in calls


def test_back_before_traffic_has_moved_is_told_by_the_same_field(at_blue):
    router = router_of(at_blue)
    router.write(GREEN)
    at_blue.wait(lambda status: status.get("pauseConditions"))
    router.write(BLUE)
    settled(router, BLUE)
    assert at_blue.rollout["spec"]["workloadRef"]["name"] == at_blue.workloads["blue"]
    assert router_of(at_blue).read().weights == BLUE


def test_an_abort_by_somebody_ends_the_wait_and_the_next_write_heals_it(here, at_blue):
    router = router_of(at_blue)
    router.write(GREEN)
    at_blue.wait(lambda status: status.get("pauseConditions"))
    kubectl(here, at_blue, "--subresource=status", '--patch={"status":{"abort":true}}')
    with pytest.raises(PlatformError, match="RolloutAborted: "):
        settled(router, GREEN)
    live(at_blue)
    assert at_blue.status["phase"] == "Healthy"


def test_who_points_it_elsewhere_meanwhile_is_found_out(here, at_blue):
    router = router_of(at_blue)
    router.write(GREEN)
    kubectl(here, at_blue, f'--patch={{"spec":{{"workloadRef":{{"name":"{at_blue.workloads["blue"]}"}}}}}}')
    with pytest.raises(
        PlatformError, match=r"spec.workloadRef.name is '.*-blue' instead of '.*-green-.*': somebody else"
    ):
        router.verify(GREEN)


def test_a_new_release_of_the_live_color_is_not_all_that_it_should_be(at_blue):
    newer = f"{at_blue.name}-newer"
    at_blue.template(newer, "blue", "v2")
    workloads = {**at_blue.workloads, "blue": newer}
    router = router_of(at_blue, workloads=workloads)
    assert router.read().weights == Weights(99, 0)
    router.write(BLUE)
    at_blue.wait(lambda status: status.get("pauseConditions"))
    router.write(BLUE)  # the restore of what failed: to what ran before, not to the newer one again
    settled(router, BLUE)
    assert at_blue.rollout["spec"]["workloadRef"]["name"] == at_blue.workloads["blue"]
    again = router_of(at_blue, workloads=workloads)
    again.write(BLUE)
    settled(again, BLUE)
    assert router_of(at_blue, workloads=workloads).read().weights == BLUE


def test_the_commands_by_hand_promote(here, at_blue):
    wanted, resume = router_of(at_blue).commands(GREEN)
    run(here, wanted)
    router = router_of(at_blue)
    at_blue.resume(lambda: run(here, resume), lambda: router.verify(GREEN) is Convergence.CONVERGED)


def run(here, command):
    program, *arguments = shlex.split(command, comments=True)
    assert program == "kubectl"
    if arguments[0] == "--kubeconfig":
        del arguments[:2]
    here.node.kubectl(*arguments)


def test_whose_it_is_and_what_was_there_before(here):
    at_blue = live(argo_workshop.build(here))
    with pytest.raises(NotOwned, match="belongs to 'project/stack/web', not to 'other/stack/web'"):
        router_of(at_blue, owner="other/stack/web").read()
    router_of(at_blue).mark({"lease.1": "x"})
    router_of(at_blue).delete()
    assert at_blue.rollout["spec"]["workloadRef"]["name"] == at_blue.workloads["blue"], "its traffic stays"
    assert at_blue.answers("blue")
    assert not [name for name in at_blue.rollout["metadata"]["annotations"] if name.startswith("bluegreen/")]
    assert router_of(at_blue).read().weights == Weights()
    assert router_of(at_blue, adopt=True).read().weights == BLUE


def test_what_cannot_be_used_is_refused_before_it_is_wanted(at_blue):
    before = at_blue.rollout["spec"]["workloadRef"]["name"]
    at_blue.template(f"{at_blue.name}-plain", None)
    for name, reason in (
        ("plain", r"labels\[bluegreen/color\] is None; allowed: blue, green"),
        ("gone", "there is no"),
    ):
        router = router_of(at_blue, workloads={**at_blue.workloads, "green": f"{at_blue.name}-{name}"})
        with pytest.raises(PlatformError, match=reason):
            router.write(GREEN)
    assert at_blue.rollout["spec"]["workloadRef"]["name"] == before
    with pytest.raises(PlatformError, match=r"blue 50 %, green 50 %: .*all traffic at once"):
        router_of(at_blue).write(Weights(50, 50))


def test_pods_that_do_not_come_up_are_told_by_their_name(here, at_blue):
    broken = f"{at_blue.name}-broken"
    at_blue.template(broken, "green", "broken")
    router = router_of(at_blue, workloads={**at_blue.workloads, "green": broken})
    router.write(GREEN)
    here.wait_until("the pod runs", lambda: "readiness probe" in router.health("green").reason)
    assert router.verify(GREEN) is Convergence.PENDING
    assert router.health("blue").ready


def test_without_its_controller_nothing_is_taken_for_done(here):
    service = argo_workshop.build(here, instance=NOBODY)
    router = router_of(service)
    assert "nothing of it runs" in router.health("blue").reason
    router.write(BLUE)
    assert router.verify(BLUE) is Convergence.PENDING
    assert "controller has not taken notice" in router.progress()
    assert router_of(service).read().weights == Weights()


def test_a_controller_that_may_have_missed_it_is_nudged_ever_more_seldom(here):
    service = argo_workshop.build(here, instance=NOBODY)
    router = router_of(service)
    router.clock = FakeClock()
    router.write(BLUE)
    calls, began = [], router.clock.monotonic_seconds()
    with counted(calls.append):
        for _ in range(20):
            router.verify(BLUE)
            router.clock.sleep(4)
    assert router.clock.monotonic_seconds() - began >= 80
    assert 5 <= len([call for call in calls if call.startswith("patch ")]) <= 10


def test_at_rest_few_calls_are_made(at_blue):
    counts = {}
    router = router_of(at_blue)
    for name, operation in {
        "read": router.read,
        "marks": router.marks,
        "mark": lambda: router.mark({"a": "b"}),
        "verify": lambda: router.verify(BLUE),
    }.items():
        calls = []
        with counted(calls.append):
            operation()
        counts[name] = len(calls)
    assert counts == {"read": 1, "marks": 1, "mark": 1, "verify": 4}
