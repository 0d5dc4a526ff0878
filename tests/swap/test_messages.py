"""The messages of a swap: at each stage once, whatever happens to the process."""

from __future__ import annotations

import threading

import pytest

from bluegreen.gates.registry import GATES
from bluegreen.notifications import base
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.options.declared import Options, declared
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import Decision, Phase, Verdict, Weights
from bluegreen.swap import messages as messaging
from tests.swap.bench import Swap

SENT: list[dict] = []


class Killed(BaseException):
    """The process ends."""


@declared
class Here(Options):
    """Keeps what it gets."""

    label: str = "here"
    outcomes: tuple[str, ...] = ()
    timeout_seconds: float = 5

    def notify(self, record):
        SENT.append(dict(record))


@declared
class Person(Options):
    """Says yes at the third question before all traffic."""

    label: str = "person"
    needs_preview: bool = False
    phases: frozenset = frozenset({Phase.PROMOTE})
    offline: bool = False

    def evaluate(self, context):
        ASKED.append(context.phase)
        return Verdict(Decision.PASS if len(ASKED) > 2 else Decision.PENDING, "not yet")


ASKED: list[Phase] = []


@pytest.fixture
def swap(monkeypatch):
    monkeypatch.setitem(NOTIFIERS.entries, "here", f"{__name__}:Here")
    monkeypatch.setitem(GATES.entries, "person", f"{__name__}:Person")
    SENT.clear()
    ASKED.clear()
    made = Swap("messages")
    made.more["notifications"] = [{"kind": "here"}]
    return made


def told():
    for thread in threading.enumerate():
        if thread.name == "message":
            thread.join(5)
    return [record["outcome"] for record in SENT]


def test_a_promotion_is_told_when_traffic_begins_to_move_and_at_its_end(swap):
    swap.up("green")
    assert told() == ["begun", "promoted"]
    begun, promoted = SENT
    assert (begun["service"], begun["to"], begun["release"], begun["weights"]) == (
        "web",
        "green",
        "v2",
        {"blue": 90, "green": 10},
    )
    assert begun["id"] == promoted["id"]
    swap.up("green")
    assert told() == ["begun", "promoted"]


def test_a_rollback_is_one_message(swap):
    swap.up("green")
    SENT.clear()
    swap.up("blue")
    assert told() == ["rolled_back"]


def test_a_pause_is_told_and_what_goes_on_from_it(swap):
    swap.up("green", promote_to_percent=10)
    swap.up("green")
    assert told() == ["begun", "paused", "begun", "promoted"]


def test_a_wait_for_a_person_is_told_once(swap):
    swap.up("green", gates=[{"kind": "person", "interval_seconds": 1}])
    assert told() == ["begun", "waiting", "promoted"]
    assert SENT[1]["reason"] == "gate person: pending not yet"
    assert "told" not in swap.here.marks


def test_a_color_that_is_never_healthy_is_one_message_and_what_it_holds_is_another(swap):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert told() == ["restored"]
    for _ in range(3):
        swap.up("green")
    assert told() == ["restored", "held"]
    assert "`bluegreen retry`" in SENT[1]["next_step"]
    swap.retry()
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert told() == ["restored", "held", "restored"]  # another verdict


def test_a_held_job_that_shall_fail_is_told_once_too(swap):
    swap.here.broken.add("green")
    for _ in range(3):
        with pytest.raises(SwapFailed):
            swap.up("green", on_held="fail")
    assert told() == ["restored", "held"]


class WatchedClock(FakeClock):
    """Remembers each pause."""

    def __init__(self):
        super().__init__()
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        super().sleep(seconds)


def test_a_second_try_waits_by_the_swap_s_clock(swap, monkeypatch):
    failing = iter([True])

    def notify(_, record):
        if next(failing, False):
            raise OSError("down")
        SENT.append(dict(record))

    monkeypatch.setattr(Here, "notify", notify)
    swap.clock = WatchedClock()
    swap.here.broken.add("green")  # one message, at the end, which the update waits for
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert told() == ["restored"]
    assert base._PAUSE_SECONDS in swap.clock.slept


class KillingClock(FakeClock):
    """Ends the process in the first hold."""

    def __init__(self, swap):
        super().__init__()
        self.swap = swap

    def sleep(self, seconds):
        super().sleep(seconds)
        if self.swap.here.weights == Weights.split("green", 10):
            raise Killed


def killed_in_its_hold(swap, **more):
    here, swap.clock = swap.clock, KillingClock(swap)
    with pytest.raises(Killed):
        swap.up("green", **more)
    swap.clock = here


def test_a_kill_repeats_no_beginning_and_loses_no_end(swap):
    killed_in_its_hold(swap)
    assert told() == ["begun"]
    swap.clock.sleep(3_600)
    swap.up("green")
    assert told() == ["begun", "resumed"]


def test_a_kill_while_a_person_is_waited_for_does_not_ask_again(swap, monkeypatch):
    def killed(self, context):
        if len(ASKED) == 1:
            raise Killed
        return Person.evaluate(self, context)

    class Impatient(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if ASKED:
                raise Killed

    gates = [{"kind": "person", "interval_seconds": 1}]
    here, swap.clock = swap.clock, Impatient()
    with pytest.raises(Killed):
        swap.up("green", gates=gates)
    swap.clock = here
    swap.clock.sleep(3_600)
    swap.up("green", gates=gates)
    assert told() == ["begun", "waiting", "resumed"]


@pytest.mark.parametrize("healthy", [True, False])
def test_an_end_whose_message_did_not_get_out_is_told_by_the_next_update(swap, monkeypatch, healthy):
    def ends(self, record):
        raise Killed

    if not healthy:
        swap.here.broken.add("green")
    with monkeypatch.context() as patched:
        patched.setattr(messaging.Messages, "send", ends)
        with pytest.raises(Killed):
            swap.up("green")
    before = [] if not healthy else ["begun"]
    assert told() == before
    swap.up("green")
    assert told() == [*before, *(["resumed"] if healthy else ["restored", "held"])]
    swap.up("green")
    assert told() == [*before, *(["resumed"] if healthy else ["restored", "held"])]


def test_what_was_told_leaves_nothing_that_is_to_be_told(swap):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert "untold" not in swap.here.marks


def test_who_wants_nothing_of_it_has_no_marks(swap):
    swap.more.clear()
    swap.up("green")
    assert not {"told", "untold"} & swap.here.marks.keys()
    assert told() == []


def test_a_log_that_cannot_be_written_is_noted_once_and_stops_nothing(tmp_path):
    swap = Swap("unlogged", event_log=str(tmp_path))
    swap.said.clear()
    swap.up("green", bake_seconds=0, strategy={"steps": []})
    assert swap.outputs["live_color"] == "green"
    assert len([text for _, text in swap.said if f"events are not written to {tmp_path}: Is a directory" in text]) == 1
