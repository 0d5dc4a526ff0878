"""A resource with too many tags for those of a swap is refused at the preview of a first start."""

from __future__ import annotations

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.rollout.calls import counted
from bluegreen.swap.service import SwapService
from tests.routers import aws_worlds
from tests.routers.test_aws_generated import SOMEBODYS

ROUTERS = {"lambda_alias": "function_name", "http_api_stage": "stage_name", "rest_api_canary": "stage_name"}
FUNCTION = aws_worlds.ALIAS_ARN.removesuffix(":live")


def refused(world, **more):
    router = {**world.router, **more}
    if router["kind"] == "lambda_alias":
        router = {**router, "function_name": more.get("function_name", FUNCTION)}
    inputs = {"name": "web", "active_color": "blue", "releases": {"blue": "v1", "green": "v2"}, "router": router}
    return [str(problem) for problem in SwapService().check({}, inputs)[1]]


def tagged(world, router, count):
    tags = {f"k{number}": "v" for number in range(count)}
    given = {"lambda_alias": "Tags", "http_api_stage": "Tags", "rest_api_canary": "tags"}[router]
    call = {"lambda_alias": "ListTags"}.get(router, "GetStage")
    answer = world.store.answer
    world.store.answer = lambda name, params: {**answer(name, params), **({given: tags} if name == call else {})}
    return world


@pytest.mark.parametrize("router", ROUTERS)
def test_it_is_refused_by_the_field_that_names_it(router):
    with aws_worlds.ROUTERS[router][1](SOMEBODYS[router]) as world:
        assert refused(tagged(world, router, 37)) == []
        (said,) = refused(tagged(world, router, 39))
    assert said.startswith(f"router.{ROUTERS[router]}: ")
    assert "the 13 tags that a swap needs at most: it has 39 of the 50 that AWS allows; take 2 away" in said


@pytest.mark.parametrize("router", ROUTERS)
def test_what_is_not_known_yet_is_not_asked_about(router):
    calls = []
    with aws_worlds.ROUTERS[router][1](SOMEBODYS[router]) as world, counted(calls.append):
        assert refused(tagged(world, router, 50), **{ROUTERS[router]: UNKNOWN}) == []
    assert calls == []


def test_a_function_by_its_name_alone_is_left_to_aws():
    with aws_worlds.of_a_function(SOMEBODYS["lambda_alias"]) as world:
        assert refused(tagged(world, "lambda_alias", 50), function_name="orders") == []
