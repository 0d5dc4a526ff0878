"""11. The new color starts at the declared count, and not at what autoscaling has made of the live one."""

from __future__ import annotations

import pytest

from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import COLORS, Decision, Phase, other
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import BLUE, killed_at, scripted, starting_slowly, watched


@pytest.mark.parametrize("live", [1, 2, 7, 40])
@pytest.mark.parametrize("kind", ["promotion", "late rollback", "rollback", "resumed"])
def test_the_new_color_does_not_start_at_the_declared_count(monkeypatch, live, kind):
    """terraform-provider-aws#20110, containers-roadmap#794, spinnaker#4812: 3 were declared, and 40 were live."""
    swap = Swap("sized")
    goal = "green" if kind in ("promotion", "resumed") else "blue"
    if goal == "blue":
        swap.up("green")
        swap.here.desired["blue"] = 0 if kind == "late rollback" else 1
    if kind == "resumed":
        killed_at(swap, 10)
        swap.here.desired = {"blue": live, "green": 1}
    else:
        swap.here.desired[other(goal)] = live
    watch = watched(monkeypatch, swap)
    swap.up(goal)
    assert {seen.desired[goal] for seen in watch.writes(goal)} == {live}
    assert {seen.desired[other(goal)] for seen in watch.writes(goal)} == {live}, "the live color is left alone"


class ScalingOut(FakeClock):
    """An autoscaler that takes the live color to 9 as soon as time passes."""

    def __init__(self, now_seconds, here):
        super().__init__(now_seconds)
        self.here = here

    def sleep(self, seconds):
        super().sleep(seconds)
        self.here.desired["blue"] = 9


@pytest.mark.parametrize("while_it", ["starts", "is asked about", "is about to get its first share"])
def test_the_new_color_does_not_start_at_a_count_that_the_live_one_has_outgrown(monkeypatch, script, while_it):
    """containers-roadmap#794: here by a scale-out of the live color before the new one has any traffic."""
    phase = Phase.INCREASE if while_it == "is about to get its first share" else Phase.BEFORE
    swap = Swap("outgrown", gates=[scripted(phase)])
    if while_it == "starts":
        swap.clock = ScalingOut(swap.clock.now_seconds, swap.here)
    else:
        script.tell = lambda context, decision: swap.here.desired.update(blue=9)
    starting_slowly(monkeypatch, swap, "green", seconds_a_unit=5)
    watch = watched(monkeypatch, swap)
    began = swap.clock.now_seconds
    swap.up("green")
    assert [seen.arguments for seen in watch.named("capacity.prepare")] == [("green", 3), ("green", 9)]
    assert {(seen.desired["blue"], seen.desired["green"]) for seen in watch.writes("green")} == {(9, 9)}
    assert watch.writes("green")[0].at_seconds - began >= 9 * 5, "and all nine are awaited"


class ScalingIn(FakeClock):
    """An autoscaler that takes a unit from each color whenever time passes and nobody has stopped it."""

    def __init__(self, now_seconds, here):
        super().__init__(now_seconds)
        self.here = here

    def sleep(self, seconds):
        super().sleep(seconds)
        if not self.here.held:
            for color in COLORS:
                self.here.desired[color] = max(self.here.desired[color] - 1, 1)


def test_the_new_color_is_not_scaled_in_before_it_has_traffic_nor_the_old_one_while_it_still_has(monkeypatch):
    """spinnaker#4895, capacity drift: here by a scale-in of either side while the swap runs."""
    swap = Swap("scaled-in")
    swap.here.desired["blue"] = 7
    swap.clock = ScalingIn(swap.clock.now_seconds, swap.here)
    starting_slowly(monkeypatch, swap, "green", seconds_a_unit=5)
    watch = watched(monkeypatch, swap)
    swap.up("green")
    since = watch.seen[watch.seen.index(watch.named("capacity.prepare")[0]) + 1 :]
    assert {(seen.desired["blue"], seen.desired["green"]) for seen in since} == {(7, 7)}
    assert swap.clock.now_seconds - since[0].at_seconds > 120, "for the whole of it"
    assert not swap.here.held, "and afterwards autoscaling works again"


def test_the_old_color_is_not_scaled_in_before_a_failed_swap_gave_it_its_traffic_back(monkeypatch, script):
    """spinnaker#4895, flagger#869: the old side was scaled in while it had less traffic, and all of it came back."""
    swap = Swap("scaled-in", gates=[scripted(Phase.BAKE)])
    swap.here.desired["blue"] = 7
    swap.clock = ScalingIn(swap.clock.now_seconds, swap.here)
    script.always(Decision.FAIL)
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert swap.here.weights == BLUE
    assert swap.here.desired["blue"] == 7
