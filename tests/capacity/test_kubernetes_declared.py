"""Kubernetes capacity without a cluster: its section, schedules, names, rules, verdicts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.fields import Fields
from bluegreen.kubernetes.client import KubernetesConnection
from bluegreen.kubernetes.workloads.capacity import KubernetesCapacity
from bluegreen.kubernetes.workloads.cron_job import due_after, schedule_of
from bluegreen.kubernetes.workloads.live_autoscaler import Autoscaler, Replicas
from bluegreen.kubernetes.workloads.live_workload import judged, selector_of
from bluegreen.kubernetes.workloads.retire import KUBECTL_IMAGE, Condition, cron_job_name, retire_rules

BOTH = {"blue": "web-blue", "green": "web-green"}
SECTION = {"namespace": "shop", "workloads": BOTH}
CONDITION = {"resource": "services/web", "json_path": "{.spec.selector.color}", "equals": "green"}


def test_the_shortest_section():
    capacity = parsed(SECTION)
    assert (capacity.workload_kind, capacity.declared_size, capacity.autoscalers) == ("Deployment", 1, {})
    assert (capacity.autoscaling, capacity.retirement) == (None, None)
    assert set(capacity.clusters.values()) == {KubernetesConnection()}


def test_the_longest_section():
    capacity = parsed(
        {
            **SECTION,
            "workload_kind": "StatefulSet",
            "workloads": {"blue": "web", "green": "web"},
            "replicas": 3.0,
            "autoscalers": {"blue": "web"},
            "autoscaling": {"min_replicas": 2.0, "max_replicas": 10.0},
            "retire": {"service_account": "web-retire", "only_if": {"blue": CONDITION}},
            "clusters": {"blue": {"context": "one"}, "green": {"context": "two"}},
        }
    )
    assert capacity.declared_size == 3
    assert capacity.autoscaling == Replicas(2, 10)
    assert capacity.autoscalers == {"blue": "web"}
    assert capacity.retirement.image == KUBECTL_IMAGE
    assert capacity.retirement.only_if == {"blue": Condition(**CONDITION)}
    assert {color: cluster.context for color, cluster in capacity.clusters.items()} == {"blue": "one", "green": "two"}


def parsed(section):
    fields = Fields(section)
    made = KubernetesCapacity(**KubernetesCapacity.parse(fields))
    fields.done()
    assert not fields.problems
    return made


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"namespace": None},
            "namespace: None is not allowed; allowed: a name of lower-case letters, digits and -, at most 63; it is "
            "required",
        ),
        ({"workload_kind": "DaemonSet"}, "workload_kind: 'DaemonSet' is not allowed; allowed: Deployment, StatefulSet"),
        ({"workloads": {"blue": "web"}}, "workloads.green: None is not allowed"),
        ({"workloads": {"blue": "web", "green": "web"}}, "workloads.green: 'web' is not allowed; allowed: another"),
        ({"replicas": 0}, "replicas: 0 is not allowed; allowed: a number, 1 to"),
        ({"autoscaling": {"min_replicas": -1, "max_replicas": 2}}, "autoscaling.min_replicas: -1 is not allowed"),
        ({"autoscaling": {"min_replicas": 3, "max_replicas": 2}}, "autoscaling.max_replicas: 2 is not allowed"),
        ({"autoscalers": {"red": "web"}}, "autoscalers.red: 'web' is not allowed"),
        ({"retire": {"image": "kubectl"}}, "retire.service_account: None is not allowed"),
        (
            {"retire": {"service_account": "a", "only_if": {"blue": {**CONDITION, "resource": "web"}}}},
            "retire.only_if.blue.resource: 'web' is not allowed; allowed: a plural and a name",
        ),
        ({"clusters": {"blue": {"context": "one"}}}, "clusters.green: None is not allowed"),
        (
            {"cluster": {"context": "one"}, "clusters": {"blue": {"context": "one"}, "green": {"context": "two"}}},
            "cluster: {'context': 'one'} is not allowed; allowed: absent beside clusters",
        ),
    ],
)
def test_what_cannot_be_is_refused(changes, expected):
    fields = Fields({**SECTION, **changes})
    KubernetesCapacity.parse(fields)
    fields.done()
    assert [str(problem) for problem in fields.problems if expected in str(problem)], fields.problems


AT = datetime(2028, 1, 31, 23, 59, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 * * * *"),
        (30, "0 * * * *"),
        (1800, "30 * * * *"),
        (3600, "0 1 * * *"),
        (86_400, "0 0 2 * *"),
        (7 * 86_400, "0 0 8 * *"),
    ],
)
def test_schedules_come_back_as_soon_as_their_first_time_allows(seconds, expected):
    due = due_after(seconds, AT)
    assert due - AT >= timedelta(seconds=max(seconds, 5))
    assert schedule_of(due, AT).split() == expected.split()


@given(st.integers(0, 7 * 86_400), st.integers(0, 366 * 86_400))
def test_the_first_minute_of_a_schedule_is_when_it_is_due(seconds, later):
    now = AT + timedelta(seconds=later)
    due = due_after(seconds, now)
    minute, hour, day, month, weekday = schedule_of(due, now).split()
    assert weekday == "*"
    fits = {"minute": minute, "hour": hour, "day": day, "month": month}

    def matches(at):
        return all(text in ("*", str(getattr(at, unit))) for unit, text in fits.items())

    assert matches(due)
    step = timedelta(hours=1) if minute != "*" else timedelta(minutes=1)
    before = due - step
    while before > now:
        assert not matches(before)
        before -= step


def test_names_are_short_enough_for_the_jobs_made_of_them():
    assert cron_job_name("Deployment", "web-blue") == "web-blue-retire"
    assert cron_job_name("StatefulSet", "web-blue") == "web-blue-retire-sts"
    long = [cron_job_name("Deployment", "a" * 60 + color) for color in BOTH]
    assert {len(name) for name in long} == {52}
    assert len(set(long)) == 2


def test_rules():
    def rule(group, resource, names, verbs):
        return {"apiGroups": [group], "resources": [resource], "resourceNames": names, "verbs": verbs}

    routes = Condition("httproutes.gateway.networking.k8s.io/web", "{.a}", "0")
    found = retire_rules("StatefulSet", BOTH, {"blue": "a", "green": "b"}, {"blue": routes, "green": routes})
    assert found == [
        rule("apps", "statefulsets/scale", ["web-blue", "web-green"], ["get", "patch"]),
        rule("batch", "cronjobs", ["web-blue-retire-sts", "web-green-retire-sts"], ["delete"]),
        rule("autoscaling", "horizontalpodautoscalers", ["a", "b"], ["get", "patch"]),
        rule("gateway.networking.k8s.io", "httproutes", ["web"], ["get"]),
    ]
    assert len(retire_rules("Deployment", BOTH)) == 2


def test_the_documented_rules_are_these():
    page = (Path(__file__).resolve().parents[2] / "docs" / "kubernetes-capacity.md").read_text()
    role = next(yaml.safe_load_all(page.partition("```yaml\n")[2].partition("```")[0]))
    only_if = {color: Condition("services/web", "{.a}", "b") for color in BOTH}
    assert role["rules"] == retire_rules("Deployment", BOTH, BOTH, only_if)


def workload(kind="Deployment", spec=None, **status):
    return {
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop", "generation": 2},
        "spec": {"replicas": 2, **(spec or {})},
        "status": {"observedGeneration": 2, **status},
    }


ALL = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("found", "reason", "fatal"),
    [
        (workload(**ALL), "", False),
        (workload(**{**ALL, "observedGeneration": 1}), "its controller has not seen the last change yet", False),
        (workload(**{**ALL, "replicas": 3}), "2 of 2 replicas are of the present release", False),
        (
            workload(spec={"paused": True}, **{**ALL, "updatedReplicas": 0}),
            "its rollout is paused, so that its former release runs: `kubectl rollout resume`",
            True,
        ),
        (workload(spec={"paused": True}, replicas=1, updatedReplicas=1), "0 of 2 replicas are available", False),
        (
            workload(
                "StatefulSet",
                {"updateStrategy": {"rollingUpdate": {"partition": 1}}},
                **{**ALL, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"},
            ),
            "1 of 2 replicas are of the present release: its updateStrategy.rollingUpdate.partition is 1, so the pods"
            " below keep the former one",
            False,
        ),
    ],
)
def test_verdicts_that_take_long_to_come_about_on_a_node(found, reason, fatal):
    readiness = judged(found)
    assert readiness.ready == (not reason)
    assert (readiness.reason.partition(": ")[2], readiness.fatal) == (reason, fatal)


def test_any_label_selector_is_asked_for():
    expressions = [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "zone", "operator": "NotIn", "values": ["c"]},
        {"key": "color", "operator": "Exists"},
        {"key": "old", "operator": "DoesNotExist"},
    ]
    selector = {"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": expressions}
    assert selector_of({"spec": {"selector": selector}}) == "a=1,b=2,tier in (a,b),zone notin (c),color,!old"


@pytest.mark.parametrize(("said", "low"), [({"minReplicas": 0}, 0), ({"minReplicas": 3}, 3), ({}, 1)])
def test_a_minimum_of_0_is_given_back_as_0(said, low):
    metadata = {"uid": "1", "resourceVersion": "2"}
    found = Autoscaler.of({"metadata": metadata, "spec": {**said, "maxReplicas": 5}})
    assert (found.low, found.own_low) == (low, low)
