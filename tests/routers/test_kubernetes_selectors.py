"""The declared selectors of two colors, and who wrote a field: pure functions."""

from __future__ import annotations

import pytest

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.managed_fields import annotations_by, managers_of, without
from bluegreen.kubernetes.selectors.labels import both_colors, color_of, nobodys, parse_selectors, weights_of
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import Weights
from bluegreen.swap import contract

COLOR = "bluegreen/color"
OURS = {color: {"app": "web", COLOR: color} for color in ("blue", "green")}
OWN = {"blue": {"app": "web-v1", "tier": "front"}, "green": {"app": "web-v2"}}


def problems_of(selectors):
    fields = Fields({"selectors": selectors}, "router")
    parse_selectors(fields)
    return {problem.field: problem.allowed for problem in fields.problems}


@pytest.mark.parametrize("selectors", [OURS, OWN])
def test_labels_of_ones_own_are_taken_as_they_are(selectors):
    fields = Fields({"selectors": selectors}, "router")
    assert parse_selectors(fields) == selectors
    assert fields.problems == []


@pytest.mark.parametrize(
    ("selectors", "field", "allowed"),
    [
        ({"blue": {}, "green": {"a": "b"}}, "router.selectors.blue", "at least one"),
        ({"green": {"a": "b"}}, "router.selectors.blue", "at least one"),
        ({"blue": "app=web", "green": {"a": "b"}}, "router.selectors.blue", "an object of labels"),
        ({"blue": {"a": "b"}, "green": {"a": "b"}}, "router.selectors.green", "with another value"),
        ({"blue": {"a": "b"}, "green": {"a": "b", "c": "d"}}, "router.selectors.green", "with another value"),
        ({"blue": {"a": "b"}, "green": {"c": "d"}}, "router.selectors.green", "with another value"),
        ({"blue": {"-a": "b"}, "green": {"-a": "c"}}, "router.selectors.blue", "the key of a label"),
        ({"blue": {"A.b/c": "b"}, "green": {"A.b/c": "c"}}, "router.selectors.blue", "the key of a label"),
        ({"blue": {"a": "b" * 64}, "green": {"a": "c"}}, "router.selectors.blue.a", "the value of a label"),
        ({"blue": {"a": 1}, "green": {"a": "c"}}, "router.selectors.blue.a", "the value of a label"),
        ({"blue": {"a": "b"}, "green": {"a": "c"}, "red": {"a": "d"}}, "router.selectors.red", "no such field"),
    ],
)
def test_selectors_by_which_a_pod_could_be_of_both_or_no_color_are_refused(selectors, field, allowed):
    assert allowed in problems_of(selectors)[field]


def test_what_is_not_known_yet_is_no_problem():
    unknown = {"blue": {"a": UNKNOWN}, "green": {"a": UNKNOWN}}
    for selectors in (UNKNOWN, {"blue": UNKNOWN, "green": UNKNOWN}, unknown, {"blue": {"a": "b"}, "green": UNKNOWN}):
        assert problems_of(selectors) == {}


def test_weights_are_those_of_the_very_selector():
    assert weights_of(OWN["blue"], OWN) == Weights.all_on("blue")
    for stranger in ({"app": "web-v1"}, {**OWN["blue"], "more": "x"}, {}, None):
        assert weights_of(stranger, OWN) == Weights()


@pytest.mark.parametrize("selectors", [OURS, OWN])
def test_nobodys_selector_is_neither_colors_and_not_empty(selectors):
    nobody = nobodys(selectors)
    assert nobody[COLOR] == "none"
    assert weights_of(nobody, selectors) == Weights()
    for color in ("blue", "green"):
        assert not nobody.items() <= {**selectors[color], "more": "x"}.items()


def test_pods_are_told_apart_by_the_label_that_both_have():
    assert both_colors(OURS) == "bluegreen/color in (blue,green)"
    assert both_colors(OWN) == "app in (web-v1,web-v2)"
    assert color_of({"app": "web-v1", "tier": "front", "pod-template-hash": "x"}, OWN) == "blue"
    assert color_of({"app": "web-v1"}, OWN) is None


# -- the whole section


def section(**more):
    return {
        "kind": "kubernetes_service",
        "namespace": "web",
        "service": "web",
        "selectors": OURS,
        "owner": "a/b/c",
        **more,
    }


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"service": "Web"}, "router.service"),
        ({"service": "web/api"}, "router.service"),
        ({"namespace": "a_b"}, "router.namespace"),
        ({"stage_service": "web"}, "router.stage_service"),
        ({"stage_service": ""}, "router.stage_service"),
        ({"adopt": "yes"}, "router.adopt"),
        ({"cluster": {"kubeconfig": "apiVersion: v1\n"}}, "router.cluster.kubeconfig"),
        ({"stage": "web-stage"}, "router.stage"),
    ],
)
def test_a_section_that_is_wrong_is_refused_by_field(more, field):
    fields = Fields(section(**more), "router")
    assert ROUTERS.parse(fields) is None
    assert field in {problem.field for problem in fields.problems}


def test_a_split_is_refused_before_anything_is_read():
    inputs = {
        "active_color": "blue",
        "releases": {"blue": "v1", "green": "v2"},
        "router": section(),
        "strategy": {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 5}]},
    }
    (problem,) = contract.problems_in(inputs)
    assert str(problem).startswith("strategy.steps: 1 is not allowed; allowed: none: the kubernetes_service router")


def test_another_stage_is_an_update_and_another_service_is_another_swap():
    old = {"router": section(stage_service="web-stage")}
    assert not contract.where_changed(old, {"router": section(stage_service="web-next")})
    assert contract.where_changed(old, {"router": section(service="api")})


# -- the books that Kubernetes keeps

FOUND = {
    "metadata": {
        "managedFields": [
            {"manager": "helm", "fieldsV1": {"f:spec": {"f:selector": {".": {}, "f:app": {}}, "f:ports": {}}}},
            {
                "manager": "bluegreen",
                "fieldsV1": {
                    "f:metadata": {"f:annotations": {".": {}, "f:bluegreen/owner": {}, "f:bluegreen/split": {}}},
                    "f:spec": {"f:selector": {}},
                },
            },
            {"manager": "kube-controller-manager", "subresource": "status", "fieldsV1": {"f:status": {}}},
            {"manager": "ancient"},
        ]
    }
}


def test_who_wrote_a_field_or_a_part_of_it():
    assert managers_of(FOUND, ("spec", "selector")) == ["bluegreen", "helm"]
    assert managers_of(FOUND, ("spec", "selector", "app")) == ["helm"]
    assert managers_of(FOUND, ("spec", "type")) == []
    assert managers_of({"metadata": {}}, ("spec",)) == []


def test_books_without_a_manager():
    left = {"metadata": {"managedFields": without(FOUND, ("bluegreen",))}}
    assert managers_of(left, ("spec", "selector")) == ["helm"]
    assert without({"metadata": {"managedFields": []}}, ()) == [{}]


def test_the_annotations_that_a_manager_wrote():
    assert annotations_by(FOUND, ("bluegreen",)) == ["bluegreen/owner", "bluegreen/split"]
    assert annotations_by(FOUND, ("helm",)) == []
