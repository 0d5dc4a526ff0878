"""A swap that fails keeps in the state what is true, and the next update continues from there."""

from __future__ import annotations

import pytest

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.errors import PlatformError, RestoreFailed, SwapFailed
from bluegreen.rollout.model import Decision, Phase, Weights
from bluegreen.swap.lease import leases_in
from dev.matrix.engine import NATIVE
from tests.swap.bench import Swap, one_way
from tests.swap.must_not_happen.situations import scripted
from tests.swap.native.adapters import both, shown

FAILURES = {
    "before traffic": (Phase.BEFORE, []),
    "in a hold": (Phase.HOLD, [Weights.split("green", 10), Weights.all_on("blue")]),
    "in the bake": (
        Phase.BAKE,
        [Weights.split("green", 10), Weights.split("green", 50), Weights.all_on("green"), Weights.all_on("blue")],
    ),
}
GATES_ASKED = [scripted(Phase.BEFORE, Phase.HOLD, Phase.BAKE)]


@pytest.mark.parametrize("where", FAILURES)
def test_a_failure_keeps_what_is_true_and_a_retry_tries_again(swap, script, where):
    phase, moves = FAILURES[where]
    swap.up("blue", gates=GATES_ASKED)
    before = swap.state
    script.always(Decision.FAIL, phase)
    with pytest.raises(SwapFailed, match="gate scripted"):
        swap.up("green", gates=GATES_ASKED)
    assert swap.here.moves == moves
    assert swap.state.failed
    assert swap.state.inputs == before.inputs
    assert (swap.outputs["live_color"], swap.outputs["weights"], swap.outputs["active_color"]) == (
        "blue",
        both(100),
        "blue",
    )
    entry, *former = swap.outputs["history"]
    assert (entry["outcome"], entry["to"], former) == ("restored", "green", before.outputs["history"])
    assert "scripted" in entry["reason"]
    assert [gate["decision"] for gate in entry["gates"] if gate["gate"] == "scripted"][-1] == "fail"
    assert "active_color" in shown(swap, "green", gates=GATES_ASKED)[0].properties
    assert swap.outputs["held"]["color"] == "green"
    script.always(Decision.PASS)
    swap.retry()
    assert swap.up("green", gates=GATES_ASKED)["live_color"] == "green"
    assert [entry["outcome"] for entry in swap.outputs["history"]] == ["promoted", "restored", "started"]
    assert not swap.state.failed


@pytest.mark.parametrize("forced", [False, True], ids=["nothing is due", "an update is due"])
def test_with_the_config_reverted_the_next_update_moves_nothing_and_forgets_no_failure(swap, forced):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.here.moves.clear()
    swap.forced = forced
    assert shown(swap, "blue")[0].changes, "the verdict goes"
    swap.up("blue")
    assert (swap.here.moves, swap.here.weights) == ([], Weights.all_on("blue"))
    assert not swap.state.failed
    assert not swap.outputs["held"]
    assert [entry["outcome"] for entry in swap.outputs["history"]] == ["restored", "started"]
    assert not leases_in(swap.here.marks)


def test_a_paused_promotion_that_fails_to_go_on_is_what_it_was_before_it_began(swap, script):
    swap.up("green", promote_to_percent=10, gates=GATES_ASKED)
    script.always(Decision.FAIL, Phase.HOLD)
    with pytest.raises(SwapFailed):
        swap.up("green", gates=GATES_ASKED)
    assert swap.outputs["weights"] == swap.here.weights.as_dict()
    assert swap.outputs["live_color"] == "blue"


def test_a_restore_that_fails_is_kept_and_the_next_update_finds_out_what_is_live(swap):
    with one_way(swap), pytest.raises(RestoreFailed):
        swap.up("green")
    assert swap.state.failed
    assert (swap.outputs["live_color"], swap.outputs["history"][0]["outcome"]) == ("blue", "not_restored")
    assert swap.outputs["weights"] == swap.here.weights.as_dict() != both(100), "what is live, not what was wanted"
    swap.here.broken.clear()
    assert swap.refresh()["weights"] == swap.here.weights.as_dict()
    assert "weights.blue" in shown(swap, "blue")[0].properties
    swap.up("blue")
    assert (swap.here.weights, swap.outputs["weights"]) == (Weights.all_on("blue"), both(100))
    assert [entry["outcome"] for entry in swap.outputs["history"]] == ["healed", "not_restored", "started"]


def test_a_first_start_that_fails_is_a_swap_without_traffic_which_the_next_update_starts():
    swap = Swap("first", NATIVE, started=False)
    swap.here.broken.add("blue")
    with pytest.raises(SwapFailed):
        swap.up("blue")
    assert swap.state.failed
    assert (swap.outputs["live_color"], swap.outputs["weights"]) == (None, {"blue": 0, "green": 0})
    swap.here.broken.clear()
    outputs = swap.up("blue")
    assert (outputs["live_color"], outputs["weights"], swap.here.weights) == ("blue", both(100), Weights.all_on("blue"))
    assert [entry["outcome"] for entry in outputs["history"]] == ["started", "restored"]
    assert not swap.preview("blue")


def test_where_nothing_could_be_asked_the_state_stays(swap, monkeypatch):
    before = swap.state

    def unreachable(self):
        raise PlatformError("Read", "no route to host")

    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "read", unreachable)
        with pytest.raises(PlatformError):
            swap.up("green")
    assert swap.state == before


def test_the_engine_tells_the_error_itself(swap):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed) as failed:
        swap.up("green")
    texts = [text for _, text in swap.said]
    assert any("scale green from 0 to 3" in text for text in texts)
    assert str(failed.value) not in texts
