"""Another release in a live workload is stopped before Pulumi brings it in place."""

from __future__ import annotations

import pytest

from bluegreen import guarding
from bluegreen.kubernetes import in_place
from bluegreen.kubernetes.release import CONFIG_DIGEST
from bluegreen.rollout.model import Weights
from bluegreen.routers.memory import WORLDS, world

APP = {"name": "app", "image": "app:v1", "env": [{"name": "A", "value": "1"}], "resources": {"limits": {"cpu": "1"}}}


def inputs(*containers, config="c1", **pod):
    metadata = {"labels": {"app": "web"}, "annotations": {CONFIG_DIGEST: config, "team": "shop"}}
    return {
        "spec": {"replicas": 3, "template": {"metadata": metadata, "spec": {"containers": list(containers), **pod}}}
    }


@pytest.fixture
def here():
    yield world("in-place")
    WORLDS.pop("in-place")


def look(what="image of container app"):
    return in_place.look("blue", what, [{"kind": "memory", "name": "in-place"}])


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (inputs(APP), ""),
        (inputs({**APP, "resources": {}, "readinessProbe": {}}, terminationGracePeriodSeconds=5), ""),
        (inputs({**APP, "image": "app:v2"}), "image of container app app:v1 -> app:v2"),
        (inputs({**APP, "env": [{"name": "A", "value": "hunter2"}]}), "env of container app"),
        (inputs({**APP, "command": ["serve"]}), "command of container app"),
        (inputs(APP, config="c2"), "its configuration"),
        (inputs(APP, {"name": "sidecar", "image": "s"}), "image of container sidecar None -> s"),
        (inputs(APP, initContainers=[{"name": "first", "image": "i"}]), "image of container first None -> i"),
    ],
)
def test_what_makes_a_workload_another_release(wanted, what):
    assert in_place.another(inputs(APP), wanted) == what
    assert in_place.another({}, wanted) == "", "nobody knows what it was"


def test_a_color_with_traffic_keeps_its_release_and_one_without_gets_any(here):
    here.weights = Weights.split("blue", 10)
    said = look("image of container app v1 -> v2")
    assert said.startswith("was not updated: blue has 10 % of production traffic and would get another release")
    assert "(image of container app v1 -> v2)" in said
    assert "Deploy it to green" in said
    here.weights = Weights.all_on("green")
    assert look() == ""


def test_where_nobody_can_see_it_the_update_goes_on_and_says_so(monkeypatch):
    said = []
    monkeypatch.setattr(guarding.pulumi.log, "warn", said.append)

    def unreachable(*_):
        raise OSError("no route to host")

    monkeypatch.setattr(guarding, "percent_of", unreachable)
    assert look() == ""
    assert said == ["nobody could see whether blue is live and gets another release in place: no route to host"]
