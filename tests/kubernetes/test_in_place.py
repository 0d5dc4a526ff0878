"""Another release in a live workload is stopped before Pulumi brings it in place."""

from __future__ import annotations

import asyncio

import pytest
from pulumi import Output, ResourceHookArgs

from bluegreen.component import guarding
from bluegreen.kubernetes.workloads import in_place
from bluegreen.kubernetes.workloads.release import CONFIG_DIGEST
from bluegreen.memory.router import WORLDS, world
from bluegreen.rollout.model import Weights

APP = {"name": "app", "image": "app:v1", "env": [{"name": "A", "value": "1"}], "resources": {"limits": {"cpu": "1"}}}


def inputs(*containers, config="c1", checksum="s1", **pod):
    annotations = {CONFIG_DIGEST: config, "checksum/config": checksum, "team": "shop"}
    metadata = {"labels": {"app": "web"}, "annotations": annotations}
    return {
        "spec": {"replicas": 3, "template": {"metadata": metadata, "spec": {"containers": list(containers), **pod}}}
    }


@pytest.fixture
def here():
    yield world("in-place")
    WORLDS.pop("in-place")


def look(what="image of container app"):
    return guarding.look("blue", what, [{"kind": "memory", "name": "in-place"}])


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (inputs(APP), ""),
        (inputs({**APP, "resources": {}, "readinessProbe": {}}, terminationGracePeriodSeconds=5), ""),
        (inputs({**APP, "image": "app:v2"}), "image of container app app:v1 -> app:v2"),
        (inputs({**APP, "env": [{"name": "A", "value": "hunter2"}]}), "env of container app"),
        (inputs({**APP, "command": ["serve"]}), "command of container app"),
        (inputs(APP, config="c2"), "its configuration"),
        (inputs(APP, checksum="s2"), "its checksum/config"),
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
    assert said == ["it could not be checked whether blue is live and gets another release in place: no route to host"]


CHART = {"chart": "shop", "version": "1.0.0", "values": {"image": "app:v1"}, "timeout": 300}


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (CHART, ""),
        ({**CHART, "timeout": 600}, ""),
        ({**CHART, "version": "1.1.0"}, "version 1.0.0 -> 1.1.0"),
        ({**CHART, "chart": "other"}, "chart shop -> other"),
        ({**CHART, "values": {"password": "hunter2"}}, "its values"),
        ({**CHART, "repositoryOpts": {"repo": "https://charts.example.com"}}, "its repositoryOpts"),
    ],
)
def test_what_makes_a_release_that_helm_keeps_another_one(wanted, what):
    assert in_place.another_chart(CHART, wanted) == what
    assert in_place.another_chart({}, wanted) == "", "nobody knows what it was"


@pytest.fixture
def hook(monkeypatch):
    """The hook of blue's workload, as the engine calls it: with an output where something in a key is secret."""
    made = []
    monkeypatch.setattr(guarding, "is_called", lambda: True)
    monkeypatch.setattr(guarding, "binding", lambda _what, before_update: made.append(before_update))
    in_place.guard("web-blue", "shop", "blue", {"kind": "memory", "name": "in-place"})
    (before_update,) = made

    async def calling(old, new):
        given = {"old_inputs": _told(old), "new_inputs": _told(new), "new_outputs": None, "old_outputs": None}
        await before_update(ResourceHookArgs("urn", "id", "web-blue", "Deployment", **given))

    return lambda old, new: asyncio.run(calling(old, new))


def _told(container):
    return {**inputs(container), "spec": Output.secret(inputs(container)["spec"])}


def test_a_workload_with_secrets_is_compared_by_what_they_hold(here, hook):
    here.weights = Weights.all_on("blue")
    secret = {**APP, "env": [{"name": "A", "value": "hunter2"}]}

    hook(secret, {**secret, "resources": {}})
    with pytest.raises(RuntimeError, match="env of container app") as refused:
        hook(secret, {**secret, "env": [{"name": "A", "value": "hunter3"}]})
    assert "hunter" not in str(refused.value)
    with pytest.raises(RuntimeError, match="image of container app app:v1 -> app:v2"):
        hook(secret, {**secret, "image": "app:v2"})


def test_two_components_that_the_plugin_constructs_have_hooks_of_names_of_their_own(monkeypatch):
    named = []
    monkeypatch.setattr(guarding.pulumi, "ResourceHook", lambda name, _callback: named.append(name))
    monkeypatch.setattr(guarding, "hosted", lambda: True)
    monkeypatch.setattr(guarding, "_named", {})
    for monitor in ("one", "another"):
        monkeypatch.setattr(guarding, "get_monitor", lambda monitor=monitor: monitor)
        guarding.binding("shop/web-blue", lambda _args: None)
    assert named == ["bluegreen guards shop/web-blue", "bluegreen guards shop/web-blue (2)"]
