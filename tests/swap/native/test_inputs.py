"""The calls of the plugin's swap to its platform, its checked inputs, its read and its end."""

from __future__ import annotations

from collections import Counter

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Weights
from dev.matrix.engine import DYNAMIC
from tests.swap.bench import Swap, inputs
from tests.swap.native.adapters import adapter, both, checked, shown

# -- what it costs


@pytest.mark.parametrize(
    ("color", "calls"),
    [
        ("blue", {"router.read": 3}),
        ("green", {"router.read": 3, "router.health": 1}),
    ],
)
def test_a_preview_reads_thrice_and_writes_nothing(swap, color, calls):
    """Pulumi reads before it checks; check and comparison look once more, and at the color that is to be live."""
    swap.here.calls.clear()
    assert swap.preview(color) == (color == "green")
    assert Counter(swap.here.calls) == calls


def test_an_update_s_calls_are_those_of_the_dynamic_one_and_the_read_before_it(swap):
    other = Swap("dynamic", DYNAMIC)
    made = {}
    for one in (swap, other):
        one.here.calls.clear()
        one.up("green")
        made[one] = Counter(one.here.calls)
    assert made[swap] - made[other] == {"router.read": 1}
    assert not made[other] - made[swap]


# -- checked inputs


@pytest.mark.parametrize(("color", "percent", "weights"), [
    ("blue", None, both(100)),
    ("green", None, both(0)),
    ("green", 100.0, both(0)),
    ("green", 99, None),
    ("green", 1.0, None),
    (UNKNOWN, None, UNKNOWN),
])  # fmt: skip
@pytest.mark.parametrize("left_over", [{}, {"weights": {"blue": 1, "green": 99}, "__provider": "x"}])
def test_the_wanted_weights_become_an_input_where_the_inputs_alone_decide_them(color, percent, weights, left_over):
    news = inputs("native", color, **({} if percent is None else {"promote_to_percent": percent}))
    made = checked({}, {**news, **left_over})
    assert made.get("weights") == weights
    assert {key: value for key, value in made.items() if key != "weights"} == news


def test_what_is_wrong_is_named_and_nothing_is_asked_of_the_platform(swap):
    _, problems = adapter().check({}, swap.inputs("purple", bake_seconds=-1))
    assert {problem.field for problem in problems} == {"active_color", "bake_seconds"}
    assert swap.here.calls == []


def test_a_release_changed_under_traffic_is_seen_in_the_inputs(swap):
    news = swap.inputs("blue", releases={"blue": "v9", "green": "v2"})
    assert checked(swap.state.inputs, news)["live_release_change"] == "blue: v1 -> v9"


# -- read and delete


def test_a_read_finds_what_is_live(swap):
    swap.here.weights = Weights.split("green", 30)
    before = swap.outputs
    assert swap.refresh() == {**before, "weights": both(70)}


def test_an_object_that_is_gone_is_one_without_traffic_and_its_history_goes_on(swap):
    swap.up("green")
    swap.here.weights = Weights()
    swap.here.marks.clear()
    before = swap.outputs
    assert swap.refresh() == {**before, "weights": {"blue": 0, "green": 0}}
    changes, _ = shown(swap, "green")
    assert (changes.changes, changes.properties) == (True, ["weights.green"])
    outputs = swap.up("green")
    assert (swap.here.weights, outputs["live_color"]) == (Weights.all_on("green"), "green")
    assert outputs["history"][1:] == before["history"]
    assert not swap.preview("green")


def test_where_the_platform_cannot_be_reached_a_read_warns_and_says_what_was_known(swap, monkeypatch):
    def unreachable(self):
        raise PlatformError("Read", "no route to host")

    monkeypatch.setattr(MemoryRouter, "read", unreachable)
    before = swap.outputs
    assert swap.refresh() == before
    assert swap.said[-1] == ("warning", "the live weights could not be looked at: Read: no route to host")
    assert not swap.preview("blue"), "a preview without credentials is none that fails"


def test_what_the_other_adapter_keeps_for_itself_is_left_out(swap):
    assert "__provider" not in adapter().read({**swap.state.outputs, "__provider": "gASV"})
    assert "__provider" not in adapter().predicted_outputs({}, {**swap.inputs("blue"), "__provider": "gASV"})


def test_a_swap_that_is_deleted_leaves_nothing(swap):
    swap.destroy()
    assert (swap.here.weights, swap.here.marks, swap.state) == (Weights(), {}, None)
