"""The resources of a service on Argo Rollouts, and its refusals before any resource."""

from __future__ import annotations

import pulumi
import pytest

import bluegreen
from bluegreen.kubernetes import ArgoRollout
from bluegreen.kubernetes.argo_engine.analysis import Analysis, analysis, p99, success_rate
from bluegreen.platforms.routers import ROUTERS
from tests.kubernetes.declared import Declared

SHORTEST = {"active_color": "blue", "blue": {"image": "app:v1"}, "green": {"image": "app:v2"}}
ADDRESS = "http://prometheus:9090"


def declared(config=None, **more):
    return Declared(lambda: ArgoRollout("web", **{**SHORTEST, **more}), config)


def blue_green(found):
    return found.one("Rollout", "web")["spec"]["strategy"]["blueGreen"]


def test_the_stack_leaves_the_template_and_the_selectors_to_their_owners():
    found = declared(replicas=3)
    spec = found.one("Rollout", "web")["spec"]
    assert not {"template", "workloadRef"} & spec.keys()
    assert (spec["replicas"], spec["selector"]) == (3, {"matchLabels": {"app.kubernetes.io/name": "web"}})
    assert blue_green(found) == {
        "activeService": "web",
        "previewService": "web-preview",
        "autoPromotionEnabled": False,
        "scaleDownDelaySeconds": 600,
        "abortScaleDownDelaySeconds": 30,
    }
    services = found.of("Service")
    assert set(services) == {"web", "web-preview"}
    assert not [one for one in services.values() if "selector" in one["spec"]]


def test_what_kubectl_wrote_into_others_fields_outlives_an_update_of_the_object():
    ignored = {}

    def note(args):
        ignored[f"{args.type_.rpartition(':')[2]}/{args.name}"] = list(args.opts.ignore_changes or ())

    declared(opts=pulumi.ResourceOptions(transformations=[note]))
    assert ignored["Rollout/web"] == [".".join(ROUTERS.load("argo_rollouts").owned_path)] == ["spec.workloadRef"]
    assert ignored["Service/web"] == ignored["Service/web-preview"] == ["spec.selector"]


def test_a_color_is_a_pod_template_that_a_new_release_replaces():
    found = declared(blue={"image": "app:v1", "env": {"COLOR": "blue"}, "config": {"a": "b"}})
    templates = found.of("PodTemplate")
    assert set(templates) == {"web-blue", "web-green"}
    for color, one in ((name.removeprefix("web-"), one) for name, one in templates.items()):
        assert "name" not in one["metadata"], "named anew with each release"
        labels = one["template"]["metadata"]["labels"]
        assert labels == {"app.kubernetes.io/name": "web", "bluegreen/color": color}
    assert found.one("ConfigMap", "web-blue")["data"] == {"a": "b"}


def test_the_swap_prepares_behind_the_preview_and_asks_there():
    found = declared(gates=[bluegreen.gates.http("/healthz")])
    router, capacity = found.swap["router"], found.swap["capacity"]
    assert router.items() <= capacity.items(), "one Rollout, for both"
    assert (router["kind"], router["rollout"], router["owner"]) == ("argo_rollouts", "web", "shop/test/web")
    assert ROUTERS.load("argo_rollouts").where - {"cluster"} <= router.keys()  # none: the client's default
    assert {one["url"] for one in found.swap["previews"].values()} == {"http://web-preview.default.svc.cluster.local"}
    assert found.swap["plan"] == ["100 % blue; gates: target health, http /healthz"]


def test_a_rollout_that_promotes_by_itself_is_asked_nothing_before():
    found = declared(auto_promotion=True)
    assert blue_green(found)["autoPromotionEnabled"] is True
    assert "capacity" not in found.swap
    with pytest.raises(pulumi.RunError, match=r"gates\[0\].kind: 'http' is not allowed; allowed: only with previews"):
        declared(auto_promotion=True, gates=[bluegreen.gates.http("/healthz")])


def test_analysis_is_declared_once_and_asked_where_it_shall_be():
    rate = success_rate(ADDRESS, count=3, interval_seconds=30)
    found = declared(pre_promotion=[rate, "ours"], post_promotion=[rate, p99(ADDRESS), {"templateName": "all"}])
    asked = {
        when: [one["templateName"] for one in blue_green(found)[f"{when}PromotionAnalysis"]["templates"]]
        for when in ("pre", "post")
    }
    assert asked == {"pre": ["web-success-rate", "ours"], "post": ["web-success-rate", "web-p99", "all"]}
    assert set(found.of("AnalysisTemplate")) == {"web-success-rate", "web-p99"}
    (metric,) = found.one("AnalysisTemplate", "web-success-rate")["spec"]["metrics"]
    assert (metric["interval"], metric["count"], metric["failureLimit"]) == ("30s", 3, 0)
    assert metric["successCondition"] == "result[0] >= 0.99"
    pods = 'namespace="{{args.namespace}}",pod=~"{{args.rollout}}-{{args.hash}}-.*"'
    total = f"sum(rate(http_requests_total{{{pods}}}[30s]))"
    good = f'sum(rate(http_requests_total{{{pods},code!~"5.."}}[30s]))'
    assert metric["provider"]["prometheus"] == {"address": ADDRESS, "query": f"{good} / {total}"}
    (metric,) = found.one("AnalysisTemplate", "web-p99")["spec"]["metrics"]
    assert metric["successCondition"] == "result[0] <= 0.5"
    names = {arg["name"] for arg in blue_green(found)["postPromotionAnalysis"]["args"]}
    assert names == {arg["name"] for arg in found.one("AnalysisTemplate", "web-p99")["spec"]["args"]}


def test_the_waits_are_long_enough_for_what_is_asked():
    asked = analysis("own", [{"name": "a"}], seconds=120)
    found = declared(pre_promotion=[asked], post_promotion=[p99(ADDRESS)], progress_deadline_seconds=100)
    assert found.swap["steady_state_timeout_seconds"] == 220
    assert found.swap["converge_timeout_seconds"] == 400
    assert declared(post_promotion=["ours"]).swap["converge_timeout_seconds"] == 4200


def test_a_bake_that_fails_finds_the_former_color_warm():
    found = declared(bake_seconds=300, scale_down_delay_seconds=60)
    assert blue_green(found)["scaleDownDelaySeconds"] == 360


def test_a_rollout_that_is_there_keeps_its_selector():
    found = declared(adopt=True, selector={"app": "web"})
    assert found.one("Rollout", "web")["spec"]["selector"] == {"matchLabels": {"app": "web"}}
    labels = found.one("PodTemplate", "web-green")["template"]["metadata"]["labels"]
    assert {"app": "web", "bluegreen/color": "green"}.items() <= labels.items()
    assert found.swap["router"]["adopt"] is True


def test_an_autoscaler_scales_the_rollout():
    scaling = {"min_replicas": 2, "max_replicas": 6, "target_cpu_percent": 60}
    spec = declared(autoscaling=scaling).one("HorizontalPodAutoscaler", "web")["spec"]
    target = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web"}
    assert (spec["scaleTargetRef"], spec["minReplicas"], spec["maxReplicas"]) == (target, 2, 6)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"blue": {"existing": {"workload": "web"}}}, "blue.existing: .* allowed: an image"),
        ({"strategy": bluegreen.canary(10, hold_seconds=60)}, "the argo_rollouts router cannot split traffic"),
        ({"idle_capacity_percent": 50}, "idle_capacity_percent: 50 is not allowed"),
        ({"scale_down_delay_seconds": 5}, "scale_down_delay_seconds: 5 is not allowed; allowed: a number, 30"),
        ({"rollout_overrides": {"template": {}}}, "rollout_overrides.template: .*is the swap's"),
        ({"workload": {"kind": "StatefulSet"}}, "workload.kind: 'StatefulSet' is not allowed; allowed: no such field"),
        ({"pre_promotion": [7]}, r"pre_promotion\[0\]: 7 is not allowed; allowed: success_rate"),
        ({"post_promotion": [{"name": "x"}]}, r"post_promotion\[0\].templateName: None is not allowed"),
        (
            {"pre_promotion": [Analysis("a", [])], "post_promotion": [p99(ADDRESS, name="a")]},
            "name: 'a' is not allowed",
        ),
        ({"service_type": "Node"}, "service_type: 'Node' is not allowed; allowed: ClusterIP, LoadBalancer, NodePort"),
    ],
)
def test_what_cannot_be_is_refused_by_name(more, said):
    with pytest.raises(pulumi.RunError, match=said):
        declared(**more)
