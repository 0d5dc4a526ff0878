"""A verdict sticks, an accident does not: what the next `pulumi up` does, over both adapters."""

from __future__ import annotations

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import GateUnavailable, InvalidInput, PlatformError, SwapAborted, SwapFailed, UpdateHeld
from bluegreen.rollout.model import Decision, Phase, Traffic, Weights
from bluegreen.swap import contract, releases, verdicts
from bluegreen.swap.lease import ABORT, leases_in
from dev.matrix.engine import ADAPTERS, NATIVE
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import BEFORE_IT_IS_OVER, BLUE, GREEN, Killed, KillingClock, scripted

SOMEBODY = "ops@desk at 2026-11-29T10:00:00Z too many errors"
GATED = [scripted(*BEFORE_IT_IS_OVER)]
JUDGED = [phase for phase in BEFORE_IT_IS_OVER if phase is not Phase.CONFIRM]


@pytest.fixture(params=ADAPTERS)
def swap(request, script):
    return Swap("verdicts", request.param, gates=GATED)


def refused(swap, script, answer=Decision.FAIL, phase=Phase.HOLD, color="green", **more):
    """A promotion that a gate refuses; from then on it says yes."""
    script.always(answer, phase)
    with pytest.raises(SwapFailed, match="gate scripted") as failed:
        swap.up(color, **more)
    script.always(Decision.PASS)
    swap.here.moves.clear()
    return failed.value


def is_held(swap, color="green", **more):
    """`pulumi up` succeeds and moves nothing, and so does the next one; previews say why."""
    before = swap.outputs
    live = swap.here.weights
    swap.here.moves.clear()
    outputs = swap.up(color, **more)
    assert (swap.here.moves, swap.here.weights) == ([], live)
    assert outputs["active_color"] == color, "inputs as given"
    assert outputs["live_color"] == live.live_color != color
    assert outputs["weights"] == live.as_dict()
    assert outputs["previous"] == before["previous"]
    assert outputs["held"]["color"] == color
    assert not leases_in(swap.here.marks)
    swap.said.clear()
    assert not swap.preview(color, **more), "it converges"
    (warning,) = [text for kind, text in swap.said if kind == "warning"]
    assert f"held: the promotion to {color} was stopped by" in warning
    assert "`retry`" in warning
    assert f"activeColor back to {live.live_color}" in warning
    return outputs["held"]


# -- what is a verdict


@pytest.mark.parametrize("phase", JUDGED, ids=lambda phase: phase.value)
@pytest.mark.parametrize("answer", [Decision.FAIL, Decision.INCONCLUSIVE], ids=lambda answer: answer.value)
def test_a_gates_no_holds_the_next_update(swap, script, phase, answer):
    failed = refused(swap, script, answer, phase)
    assert "`bluegreen retry`" in failed.next_step
    assert "set activeColor back to blue" in failed.next_step
    held = is_held(swap)
    assert (held["by"], held["weights"]) == ("gate", {"blue": 100, "green": 0})
    assert held["reason"].startswith("gate scripted")
    assert held["id"] == swap.outputs["history"][0]["id"]


def test_an_abort_holds_the_next_update(swap):
    class OtherTerminal(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if swap.here.weights == Weights.split("green", 10):
                for lease in leases_in(swap.here.marks):
                    swap.here.marks[ABORT] = f"{lease} {SOMEBODY}"

    swap.clock = OtherTerminal(swap.clock.wall_seconds())
    with pytest.raises(SwapAborted):
        swap.up("green")
    held = is_held(swap)
    assert held["by"] == "abort"
    assert "ops@desk" in held["reason"]


def test_a_color_that_was_never_ready_holds_the_next_update(swap):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed, match="green is not ready"):
        swap.up("green")
    swap.here.broken.clear()
    assert is_held(swap)["by"] == "steady-state"


def test_a_resumed_promotion_that_is_refused_is_one(swap, script):
    swap.clock = KillingClock(swap.clock.wall_seconds(), lambda: swap.here.weights.of("green") == 50)
    with pytest.raises(Killed):
        swap.up("green")
    swap.clock = FakeClock(swap.clock.wall_seconds() + 100)
    refused(swap, script)
    is_held(swap)


def test_a_pause_that_is_not_raised_is_one_and_its_old_percent_is_no_way_round(swap, script):
    swap.up("green", promote_to_percent=10)
    refused(swap, script)
    assert swap.here.weights == BLUE
    is_held(swap, promote_to_percent=10)
    assert swap.outputs["paused"] == {}


# -- what is an accident


def test_what_confirm_refuses_is_tried_again(swap, script):
    refused(swap, script, phase=Phase.CONFIRM)
    assert swap.up("green")["live_color"] == "green"


def test_a_gate_that_cannot_be_asked_is_tried_again(swap, script):
    refused(swap, script, GateUnavailable("no route to host"))
    assert swap.up("green")["live_color"] == "green"


def test_a_call_that_fails_is_tried_again(swap, monkeypatch):
    with monkeypatch.context() as patched:
        write = MemoryRouter.write

        def half(router, weights):
            if weights.of("green") == 50:
                raise PlatformError("Write", "refused")
            write(router, weights)

        patched.setattr(MemoryRouter, "write", half)
        with pytest.raises(SwapFailed, match="refused"):
            swap.up("green")
    assert verdicts.VERDICT not in swap.here.marks
    assert swap.up("green")["live_color"] == "green"


@pytest.mark.parametrize("percent", [0, 10, 50, 100])
def test_a_kill_is_tried_again(swap, percent):
    swap.clock = KillingClock(swap.clock.wall_seconds(), lambda: swap.here.weights.of("green") == percent)
    if percent == 0:
        swap.here.broken.add("green")  # it waits for it
    with pytest.raises(Killed):
        swap.up("green")
    swap.here.broken.clear()
    swap.clock = FakeClock(swap.clock.wall_seconds() + 100)
    assert swap.up("green")["live_color"] == "green"


def test_a_kill_between_the_restore_and_the_end_of_the_lease_is_an_accident(swap, script, monkeypatch):
    mark = MemoryRouter.mark

    def dies(router, changes):
        if verdicts.VERDICT in changes:
            assert any(value is None and name.startswith("lease.") for name, value in changes.items()), "in one call"
            raise Killed
        mark(router, changes)

    script.always(Decision.FAIL, Phase.HOLD)
    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "mark", dies)
        with pytest.raises(Killed):
            swap.up("green")
    script.always(Decision.PASS)
    swap.clock = FakeClock(swap.clock.wall_seconds() + 100)
    assert swap.up("green")["live_color"] == "green"


def test_ctrl_c_is_tried_again(script):
    swap = Swap("verdicts", NATIVE, gates=GATED)
    script.tell = lambda context, decision: swap.cancelled.set()
    with pytest.raises(SwapAborted):
        swap.up("green")
    script.tell = lambda context, decision: None
    swap.cancelled.clear()
    assert swap.up("green")["live_color"] == "green"


def test_a_rollback_is_never_held_nor_judged(swap, script):
    swap.up("green")
    swap.here.broken.add("blue")
    with pytest.raises(SwapFailed, match="blue is not ready"):
        swap.up("blue")
    swap.here.broken.clear()
    assert swap.up("blue")["history"][0]["outcome"] == "rolled_back"


def test_a_first_start_is_never_held(script):
    swap = Swap("verdicts", started=False)
    swap.here.broken.add("blue")
    with pytest.raises(SwapFailed):
        swap.up("blue")
    swap.here.broken.clear()
    assert swap.up("blue")["live_color"] == "blue"


# -- the ways on


def tries_again(swap, **more):
    swap.here.moves.clear()
    assert swap.preview("green", **more)
    outputs = swap.up("green", **more)
    assert outputs["live_color"] == "green"
    assert outputs["history"][0]["outcome"] == "promoted"
    assert outputs["held"] == {}
    assert verdicts.VERDICT not in swap.here.marks
    assert not swap.preview("green", **more)


WAYS = {
    "another release": {"releases": {"blue": "v1", "green": "v3"}},
    "another digest under the same label": {"digests": {"green": "sha256:2"}},
    "retry": {"retry": "it was the load generator's fault: #17"},
    "always": {"retry_after_verdict": "always"},
}


@pytest.mark.parametrize("held_once", [False, True], ids=["at once", "after it was held"])
@pytest.mark.parametrize("way", WAYS)
def test_another_release_and_retry_let_it_be_tried_again(swap, script, way, held_once):
    refused(swap, script)
    if held_once:
        is_held(swap)
    tries_again(swap, **WAYS[way])


@pytest.mark.parametrize("held_once", [False, True], ids=["at once", "after it was held"])
def test_bluegreen_retry_lets_it_be_tried_again_and_removes_nothing(swap, script, held_once):
    refused(swap, script)
    if held_once:
        is_held(swap)
    before = swap.here.marks[verdicts.VERDICT]
    swap.retry()
    assert swap.here.marks[verdicts.VERDICT] == before
    assert swap.here.marks[verdicts.CLEARED] == before.split()[0]
    tries_again(swap)


def test_what_is_refused_again_after_a_retry_is_held_again(swap, script):
    refused(swap, script)
    swap.retry()
    refused(swap, script, phase=Phase.BAKE)
    assert verdicts.CLEARED not in swap.here.marks
    is_held(swap)
    refused(swap, script, retry="once more")
    is_held(swap, retry="once more")


def test_an_accident_of_a_retry_is_tried_again(swap, script):
    refused(swap, script)
    swap.retry()
    refused(swap, script, GateUnavailable("no route to host"))
    assert swap.up("green")["live_color"] == "green"


@pytest.mark.parametrize("held_once", [False, True], ids=["at once", "after it was held"])
def test_set_back_the_verdict_goes_and_setting_it_again_is_a_new_try(swap, script, held_once):
    refused(swap, script)
    if held_once:
        is_held(swap)
    swap.here.moves.clear()
    assert swap.preview("blue"), "an update"
    outputs = swap.up("blue")
    assert (swap.here.moves, outputs["live_color"], outputs["held"]) == ([], "blue", {})
    assert not {verdicts.VERDICT, verdicts.CLEARED} & swap.here.marks.keys()
    assert not swap.preview("blue")
    tries_again(swap)


def test_with_always_nothing_is_held_and_nothing_is_left(swap, script):
    refused(swap, script, retry_after_verdict="always")
    assert verdicts.VERDICT not in swap.here.marks
    assert swap.up("green", retry_after_verdict="always")["live_color"] == "green"


# -- while it is held


def test_other_settings_take_effect(swap, script):
    refused(swap, script)
    outputs = swap.up(
        "green", idle_capacity_percent=100, router={"kind": "memory", "name": "verdicts", "note": "hosts"}
    )
    assert (swap.here.weights, swap.here.desired["green"]) == (BLUE, 3)
    assert outputs["router"]["note"] == "hosts"
    assert outputs["held"]


def test_drift_towards_it_is_healed(swap, script):
    refused(swap, script)
    is_held(swap)
    swap.here.desired["green"] = 3
    swap.here.weights = Weights.split("green", 30)
    swap.said.clear()
    assert swap.preview("green")
    assert any("`pulumi up` puts blue at 100 %" in text for _, text in swap.said)
    outputs = swap.up("green")
    assert swap.here.weights == BLUE
    assert (outputs["history"][0]["outcome"], outputs["live_color"]) == ("healed", "blue")
    is_held(swap)


def test_drift_is_healed_only_onto_what_is_healthy(swap, script):
    refused(swap, script)
    is_held(swap)
    swap.here.desired["green"] = 3
    swap.here.weights = GREEN
    swap.here.broken.add("blue")
    with pytest.raises(SwapFailed, match="blue is not ready"):
        swap.up("green")
    assert swap.here.weights == GREEN


def test_a_mark_that_somebody_removed_is_still_in_the_outputs(swap, script):
    refused(swap, script)
    is_held(swap)
    del swap.here.marks[verdicts.VERDICT]
    is_held(swap)


def test_forged_and_broken_marks_hold_nothing(swap):
    for text in ("", "x", "1 purple 2", "1 green 0000000000000000 - 90/90 2026Z gate no"):
        swap.here.marks[verdicts.VERDICT] = text
        assert verdicts.standing(Traffic(BLUE, swap.here.marks), {}) is None
    assert swap.up("green")["live_color"] == "green"


def test_a_create_on_an_object_with_a_verdict_is_held(swap, script):
    """A replacement, or a state that was lost."""
    refused(swap, script)
    swap.state = None
    outputs = swap.up("green")
    assert (swap.here.moves, swap.here.weights) == ([], BLUE)
    assert (outputs["live_color"], outputs["held"]["color"]) == ("blue", "green")
    is_held(swap)


@pytest.mark.parametrize("held_once", [False, True], ids=["at once", "after it was held"])
def test_for_a_promotion_job_the_update_fails_instead(swap, script, held_once):
    refused(swap, script)
    if held_once:
        is_held(swap)
    for _ in range(2):
        assert swap.preview("green", on_held="fail")
        assert "`pulumi up` fails" in str(swap.service().diff(swap.outputs, swap.inputs("green", on_held="fail")))
        with pytest.raises(UpdateHeld, match="the promotion to green was stopped by a gate") as failed:
            swap.up("green", on_held="fail")
        assert swap.here.moves == []
        assert "nothing moved towards green: blue 100 %" in failed.value.restored
        assert "`bluegreen retry`" in failed.value.next_step
    swap.retry()
    tries_again(swap, on_held="fail")


def test_the_plan_says_that_nothing_moves(swap, script):
    refused(swap, script)
    news = swap.inputs("green", plan=["green 100 %"])
    checked, problems = swap.service().check(swap.inputs("blue"), news)
    assert problems == []
    (line,) = checked["plan"]
    assert line.startswith("held: nothing moves; the promotion to green was stopped by a gate")


def test_the_predicted_outputs_are_those_that_it_leaves(swap, script):
    refused(swap, script)
    swap.refresh()
    predicted = swap.service().predicted_outputs(swap.outputs, swap.inputs("green"))
    outputs = swap.up("green")
    for key in ("live_color", "weights", "paused", "held"):
        assert predicted[key] == outputs[key], key


def test_what_is_not_known_yet_holds_nothing(swap, script):
    refused(swap, script)
    swap.refresh()
    news = swap.inputs("green", releases={"blue": "v1", "green": UNKNOWN})
    assert verdicts.held(Traffic(BLUE, swap.here.marks), swap.outputs, news) is None


# -- live is what is live


def test_a_change_under_the_color_that_is_live_is_told_whatever_was_asked_for(swap, script):
    refused(swap, script)
    is_held(swap)
    olds = swap.inputs("green")
    under_live = swap.inputs("green", releases={"blue": "v9", "green": "v2"})
    checked, _ = swap.service().check(olds, under_live)
    assert checked["live_release_change"] == "blue: v1 -> v9"
    checked, _ = swap.service().check(olds, swap.inputs("green", releases={"blue": "v1", "green": "v9"}))
    assert "live_release_change" not in checked


def test_where_it_cannot_be_read_either_color_may_be_live(swap, monkeypatch):
    def unreachable(self):
        raise PlatformError("Read", "no route to host")

    monkeypatch.setattr(MemoryRouter, "read", unreachable)
    for color in ("blue", "green"):
        releases = {"blue": "v1", "green": "v2", color: "v9"}
        checked, problems = swap.service().check(swap.inputs("blue"), swap.inputs("blue", releases=releases))
        assert problems == []
        assert checked["live_release_change"].startswith(f"{color}: ")


def test_a_move_while_paused_is_refused(swap):
    swap.up("green", promote_to_percent=10)
    elsewhere = {"router": {"kind": "memory", "name": "elsewhere"}, "promote_to_percent": 10}
    with pytest.raises(InvalidInput, match="while a promotion is paused"):
        swap.up("green", **elsewhere)


# -- as it is written


def test_a_verdict_reads_back_from_its_mark_and_from_outputs():
    entry = {
        "id": "3fa9c1d2",
        "to": "green",
        "reason": "gate http /healthz failed: 503 against 200; \u00fc" + "x" * 400,
    }
    news = {**Swap("verdicts").inputs("green"), "retry": "\u2603 anything"}
    verdict = verdicts.Held.of(entry, news, BLUE, "gate", 1_795_946_400.0)
    assert verdict.digest == contract.fingerprint(news, "green")
    assert verdict.at == "2026-11-29T10:00:00Z"
    mark = verdict.as_mark()
    assert len(mark) <= 250
    assert verdicts.in_marks({verdicts.VERDICT: mark}) == verdict
    assert verdicts.in_outputs({"held": verdict.as_dict()}) == verdict


ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders"


def of_two_functions(name, green="2"):
    section = {"kind": "lambda_alias", "alias_name": "live", "versions": {"blue": "1", "green": green}}
    routers = [{**section, "function_name": name}, {**section, "function_name": "returns"}]
    return {"active_color": "green", "routers": routers}


def test_a_verdict_holds_whatever_a_place_of_several_is_called():
    """The state may know a third name of it, or none."""
    entry = {"to": "green", "id": "1f3a", "reason": "no"}
    verdict = verdicts.Held.of(entry, of_two_functions(ARN), BLUE, "gate", 0.0)
    traffic = Traffic(BLUE, {verdicts.VERDICT: verdict.as_mark()})
    for name in (ARN, "orders"):
        for olds in ({}, {**of_two_functions("orders"), "live_color": "blue", "state_version": 1}):
            assert verdicts.held(traffic, olds, of_two_functions(name)) == verdict
        assert verdicts.held(traffic, {}, of_two_functions(name, green="3")) is None


def test_a_verdict_of_an_older_version_holds_too():
    """Its digest has the place as it is spelled."""
    inputs = of_two_functions(ARN)
    digest = releases._hashed(releases.sections.parts(inputs, "green", releases.sections.by_declaration))
    assert digest != releases.fingerprint(inputs, "green")
    verdict = verdicts.Held("1f3a", "green", digest, "-", BLUE, "gate", "2026-11-29T10:00:00Z", "no")
    assert verdicts.held(Traffic(BLUE, {verdicts.VERDICT: verdict.as_mark()}), {}, inputs) == verdict
