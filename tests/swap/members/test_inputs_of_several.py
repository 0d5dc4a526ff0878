"""The input `routers`: what is refused, and by which name."""

from __future__ import annotations

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.memory.router import MemoryRouter
from bluegreen.platforms.routers import ROUTERS
from bluegreen.swap import contract, states
from tests.swap.bench import inputs
from tests.swap.members.bench import sections


class Whole(MemoryRouter):
    """One that cannot split traffic, and takes its time."""

    capabilities = frozenset()
    propagation_seconds = 7


@pytest.fixture(autouse=True)
def whole(monkeypatch):
    monkeypatch.setitem(ROUTERS.entries, "whole", f"{Whole.__module__}:{Whole.__name__}")


def of(routers, **more):
    return {**inputs("first"), "router": None, "routers": routers, **more}


def said(found):
    return [str(problem) for problem in contract.problems_in(found)]


def test_several_are_as_good_as_one():
    assert not said(of(sections("first", "second")))
    assert contract.parse(of(sections("first", "second"))).build_router().id == "first; second"


def test_a_list_of_one_is_that_one():
    assert isinstance(contract.parse(of(sections("first"))).build_router(), MemoryRouter)


@pytest.mark.parametrize("routers", [UNKNOWN, [UNKNOWN], [sections("first")[0], {"kind": "memory", "name": UNKNOWN}]])
def test_what_is_not_known_yet_is_no_problem(routers):
    assert not said(of(routers))


def test_one_of_both_is_given():
    both = {**inputs("first"), "routers": sections("second")}
    assert "router: 'given' is not allowed; allowed: one of both, router or routers" in said(both)
    assert "router: None is not allowed" in said({**inputs("first"), "router": None})[0]


def test_no_router_at_all_is_refused():
    assert "routers: [] is not allowed; allowed: one router at least" in said(of([]))


def test_the_same_place_twice_is_refused():
    assert "another place than that of routers[0]" in said(of(sections("first", "second", "first")))[0]


def test_a_problem_is_told_by_the_routers_index():
    found = of([sections("first")[0], {"kind": "memory", "name": "second", "nope": 1}])
    assert "routers[1].nope" in said(found)[0]


def test_steps_are_refused_by_the_name_of_the_one_that_cannot_split():
    routers = [sections("first")[0], {"kind": "whole", "name": "second"}]
    assert "the whole router (routers[1]) cannot split traffic" in said(of(routers))[0]
    assert "promote_to_percent" in said(of(routers, strategy=None, promote_to_percent=50))[0]
    assert not said(of(routers, strategy=None))


def test_the_longest_propagation_counts():
    routers = [{"kind": "whole", "name": "second"}, sections("first")[0]]
    assert contract.parse(of(routers, strategy=None)).limits.propagation_seconds == 7


def test_a_state_with_a_field_of_another_version_in_one_of_several_can_be_read():
    outputs = of([sections("first")[0], {"kind": "memory", "name": "second", "later": 1}])
    spec, left_out = states.read(outputs)
    assert spec.build_router().id == "first; second"
    assert "routers[1].later" in left_out
