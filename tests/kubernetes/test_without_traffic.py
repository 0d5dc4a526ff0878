"""Objects that act without traffic act in one color, or somebody has said that they should act in both."""

from __future__ import annotations

from functools import partial

import pulumi
import pytest

from bluegreen.kubernetes import HelmService
from bluegreen.kubernetes.helm_charts.helm_service import _rests, _transform
from bluegreen.rollout.errors import BluegreenError
from tests.kubernetes.declared import Declared
from tests.kubernetes.test_rendered_components import declared, deployment

WEB = deployment("app:v1")
REFUSED = (pulumi.RunError, BluegreenError)


def thing(api_version, kind, name="worker", **spec):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def worker(kind="Deployment", api_version="apps/v1", **more):
    return {**deployment("app:v1", "worker", **{"replicas": 4, **more}), "kind": kind, "apiVersion": api_version}


def service_of(name, port="http"):
    ports = [{"name": port, "port": 80}]
    return {**thing("v1", "Service", f"{name}-{port}"), "spec": {"selector": {"app": name}, "ports": ports}}


SCALED = thing("keda.sh/v1alpha1", "ScaledObject", scaleTargetRef={"name": "worker"}, minReplicaCount=1)
CUSTOM = {"per_color_kinds": ["CronWorkflow", "Rollout", "ScaledJob", "ScaledObject"]}
WORKLOADS = [
    worker(),
    worker("StatefulSet"),
    worker("ReplicaSet"),
    worker("Rollout", "argoproj.io/v1alpha1"),
    worker("DaemonSet"),
]


def chosen(*manifests, **more):
    return declared([WEB, *manifests], workload="Deployment/web", **{**CUSTOM, **more})


def refusal(*manifests, **more):
    try:
        chosen(*manifests, **more)
    except REFUSED as error:
        return str(error)
    return ""


def rests(found, kind, name="worker"):
    spec = found.one(kind, name)["spec"]
    return bool(spec["template"]["spec"].get("nodeSelector")) if kind == "DaemonSet" else spec["replicas"] == 0


@pytest.mark.parametrize("manifest", WORKLOADS, ids=lambda one: one["kind"])
@pytest.mark.parametrize(("active", "idle"), [("blue", "green"), ("green", "blue")])
def test_a_workload_that_nothing_leads_to_acts_in_the_live_color_alone(manifest, active, idle):
    kind = manifest["kind"]
    key = f"{kind}/worker"
    for given, said in [
        ([manifest], {}),
        ([manifest], {key: "live"}),
        ([manifest, service_of("worker")], {key: "live"}),
        ([manifest, service_of("worker", "http-metrics")], {}),
    ]:
        found = chosen(*given, active_color=active, without_traffic=said)
        assert not rests(found, kind, f"worker-{active}")
        assert rests(found, kind, f"worker-{idle}")
        assert kind == "DaemonSet" or found.one(kind, f"worker-{active}")["spec"]["replicas"] == 4
    for given, said in [([manifest], {key: "both"}), ([manifest, service_of("worker")], {})]:
        found = chosen(*given, active_color=active, without_traffic=said)
        assert not rests(found, kind, f"worker-{idle}")
    once = chosen(manifest, shared=[key])
    assert not rests(once, kind)
    assert set(once.of(kind)) - {"web-blue", "web-green"} == {"worker"}


def test_whoever_did_not_know_it_of_his_manifests_is_told(monkeypatch):
    told = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: told.append(text))
    chosen(worker(), service_of("other"))
    (said,) = (text for text in told if "without_traffic" in text)
    assert "Deployment/worker" in said
    assert "web" not in said.partition(": ")[2].partition(": ")[0]


def test_what_runs_by_the_clock_or_by_a_queue_is_suspended():
    cron = thing("batch/v1", "CronJob", "nightly", schedule="@daily")
    workflow = thing("argoproj.io/v1alpha1", "CronWorkflow", "weekly", schedule="@weekly")
    jobs = thing("keda.sh/v1alpha1", "ScaledJob", "queue")
    found = chosen(cron, workflow, jobs)
    assert found.one("CronJob", "nightly-green")["spec"]["suspend"] is True
    assert found.one("CronWorkflow", "weekly-green")["spec"]["suspend"] is True
    assert found.one("ScaledJob", "queue-green")["metadata"]["annotations"] == {"autoscaling.keda.sh/paused": "true"}
    for kind, name in (("CronJob", "nightly"), ("CronWorkflow", "weekly"), ("ScaledJob", "queue")):
        live = found.one(kind, f"{name}-blue")
        assert "suspend" not in live["spec"]
        assert "annotations" not in live["metadata"]
    both = chosen(cron, without_traffic={"CronJob/nightly": "both"})
    assert "suspend" not in both.one("CronJob", "nightly-green")["spec"]


def test_what_scales_a_worker_rests_with_it():
    found = chosen(worker(), SCALED)
    idle, live = (found.one("ScaledObject", f"worker-{color}") for color in ("green", "blue"))
    assert idle["metadata"]["annotations"] == {"autoscaling.keda.sh/paused-replicas": "0"}
    assert "annotations" not in live["metadata"]
    assert idle["spec"]["scaleTargetRef"] == {"name": "worker-green"}


def test_what_scales_the_swaps_own_workload_is_told(monkeypatch):
    told = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: told.append(text))
    chosen({**SCALED, "spec": {**SCALED["spec"], "scaleTargetRef": {"name": "web"}}})
    (said,) = (text for text in told if "ScaledObject" in text)
    assert "ScaledObject/worker-blue, ScaledObject/worker-green scales what the swap scales" in said
    told.clear()
    chosen(worker(), SCALED)
    assert not [text for text in told if "ScaledObject" in text]


def test_a_job_runs_once_for_each_release_unless_it_is_the_live_colors():
    job = thing("batch/v1", "Job", "migrate", template={"spec": {"containers": []}})
    assert "suspend" not in chosen(job).one("Job", "migrate-green")["spec"]
    found = chosen(job, without_traffic={"Job/migrate": "live"})
    idle = found.one("Job", "migrate-green")
    assert idle["spec"]["suspend"] is True
    assert idle["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true", "it does not end before it may begin"
    assert "suspend" not in found.one("Job", "migrate-blue")["spec"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"Deployment/worker": "blue"}, "without_traffic.Deployment/worker: 'blue' is not allowed; allowed: live"),
        (
            {"Deployment/workers": "live"},
            "without_traffic.Deployment/workers: 'live' is not allowed; allowed: an object",
        ),
        ({"Service/worker-http": "live"}, "an object that acts, which each color has of its own: Deployment/web"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(said, expected):
    assert expected in refusal(worker(), service_of("worker"), without_traffic=said)


# -- charts, of which one object at a time is seen


def in_a_chart(manifest, color="green", active="blue", **said):
    named = {**manifest, "metadata": {"name": f"web-{color}-{manifest['metadata']['name']}"}}
    idle = partial(_rests, "web", color, f"web-{color}", said) if color != active else lambda _: False
    transform = _transform(f"web-{color}", {}, 1, lambda *_, **__: None, idle)
    kind = f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}"
    args = pulumi.ResourceTransformArgs(False, kind, named["metadata"]["name"], named, pulumi.ResourceOptions())
    made = transform(args)
    return named if made is None else made.props


def listening(port):
    made = worker()
    made["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"name": port, "containerPort": 80}]
    return made


def test_a_charts_cron_job_is_suspended_but_in_the_live_color():
    cron = thing("batch/v1", "CronJob", "nightly", schedule="@daily")
    assert in_a_chart(cron)["spec"]["suspend"] is True
    assert "suspend" not in in_a_chart(cron, "blue")["spec"]
    assert in_a_chart(cron, "blue", active="green")["spec"]["suspend"] is True
    assert "suspend" not in in_a_chart(cron, **{"CronJob/web-nightly": "both"})["spec"]


def test_a_kind_that_the_inputs_do_not_say_is_the_resources():
    inputs = {"metadata": {"name": "web-green-nightly"}, "spec": {"schedule": "@daily"}}
    rests = partial(_rests, "web", "green", "web-green", {})
    transform = _transform("web-green", {}, 1, lambda *_, **__: None, rests)
    args = pulumi.ResourceTransformArgs(False, "kubernetes:batch/v1:CronJob", "n", inputs, pulumi.ResourceOptions())
    assert transform(args).props["spec"]["suspend"] is True
    chart = pulumi.ResourceTransformArgs(False, "kubernetes:helm.sh/v4:Chart", "n", {"values": {}}, None)
    assert transform(chart) is None


def test_a_charts_worker_acts_in_the_live_color_alone():
    for made in (worker(), listening("metrics"), worker("StatefulSet")):
        assert in_a_chart(made)["spec"]["replicas"] == 0
        assert in_a_chart(made, "blue")["spec"]["replicas"] == 4
        assert in_a_chart(made, **{f"{made['kind']}/web-worker": "both"})["spec"]["replicas"] == 4
    assert in_a_chart(listening("http"))["spec"]["replicas"] == 4, "something can lead to it"
    assert in_a_chart(listening("http"), **{"Deployment/web-worker": "live"})["spec"]["replicas"] == 0


def test_what_scales_a_charts_worker_rests_with_it():
    scaled = {**SCALED, "spec": {"scaleTargetRef": {"name": "web-green-worker"}}}
    assert "annotations" in in_a_chart(scaled)["metadata"]
    assert "annotations" not in in_a_chart(scaled, **{"Deployment/web-worker": "both"})["metadata"]
    own = {**SCALED, "spec": {"scaleTargetRef": {"name": "web-green"}}}
    assert "annotations" not in in_a_chart(own)["metadata"], "what the swap scales is the swap's"


def test_what_helm_keeps_cannot_be_kept_from_acting_here():
    arguments = {"active_color": "blue", "blue": {"chart": "web"}, "green": {"chart": "web"}}
    more = {"install": "release", "autoscaling": {"min_replicas": 1, "max_replicas": 2}}
    with pytest.raises(REFUSED, match=r'without_traffic: .* is not allowed; allowed: none with install="release"'):
        Declared(lambda: HelmService("web", **arguments, **more, without_traffic={"Deployment/web-worker": "live"}))
