"""Deployments and StatefulSets on a real node, with real pods: scaling, readiness, calls."""

from __future__ import annotations

import pytest

from bluegreen.kubernetes.client import KubernetesConnection
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Size
from tests.capacity.kubernetes_colors import COLORS, STACK, Colors, calls_of, namespace_on, rules_of, until


@pytest.fixture(scope="module")
def namespace(node):
    with namespace_on(node, "capacity") as name:
        yield name


@pytest.fixture
def colors(node, namespace):
    made = Colors(node, namespace)
    yield made
    for color in COLORS:
        made.cluster.delete(made.where(made.kind, made.workloads[color]))


def running(colors, **sizes):
    """Both colors declared, with these sizes and their pods."""
    for color in COLORS:
        colors.declare(color)
        colors.scale(color, sizes.get(color, 0))
    capacity = colors.capacity()
    for color in sizes:
        until(lambda color=color: capacity.ready(color).ready)
    return capacity


def test_scaling_and_readiness(colors):
    capacity = running(colors, blue=1)
    assert capacity.read() == {"blue": Size(1, 1), "green": Size(0, 0)}
    assert capacity.ready("green").reason == f"deployment {colors.workloads['green']}: scaled to 0"
    capacity.prepare("green", 2)
    assert not capacity.ready("green").ready
    until(lambda: capacity.ready("green").ready)
    assert capacity.read()["green"] == Size(2, 2)
    assert capacity.retire("green", 1, 0) == "green is scaled to 1"
    assert capacity.retire("green", 1, 0) == "green is at 1 already"


@pytest.mark.parametrize("at_creation", [{}, {"replicas": 1}])
def test_the_stack_never_resets_the_replicas_and_the_swap_owns_nothing_else(colors, at_creation):
    colors.declare("green", paused=True, **at_creation)
    colors.capacity().prepare("green", 3)
    managers = {
        (entry["manager"], entry.get("subresource")): entry["fieldsV1"]
        for entry in colors.workload("green")["metadata"]["managedFields"]
    }
    # What nobody owned before nobody owns afterwards, as the API server has it for `scale`.
    assert managers.get(("bluegreen", "scale"), {}) == ({"f:spec": {"f:replicas": {}}} if at_creation else {})
    assert "f:replicas" not in managers[STACK, None]["f:spec"]
    colors.declare("green", tag="v2", paused=True)
    assert colors.replicas("green") == 3


def test_a_former_releases_pods_are_waited_for(colors):
    capacity = running(colors, blue=1)
    colors.declare("blue", tag="v2", minReadySeconds=1)
    seen = []

    def is_ready():
        readiness = capacity.ready("blue")
        seen.append(readiness.reason.partition(": ")[2])
        return readiness.ready

    until(is_ready)
    assert not [text for text in seen[:1] if not text], "never ready with the former release"
    assert any("of the present release" in text or "has not seen" in text for text in seen), seen
    images = {pod["spec"]["containers"][0]["image"] for pod in colors.pods(f"app={colors.workloads['blue']}")}
    assert images == {colors.node.image("v2")}


def test_ready_pods_count_when_they_are_available(colors):
    colors.declare("green", minReadySeconds=500)
    colors.scale("green", 1)
    capacity = colors.capacity()
    wanted = "0 of 1 replicas are available; the others are not ready for minReadySeconds (500) yet"
    until(lambda: capacity.ready("green").reason.partition(": ")[2], wanted)


def test_a_rollout_that_kubernetes_gave_up_on(colors):
    colors.declare("blue")
    colors.declare("green", container={"image": "bluegreen.local/app:nowhere"}, progressDeadlineSeconds=1)
    colors.scale("green", 1)
    capacity = colors.capacity()
    until(lambda: capacity.read()["green"].stuck)
    until(lambda: "ErrImageNeverPull" in capacity.ready("green").reason)
    readiness = capacity.ready("green")
    assert "0 of 1 replicas are available and its progress deadline of 1 s is over; pod " in readiness.reason
    assert readiness.fatal
    # A new try: what failed before it says nothing about it.
    capacity.prepare("green", 1)
    assert not capacity.ready("green").ready
    assert not capacity.ready("green").fatal
    assert colors.capacity().ready("green").fatal
    colors.declare("green", progressDeadlineSeconds=60)
    until(lambda: capacity.ready("green").ready)
    assert not capacity.read()["green"].stuck


def test_a_pod_that_no_node_takes_and_an_image_name_that_is_none(colors):
    colors.declare("blue", pod={"nodeSelector": {"disk": "of-diamond"}})
    colors.declare("green", container={"image": "Not/An:Image:Name"})
    for color in COLORS:
        colors.scale(color, 1)
    capacity = colors.capacity()
    until(lambda: "Unschedulable" in capacity.ready("blue").reason)
    assert not capacity.ready("blue").fatal
    until(lambda: capacity.ready("green").fatal)
    assert "InvalidImageName" in capacity.ready("green").reason


def test_a_quota_that_keeps_pods_from_being_made(node):
    with namespace_on(node, "capacity-quota") as name:
        colors = Colors(node, name)
        colors.cluster.apply(colors.where("ResourceQuota", "few"), {"spec": {"hard": {"pods": "0"}}}, STACK)
        colors.declare("green")
        colors.scale("green", 1)
        capacity = colors.capacity()
        until(lambda: "exceeded quota: few" in capacity.ready("green").reason)
        assert "FailedCreate" in capacity.ready("green").reason
        assert not capacity.ready("green").fatal, "there may be room in a moment"


def test_stateful_sets(node, namespace):
    colors = Colors(node, namespace, "StatefulSet")
    for color in COLORS:
        colors.declare(color, podManagementPolicy="Parallel", updateStrategy={"type": "OnDelete"})
        colors.scale(color, 0)
    capacity = colors.capacity()
    capacity.prepare("green", 2)
    until(lambda: capacity.ready("green").ready)
    assert capacity.read()["green"] == Size(2, 2)
    colors.declare("green", tag="v2", podManagementPolicy="Parallel", updateStrategy={"type": "OnDelete"})
    wanted = "0 of 2 replicas are of the present release: its updateStrategy is OnDelete, so delete the others"
    until(lambda: capacity.ready("green").reason, f"statefulset {colors.workloads['green']}: {wanted}")
    colors.declare("green", tag="v2", podManagementPolicy="Parallel", updateStrategy={"type": "RollingUpdate"})
    until(lambda: capacity.ready("green").ready)
    assert capacity.retire("green", 0, 600).endswith(f"CronJob {namespace}/{colors.workloads['green']}-retire-sts")
    capacity.delete()
    capacity.retire("green", 0, 0)


def test_a_workload_that_is_not_there_is_named(colors):
    capacity = colors.capacity()
    where = f"Deployment {colors.namespace}/{colors.workloads['blue']}"
    for call, operation in {
        "get deployments.apps": capacity.read,
        "patch deployments.apps/scale": lambda: capacity.preflight("green", 1),
    }.items():
        with pytest.raises(PlatformError, match=f"there is no {where}") as error:
            operation()
        assert error.value.call == call


def test_each_color_may_be_in_a_cluster_of_its_own(colors, tmp_path):
    colors.declare_without_pods()
    nowhere = KubernetesConnection(str(tmp_path / "nowhere"))
    capacity = colors.capacity(clusters={"blue": colors.cluster, "green": nowhere})
    assert capacity.retire("blue", 2, 0) == "blue is scaled to 2"
    with pytest.raises(PlatformError, match="no way to reach a cluster"):
        capacity.prepare("green", 1)


def test_each_operation_makes_as_few_calls_as_it_can(colors, monkeypatch):
    # A moment is longer where other tests have the machine.
    monkeypatch.setattr("bluegreen.kubernetes.workloads.capacity._FRESH_SECONDS", 60)
    capacity = running(colors, blue=1)
    counts = {
        name: calls_of(operation)
        for name, operation in {
            "read": capacity.read,
            "ready": lambda: capacity.ready("blue"),
            "prepare": lambda: capacity.prepare("blue", 1),
            "hold": capacity.suspend_scale_in,
            "release nothing": lambda: capacity.resume_scaling(["blue"]),
            "keep nothing": lambda: capacity.cancel_retirement("blue"),
            "preflight": lambda: capacity.preflight("green", 0),
            "retire": lambda: capacity.retire("blue", 0, 600),
            "keep": lambda: capacity.cancel_retirement("blue"),
            "delete nothing": capacity.delete,
            "retire at once": lambda: capacity.retire("blue", 0, 0),
            "retired already": lambda: capacity.retire("blue", 0, 600),
        }.items()
    }
    get, scale = "get deployments.apps", "patch deployments.apps/scale"
    look, hand_over, cancel = (f"{verb} cronjobs.batch" for verb in ("get", "patch", "delete"))
    assert counts == {
        "read": [get, get],
        "ready": [],  # the read of a moment ago had it
        "prepare": [look, get, scale],
        "hold": [],
        "release nothing": [look],
        "keep nothing": [look],
        "preflight": [scale, hand_over],
        "retire": [get, look, hand_over],
        "keep": [look, cancel],
        "delete nothing": [look, look],
        "retire at once": [get, look, scale],
        "retired already": [get],
    }


def test_the_declared_permissions_are_enough_and_each_is_needed(colors, tmp_path):
    colors.declare_without_pods(blue=2, green=1)
    for color in COLORS:
        colors.declare_autoscaler(color, low=1)
    needed = [one for one in colors.capacity().permissions if "statefulsets" not in one.action]

    def swap(cluster):
        capacity = colors.capacity(cluster)
        capacity.read()
        capacity.ready("green")
        capacity.cancel_retirement("green")
        capacity.preflight("green", 1)
        capacity.suspend_scale_in()
        capacity.prepare("green", 2)
        capacity.retire("blue", 0, 600)
        capacity.resume_scaling(["blue", "green"])
        capacity.delete()

    for missing in [None, *needed]:
        name = "all" if missing is None else f"without-{needed.index(missing)}"
        colors.allow(name, rules_of(one for one in needed if one is not missing))
        cluster = colors.connection_as(name, tmp_path)
        if missing is None:
            until(lambda cluster=cluster: refusal(swap, cluster), "")
        else:
            until(lambda cluster=cluster: bool(refusal(swap, cluster)))
            assert refusal(swap, cluster) == missing.action


def refusal(swap, cluster):
    try:
        swap(cluster)
    except PlatformError as error:
        return error.call
    return ""
