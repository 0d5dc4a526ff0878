"""States of other versions: a refresh, a preview and a destroy work on them, and so does an update."""

from __future__ import annotations

import pytest

from bluegreen.rollout.model import Weights
from bluegreen.swap import states
from bluegreen.swap.states import UnreadableState
from tests.swap.bench import Swap

ROUTER = {"kind": "memory", "name": "states"}
OTHERS = {
    "a field of the router that a newer version wrote": {"router": {**ROUTER, "mode": "weighted"}},
    "a field of the router that has become stricter": {"router": {**ROUTER, "note": 5}},
    "a field of the capacity that a newer version wrote": {"capacity": {"kind": "memory", "name": "states", "x": 1}},
    "a capacity of a kind that is no more": {"capacity": {"kind": "nomad", "name": "states"}},
    "a gate of a kind that is no more": {"gates": [{"kind": "datadog", "query": "x"}]},
    "a notifier of a kind that is no more": {"notifications": [{"kind": "pager"}]},
    "a preset that is no more": {"strategy": "ECSCanary7Percent"},
    "a field that has become stricter": {"poll_interval_seconds": 120},
    "a release that is missing": {"releases": {"blue": "v1", "green": "v2", "red": "v3"}},
    "an input of a newer version": {"regions": ["a", "b"]},
    "a history that is none": {"history": 2.5},
    "entries that are none": {"history": [None, {"id": ["x"]}]},
    "a former color by its name alone": {"previous": "blue"},
    "a pause by its number alone": {"paused": 10},
    "a pause of more than all": {"paused": {"percent": 1e40}},
    "a verdict by its text alone": {"held": "gate"},
    "weights by their text alone": {"weights": "blue"},
    "a capacity by its name alone": {"capacity": "memory"},
    "an active color of another kind": {"active_color": {"name": "blue"}},
    "no active color": {"active_color": None},
    "releases of another kind": {"releases": ["v1", "v2"]},
    "a color's release of another kind": {"releases": {"blue": {"image": "v1"}, "green": "v2"}},
    "no releases and no capacity that is known": {"releases": None, "capacity": {"kind": "nomad"}},
    "a newer version": {"state_version": 9, "router": {**ROUTER, "mode": "weighted"}},
}


@pytest.fixture
def swap():
    return Swap("states")


@pytest.mark.parametrize("what", OTHERS)
def test_destroy_refresh_and_preview_work_on_a_state_with(swap, what):
    olds, service = {**swap.outputs, **OTHERS[what]}, swap.service()
    found = service.diff(olds, swap.inputs("green"))
    assert not found.replaces
    assert not any("could not be looked at" in warning for warning in found.warnings)
    assert service.read(olds)["weights"] == {"blue": 100, "green": 0}
    service.delete(olds)
    assert swap.here.weights == Weights()


@pytest.mark.parametrize("what", OTHERS)
def test_an_update_of_a_state_with_something_else_is_a_usual_one(swap, what):
    outputs = swap.service().update({**swap.outputs, **OTHERS[what]}, swap.inputs("green"))
    assert outputs["live_color"] == "green"
    assert outputs["history"][0]["outcome"] == "promoted"
    assert outputs["state_version"] == states.STATE_VERSION


def test_what_was_left_out_is_said_before_something_is_removed(swap):
    swap.service().delete({**swap.outputs, "router": {**ROUTER, "mode": "weighted"}})
    assert swap.told("kept") == ["not understood in the state, and left out: router.mode"]


def test_a_place_that_cannot_be_made_out_is_an_error_that_says_so(swap):
    olds = {**swap.outputs, "router": {"kind": "f5", "partition": "Common"}, "state_version": 9.0}
    for read in (swap.service().read, swap.service().delete):
        with pytest.raises(UnreadableState, match=r"of version 9 .*router\.kind.*nothing was written"):
            read(olds)
    assert swap.here.weights == Weights.all_on("blue")


def test_without_a_state_there_is_nothing_to_read(swap):
    with pytest.raises(UnreadableState, match="cannot be imported"):
        swap.service().read({})
