"""Values of the core that say something of themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rollout.errors import PlatformError, TrafficMoved
from bluegreen.rollout.model import Readiness, Weights
from bluegreen.rollout.ports import GateContext


def test_a_health_that_stands_for_the_whole_color_is_enough_for_any_size():
    assert Readiness(True, 1, 1, counts_units=False).enough_for(3)
    assert not Readiness(False, 0, 1, counts_units=False).enough_for(0)
    assert not Readiness(True, 1, 1).enough_for(3)


@pytest.mark.parametrize(("blue", "green"), [(-1, 0), (0, -1), (60, 50), (101, 0)])
def test_weights_are_shares_of_a_whole(blue, green):
    with pytest.raises(ValueError, match=rf"sum to at most 100: blue {blue}, green {green}"):
        Weights(blue, green)


def test_traffic_that_somebody_moved_is_said_with_where_it_was_and_is():
    moved = TrafficMoved("elbv2:ModifyRule", "the rule", Weights.all_on("blue"), Weights(30, 70))
    assert isinstance(moved, PlatformError)
    assert moved.reason == (
        "somebody else moved the traffic of the rule from blue 100 %, green 0 % to blue 30 %, green 70 %"
    )


def test_a_gate_that_is_told_no_health_knows_of_none():
    health = GateContext("green").health()
    assert (health.ready, health.reason) == (False, "nobody knows")


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_rounded_shares_hide_nobody_and_show_nobody_who_is_not_there(blue, green, others):
    weights, total = Weights.of_shares(blue, green, blue + green + others), blue + green + others
    for share, percent in ((blue, weights.blue), (green, weights.green), (others, weights.elsewhere if total else 0)):
        assert (percent > 0) == (share > 0)
        assert (percent == 100) == (share == total > 0)
        assert total == 0 or abs(percent - 100 * share / total) <= 2


def test_a_stranger_s_small_share_beside_both_colors_is_one_percent_at_least():
    assert Weights.of_shares(9_940, 30, 10_000) == Weights(98, 1)
    assert Weights.of_shares(999, 1, 1000) == Weights(99, 1)
    assert Weights.of_shares(1, 2, 3) == Weights(33, 67)
    assert Weights.of_shares(0.9 + 5.3, 5.9 + 1.8, 0.9 + 5.9 + 5.3 + 1.8) == Weights(45, 55)
    assert Weights.of_shares(0, 0, 7) == Weights.of_shares(0, 0, 0) == Weights()
