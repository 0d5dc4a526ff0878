"""The moves in a preview's JSON: each kind, over both providers' ways to print."""

from __future__ import annotations

import pytest

from bluegreen.cli.moves import moves_in
from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import Weights
from tests.cli.previews import DYNAMIC, NATIVE, of, preview, said, step, urn_of
from tests.swap.bench import Swap, inputs

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@pytest.fixture
def swap():
    return Swap("moves")


def only(*steps, **more):
    (move,) = moves_in(preview(*steps, **more))
    return move


def test_a_promotion_has_its_steps_and_the_longest_that_it_may_take(swap):
    move = only(of(swap, "green"))
    assert (move.does, move.before, move.after) == ("promotion", BLUE, GREEN)
    assert (move.target, move.release) == ("green", "v2")
    assert [step.partition(";")[0] for step in move.steps] == [
        "10 % green, 90 % blue for 30 s",
        "50 % green, 50 % blue for 30 s",
        "100 % green, bake for 1 min",
    ]
    assert move.planned_seconds == 30 + 30 + 60
    # Ready, three writes that take effect, and the one gate's wait before traffic.
    assert move.longest_seconds == 120 + 60 + 3 * 60 + 60
    asked = {"kind": "command", "command": ["true"], "phases": ["increase", "promote"], "timeout_seconds": 7}
    assert only(of(swap, "green", gates=[asked])).longest_seconds == move.longest_seconds + 2 * 7 + 7


def test_a_way_back_is_a_rollback_without_holds(swap):
    swap.up("green")
    move = only(of(swap, "blue"))
    assert (move.does, move.before, move.after) == ("rollback", GREEN, BLUE)
    assert move.steps == ("100 % blue; no holds, no gates",)
    assert move.planned_seconds == 0


def test_a_pause_and_what_comes_after_it(swap):
    paused = only(of(swap, "green", promote_to_percent=10))
    assert paused.after == Weights.split("green", 10)
    assert paused.steps[-1].startswith("pause at 10 % green")
    swap.up("green", promote_to_percent=10)
    assert only(of(swap, "green")).does == "promotion"
    assert only(of(swap, "blue")).does == "rollback"


def test_a_first_start(swap):
    move = only(step("web", None, inputs("moves", "blue"), "create"))
    assert (move.does, move.before, move.after) == ("first start", None, BLUE)


def test_a_held_promotion_moves_nothing(swap):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.up("green")
    move = only(of(swap, "green"))
    assert (move.does, move.moves) == ("held: nothing moves", False)
    assert only(of(swap, "blue")).moves is False


def test_what_stays_the_same_says_so(swap):
    move = only({**of(swap, "blue"), "op": "same"})
    assert (move.does, move.moves, move.changed) == ("no traffic moves", False, False)
    settings = only(of(swap, "blue", bake_seconds=5))
    assert (settings.does, settings.moves, settings.changed) == ("no traffic moves", False, True)


def test_drift_is_a_heal_over_both_providers(swap):
    text = "drift: the live weights are blue 70 %, green 30 %; the last update left blue 100 %, green 0 %."
    program = only(of(swap, "blue"), diagnostics=[said("web", text)])
    assert (program.does, program.moves, program.after, program.warnings) == ("heal", True, BLUE, (text,))
    refreshed = {**swap.outputs, "weights": {"blue": 70, "green": 30}}
    news = swap.inputs("blue")
    refresh = {**step("web", swap.outputs, news, "refresh", NATIVE), "newState": {"type": NATIVE, "inputs": {}}}
    plugin = only(refresh, step("web", refreshed, news, kind=NATIVE), diagnostics=[said("web", text, NATIVE)])
    assert (plugin.does, plugin.before, plugin.after) == ("heal", Weights(70, 30), BLUE)
    assert plugin.warnings == (text,)


@pytest.mark.parametrize("kind", [DYNAMIC, NATIVE])
def test_each_line_belongs_to_its_own_service(swap, kind):
    """Also where one's name begins like the other's."""
    lines = [said("web", "one", kind), said("web: api", "two", kind), said("web", "three", kind, "info")]
    lines.append({"message": "warning: something else: four\n", "severity": "info#err"})
    steps = [of(swap, "green", name, kind) for name in ("web", "web: api")]
    moves = {move.name: move for move in moves_in(preview(*steps, diagnostics=lines))}
    assert (moves["web"].warnings, moves["web"].notes) == (("one",), ("three",))
    assert moves["web: api"].warnings == ("two",)


@pytest.mark.parametrize("key", ["active_color", "bake_seconds", "strategy", "gates"])
def test_what_is_not_known_yet_is_said(swap, key):
    news = {**swap.inputs("green"), key: UNKNOWN}
    move = only(step("web", swap.outputs, news))
    assert (move.does, move.after, move.moves) == ("known once its inputs are", None, True)


def test_an_unknown_digest_is_told_by_the_release():
    swap = Swap("moves", digests={"blue": "a", "green": "b"})
    swap.up("green")
    news = {**swap.inputs("blue"), "digests": {"blue": UNKNOWN, "green": "b"}}
    assert only(step("web", swap.outputs, news)).does == "rollback", "its release is the one that was live before"


def test_a_replacement_and_an_end(swap):
    news = swap.inputs("green")
    ops = [step("web", swap.outputs, news, op) for op in ("create-replacement", "replace", "delete-replaced")]
    assert only(*ops).does == "replaced"
    move = only(step("web", swap.outputs, None, "delete"))
    assert (move.does, move.before, move.after) == ("destroyed", BLUE, None)


def test_a_masked_router_is_compared_by_its_releases(swap):
    """The engine shows a preview's secrets to nobody."""
    swap.up("green")
    masked = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
    back = {**swap.inputs("blue"), "router": masked}
    assert only(step("web", swap.outputs, back)).does == "rollback"
    assert only(step("web", swap.outputs, {**back, "releases": {"blue": "v9", "green": "v2"}})).does == "promotion"


def test_what_moves_comes_first(swap):
    quiet = {**of(swap, "blue", "a"), "op": "same"}
    moves = moves_in(preview(quiet, of(swap, "green", "b"), diagnostics=[said("b", "beware")]))
    assert [move.name for move in moves] == ["b", "a"]
    assert moves[0].urn == urn_of("b")
