"""What the plugin's swap can do that the dynamic one cannot: drift as a difference, previews, failures kept, Ctrl-C."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluegreen.capacity.memory import MemoryCapacity
from bluegreen.fields import UNKNOWN
from bluegreen.gates.registry import GATES
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError, RestoreFailed, SwapAborted, SwapFailed
from bluegreen.rollout.model import COLORS, Decision, Phase, Weights
from bluegreen.routers.memory import WORLDS, MemoryRouter
from bluegreen.swap.contract import OUTPUT_KEYS
from bluegreen.swap.lease import leases_in
from bluegreen.swap.native import CancellableClock, Cancelled, NativeSwap
from matrix.engine import DYNAMIC, NATIVE
from tests.swap.bench import Swap, inputs
from tests.swap.must_not_happen.situations import Script, ScriptedGate, scripted
from tests.swap.test_state_machine import interfering

LIMIT_SECONDS = 30
"""Longer than anything here takes, and shorter than what a cancelled swap would go on for."""


@pytest.fixture
def swap():
    return Swap("native", NATIVE)


@pytest.fixture
def script(monkeypatch):
    made = Script()
    monkeypatch.setitem(GATES.entries, "scripted", f"{ScriptedGate.__module__}:{ScriptedGate.__name__}")
    monkeypatch.setattr(ScriptedGate, "script", made)
    return made


def adapter(cancelled=None, said=None):
    return NativeSwap(lambda *text: (said if said is not None else []).append(text), cancelled, FakeClock())


def checked(olds, news):
    made, problems = adapter().check(olds, news)
    assert problems == []
    return made


def both(blue):
    return {"blue": blue, "green": 100 - blue}


# -- what it costs


@pytest.mark.parametrize(
    ("color", "calls"),
    [
        ("blue", {"router.read": 2}),
        ("green", {"router.read": 2, "router.health": 1}),
    ],
)
def test_a_preview_reads_twice_and_writes_nothing(swap, color, calls):
    """Pulumi reads before it compares; the comparison looks once more, and at the color that shall be live."""
    swap.here.calls.clear()
    assert swap.preview(color) == (color == "green")
    assert Counter(swap.here.calls) == calls


def test_an_update_s_calls_are_those_of_the_dynamic_one_and_the_read_before_it(swap):
    other = Swap("dynamic", DYNAMIC)
    made = {}
    for one in (swap, other):
        one.here.calls.clear()
        one.up("green")
        made[one] = Counter(one.here.calls)
    assert made[swap] - made[other] == {"router.read": 1}
    assert not made[other] - made[swap]


# -- checked inputs


@pytest.mark.parametrize(("color", "percent", "weights"), [
    ("blue", None, both(100)),
    ("green", None, both(0)),
    ("green", 100.0, both(0)),
    ("green", 99, None),
    ("green", 1.0, None),
    (UNKNOWN, None, UNKNOWN),
])  # fmt: skip
@pytest.mark.parametrize("left_over", [{}, {"weights": {"blue": 1, "green": 99}, "__provider": "x"}])
def test_the_wanted_weights_become_an_input_where_the_inputs_alone_decide_them(color, percent, weights, left_over):
    news = inputs("native", color, **({} if percent is None else {"promote_to_percent": percent}))
    made = checked({}, {**news, **left_over})
    assert made.get("weights") == weights
    assert {key: value for key, value in made.items() if key != "weights"} == news


def test_what_is_wrong_is_named_and_nothing_is_asked_of_the_platform(swap):
    _, problems = adapter().check({}, swap.inputs("purple", bake_seconds=-1))
    assert {problem.field for problem in problems} == {"active_color", "bake_seconds"}
    assert swap.here.calls == []


def test_a_release_changed_under_traffic_is_seen_in_the_inputs(swap):
    news = swap.inputs("blue", releases={"blue": "v9", "green": "v2"})
    assert checked(swap.state.inputs, news)["live_release_change"] == "blue: v1 -> v9"


# -- previews


def shown(swap, color, **more):
    said = []
    made = checked(swap.state.inputs, swap.inputs(color, **more))
    return adapter(said=said).diff(swap.state.outputs, made), said


def test_nothing_to_do_is_no_difference(swap):
    assert shown(swap, "blue")[0].changes is False
    assert shown(swap, "blue")[0].properties == []


def test_a_promotion_shows_the_color_and_the_weights(swap):
    changes, said = shown(swap, "green")
    assert (changes.changes, changes.replaces) == (True, ())
    assert changes.properties == ["active_color", "weights.blue", "weights.green"]
    assert [severity for severity, _ in said] == ["info"], "how ready green is"


def test_a_changed_setting_shows_that_and_no_weights(swap):
    assert shown(swap, "blue", bake_seconds=5)[0].properties == ["bake_seconds"]


@pytest.mark.parametrize("refreshed", [False, True], ids=["", "refreshed"])
def test_drift_shows_as_a_difference_of_the_weights_until_it_is_healed(swap, refreshed):
    swap.here.weights = Weights.split("green", 30)
    if refreshed:
        assert swap.refresh()["weights"] == both(70)
    changes, said = shown(swap, "blue")
    assert (changes.changes, changes.properties) == (True, ["weights.blue", "weights.green"])
    assert [severity for severity, _ in said] == ["warning"]
    assert said[0][1].startswith("drift: the live weights are blue 70 %, green 30 %")
    swap.up("blue")
    assert swap.here.weights == Weights.all_on("blue")
    assert shown(swap, "blue")[0].changes is False


def test_a_promotion_over_drift_shows_where_traffic_really_comes_from(swap):
    swap.here.weights = Weights.all_on("green")
    swap.here.desired["green"] = 3
    changes, _ = shown(swap, "green")
    assert changes.properties == ["active_color"], "green has all traffic already"


def test_drift_of_a_pause_is_an_update_though_no_wanted_weights_can_be_shown(swap):
    swap.up("green", promote_to_percent=10)
    assert shown(swap, "green", promote_to_percent=10)[0].changes is False
    swap.here.weights = Weights.split("green", 60)
    changes, said = shown(swap, "green", promote_to_percent=10)
    assert changes.changes
    assert "puts green at 10 %" in said[0][1]


def test_another_place_is_another_swap(swap):
    changes, _ = shown(swap, "blue", router={"kind": "memory", "name": "elsewhere"})
    assert (changes.changes, changes.replaces) == (True, ("router",))


updates = st.tuples(st.sampled_from(COLORS), st.sampled_from([5, 10, 50, 75, 100]), st.sampled_from(["v2", "v3"]))


@settings(max_examples=60)
@given(st.lists(updates, max_size=4), updates)
def test_what_a_preview_promises_is_what_the_update_leaves(earlier, last):
    swap = Swap("outlook", NATIVE)

    def more(percent, release):
        return {"promote_to_percent": percent, "releases": {"blue": "v1", "green": release}}

    for color, percent, release in earlier:
        swap.up(color, **more(percent, release))
    color, percent, release = last
    news = checked(swap.state.inputs, swap.inputs(color, **more(percent, release)))
    promised = adapter().outlook(swap.state.outputs, news)
    assert {"live_color", "weights", "paused"} <= {key for key, value in promised.items() if value is not UNKNOWN}
    made = adapter().update(swap.state.outputs, news)
    assert {key: made[key] for key, value in promised.items() if value is not UNKNOWN} == {
        key: value for key, value in promised.items() if value is not UNKNOWN
    }
    assert promised.keys() == made.keys(), "an output that no preview names would come as a surprise"
    assert {key: promised[key] for key in OUTPUT_KEYS if key in ("previous", "history")} == {
        "previous": UNKNOWN,
        "history": UNKNOWN,
    }
    WORLDS.pop("outlook")


def test_what_a_first_preview_promises_is_what_the_creation_leaves():
    swap = Swap("outlook", NATIVE, started=False)
    news = checked({}, swap.inputs("blue"))
    promised = adapter().outlook({}, news)
    id_, made = adapter().create(news)
    assert id_ == adapter().id_of(news)
    assert (promised["live_color"], promised["weights"], promised["paused"]) == ("blue", both(100), {})
    assert {key: made[key] for key in ("live_color", "weights", "paused")} == {
        key: promised[key] for key in ("live_color", "weights", "paused")
    }


@pytest.mark.parametrize("unknown", [
    {"active_color": UNKNOWN},
    {"promote_to_percent": UNKNOWN},
    {"promote_to_percent": 10, "releases": {"blue": "v1", "green": UNKNOWN}},
    {"promote_to_percent": 10, "releases": UNKNOWN},
])  # fmt: skip
def test_a_preview_promises_nothing_that_it_cannot_know(swap, unknown):
    news = {**swap.inputs("green"), **unknown}
    promised = adapter().outlook(swap.state.outputs, news)
    assert {promised[key] for key in OUTPUT_KEYS} == {UNKNOWN}
    assert promised["name"] == "web"
    assert "router.write" not in swap.here.calls


# -- failures


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
def test_a_failure_keeps_what_is_true_and_the_same_update_tries_again(swap, script, where):
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
    script.always(Decision.PASS)
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
    assert shown(swap, "blue")[0].changes is False
    swap.up("blue")
    assert (swap.here.moves, swap.here.weights) == ([], Weights.all_on("blue"))
    assert swap.state.failed is not forced
    assert [entry["outcome"] for entry in swap.outputs["history"]] == ["restored", "started"]
    assert not leases_in(swap.here.marks)


def test_a_paused_promotion_that_fails_to_go_on_is_what_it_was_before_it_began(swap, script):
    swap.up("green", promote_to_percent=10, gates=GATES_ASKED)
    script.always(Decision.FAIL, Phase.HOLD)
    with pytest.raises(SwapFailed):
        swap.up("green", gates=GATES_ASKED)
    assert swap.outputs["weights"] == swap.here.weights.as_dict()
    assert swap.outputs["live_color"] == "blue"


def test_a_restore_that_fails_is_kept_and_the_next_update_finds_out_what_is_live(swap, monkeypatch):
    write = MemoryRouter.write

    def one_way(self, weights):
        if weights == Weights.all_on("blue") and swap.here.weights.of("green"):
            raise PlatformError("Write", "refused")
        write(self, weights)
        if weights.of("green"):
            swap.here.broken.add("green")

    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "write", one_way)
        with pytest.raises(RestoreFailed):
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


# -- cancelled


def test_what_is_cancelled_before_it_began_writes_nothing(swap):
    pressed = threading.Event()
    pressed.set()
    with pytest.raises(Cancelled, match="nothing was written"):
        adapter(pressed).update(swap.state.outputs, swap.inputs("green"))
    with pytest.raises(Cancelled, match="nothing was written"):
        adapter(pressed).create(inputs("another"))
    assert swap.here.calls == []
    assert "another" not in WORLDS


def test_cancelled_in_a_hold_it_restores_at_once(swap):
    """On the machine's clock: an hour's hold, and a look at the marks each minute."""
    pressed, ended = threading.Event(), []
    news = checked(
        swap.state.inputs,
        swap.inputs("green", strategy={"steps": [{"weight_percent": 10, "hold_seconds": 3600}]}),
    )
    news["poll_interval_seconds"] = 60

    def update():
        try:
            NativeSwap(lambda *_: None, pressed).update(swap.state.outputs, news)
        except SwapAborted as aborted:
            ended.append(aborted)

    thread = threading.Thread(target=update, daemon=True)
    thread.start()
    deadline = time.monotonic() + LIMIT_SECONDS
    while swap.here.weights != Weights.split("green", 10) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert swap.here.weights == Weights.split("green", 10)
    pressed.set()
    thread.join(LIMIT_SECONDS)
    assert not thread.is_alive(), "it waits for its next look"
    (aborted,) = ended
    assert swap.here.weights == Weights.all_on("blue")
    assert not leases_in(swap.here.marks)
    assert not swap.here.held
    assert (aborted.outputs["live_color"], aborted.outputs["weights"]) == ("blue", both(100))
    assert aborted.outputs["history"][0]["outcome"] == "aborted"


@pytest.mark.parametrize("percent", [10, 50, 100])
def test_the_update_after_a_cancelled_one_goes_on(swap, monkeypatch, percent):
    write = MemoryRouter.write

    def pressing(self, weights):
        write(self, weights)
        if weights.of("green") == percent:
            swap.cancelled.set()

    with monkeypatch.context() as patched:
        patched.setattr(MemoryRouter, "write", pressing)
        with pytest.raises(SwapAborted, match="aborted by whoever runs this update"):
            swap.up("green")
    assert (swap.here.weights, swap.outputs["weights"]) == (Weights.all_on("blue"), both(100))
    swap.cancelled = threading.Event()
    assert swap.up("green")["live_color"] == "green"
    assert [entry["outcome"] for entry in swap.outputs["history"]] == ["promoted", "aborted", "started"]


def test_a_clock_that_is_cancelled_wakes_who_sleeps_and_lets_the_restore_sleep_as_ever():
    pressed = threading.Event()
    clock = CancellableClock(pressed)
    sleeper = threading.Thread(target=clock.sleep, args=(3600,), daemon=True)
    sleeper.start()
    pressed.set()
    sleeper.join(LIMIT_SECONDS)
    assert not sleeper.is_alive()
    began = clock.monotonic_seconds()
    clock.sleep(0.05)
    assert clock.monotonic_seconds() - began >= 0.05


# -- read and delete


def test_a_read_finds_what_is_live(swap):
    swap.here.weights = Weights.split("green", 30)
    before = swap.outputs
    assert swap.refresh() == {**before, "weights": both(70)}


def test_an_object_that_is_gone_is_one_without_traffic_and_its_history_goes_on(swap):
    swap.up("green")
    swap.here.weights = Weights()
    swap.here.marks.clear()
    before = swap.outputs
    assert swap.refresh() == {**before, "weights": {"blue": 0, "green": 0}}
    changes, _ = shown(swap, "green")
    assert (changes.changes, changes.properties) == (True, ["weights.green"])
    outputs = swap.up("green")
    assert (swap.here.weights, outputs["live_color"]) == (Weights.all_on("green"), "green")
    assert outputs["history"][1:] == before["history"]
    assert not swap.preview("green")


def test_where_the_platform_cannot_be_reached_a_read_warns_and_says_what_was_known(swap, monkeypatch):
    def unreachable(self):
        raise PlatformError("Read", "no route to host")

    monkeypatch.setattr(MemoryRouter, "read", unreachable)
    before = swap.outputs
    assert swap.refresh() == before
    assert swap.said[-1] == ("warning", "the live weights could not be looked at: Read: no route to host")
    assert not swap.preview("blue"), "a preview without credentials is none that fails"


def test_what_the_other_adapter_keeps_for_itself_is_left_out(swap):
    assert "__provider" not in adapter().read({**swap.state.outputs, "__provider": "gASV"})
    assert "__provider" not in adapter().outlook({}, {**swap.inputs("blue"), "__provider": "gASV"})


def test_a_swap_that_is_deleted_leaves_nothing(swap):
    swap.destroy()
    assert (swap.here.weights, swap.here.marks, swap.state) == (Weights(), {}, None)


def retired_too_early(swap):
    """A rollback was killed after its write and the retirement after it, before anybody could note that it was done."""
    swap.up("green")
    swap.here.weights = Weights.all_on("blue")
    swap.here.retiring["green"] = 0

    def once_it_has_begun(_number):
        if leases_in(swap.here.marks):
            swap.cancelled.set()

    return interfering(before=once_it_has_begun)


def test_a_restore_to_a_color_that_is_being_retired_keeps_it(swap):
    with retired_too_early(swap), pytest.raises(SwapAborted):
        swap.up("blue")
    assert swap.here.weights == Weights.all_on("green")
    assert "green" not in swap.here.retiring


def test_a_color_whose_retirement_cannot_be_stopped_gets_no_traffic_back(swap, monkeypatch):
    keep = MemoryCapacity.keep

    def refused(self, color):
        if color == "green":
            raise PlatformError("Keep", "refused")
        keep(self, color)

    began = retired_too_early(swap)
    monkeypatch.setattr(MemoryCapacity, "keep", refused)
    with began, pytest.raises(RestoreFailed, match="the retirement of green could not be stopped"):
        swap.up("blue")
    assert swap.here.weights == Weights.all_on("blue")
