"""HorizontalPodAutoscalers of one's own, on a real API server: held, rehearsed, given back, killed in between."""

from __future__ import annotations

import itertools

import pytest

from bluegreen.kubernetes.workloads.live_autoscaler import MINIMUM, Autoscaler, Replicas
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import PlatformError
from tests.capacity.kubernetes_colors import COLORS, STACK, Colors, calls_of, namespace_on

TOOL = "their-tool"


@pytest.fixture(scope="module")
def namespace(node):
    with namespace_on(node, "capacity-hpa") as name:
        yield name


@pytest.fixture
def colors(node, namespace):
    """Blue with three replicas, green with none, and nothing that runs."""
    made = Colors(node, namespace)
    made.declare_without_pods()
    yield made
    for color in COLORS:
        made.cluster.delete(made.where("Deployment", made.workloads[color]))
        made.cluster.delete(made.where("HorizontalPodAutoscaler", made.workloads[color]))
        made.cluster.delete(made.where("CronJob", f"{made.workloads[color]}-retire"))


def declared(colors, **how):
    for color in COLORS:
        colors.declare_autoscaler(color, **how)


def minimums(colors):
    return {color: colors.minimum(color) for color in COLORS}


def test_a_swap_raises_minimums_to_what_is_there_and_gives_them_back_to_their_owner(colors):
    declared(colors, low=2, manager=TOOL)
    capacity = colors.capacity()
    capacity.cancel_retirement("green")
    capacity.preflight("green", 0)
    assert minimums(colors) == {"blue": 2, "green": 2}, "a rehearsal changes nothing"
    capacity.suspend_scale_in()
    assert minimums(colors) == {"blue": 3, "green": 2}, "at 0 an autoscaler is off"
    capacity.prepare("green", 3)
    assert (minimums(colors), colors.replicas("green")) == ({"blue": 3, "green": 3}, 3)
    assert colors.owners_of_minimum("green") == ["bluegreen/Apply"]
    capacity.retire("blue", 0, 600)
    capacity.resume_scaling(["green"])
    colors.is_untouched("green", 2, [f"{TOOL}/Apply"])
    assert colors.minimum("blue") == 3, "it keeps its size although it has no load any more"
    # The rollback, within the delay.
    capacity = colors.capacity()
    capacity.cancel_retirement("blue")
    assert (colors.cron_job("blue"), colors.replicas("blue"), colors.minimum("blue")) == (None, 3, 3)
    capacity.retire("green", 0, 600)
    assert colors.minimum("green") == 3
    capacity.resume_scaling(["blue"])
    colors.is_untouched("blue", 2, [f"{TOOL}/Apply"])


def test_its_owner_meets_no_conflict_afterwards(colors):
    colors.declare_autoscaler("blue", low=2, manager=TOOL)
    where = colors.where("HorizontalPodAutoscaler", colors.autoscalers["blue"])
    capacity = colors.capacity()
    capacity.suspend_scale_in()
    theirs = colors.autoscaler("blue")["spec"]
    changed = {**theirs, "minReplicas": 4}
    assert 'conflict with "bluegreen": .spec.minReplicas' in colors.apply_without_force(where, {"spec": changed}, TOOL)
    capacity.resume_scaling(["blue"])
    assert colors.apply_without_force(where, {"spec": {**theirs, "minReplicas": 2}}, TOOL) == ""
    colors.is_untouched("blue", 2, [f"{TOOL}/Apply"])
    assert colors.apply_without_force(where, {"spec": changed}, TOOL) == ""
    # And it is theirs to take away, too.
    capacity.suspend_scale_in()
    capacity.resume_scaling(["blue"])
    without = {key: value for key, value in theirs.items() if key != "minReplicas"}
    assert colors.apply_without_force(where, {"spec": without}, TOOL) == ""
    colors.is_untouched("blue", 1, [])


def test_whoever_writes_by_update_or_says_nothing_gets_the_same_back(colors):
    declared(colors)
    colors.scale("green", 3)
    colors.edit_autoscaler("blue", "kubectl-client-side-apply", minReplicas=2)
    capacity = colors.capacity()
    capacity.suspend_scale_in()
    assert minimums(colors) == {"blue": 3, "green": 3}
    colors.capacity().resume_scaling(COLORS)
    colors.is_untouched("blue", 2, ["kubectl-client-side-apply/Update"])
    colors.is_untouched("green", 1, [])


@pytest.mark.parametrize("when", ["held", "at rest"])
def test_a_minimum_that_its_owner_has_set_since_is_theirs(colors, when):
    colors.declare_autoscaler("blue", low=2, manager=TOOL)
    if when == "held":
        colors.capacity().suspend_scale_in()
    else:
        colors.capacity().retire("blue", 1, 0)
        assert (colors.minimum("blue"), colors.replicas("blue")) == (1, 1)
    colors.declare_autoscaler("blue", low=5, high=9, manager=TOOL)
    colors.capacity().resume_scaling(["blue"])
    colors.is_untouched("blue", 5, [f"{TOOL}/Apply"])
    # And so it is what a later swap gives back.
    colors.scale("blue", 7)
    colors.capacity().suspend_scale_in()
    assert colors.minimum("blue") == 7
    colors.capacity().resume_scaling(["blue"])
    colors.is_untouched("blue", 5, [f"{TOOL}/Apply"])


def test_a_declared_range_is_what_the_live_color_gets_and_the_stack_does_not_undo_it(colors):
    declared(colors)  # as the component does: without minReplicas
    capacity = colors.capacity(autoscaling=Replicas(2, 6))
    capacity.suspend_scale_in()
    assert minimums(colors) == {"blue": 3, "green": 1}
    declared(colors)
    assert colors.minimum("blue") == 3
    capacity.resume_scaling(["blue"])
    assert (colors.minimum("blue"), colors.owners_of_minimum("blue")) == (2, ["bluegreen/Apply"])
    declared(colors)
    assert minimums(colors) == {"blue": 2, "green": 1}
    assert MINIMUM not in colors.autoscaler("blue")["metadata"].get("annotations", {})
    # What the stack declares by now takes effect, also after a swap that was killed.
    capacity.suspend_scale_in()
    colors.capacity(autoscaling=Replicas(1, 6)).resume_scaling(["blue"])
    assert colors.minimum("blue") == 1
    colors.capacity(autoscaling=Replicas(2, 6)).delete()
    assert colors.minimum("blue") == 1, "it goes with its autoscaler"


def test_more_replicas_than_an_autoscaler_allows_are_refused(colors):
    declared(colors, high=2)
    where = f"HorizontalPodAutoscaler {colors.namespace}/{colors.autoscalers['green']}"
    with pytest.raises(PlatformError, match=f"{where}: maxReplicas is 2 and 3 replicas of green are wanted"):
        colors.capacity().prepare("green", 3)
    assert (colors.replicas("green"), colors.minimum("green")) == (0, 1)
    colors.capacity().suspend_scale_in()
    assert colors.minimum("blue") == 2, "its autoscaler allows no more"


def test_at_rest(colors):
    declared(colors, low=2, manager=TOOL)
    capacity = colors.capacity()
    capacity.suspend_scale_in()
    capacity.retire("blue", 1, 0)
    assert (colors.replicas("blue"), colors.minimum("blue")) == (1, 1), "no load keeps it there, and nothing else"
    colors.capacity().resume_scaling(["green"])
    assert colors.minimum("blue") == 1
    capacity.retire("blue", 0, 0)
    assert colors.replicas("blue") == 0
    colors.is_untouched("blue", 2, [f"{TOOL}/Apply"])  # Kubernetes itself lets it rest
    colors.capacity().prepare("blue", 1)
    assert (colors.replicas("blue"), colors.minimum("blue")) == (1, 2), "their own minimum counts, too"


def test_destroying_the_swap_gives_everything_back(colors):
    declared(colors, low=2, manager=TOOL)
    capacity = colors.capacity()
    capacity.suspend_scale_in()
    capacity.retire("blue", 1, 600)
    capacity.delete()
    assert (colors.cron_job("blue"), colors.replicas("blue")) == (None, 3)
    for color in COLORS:
        colors.is_untouched(color, 2, [f"{TOOL}/Apply"])
    colors.cluster.delete(colors.where("HorizontalPodAutoscaler", colors.autoscalers["green"]))
    capacity.delete()
    with pytest.raises(PlatformError, match="there is no HorizontalPodAutoscaler"):
        capacity.suspend_scale_in()


def test_a_write_of_somebody_else_in_between_is_not_lost(colors):
    declared(colors, low=1, manager=TOOL)

    def meanwhile(call):
        if call.startswith("patch") and not done:
            done.append(call)
            colors.declare_autoscaler("blue", low=2, manager=TOOL)

    done = []
    with counted(meanwhile):
        colors.capacity().suspend_scale_in()
    assert (done, colors.minimum("blue")) == (["patch horizontalpodautoscalers.autoscaling"], 3)
    colors.capacity().resume_scaling(["blue"])
    colors.is_untouched("blue", 2, [f"{TOOL}/Apply"])


def test_each_operation_makes_as_few_calls_as_it_can(colors):
    declared(colors, low=2)
    capacity = colors.capacity()
    counts = {
        name: [call.replace("horizontalpodautoscalers.autoscaling", "hpa") for call in calls_of(operation)]
        for name, operation in {
            "preflight": lambda: capacity.preflight("green", 0),
            "hold": capacity.suspend_scale_in,
            "hold again": capacity.suspend_scale_in,
            "prepare": lambda: capacity.prepare("green", 3),
            "retire": lambda: capacity.retire("blue", 0, 600),
            "release": lambda: capacity.resume_scaling(["green"]),
            "release nothing": lambda: capacity.resume_scaling(["green"]),
            "retire at once": lambda: capacity.retire("blue", 0, 0),
        }.items()
    }
    find, change = "get hpa", "patch hpa"
    get, scale = "get deployments.apps", "patch deployments.apps/scale"
    look, hand_over, cancel = (f"{verb} cronjobs.batch" for verb in ("get", "patch", "delete"))
    assert counts == {
        "preflight": [scale, change, hand_over],
        "hold": [find, get, change, find, get],
        "hold again": [find, get, find, get],
        "prepare": [look, get, find, change, scale],
        "retire": [get, find, look, hand_over],
        "release": [look, find, change, change],
        "release nothing": [look, find],
        "retire at once": [get, find, look, cancel, scale, change, change],
    }


class Killed(BaseException):
    """Nobody catches it, as nobody catches a SIGKILL."""


def killed_at(number, program):
    """Run the program up to its write of that number; whether it got that far."""
    left = itertools.count(number, -1)

    def listener(call):
        if not call.startswith("get ") and next(left) == 0:
            raise Killed

    with counted(listener):
        try:
            program()
        except Killed:
            return True
    return False


def forth_and_back(colors):
    """A promotion of green and the way back, as far as autoscaling sees them."""
    for live, idle in (("green", "blue"), ("blue", "green")):
        capacity = colors.capacity()
        capacity.cancel_retirement(live)
        capacity.suspend_scale_in()
        capacity.prepare(live, 3)
        capacity.retire(idle, 1, 600 if idle == "blue" else 0)
        capacity.resume_scaling([live])


def test_a_kill_before_any_write_leaves_nothing_that_the_next_swap_does_not_put_right(colors):
    declared(colors, low=2, manager=TOOL)
    for number in range(100):
        killed = killed_at(number, lambda: forth_and_back(colors))
        after = colors.capacity()
        for color in COLORS:
            after.cancel_retirement(color)
            after.prepare(color, 3)
        after.resume_scaling(COLORS)
        for color in COLORS:
            colors.is_untouched(color, 2, [f"{TOOL}/Apply"])
            assert (colors.cron_job(color), colors.replicas(color)) == (None, 3), f"after write {number}"
        if not killed:
            break
    assert number > 10


def test_notes_that_somebody_has_written_over_are_no_notes():
    found = {
        "metadata": {
            "uid": "1",
            "resourceVersion": "2",
            "annotations": {MINIMUM: "many", "bluegreen/min-replicas-owners": "{"},
            "managedFields": [{"manager": STACK, "operation": "Apply", "fieldsV1": {"f:spec": {"f:minReplicas": {}}}}],
        },
        "spec": {"maxReplicas": 4},
    }
    autoscaler = Autoscaler.of(found)
    assert (autoscaler.low, autoscaler.own_low, autoscaler.is_changed) == (1, 1, False)
    assert autoscaler.left == found["metadata"]["managedFields"]
