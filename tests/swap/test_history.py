"""The history of each swap, also of one that failed, which the engine's state cannot keep."""

from __future__ import annotations

import pytest

from bluegreen.rollout.errors import RestoreFailed, SwapFailed
from bluegreen.swap import journal
from tests.swap.bench import Swap, one_way


@pytest.fixture
def swap():
    return Swap("history")


def fail(swap):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.here.broken.clear()


def test_an_entry_has_the_steps_with_their_seconds_and_the_gates_with_their_values(swap):
    entry = swap.up("green")["history"][0]
    assert (entry["from"], entry["to"], entry["release"]) == ({"blue": 100, "green": 0}, "green", "v2")
    assert [(step["green"], step["seconds"]) for step in entry["steps"]] == [(10, 30), (50, 30), (100, 60)]
    assert entry["seconds"] == sum(step["seconds"] for step in entry["steps"])
    gates = {(gate["phase"], gate["gate"]): gate for gate in entry["gates"]}
    assert set(gates) == {(phase, "target health") for phase in ("before", "hold", "bake")}
    assert gates["hold", "target health"]["value"] == "3 of 3 healthy"
    assert gates["hold", "target health"]["limit"] == "at least 100 % of targets"


def test_a_failed_swap_is_in_the_history_of_the_next_update(swap):
    fail(swap)
    assert [name for name in swap.here.marks if name.startswith("outcome.")]
    swap.retry()
    history = swap.up("green")["history"]
    assert [entry["outcome"] for entry in history] == ["promoted", "restored", "started"]
    assert "green is not ready for traffic after 60 s" in history[1]["reason"]
    assert history[1]["seconds"] >= 60
    assert set(swap.here.marks) == {"incarnation"}, "taken into the state, the marks go"


def test_a_refresh_takes_it_into_the_state_once(swap):
    fail(swap)
    refreshed = swap.service().read(swap.outputs)
    assert [entry["outcome"] for entry in refreshed["history"]] == ["restored", "started"]
    swap.outputs = refreshed
    swap.retry()
    assert [entry["outcome"] for entry in swap.up("green")["history"]] == ["promoted", "restored", "started"]


def test_many_failures_leave_few_marks(swap):
    for _ in range(12):
        fail(swap)
        swap.retry()
    assert len([name for name in swap.here.marks if name.startswith("outcome.")]) == journal.MARKS_LIMIT


def test_a_config_revert_after_a_failure_moves_nothing_and_takes_the_verdict_away(swap):
    fail(swap)
    swap.here.moves.clear()
    assert swap.service().diff(swap.outputs, swap.inputs("blue")).changes
    outputs = swap.up("blue")
    assert (swap.here.moves, set(swap.here.marks), outputs["held"]) == ([], {"incarnation"}, {})
    assert not swap.service().diff(outputs, swap.inputs("blue")).changes


def test_a_restore_that_could_not_be_confirmed_is_noted_and_keeps_the_lease(swap):
    with one_way(swap), pytest.raises(RestoreFailed) as failed:
        swap.up("green")
    assert "put blue 100 %, green 0 % in place by hand:\n    set the world history to blue 100 %" in str(failed.value)
    swap.clock.sleep(60)
    outputs = swap.up("blue")
    assert [entry["outcome"] for entry in outputs["history"]] == ["healed", "not_restored", "started"]


def test_texts_that_are_no_outcome_are_no_history():
    assert journal.with_marks([], {"outcome.1": "", "outcome.2": "restored purple x", "lease.3": "x"}) == []


@pytest.mark.parametrize(
    "value",
    [
        "restored green 2026-99-99T00:00:00Z 1.0s x",
        "restored green 2026-01-01T00:00:00Z 1.2.3s x",
        f"restored green 2026-01-01T00:00:00Z {'9' * 400}s x",
    ],
)
def test_a_forged_mark_is_no_history_and_no_traceback(value):
    assert journal.with_marks([], {"outcome.1": value}) == []


def test_what_stands_in_a_mark_is_shown_without_control_characters_and_commands(swap):
    evil = "\n::error::deploy failed\n\x1b[2J##vso[task.complete]All good."
    (entry,) = journal.with_marks([], {"outcome.1": f"restored green 2026-01-01T00:00:00Z 1.0s x{evil}"})
    assert entry["reason"] == "x :error:deploy failed [2J#vso[task.complete]All good."
    swap.here.marks["lease.00000001"] = f"2026 x{evil} pid 1 on 00000000 y"
    (warning,) = swap.service().diff(swap.outputs, swap.inputs("blue")).warnings
    assert "\n" not in warning
    assert "::" not in warning
    assert "\x1b" not in warning
