"""Values of the core that say something of themselves."""

import pytest

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
