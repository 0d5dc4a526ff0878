"""Values of the core that say something of themselves."""

from bluegreen.rollout.model import Readiness


def test_a_health_that_stands_for_the_whole_color_is_enough_for_any_size():
    assert Readiness(True, 1, 1, counts_units=False).enough_for(3)
    assert not Readiness(False, 0, 1, counts_units=False).enough_for(0)
    assert not Readiness(True, 1, 1).enough_for(3)
