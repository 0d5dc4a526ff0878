"""The table of what may be read from Cloud Foundry: it is enforced, and holds every call that the product makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bluegreen.cloudfoundry
from bluegreen.cloudfoundry.apps.capacity import CloudFoundryCapacity
from bluegreen.cloudfoundry.routes.router import CloudFoundryRouter
from bluegreen.rollout.model import Weights
from localcloud.cloudfoundry import description
from localcloud.cloudfoundry.cloud import BareCloudFoundry
from tests.routers import cloudfoundry_workshop as workshop
from tests.routers.cloudfoundry_workshop import capacity, led_to, patient, router

DECLARED = {
    one.action.replace(":guid", "{guid}").replace(":", " ", 1)
    for kind in (CloudFoundryRouter, CloudFoundryCapacity)
    for one in kind.permissions
}
SOURCES = sorted(Path(bluegreen.cloudfoundry.__file__).parent.rglob("*.py"))


def operation(name):
    return next(one for one in description.OPERATIONS if one.name == name)


def test_every_call_that_is_declared_is_described():
    assert {one.name for one in description.OPERATIONS} >= DECLARED


def test_every_path_in_the_sources_is_one_of_a_declared_call():
    written = {
        re.sub(r"\{[^}]+\}", "{guid}", path)
        for file in SOURCES
        for path in re.findall(r'"(/v3/[^"?]+)"', file.read_text())
    }
    assert len(written) >= 14
    assert written == {name.partition(" ")[2] for name in DECLARED}


def test_every_call_is_made_and_refused_for_nothing_that_is_described():
    """A release is brought, shared, promoted, retired, started again and let go: no other call is declared."""
    images = {"blue": "registry.example.com/app:v1", "green": "registry.example.com/app:v2"}
    cloud = BareCloudFoundry()
    workshop.build(cloud, 4, "blue")
    with led_to(cloud), patient():
        swap, sizes = router(install={color: {"image": image} for color, image in images.items()}), capacity()
        swap.write(Weights.all_on("blue"))
        swap.install("green")
        sizes.preflight("green", 4)
        sizes.prepare("green", 3)
        assert sizes.ready("green").ready
        for weights in (Weights.split("green", 20), Weights.all_on("green")):
            swap.read()
            swap.write(weights)
            assert swap.health("green").ready
        sizes.retire("blue", 0, 600)
        sizes.cancel_retirement("blue")
        sizes.retire("blue", 0, 0)
        sizes.prepare("blue", 4)
        sizes.delete()
        swap.delete()
    assert set(cloud.api.calls) == DECLARED


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("PATCH /v3/routes/{guid}/destinations", {"destinations": [{"port": 8080}]}, "destinations[0].app is missing"),
        (
            "PATCH /v3/routes/{guid}/destinations",
            {"destinations": [{"app": {}}]},
            "destinations[0].app.guid is missing",
        ),
        (
            "PATCH /v3/routes/{guid}/destinations",
            {"destinations": [{"app": {"guid": "a"}, "weight": 0}]},
            "destinations[0].weight must be greater than or equal to 1",
        ),
        (
            "PATCH /v3/routes/{guid}/destinations",
            {"destinations": [{"app": {"guid": "a"}, "port": 65536}]},
            "destinations[0].port must be less than or equal to 65535",
        ),
        (
            "PATCH /v3/routes/{guid}/destinations",
            {"destinations": [{"app": {"guid": "a"}, "protocol": "grpc"}]},
            "destinations[0].protocol must be one of http1, http2, tcp",
        ),
        ("PATCH /v3/routes/{guid}/destinations", {"destinations": {}}, "destinations must be an array"),
        ("PATCH /v3/routes/{guid}", {"metadata": {"annotations": {"a": 1}}}, "metadata.annotations.a must be a string"),
        ("PATCH /v3/routes/{guid}", {"metadata": None}, "metadata must not be null"),
        ("PATCH /v3/apps/{guid}", {"state": "STOPPED"}, "Unknown field(s): 'state'"),
        ("POST /v3/processes/{guid}/actions/scale", {"instances": -1}, "instances must be greater than or equal to 0"),
        ("POST /v3/processes/{guid}/actions/scale", {"instances": True}, "instances must be an integer"),
        ("POST /v3/packages", {"type": "docker"}, "relationships is missing"),
        ("POST /v3/builds", {"package": {"guid": None}}, "package.guid must not be null"),
        ("PATCH /v3/apps/{guid}/relationships/current_droplet", {"data": {"id": "a"}}, "Unknown field(s): 'id'"),
    ],
)
def test_a_body_that_is_not_as_described_is_refused(name, body, expected):
    assert description.wrong_body(operation(name), body) == expected


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("PATCH /v3/routes/{guid}", {"metadata": {"annotations": {"a": "b", "c": None}, "labels": {}}}),
        ("PATCH /v3/apps/{guid}/relationships/current_droplet", {"data": None}),
        ("PATCH /v3/routes/{guid}/destinations", {"destinations": []}),
        ("PATCH /v3/apps/{guid}", {"lifecycle": {"type": "docker", "data": {}}}),
    ],
)
def test_a_body_that_is_as_described_is_taken(name, body):
    assert not description.wrong_body(operation(name), body)


def test_an_answer_with_other_fields_or_another_status_is_a_mistake_of_the_stand_in():
    told = {name.lstrip("-"): None for name in description.FACTS["objects"]["app"].split()}
    assert not description.unlike(operation("GET /v3/apps/{guid}"), told)
    assert "too much ['color']" in description.unlike(operation("GET /v3/apps/{guid}"), {**told, "color": "blue"})
    del told["links"]
    assert "too little ['links']" in description.unlike(operation("GET /v3/apps/{guid}"), told)
    assert not operation("POST /v3/packages").may_answer(202)
    assert operation("POST /v3/packages").may_answer(422)


def test_every_kind_in_the_table_is_known():
    """A name that is written wrongly would let everything through."""
    shapes = description.FACTS["shapes"]
    simple = re.compile(r"(string|map|integer( -?\d*\.\.\d*)?|\w+( \| \w+)+)\Z")
    for fields in shapes.values():
        for kind in fields.values():
            bare = kind.rstrip("!?").removeprefix("list of ").removeprefix("map of ").rstrip("?")
            assert bare in shapes or simple.match(bare), kind
    assert {one.body.rstrip("!") for one in description.OPERATIONS if one.body} <= shapes.keys()
    assert {one.told for one in description.OPERATIONS if one.told} <= description.FACTS["objects"].keys()
