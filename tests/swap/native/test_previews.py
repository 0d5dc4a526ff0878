"""The content of a preview: the color, the weights, drift as a difference, and nothing that it cannot know."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluegreen.fields import UNKNOWN
from bluegreen.memory.router import WORLDS
from bluegreen.rollout.model import COLORS, Weights
from bluegreen.swap.contract import OUTPUT_KEYS
from dev.matrix.engine import NATIVE
from tests.amounts import examples
from tests.swap.bench import Swap
from tests.swap.native.adapters import adapter, both, checked, shown


def test_nothing_to_do_is_no_difference(swap):
    assert shown(swap, "blue")[0].changes is False
    assert shown(swap, "blue")[0].properties == []


def test_a_promotion_shows_the_color_and_the_weights(swap):
    changes, said = shown(swap, "green")
    assert (changes.changes, changes.replaces) == (True, ())
    assert changes.properties == ["active_color", "weights.blue", "weights.green"]
    assert [severity for severity, _ in said] == ["info"], "how ready green is"


def test_a_changed_setting_shows_that_and_no_weights(swap):
    assert shown(swap, "blue", bake_seconds=5)[0].properties == ["bake_seconds"]


@pytest.mark.parametrize("refreshed", [False, True], ids=["", "refreshed"])
def test_drift_shows_as_a_difference_of_the_weights_until_it_is_healed(swap, refreshed):
    swap.here.weights = Weights.split("green", 30)
    if refreshed:
        assert swap.refresh()["weights"] == both(70)
    changes, said = shown(swap, "blue")
    assert (changes.changes, changes.properties) == (True, ["weights.blue", "weights.green"])
    assert [severity for severity, _ in said] == ["warning"]
    assert said[0][1].startswith("drift: the live weights are blue 70 %, green 30 %")
    swap.up("blue")
    assert swap.here.weights == Weights.all_on("blue")
    assert shown(swap, "blue")[0].changes is False


def test_a_promotion_over_drift_shows_where_traffic_really_comes_from(swap):
    swap.here.weights = Weights.all_on("green")
    swap.here.desired["green"] = 3
    changes, _ = shown(swap, "green")
    assert changes.properties == ["active_color"], "green has all traffic already"


def test_drift_of_a_pause_is_an_update_though_no_wanted_weights_can_be_shown(swap):
    swap.up("green", promote_to_percent=10)
    assert shown(swap, "green", promote_to_percent=10)[0].changes is False
    swap.here.weights = Weights.split("green", 60)
    changes, said = shown(swap, "green", promote_to_percent=10)
    assert changes.changes
    assert "puts green at 10 %" in said[0][1]


def test_another_place_is_another_swap(swap):
    changes, _ = shown(swap, "blue", router={"kind": "memory", "name": "elsewhere"})
    assert (changes.changes, changes.replaces) == (True, ("router",))


updates = st.tuples(st.sampled_from(COLORS), st.sampled_from([5, 10, 50, 75, 100]), st.sampled_from(["v2", "v3"]))


@settings(max_examples=examples(60))
@given(st.lists(updates, max_size=4), updates)
def test_what_a_preview_promises_is_what_the_update_leaves(earlier, last):
    swap = Swap("outlook", NATIVE)

    def more(percent, release):
        return {"promote_to_percent": percent, "releases": {"blue": "v1", "green": release}}

    for color, percent, release in earlier:
        swap.up(color, **more(percent, release))
    color, percent, release = last
    news = checked(swap.state.inputs, swap.inputs(color, **more(percent, release)))
    promised = adapter().predicted_outputs(swap.state.outputs, news)
    assert {"live_color", "weights", "paused"} <= {key for key, value in promised.items() if value is not UNKNOWN}
    made = adapter().update(swap.state.outputs, news)
    assert {key: made[key] for key, value in promised.items() if value is not UNKNOWN} == {
        key: value for key, value in promised.items() if value is not UNKNOWN
    }
    assert promised.keys() == made.keys(), "an output that no preview names would come as a surprise"
    assert {key: promised[key] for key in OUTPUT_KEYS if key in ("previous", "history")} == {
        "previous": UNKNOWN,
        "history": UNKNOWN,
    }
    WORLDS.pop("outlook")


def test_what_a_first_preview_promises_is_what_the_creation_leaves():
    swap = Swap("outlook", NATIVE, started=False)
    news = checked({}, swap.inputs("blue"))
    promised = adapter().predicted_outputs({}, news)
    id_, made = adapter().create(news)
    assert id_ == adapter().id_of(news)
    assert (promised["live_color"], promised["weights"], promised["paused"]) == ("blue", both(100), {})
    assert {key: made[key] for key in ("live_color", "weights", "paused")} == {
        key: promised[key] for key in ("live_color", "weights", "paused")
    }


@pytest.mark.parametrize("unknown", [
    {"active_color": UNKNOWN},
    {"promote_to_percent": UNKNOWN},
    {"promote_to_percent": 10, "releases": {"blue": "v1", "green": UNKNOWN}},
    {"promote_to_percent": 10, "releases": UNKNOWN},
])  # fmt: skip
def test_a_preview_promises_nothing_that_it_cannot_know(swap, unknown):
    news = {**swap.inputs("green"), **unknown}
    promised = adapter().predicted_outputs(swap.state.outputs, news)
    assert "members" not in promised, "a swap with one router has none"
    assert {promised[key] for key in OUTPUT_KEYS if key != "members"} == {UNKNOWN}
    assert promised["name"] == "web"
    assert "router.write" not in swap.here.calls


def test_a_target_that_is_made_with_a_first_start_keeps_nothing_back():
    swap = Swap("made-first", NATIVE, started=False)
    section = {"kind": "alb", "listener_arn": UNKNOWN, "priority": 1, "owner": "o", "target_groups": UNKNOWN}
    news = swap.inputs("blue", promote_to_percent=10, router=section, digests={"blue": "b", "green": "g"})
    promised = adapter().predicted_outputs({}, news)
    assert (promised["live_color"], promised["weights"]) == ("blue", {"blue": 100, "green": 0})
