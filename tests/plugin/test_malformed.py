"""Inputs of a program in another language, malformed at any place: they are named, and never end in a traceback."""

from __future__ import annotations

import copy
import random

import pulumi
import pytest

from bluegreen.adapters.plugin.construct import construct
from tests.aws import mocked
from tests.plugin.settings import ALL

JUNK = [True, -1.0, 2.5, "", [], [None], {}, {"a": None}, {"a": 1.0}, 1e40, "x", ["x"], [[]]]
PASSED_ON = {
    "cluster", "template", "stageArgs", "behavior", "podTemplateOverrides", "resources", "overrides", "annotations",
}  # fmt: skip
"""Below these everything is Pulumi's or the platform's own argument, which they check themselves."""
TRIED = 60


@pytest.fixture(autouse=True)
def no_default_cluster(monkeypatch):
    monkeypatch.delenv("KUBECONFIG", raising=False)


def places_in(value, path=()):
    """The path of everything in it, itself apart."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        if key not in PASSED_ON:
            yield from places_in(item, (*path, key))


def told(token, given):
    try:
        mocked.run(lambda: construct(token, "web", given))
    except pulumi.RunError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("same", ALL, ids=str)
def test_a_value_of_another_kind_at_any_place_ends_in_no_traceback(same):
    chosen = random.Random(str(same))
    places = list(places_in(same.given))
    for _ in range(TRIED):
        given, place = copy.deepcopy(same.given), chosen.choice(places)
        here = given
        for key in place[:-1]:
            here = here[key]
        here[place[-1]] = chosen.choice(JUNK)
        said = told(same.token, given)
        assert not said or "is not allowed; allowed: " in said, (place, here[place[-1]], said)


@pytest.mark.parametrize(
    ("change", "field", "allowed"),
    [
        ({"metadata": {"name": "web", "labels": True}}, "metadata.labels", "an object of texts"),
        ({"metadata": {"name": "web", "labels": {"version": 1}}}, "metadata.labels.version", "a text"),
        ({"spec": ["x"]}, "spec", "an object"),
        ({"spec": {"selector": "x"}}, "spec.selector", "an object"),
        ({"spec": {"template": {"spec": {"containers": "x"}}}}, "spec.template.spec.containers", "a list"),
        ({"spec": {"template": {"spec": {"containers": [None]}}}}, "spec.template.spec.containers[0]", "an object"),
        ({"spec": {"template": {"spec": {"containers": [{"image": 5}]}}}}, "containers[0].image", "a text"),
    ],
)
def test_a_manifest_of_another_shape_is_told_by_its_field(change, field, allowed):
    good = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    colors = {color: {"manifests": [{**good, **change}]} for color in ("blue", "green")}
    said = told("bluegreen:kubernetes:ManifestService", {"activeColor": "blue", **colors})
    assert f"{field}: " in said
    assert f"is not allowed; allowed: {allowed}" in said


@pytest.mark.parametrize(
    ("token", "color", "field"),
    [
        (
            "bluegreen:aws:AutoScalingGroups",
            {"imageId": "ami-1", "template": {"kee_name": "a"}},
            "blue.template.kee_name",
        ),
        (
            "bluegreen:aws:EksClusters",
            {"version": "1.33", "roleArn": "r", "cluster": {"loging": 1}},
            "blue.cluster.loging",
        ),
    ],
)
def test_what_a_resource_of_pulumis_does_not_take_is_told(token, color, field):
    same = next(one for one in ALL if one.token == token)
    assert field in told(token, {**same.given, "blue": color})


NO_PLACES = ["~nobody-here/x", "a" * 300, "\x00a", "[", "a\nb"]
"""Paths that no file can have, and what is no YAML of objects."""


@pytest.mark.parametrize("place", NO_PLACES, ids=["no home", "too long", "a zero", "a bracket", "no object"])
def test_a_place_that_no_file_can_have_ends_in_no_traceback(place):
    good = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    colors = {"blue": {"manifests": [good]}, "green": {"manifests": place}}
    assert "green.manifests" in told("bluegreen:kubernetes:ManifestService", {"activeColor": "blue", **colors})
    charts = {color: {"chart": place} for color in ("blue", "green")}
    told("bluegreen:kubernetes:HelmService", {"activeColor": "blue", **charts})
    told("bluegreen:kubernetes:KubernetesService", {"activeColor": "blue", "cluster": {"kubeconfig": place}})


def test_a_list_of_what_is_no_object_is_told():
    for items in ("ab", ["ab"], [[None]]):
        colors = {color: {"manifests": [{"kind": "List", "items": items}]} for color in ("blue", "green")}
        said = told("bluegreen:kubernetes:ManifestService", {"activeColor": "blue", **colors})
        assert "blue.manifests[0]" in said
