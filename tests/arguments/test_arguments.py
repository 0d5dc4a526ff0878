"""Whatever a component is given: what is wrong is reported, before anything is declared, without a traceback."""

from __future__ import annotations

import itertools
import math

import pulumi
import pytest

import bluegreen
from bluegreen.adapters.plugin.components import load
from bluegreen.adapters.plugin.model import component
from bluegreen.adapters.plugin.reading import fits
from bluegreen.adapters.plugin.shapes import Anything, ObjectOf, OneOf
from bluegreen.arguments.hints import arguments_of
from bluegreen.arguments.kinds import problems_of
from bluegreen.aws import alb
from bluegreen.component.swap_settings import SwapSettings
from bluegreen.naming import camel
from tests.amounts import stride
from tests.arguments.components import GOOD, TOKENS, make
from tests.aws import mocked

# None of them is of more than a few kinds; what an argument does take is not among the refused ones. As many as have no
# part in common with a stride: each is tried.
JUNK = [None, True, -1, 2.5, math.nan, "", [], [None], {}, {"a": None}, {1: 2}, (), object(), b"x", 10**40, lambda: 1]
SHARED = {*SwapSettings.__annotations__, "aws_connection"}
# What every component does alike is tried on one.
ALL_OF = "bluegreen:aws:EcsService"


def refusal(token, name="web", **arguments):
    """The refusal's text; empty where the arguments are taken. Anything else than a refusal is a fault."""
    try:
        mocked.run(lambda: make(token, name, **arguments))
    except pulumi.RunError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("token", TOKENS)
def test_good_arguments_are_taken(token):
    assert refusal(token) == ""


@pytest.mark.parametrize("token", TOKENS)
def test_no_argument_of_any_component_ends_in_a_traceback_or_is_taken_as_what_it_is_not(token):
    """A value that is taken fits the schema's type of the argument, which other code makes from the same hints."""
    inputs = component(token).inputs
    arguments = arguments_of(load(token).__init__).keys() - {"name", "opts"}
    every = itertools.product(sorted(arguments if token == ALL_OF else arguments - SHARED), JUNK)
    for name, value in itertools.islice(every, 0, None, stride(7)):
        told = refusal(token, **{name: value})
        if told:
            assert "is not allowed; allowed: " in told, (name, value, told)
            continue
        shape = inputs[camel(name)].shape if camel(name) in inputs else Anything()
        free = isinstance(shape, (Anything, ObjectOf, OneOf)) or value is None
        assert free or fits(shape, value), (name, value)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("web", True),
        ("a" * 18, True),
        ("x" * 201, False),
        ("wéb", False),
        ("web🚀", False),
        ("my web", False),
        ("a/b", False),
        ("web\nx", False),
        ("web\n", False),
        ("-web", False),
        ("", False),
        (None, False),
        (5, False),
    ],
)
@pytest.mark.parametrize("token", TOKENS)
def test_a_name_is_one_that_the_platform_takes(token, name, taken):
    told = refusal(token, name)
    assert (told == "") is taken
    assert taken or "name: " in told


WEB = {"name": "web", "image": "b", "portMappings": [{"containerPort": 8080}]}
MALFORMED = {
    "desired_count": ["2", True, 2.5, -1],
    "container_port": ["8080", 70_000, True, 0],
    "subnet_ids": ["subnet-1,subnet-2", [], None, [""], [1]],
    "vpc_id": [None, "", 1],
    "active_color": ["Blue", "red", None, True, "blue "],
    "blue": [
        None,
        "app:v1",
        [],
        {},
        {"image": 1},
        {"image": "a", "environment": {"A": 1}},
        {"image": "a", "ports": [True]},
        {"image": "a", "ports": ["8080"]},
        {"containers": {}},
        {"containers": [None]},
        {
            "containers": [
                {"name": "a", "image": "b", "portMappings": [{"containerPort": 8080}]},
                {"name": "a", "image": "c"},
            ]
        },
    ],
    "strategy": [
        7,
        True,
        [10, 50],
        {},
        "",
        {"name": "canary"},
        {"name": "canary", "steps": []},
        {"name": "linear", "steps": [{"weight_percent": 10}]},
        {"name": "ECSCanary10Percent5Minutes"},
        {"name": "ECSCanary10Percent5Minutes", "steps": [{"weight_percent": 50}]},
        {"steps": [{"weight_percent": 10, "hold_seconds": None}]},
        bluegreen.canary(10, hold_seconds=None),
        bluegreen.canary("10", hold_seconds=5),
        bluegreen.linear(10.0, hold_seconds=5),
        bluegreen.steps([(10, None), (50, None)]),
    ],
    "promote_to_percent": ["10", True, 0, None],
    "gates": [{"kind": "http"}, "http", [None], ["http"], [{}], [{"kind": 3}], [{"kind": ["http"]}]],
    "notifications": [{"kind": "slack"}, [1]],
    "event_log": [5, {}],
    "swap_provider": ["x", 1, [], {"a": 1}],
    "aws_connection": ["eu-west-1", ["eu-west-1"]],
    "entry": ["alb", {"kind": "alb"}, alb(rule_priority="10"), alb(internal="yes"), alb(host_headers="a.example")],
    "tags": [["a"], {"a": 1}],
    "steady_state_timeout_seconds": [math.inf, 1e300, math.nan],
}


@pytest.mark.parametrize(
    ("argument", "value"), [(name, value) for name, values in MALFORMED.items() for value in values]
)
def test_what_was_taken_or_ended_in_a_traceback_once_is_told_by_its_name(argument, value):
    assert f"{argument}" in refusal(ALL_OF, **{argument: value})


def test_all_that_is_wrong_is_told_at_once():
    told = refusal(ALL_OF, "a/b", active_color="red", container_port="8080", gates="http", tags=["x"])
    for field in ("name: 'a/b'", "active_color: 'red'", "container_port: '8080'", "gates: 'http'", "tags: "):
        assert field in told


def test_a_misspelt_field_is_told():
    assert "regoin" in refusal(ALL_OF, aws_connection={"regoin": "eu-west-1"})
    assert "region: 1 is" in refusal(ALL_OF, aws_connection={"region": 1})
    assert "cpuu" in refusal("bluegreen:aws:EcsNativeService", tasks={"cpuu": None})


def test_what_only_an_update_knows_is_of_every_kind():
    later = pulumi.Output.from_input("later")
    arguments = {"vpc_id": later, "subnet_ids": later, "cluster_arn": later, "tags": {"team": later}}
    assert refusal(ALL_OF, **arguments, blue={"image": later, "environment": {"A": later}}) == ""
    assert problems_of(int, pulumi.output.UNKNOWN, "port") == []


def test_what_an_object_holds_is_not_told():
    told = refusal(ALL_OF, aws_connection=["hunter2"], tags=[{"password": "hunter2"}])
    assert told
    assert "hunter2" not in told


def test_every_component_has_good_arguments_here():
    assert sorted(GOOD) == TOKENS
