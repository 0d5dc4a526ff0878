"""A promotion in two pull requests: "10 % today, the rest tomorrow"."""

from __future__ import annotations

import pytest

from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import Decision, Phase, Weights
from bluegreen.swap import pauses
from bluegreen.swap.contract import fingerprint
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import killed_at, scripted


@pytest.fixture
def swap():
    return Swap("pause")


def test_the_update_returns_at_the_pause_and_the_mix_is_the_declared_state(swap):
    outputs = swap.up("green", promote_to_percent=10)
    assert swap.here.weights == Weights.split("green", 10)
    assert (outputs["live_color"], outputs["weights"]) == ("blue", {"blue": 90, "green": 10})
    assert outputs["paused"] == {"color": "green", "percent": 10}
    assert outputs["history"][0]["outcome"] == "paused"
    assert swap.here.retiring == {}, "both colors serve"
    difference = swap.service().diff(outputs, swap.inputs("green", promote_to_percent=10))
    assert (difference.changes, difference.warnings) == (False, ())


def test_a_percent_between_the_strategys_steps_is_a_step_of_its_own(swap):
    swap.up("green", promote_to_percent=25)
    assert swap.here.moves == [Weights.split("green", 10), Weights.split("green", 25)]


def test_raised_it_goes_on_from_there(swap):
    swap.up("green", promote_to_percent=10)
    swap.here.moves.clear()
    outputs = swap.up("green", promote_to_percent=100)
    assert swap.here.moves == [Weights.split("green", 50), Weights.all_on("green")]
    assert (outputs["live_color"], outputs["paused"]) == ("green", {})
    assert outputs["history"][0]["outcome"] == "promoted"
    digest = fingerprint(swap.inputs("green"), "blue")
    assert outputs["previous"] == {"color": "blue", "release": "v1", "digest": digest}
    assert swap.here.retiring == {"blue": 0}


def test_reverted_it_is_one_write_back(swap):
    swap.up("green", promote_to_percent=10)
    swap.here.moves.clear()
    outputs = swap.up("blue")
    assert swap.here.moves == [Weights.all_on("blue")]
    assert (outputs["live_color"], outputs["paused"], outputs["history"][0]["outcome"]) == ("blue", {}, "rolled_back")
    assert swap.here.retiring == {"green": 0}


def test_lowered_it_is_one_write_down(swap):
    swap.up("green", promote_to_percent=50)
    swap.here.moves.clear()
    outputs = swap.up("green", promote_to_percent=10)
    assert swap.here.moves == [Weights.split("green", 10)]
    assert outputs["paused"] == {"color": "green", "percent": 10}


def test_drift_from_the_mix_is_shown_and_healed(swap):
    outputs = swap.up("green", promote_to_percent=10)
    swap.here.weights = Weights.split("green", 40)
    (warning,) = swap.service().diff(outputs, swap.inputs("green", promote_to_percent=10)).warnings
    assert "the last update left blue 90 %, green 10 %. `pulumi up` puts green at 10 %" in warning
    assert swap.up("green", promote_to_percent=10)["history"][0]["outcome"] == "healed"
    assert swap.here.weights == Weights.split("green", 10)


def test_a_failure_on_the_way_up_takes_all_of_it_back(swap):
    swap.up("green", promote_to_percent=10)
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %"):
        swap.up("green", promote_to_percent=100)
    assert swap.here.weights == Weights.all_on("blue")
    swap.here.broken.clear()
    swap.here.moves.clear()
    outputs = swap.up("green", promote_to_percent=10)
    assert swap.here.moves == [], "the config before it is no way round the verdict"
    assert (outputs["live_color"], outputs["weights"], outputs["paused"]) == ("blue", {"blue": 100, "green": 0}, {})
    assert outputs["held"]["color"] == "green"
    swap.retry()
    swap.up("green", promote_to_percent=10)
    assert swap.here.moves == [Weights.split("green", 10)], "tried again, it puts the mix back, behind its gates"


def test_a_first_start_and_a_rollback_never_pause(swap):
    assert Swap("pause-first", promote_to_percent=10).here.weights == Weights.all_on("blue")
    swap.up("green")
    swap.up("blue", promote_to_percent=10)
    assert swap.here.weights == Weights.all_on("blue")


def test_a_release_of_either_color_is_live_while_it_is_paused(swap):
    outputs = swap.up("green", promote_to_percent=10)
    news = swap.inputs("green", promote_to_percent=10, releases={"blue": "v1", "green": "v3"})
    checked, problems = swap.service().check(outputs, news)
    assert problems == []
    assert checked["live_release_change"] == "green: v2 -> v3"


def test_the_plan_says_where_it_pauses(swap):
    from bluegreen.swap import contract

    assert contract.plan_of(swap.inputs("green", promote_to_percent=10)) == [
        "10 % green, 90 % blue for 30 s; gates: target health",
        "pause at 10 % green until promote_to_percent is raised",
    ]


# -- without a record, and on the way down


def test_a_pause_outlives_a_replacement_and_a_lost_state(swap):
    swap.up("green", promote_to_percent=10)
    swap.here.moves.clear()
    swap.state = None
    outputs = swap.up("green", promote_to_percent=10)
    assert swap.here.moves == []
    assert (outputs["live_color"], outputs["paused"]) == ("blue", {"color": "green", "percent": 10})
    assert not swap.preview("green", promote_to_percent=10)
    swap.up("green")
    assert swap.here.moves == [Weights.split("green", 50), Weights.all_on("green")], "and is raised behind its gates"


def test_without_a_record_a_promotion_pauses_where_it_shall(swap):
    swap.state = None
    outputs = swap.up("green", promote_to_percent=10)
    assert swap.here.weights == Weights.split("green", 10)
    assert (outputs["live_color"], outputs["paused"]) == ("blue", {"color": "green", "percent": 10})


def test_with_the_rule_lost_a_pause_comes_back_as_what_it_was(swap):
    swap.up("green", promote_to_percent=10)
    swap.here.weights = Weights()
    swap.here.marks.clear()
    swap.here.moves.clear()
    outputs = swap.up("green", promote_to_percent=10)
    assert swap.here.moves == [Weights.split("green", 10)]
    assert outputs["paused"] == {"color": "green", "percent": 10}


@pytest.mark.parametrize("lost", ["the state", "the rule", "nothing"])
def test_what_is_left_of_a_pause_never_goes_up_without_its_gates(script, lost):
    gated = {"gates": [scripted(Phase.BEFORE, Phase.INCREASE, Phase.PROMOTE)]}
    swap = Swap("pause", **gated)
    swap.up("green", promote_to_percent=10)
    if lost == "the state":
        swap.state = None
    if lost == "the rule":
        swap.here.weights = Weights()
        swap.here.marks.clear()
    script.always(Decision.FAIL)
    before = swap.here.weights.of("green")
    with pytest.raises(SwapFailed, match="gate scripted"):
        swap.up("green", promote_to_percent=75)
    assert max((weights.of("green") for weights in swap.here.moves[1:]), default=0) <= before


def test_without_a_record_a_color_with_more_than_the_pause_gives_the_other_nothing(swap, script):
    """It may be the one that was live all along, and the rest a promotion that was given up."""
    swap.up("green", promote_to_percent=10)
    swap.here.moves.clear()
    swap.state = None
    swap.up("blue", promote_to_percent=10)
    assert all(weights.of("green") <= 10 for weights in swap.here.moves)
    assert swap.here.weights == Weights.all_on("blue")


def test_a_pause_is_lowered_onto_a_color_that_has_the_size_for_it(swap):
    swap.up("green", promote_to_percent=50)
    swap.here.desired = {"blue": 1, "green": 3}
    swap.here.calls.clear()
    swap.up("green", promote_to_percent=10)
    assert swap.here.weights == Weights.split("green", 10)
    assert swap.here.desired["blue"] == 3
    assert swap.here.calls.index("capacity.prepare") < swap.here.calls.index("router.write")


@pytest.mark.parametrize("found", [50, 99, 100])
def test_a_pause_is_not_lowered_nor_healed_onto_a_broken_color(swap, found):
    swap.up("green", promote_to_percent=50)
    swap.here.weights = Weights.split("green", found)
    swap.here.broken.add("blue")
    swap.here.moves.clear()
    with pytest.raises(SwapFailed, match="blue is not ready for traffic") as failed:
        swap.up("green", promote_to_percent=10)
    assert swap.here.moves == []
    assert "fix blue" in failed.value.next_step
    swap.here.broken.clear()
    assert swap.up("green", promote_to_percent=10)["weights"] == {"blue": 90, "green": 10}, "no verdict: it was none"


def test_drift_that_takes_from_a_paused_color_is_made_good_behind_its_gates(script):
    swap = Swap("pause", gates=[scripted(Phase.INCREASE)])
    swap.up("green", promote_to_percent=50)
    swap.here.weights = Weights.all_on("blue")
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed, match="gate scripted"):
        swap.up("green", promote_to_percent=50)
    assert swap.here.weights == Weights.all_on("blue")


def test_set_back_where_the_state_is_lost_it_is_one_write_back_to_the_color_that_was_live(swap, script):
    """The mark says which of the two it was: at this percent the weights alone would not."""
    swap.up("green", promote_to_percent=75)
    swap.here.moves.clear()
    swap.state = None
    outputs = swap.up("blue", promote_to_percent=75)
    assert swap.here.moves == [Weights.all_on("blue")]
    assert (outputs["live_color"], outputs["paused"]) == ("blue", {})
    assert pauses.PAUSED not in swap.here.marks


@pytest.mark.parametrize("end", ["blue", "green"])
def test_at_its_end_nothing_tells_of_a_pause(swap, end):
    swap.up("green", promote_to_percent=10)
    assert swap.here.marks[pauses.PAUSED] == "green 10"
    swap.up(end)
    assert pauses.PAUSED not in swap.here.marks


def test_a_pause_that_is_being_raised_when_the_state_is_lost_is_still_the_one_before(swap):
    swap.up("green", promote_to_percent=10)
    killed_at(swap, 50)
    swap.clock = FakeClock(swap.clock.wall_seconds() + 100)
    swap.state = None
    swap.here.moves.clear()
    swap.up("green", promote_to_percent=10)
    assert swap.here.moves == [Weights.split("green", 10)]
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert swap.here.weights == Weights.all_on("blue")
    assert pauses.PAUSED not in swap.here.marks
