"""A program in another language declares what a Python program with the same settings declares, and nothing else."""

from __future__ import annotations

import copy

import pulumi
import pytest

from bluegreen.adapters.plugin.arguments import keyword_arguments
from bluegreen.adapters.plugin.components import COMPONENTS, load
from bluegreen.adapters.plugin.construct import construct
from bluegreen.adapters.plugin.model import component
from tests.aws import mocked
from tests.plugin.settings import ALL, Same


@pytest.fixture(autouse=True)
def no_default_cluster(monkeypatch):
    monkeypatch.delenv("KUBECONFIG", raising=False)


def declared(program):
    recorder, made = mocked.run(program)
    found = [(one.type, one.name, one.inputs) for one in recorder.resources]
    assert found
    return sorted(found, key=lambda one: one[:2]), made


@pytest.mark.parametrize("same", ALL, ids=str)
def test_both_declare_the_same(same: Same, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bluegreen.component.previewing.secrets.token_hex", lambda _: "0" * 32)  # else each has its own
    given = copy.deepcopy(same.given)
    theirs, result = declared(lambda: construct(same.token, "web", given))
    ours, made = declared(lambda: load(same.token)("web", **same.python()))
    assert [one[:2] for one in theirs] == [one[:2] for one in ours]
    assert (same.token, "web") in [one[:2] for one in theirs], "the class' own type is the one that it is registered by"
    for their, our in zip(theirs, ours, strict=True):
        assert their == our
    assert given == same.given, "what was given is left as it is"
    # Every output has the value of the component's attribute, by the schema's name.
    shown = component(same.token).outputs
    assert set(result.state) == {key for key, one in shown.items() if getattr(made, one.name, None) is not None}
    assert {"liveColor", "weights", "history"} <= set(result.state)


def test_every_component_is_among_them():
    assert {same.token for same in ALL} == set(COMPONENTS)


def refused(token, given):
    with pytest.raises(pulumi.RunError) as caught:
        keyword_arguments(token, given, "web")
    heading, *lines = str(caught.value).splitlines()
    assert heading == "web is refused; nothing was written:"
    return [line.strip() for line in lines]


ECS = {
    "activeColor": "blue",
    "blue": {"image": "app:v1"},
    "green": {"image": "app:v2"},
    "vpcId": "vpc-1",
    "subnetIds": ["subnet-1"],
}


@pytest.mark.parametrize(
    ("more", "field", "allowed"),
    [
        ({"desired_count": 3}, "desired_count", "did you mean desiredCount?"),
        ({"blue": {"imge": "a"}}, "blue.imge", "did you mean image?"),
        ({"entry": {"abl": {}}}, "entry.abl", "did you mean alb?"),
        ({"entry": {}}, "entry", "exactly one of alb, albListeners, dns, nlb"),
        ({"entry": {"alb": {}, "nlb": {}}}, "entry", "exactly one of alb, albListeners, dns, nlb"),
        ({"gates": [{"targetHealth": {}}, {"http": {"failureLimit": 3}}]}, "gates[1].http.path", "it is required"),
        ({"gates": [{"http": {"path": "/", "failureLimit": 1.5}}]}, "gates[0].http.failureLimit", "a whole number"),
        ({"gates": [{"baseline": {"worse": "up"}}]}, "gates[0].baseline.worse", "higher, lower"),
        ({"gates": {}}, "gates", "a list"),
        ({"desiredCount": True}, "desiredCount", "a whole number"),
        ({"vpcId": None}, "vpcId", "it is required"),
        ({"blue": {"environment": {"A": 1.0}}}, "blue.environment.A", "a text"),
        ({"strategy": {"steps": {"weights": [{}]}}}, "strategy.steps.weights[0].weightPercent", "it is required"),
        ({"tags": "none"}, "tags", "an object"),
    ],
)
def test_what_is_wrong_is_named_as_the_program_spells_it(more, field, allowed):
    lines = refused("bluegreen:aws:EcsService", {**ECS, **more})
    assert [line for line in lines if line.startswith(f"{field}: ") and allowed in line], lines


def test_every_problem_is_told_at_once():
    lines = refused("bluegreen:aws:EcsService", {"activeColor": 1.0, "blue": {}, "green": {"prts": []}})
    assert {line.partition(":")[0] for line in lines} == {"activeColor", "green.prts", "subnetIds", "vpcId"}


def test_a_value_that_is_nobodys_business_is_not_shown():
    (line,) = refused("bluegreen:aws:EcsService", {**ECS, "password": "hunter2"})
    assert "hunter2" not in line


def test_what_a_component_refuses_itself_is_spelled_as_the_program_has_it():
    given = {
        **ECS,
        "activeColor": "red",
        "desiredCount": 1,
        "autoscaling": {"minCapacity": 2, "maxCapacity": 4, "targetCpuPercent": 200},
        "gates": [{"http": {"path": "/", "failureLimit": -1}}],
        "blue": {"image": "app:v1", "ports": [9000]},
    }
    with pytest.raises(pulumi.RunError) as caught:
        mocked.run(lambda: construct("bluegreen:aws:EcsService", "web", given))
    lines = [line.strip().partition(":")[0] for line in str(caught.value).splitlines()[1:]]
    assert set(lines) == {
        "activeColor",
        "autoscaling.targetCpuPercent",
        "containerPort",
        "desiredCount",
        "gates[0].http.failureLimit",
    }


def test_no_component_of_that_name():
    with pytest.raises(pulumi.RunError, match="no component bluegreen:aws:Ecs; there are: bluegreen:aws:Auto"):
        construct("bluegreen:aws:Ecs", "web", {})


def test_a_default_that_is_said_is_as_one_that_is_not():
    said = {"containerPort": 8080.0, "cpu": 256.0, "assignPublicIp": False, "entry": {"alb": {"rulePriority": 100.0}}}
    assert keyword_arguments("bluegreen:aws:EcsService", {**ECS, **said}).keys() == {
        "active_color",
        "blue",
        "entry",
        "green",
        "subnet_ids",
        "vpc_id",
    }
