"""Workloads and autoscalers of others, with any field that their kinds know: nothing but the swap's own is changed."""

from __future__ import annotations

import copy
import dataclasses
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bluegreen.kubernetes.client import Resource
from bluegreen.kubernetes.workloads.capacity import KubernetesCapacity
from tests.amounts import examples
from tests.routers.crd_strategies import at, objects, own_spec_of
from tests.routers.kubernetes_memory import Server

EXAMPLES = examples(20)
COLORS = ("blue", "green")
HELM, KEDA = "helm", "keda-operator"
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets"}


class Scaling(Server):
    """An API server that has the subresource ``scale``."""

    def send(self, request):
        return super().send(dataclasses.replace(request, path=request.path.removesuffix("/scale")))


def workload(kind, color):
    return Resource("apps/v1", kind, PLURALS[kind], "shop", f"web-{color}")


def autoscaler(color):
    return Resource("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "shop", f"web-{color}")


@st.composite
def workloads(draw, kind):
    schema = own_spec_of(f"apps.v1.{kind}")
    pods = draw(objects(at(schema, "template", "spec"), depth=3))
    spec = draw(objects(schema, without=("replicas", "selector", "template")))
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pods}
    return {**spec, "selector": {"matchLabels": labels}, "template": template}


@st.composite
def autoscalers(draw):
    spec = draw(objects(own_spec_of("autoscaling.v2.HorizontalPodAutoscaler"), without=("minReplicas", "maxReplicas")))
    least = draw(st.sampled_from([{}, {"minReplicas": 0}, {"minReplicas": 1}, {"minReplicas": 3}]))
    return {**spec, **least, "maxReplicas": 9}


def others(found):
    """All of an object but its count and what is booked for it."""
    found = copy.deepcopy(found)
    found["metadata"] = {key: found["metadata"].get(key) for key in ("name", "labels", "annotations")}
    found["metadata"]["annotations"] = found["metadata"]["annotations"] or None
    found["spec"].pop("replicas")
    return found


@pytest.mark.parametrize("manager", [HELM, KEDA])
@pytest.mark.parametrize("kind", PLURALS)
def test_whatever_the_kinds_know_stays(kind, manager, record_property):
    counted: Counter[str] = Counter()

    @SETTINGS
    @given(spec=workloads(kind), scaler=autoscalers())
    def check(spec, scaler):
        server = Scaling()
        for color, count in (("blue", 3), ("green", 0)):
            server.declare(workload(kind, color), {"spec": {**spec, "replicas": count}}, HELM)
            server.declare(autoscaler(color), {"spec": scaler}, manager)
        names = {color: f"web-{color}" for color in COLORS}
        clusters = dict.fromkeys(COLORS, server.cluster)
        made = KubernetesCapacity(
            namespace="shop",
            workload_kind=kind,
            workloads=names,
            replicas=2,
            clusters=clusters,
            autoscalers=names,
        )
        looked = [workload(kind, color) for color in COLORS]
        scalers = [autoscaler(color) for color in COLORS]
        before = [others(server.get(what)) for what in looked]
        scaled = [server.get(what) for what in scalers]

        def promoted(to, former):
            made.prepare(to, made.read()[former].desired)
            made.suspend_scale_in()
            made.resume_scaling([to])
            made.retire(former, 0, 0)

        for to, former in (("green", "blue"), ("blue", "green")):
            promoted(to, former)
            assert [others(server.get(what)) for what in looked] == before
            assert made.read()[former].desired == 0
        made.prepare("green", 3)
        made.cancel_retirement("green")  # restored
        made.resume_scaling(["blue"])
        made.delete()
        assert [others(server.get(what)) for what in looked] == before
        for was, now in zip(scaled, map(server.get, scalers), strict=True):
            assert now["spec"] == {"minReplicas": 1, **was["spec"]}, "1 is what a cluster fills in"
            assert (now["metadata"].get("annotations") or {}) == {}
            assert owners(now) == owners(was)
        counted["adopted"] += 1

    check()
    record_property("adopted", f"100% of {counted.total()}")


def owners(found):
    """Whose ``minReplicas`` is."""
    return sorted(
        (entry["manager"], entry["operation"])
        for entry in found["metadata"]["managedFields"]
        if "f:minReplicas" in entry["fieldsV1"].get("f:spec", {})
    )
