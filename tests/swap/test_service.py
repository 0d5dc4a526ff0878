"""The swap over plain dicts, in the memory world: what a user of `pulumi up` lives through."""

import copy
from dataclasses import replace

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.memory.router import WORLDS, MemoryRouter, world
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import InvalidInput, PlatformError, RestoreFailed, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap.service import SwapService
from tests.swap.bench import inputs

BLUE = inputs("service", strategy={"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 30}]})
GREEN = {**BLUE, "active_color": "green"}


class Killed(BaseException):
    """As if the process ended: nothing that comes after it in the code runs."""


@pytest.fixture
def here():
    WORLDS.pop("service", None)
    made = world("service")
    made.desired = {"blue": 3, "green": 0}
    return made


@pytest.fixture
def service(here):
    return SwapService(clock=FakeClock())


@pytest.fixture
def live_blue(service, here):
    _, outputs = service.create(BLUE)
    here.calls.clear()
    return outputs


def test_the_first_swap_makes_the_active_color_live(service, here):
    id_, outputs = service.create(BLUE)
    assert id_ == "service"
    assert here.weights == Weights.all_on("blue")
    assert (outputs["live_color"], outputs["weights"]) == ("blue", {"blue": 100, "green": 0})
    assert outputs["history"][0]["outcome"] == "started"


def test_a_promotion_and_its_revert(service, here, live_blue):
    promoted = service.update(live_blue, GREEN)
    assert here.weights == Weights.all_on("green")
    assert here.retiring == {"blue": 0}, "handed to the scheduler, so that the revert finds it warm"
    assert [step["green"] for step in promoted["history"][0]["steps"]] == [10, 100]
    here.calls.clear()
    reverted = service.update(promoted, BLUE)
    assert here.weights == Weights.all_on("blue")
    assert reverted["history"][0]["outcome"] == "rolled_back"
    assert here.calls.count("router.write") == 1, "one write, no steps"
    assert "capacity.prepare" not in here.calls, "nothing is scaled"
    assert here.retiring == {"green": 0}


def test_a_late_rollback_brings_the_color_back_first_and_still_takes_one_write(service, here, live_blue):
    promoted = service.update(live_blue, GREEN)
    here.desired["blue"] = 0
    here.calls.clear()
    service.update(promoted, BLUE)
    assert here.desired["blue"] == 3
    assert here.calls.index("capacity.prepare") < here.calls.index("router.write")
    assert here.calls.count("router.write") == 1


def test_a_rollback_never_goes_to_a_broken_color(service, here, live_blue):
    promoted = service.update(live_blue, GREEN)
    here.broken.add("blue")
    with pytest.raises(SwapFailed, match="blue is not ready"):
        service.update(promoted, BLUE)
    assert here.weights == Weights.all_on("green")


def test_a_mix_that_was_read_before_another_swap_ended_is_read_again(service, here, live_blue, monkeypatch):
    """Where weights and marks are a call each: of the other one, which went back, only half of the way was seen."""
    read, looks = MemoryRouter.read, []

    def torn(router):
        looks.append(router)
        found = read(router)
        return replace(found, weights=Weights(90, 10)) if len(looks) == 1 else found

    monkeypatch.setattr(MemoryRouter, "read", torn)
    promoted = service.update(live_blue, GREEN)
    assert promoted["history"][0]["outcome"] == "promoted", "and not taken up half-way, without its steps"
    assert [step["green"] for step in promoted["history"][0]["steps"]] == [10, 100]


def test_a_new_release_in_the_idle_color_moves_nothing(service, here, live_blue):
    deployed = {**BLUE, "releases": {"blue": "v1", "green": "v3"}}
    assert service.diff(live_blue, deployed).changes
    outputs = service.update(live_blue, deployed)
    assert "router.write" not in here.calls
    assert outputs["releases"]["green"] == "v3"
    assert outputs["history"] == live_blue["history"]


def test_a_promotion_back_with_another_release_is_no_rollback(service, here, live_blue):
    promoted = service.update(live_blue, GREEN)
    fresh = {**BLUE, "releases": {"blue": "v3", "green": "v2"}}
    outputs = service.update(promoted, fresh)
    assert outputs["history"][0]["outcome"] == "promoted"
    assert [step["blue"] for step in outputs["history"][0]["steps"]] == [10, 100]


def test_what_was_rolled_back_from_has_to_prove_itself_again(service, here, live_blue):
    outputs = service.update(service.update(live_blue, GREEN), BLUE)
    outputs = service.update(outputs, GREEN)
    assert outputs["history"][0]["outcome"] == "promoted", "not a fast way back to the broken side"
    assert [step["green"] for step in outputs["history"][0]["steps"]] == [10, 100]


def test_a_killed_rollback_goes_on_as_a_rollback(service, here, live_blue):
    promoted = service.update(live_blue, GREEN)
    here.weights = Weights.split("blue", 40)
    outputs = service.update(promoted, BLUE)
    assert outputs["history"][0]["outcome"] == "rolled_back"
    assert here.weights == Weights.all_on("blue")


def test_a_release_that_was_replaced_and_put_back_has_to_prove_itself_again(service, here, live_blue):
    outputs = service.update(live_blue, GREEN)
    for releases in ({"blue": "v3", "green": "v2"}, {"blue": "v1", "green": "v2"}):
        outputs = service.update(outputs, {**GREEN, "releases": releases})
    assert service.update(outputs, BLUE)["history"][0]["outcome"] == "promoted"


def test_nothing_changed_is_no_difference_and_costs_one_read(service, here, live_blue):
    difference = service.diff(live_blue, copy.deepcopy(BLUE))
    assert (difference.changes, difference.warnings) == (False, ())
    assert here.calls == ["router.read"]


def test_drift_is_shown_and_healed(service, here, live_blue):
    here.weights = Weights.split("green", 30)
    difference = service.diff(live_blue, BLUE)
    assert difference.changes
    assert difference.warnings == (
        "drift: the live weights are blue 70 %, green 30 %; the last update left blue 100 %, green 0 %. "
        "`pulumi up` puts blue at 100 %",
    )
    outputs = service.update(live_blue, BLUE)
    assert here.weights == Weights.all_on("blue")
    assert outputs["history"][0]["outcome"] == "healed"


def test_drift_is_still_drift_after_a_refresh(service, here, live_blue):
    here.weights = Weights.split("green", 30)
    refreshed = service.read(live_blue)
    assert refreshed["weights"] == {"blue": 70, "green": 30}
    assert service.diff(refreshed, BLUE).changes


def test_a_swap_whose_object_is_gone_is_gone(service, here, live_blue):
    here.weights = Weights()
    assert service.read(live_blue) is None


def test_without_a_network_a_preview_warns_and_does_not_fail(service, here, live_blue, monkeypatch):
    def offline(self):
        raise PlatformError("Read", "no credentials")

    monkeypatch.setattr(MemoryRouter, "read", offline)
    difference = service.diff(live_blue, BLUE)
    assert not difference.changes
    assert "no credentials" in difference.warnings[0]
    assert service.diff(live_blue, GREEN).changes


def test_a_preview_says_how_ready_the_new_color_is(service, here, live_blue):
    (note,) = service.diff(live_blue, GREEN).notes
    assert note == "green is not ready yet: 0 of 0 healthy (no target is registered). It is scaled up first."
    promoted = service.update(live_blue, GREEN)
    (note,) = service.diff(promoted, BLUE).notes
    assert note == "rollback: blue was live before and is still warm: one write, no holds"


def test_another_place_replaces_and_a_preview_may_not_know_it_yet(service, live_blue):
    elsewhere = {**BLUE, "router": {"kind": "memory", "name": "elsewhere"}}
    assert service.diff(live_blue, elsewhere).replaces == ("router",)
    unknown = {**BLUE, "router": {"kind": "memory", "name": UNKNOWN}}
    assert service.diff(live_blue, unknown).replaces == ()
    promotion = {**unknown, "active_color": "green"}
    assert service.check(live_blue, promotion)[1] == [], "nor is a promotion refused for what may not be another place"
    _, problems = service.check(BLUE, {**elsewhere, "active_color": "green"})
    assert "one after the other" in problems[0].allowed


def test_a_change_of_the_rule_itself_is_written_without_moving_traffic(service, here, live_blue):
    service.update(live_blue, {**BLUE, "router": {"kind": "memory", "name": "service", "note": "new hosts"}})
    assert here.calls.count("router.write") == 1
    assert here.weights == Weights.all_on("blue")


def test_a_broken_green_never_takes_the_promotion_and_a_mended_one_does(service, here, live_blue):
    here.broken.add("green")
    with pytest.raises(SwapFailed) as failed:
        service.update(live_blue, GREEN)
    assert here.weights == Weights.all_on("blue")
    assert "traffic was not moved: blue 100 %, green 0 %" in str(failed.value)
    here.broken.clear()
    assert service.update(live_blue, GREEN)["live_color"] == "blue", "nobody has said that it is mended"
    assert here.weights == Weights.all_on("blue")
    assert service.update(live_blue, {**GREEN, "retry": "mended"})["live_color"] == "green"


def test_the_color_that_failed_is_brought_to_rest(service, here, live_blue):
    here.broken.add("green")
    with pytest.raises(SwapFailed):
        service.update(live_blue, GREEN)
    assert here.retiring == {"green": 0}


def test_where_traffic_could_not_be_restored_nothing_is_scaled_down(service, here, live_blue, monkeypatch):
    write = MemoryRouter.write

    def one_way(self, weights):
        if weights.of("blue") == 100 and here.weights.of("green"):
            raise PlatformError("Write", "refused")
        write(self, weights)
        if weights.of("green"):
            here.broken.add("green")  # the gate in the hold will say no

    monkeypatch.setattr(MemoryRouter, "write", one_way)
    with pytest.raises(RestoreFailed, match="could NOT be confirmed: Write: refused"):
        service.update(live_blue, GREEN)
    assert here.weights == Weights.split("green", 10)
    assert here.retiring == {}


def test_a_live_color_that_cannot_be_healed_is_not_scaled_down(service, here, live_blue):
    here.weights = Weights.all_on("green")
    here.broken.add("blue")
    with pytest.raises(SwapFailed, match="blue is not ready"):
        service.update(live_blue, BLUE)
    assert here.retiring == {}


def test_bad_inputs_write_nothing(service, here, live_blue):
    with pytest.raises(InvalidInput, match="'purple' is not allowed; allowed: blue, green"):
        service.update(live_blue, {**BLUE, "active_color": "purple"})
    assert here.calls == []


def test_history_is_bounded_newest_first(service, here, live_blue):
    outputs = live_blue
    for round_ in range(25):
        outputs = service.update(outputs, GREEN if round_ % 2 == 0 else BLUE)
    assert len(outputs["history"]) == 20
    assert outputs["history"][0]["started_at_seconds"] >= outputs["history"][-1]["started_at_seconds"]


def test_delete_removes_what_the_swap_owns(service, here, live_blue):
    outputs = service.update(live_blue, GREEN)
    service.delete(outputs)
    assert here.weights == Weights()
    assert here.retiring == {}


class CrashingWorld(list):
    """The world's record of calls; the process dies before the call that is ``countdown`` away."""

    countdown = 0

    def append(self, call):
        self.countdown -= 1
        if self.countdown < 0:
            raise Killed(call)
        super().append(call)


@pytest.mark.parametrize("wanted", [GREEN, BLUE], ids=["config kept", "config reverted"])
def test_a_kill_before_any_call_is_put_right_by_the_next_update(here, wanted):
    """Every call of a promotion, one after the other. What a kill leaves is a color or a mix of two good ones."""
    finished = False
    countdown = 0
    while not finished:
        countdown += 1
        here.weights, here.desired = Weights(), {"blue": 3, "green": 0}
        here.calls = []
        _, outputs = SwapService(clock=FakeClock()).create(BLUE)
        here.calls = CrashingWorld()
        here.calls.countdown = countdown
        try:
            SwapService(clock=FakeClock()).update(outputs, GREEN)
            finished = True
        except Killed:
            pass
        here.calls = []
        if finished:
            continue
        assert here.weights.elsewhere == 0
        service = SwapService(clock=FakeClock())
        if service.diff(outputs, wanted).changes:
            outputs = service.update(outputs, wanted)
        assert here.weights == Weights.all_on(wanted["active_color"]), f"killed before call {countdown}"
        assert outputs["live_color"] == wanted["active_color"]
    assert countdown > 10, "the promotion has many calls to be killed before"
