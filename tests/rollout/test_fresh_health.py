"""The health that made a color ready goes to its first gate, and to nobody else."""

import pytest

from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.fresh_health import FreshHealth
from bluegreen.rollout.model import Phase, Readiness


class Platform:
    def __init__(self):
        self.asked = []
        self.fails = False

    def health(self, color):
        self.asked.append(color)
        if self.fails:
            raise PlatformError("health", "no answer")
        return Readiness(True, len(self.asked), len(self.asked))


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def health(platform, clock):
    return FreshHealth(platform.health, clock)


def test_the_first_gate_before_traffic_is_told_what_was_just_read(health, platform):
    assert health.now("green") == health.for_gate("green", Phase.BEFORE)
    assert platform.asked == ["green"]


def test_it_is_told_once(health, platform):
    health.now("green")
    assert [health.for_gate("green", Phase.BEFORE).healthy for _ in range(2)] == [1, 2]
    assert platform.asked == ["green", "green"]


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.BEFORE])
def test_in_every_other_phase_the_platform_is_asked(health, platform, phase):
    health.now("green")
    assert health.for_gate("green", phase).healthy == 2
    assert health.for_gate("green", Phase.BEFORE).healthy == 3, "and what was known before is forgotten"


def test_a_moment_later_the_platform_is_asked(health, platform, clock):
    health.now("green")
    clock.sleep(0.3)
    assert health.for_gate("green", Phase.BEFORE).healthy == 2


def test_a_clock_that_was_set_back_makes_nothing_fresh(health, clock):
    health.now("green")
    clock.now_seconds -= 60
    assert health.for_gate("green", Phase.BEFORE).healthy == 2


def test_another_color_is_asked_about(health, platform):
    health.now("blue")
    health.for_gate("green", Phase.BEFORE)
    assert platform.asked == ["blue", "green"]


def test_a_question_that_failed_leaves_nothing_of_an_earlier_one(health, platform):
    health.now("green")
    platform.fails = True
    with pytest.raises(PlatformError):
        health.now("green")
    with pytest.raises(PlatformError):
        health.for_gate("green", Phase.BEFORE)
