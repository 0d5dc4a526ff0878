"""Retirements on a real node: handed over, cancelled, done by their own CronJob under the rules that are documented."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from bluegreen.kubernetes.workloads.retire import Condition, RetireSettings, retire_rules
from bluegreen.rollout.errors import NotOwned, PlatformError
from tests.capacity.kubernetes_colors import COLORS, KUBECTL_IMAGE, STACK, Colors, calls_of, namespace_on, until


@pytest.fixture(scope="module")
def namespace(node):
    with namespace_on(node, "capacity-retire") as name:
        # The strictest of the Pod Security Standards is no obstacle.
        node.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
        yield name


@pytest.fixture
def colors(node, namespace):
    """Blue with three replicas, green with none, and nothing that runs."""
    made = Colors(node, namespace)
    made.declare_without_pods()
    yield made
    made.capacity().delete()
    for color in COLORS:
        made.cluster.delete(made.where("Deployment", made.workloads[color]))


def due_of(cron_job):
    text = cron_job["metadata"]["annotations"]["bluegreen/retire-at"]
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def test_a_retirement_is_handed_over_and_cancelled(colors):
    before = datetime.now(timezone.utc)
    said = colors.capacity().retire("blue", 0, 600)
    after = datetime.now(timezone.utc)
    cron_job = colors.cron_job("blue")
    due = due_of(cron_job)
    assert (due - before).total_seconds() >= 600
    assert (due - after).total_seconds() <= 660
    name = f"{colors.workloads['blue']}-retire"
    assert said == f"blue is scaled to 0 at {due:%H:%M:%S} UTC by CronJob {colors.namespace}/{name}"
    spec = cron_job["spec"]
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == (
        f"{due.minute} * * * *",
        "Etc/UTC",
        "Forbid",
    )
    colors.capacity().cancel_retirement("blue")
    assert (colors.cron_job("blue"), colors.replicas("blue")) == (None, 3)


def test_another_retirement_takes_its_place(colors):
    """Cron would find a schedule that is moved to an earlier minute of the hour due at once."""
    capacity = colors.capacity()
    capacity.retire("blue", 0, 7200)
    first = colors.cron_job("blue")["metadata"]["uid"]
    capacity.retire("blue", 1, 600)
    assert colors.cron_job("blue")["metadata"]["uid"] != first
    assert capacity.retire("blue", 1, 0) == "blue is scaled to 1"
    assert (colors.cron_job("blue"), colors.replicas("blue")) == (None, 1)


def test_a_live_color_is_not_about_to_retire(colors):
    colors.capacity().retire("blue", 0, 600)
    colors.capacity().resume_scaling(["green"])
    assert colors.cron_job("blue") is not None
    colors.capacity().resume_scaling(["blue"])
    assert colors.cron_job("blue") is None


def test_a_cron_job_of_somebody_else_is_left_alone(colors):
    colors.capacity().retire("blue", 0, 600)
    name = colors.cron_job("blue")["metadata"]["name"]
    theirs = colors.where("CronJob", name)
    bare = {"annotations": None, "labels": None}  # each of them says whose it is
    colors.cluster.merge(
        theirs, {"metadata": bare, "spec": {"jobTemplate": {"metadata": {"labels": None}}}}, "kubectl-edit"
    )
    for operation in (
        lambda: colors.capacity().cancel_retirement("blue"),
        lambda: colors.capacity().retire("blue", 0, 600),
    ):
        with pytest.raises(NotOwned, match=f"CronJob {colors.namespace}/{name} is not the swap's"):
            operation()
    assert colors.cron_job("blue") is not None
    colors.cluster.delete(theirs)


def test_without_a_service_account_a_color_keeps_its_size(colors):
    capacity = colors.capacity(retirement=None)
    assert "capacity.retire has to name a service_account" in capacity.retire("blue", 0, 600)
    assert calls_of(lambda: capacity.preflight("green", 0)) == ["patch deployments.apps/scale"]
    assert calls_of(lambda: capacity.preflight("green", 0, False)) == [], "nor is tried what will not be done"
    assert capacity.retire("blue", 0, 0) == "blue is scaled to 0"


def test_a_rehearsal_names_what_is_refused_and_changes_nothing(colors, tmp_path):
    rules = [{"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["get", "patch"]}]
    colors.allow("scales", rules)
    cluster = colors.connection_as("scales", tmp_path)
    until(lambda: refused_call(lambda: colors.capacity(cluster).preflight("green", 0)), "patch cronjobs.batch")
    until(lambda: refused_call(lambda: colors.capacity(cluster).cancel_retirement("green")), "get cronjobs.batch")
    colors.capacity().preflight("green", 0)
    assert (colors.cron_job("blue"), colors.replicas("blue")) == (None, 3)


def refused_call(operation):
    try:
        operation()
    except PlatformError as error:
        return error.call
    return ""


def job_of(colors, color):
    """The Job that the CronJob's controller makes when it is due."""
    cron_job = colors.cron_job(color)
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": cron_job["metadata"]["name"],
        "uid": cron_job["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    template = cron_job["spec"]["jobTemplate"]
    what = colors.where("Job", f"{cron_job['metadata']['name']}-1")
    metadata = {"ownerReferences": [owner], "labels": template["metadata"]["labels"]}
    colors.cluster.apply(what, {"metadata": metadata, "spec": template["spec"]}, "cronjob-controller")
    status = colors.where("CronJob", cron_job["metadata"]["name"], "status")
    at = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    colors.cluster.merge(status, {"status": {"lastScheduleTime": at}}, "cronjob-controller")


def pods_of(colors, color):
    return colors.pods(f"bluegreen/retires={colors.workloads[color]}-retire")


def test_a_retirement_that_is_at_work_is_gone_when_it_is_cancelled(colors):
    colors.allow("retire", retire_rules("Deployment", colors.workloads))
    capacity = colors.capacity()
    capacity.retire("blue", 0, 600)
    job_of(colors, "blue")
    until(lambda: len(pods_of(colors, "blue")), 1)
    capacity.cancel_retirement("blue")
    assert pods_of(colors, "blue") == [], "none is left that could still scale it down"
    capacity.prepare("blue", 3)
    assert colors.replicas("blue") == 3


def test_retirements_happen_by_themselves(colors, node, namespace):
    """One waits for the minute; under exactly the rules that are documented."""
    colors.declare_autoscaler("blue", low=2)
    colors.cluster.apply(
        colors.where("Service", "web"),
        {"spec": {"selector": {"app": "web", "bluegreen/color": "green"}, "ports": [{"port": 80}]}},
        STACK,
    )
    only_if = {
        color: Condition("services/web", "{.spec.selector.bluegreen/color}", {"blue": "green", "green": "blue"}[color])
        for color in COLORS
    }
    colors.allow("retire", retire_rules("Deployment", colors.workloads, colors.autoscalers, only_if))
    colors.scale("green", 2)
    capacity = colors.capacity(retirement=RetireSettings("retire", KUBECTL_IMAGE, only_if))
    capacity.suspend_scale_in()
    assert colors.minimum("blue") == 3
    capacity.retire("blue", 1, 1)
    capacity.retire("green", 0, 1)  # green has the traffic: somebody has moved it by hand
    due = due_of(colors.cron_job("blue"))
    assert (due - datetime.now(timezone.utc)).total_seconds() <= 66
    until(lambda: colors.replicas("blue"), 1, seconds=100)
    assert datetime.now(timezone.utc) >= due
    until(lambda: colors.cron_job("blue"), None)
    until(lambda: pods_of(colors, "blue"), [])
    assert colors.minimum("blue") == 1

    def checked():
        statuses = [pod["status"].get("initContainerStatuses", ()) for pod in pods_of(colors, "green")]
        ends = [one["state"].get("terminated", {}) for status in statuses for one in status if one["name"] == "check"]
        return bool(ends) and ends[0].get("exitCode")

    until(checked, 1)
    assert colors.replicas("green") == 2
    capacity.cancel_retirement("green")
    assert pods_of(colors, "green") == []
    # The next promotion of blue, and the end of it.
    capacity.prepare("blue", 2)
    capacity.resume_scaling(["blue"])
    colors.is_untouched("blue", 2, [f"{STACK}/Apply"])
