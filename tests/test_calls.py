"""The announcement of calls, and reads that are made side by side."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest

import bluegreen
from bluegreen.rollout.calls import before_write, carried, counted, guarded, note, pause, side_by_side
from bluegreen.rollout.errors import LeaseLost


def test_reads_are_made_at_the_same_time_and_told_of_in_their_order():
    both = threading.Barrier(2, timeout=60)

    def read(name):
        note(f"get {name}")
        both.wait()  # neither ends before the other has begun
        note(f"get {name} again")
        return name

    told = []
    with counted(told.append):
        assert side_by_side(partial(read, "blue"), partial(read, "green")) == ["blue", "green"]
    assert told == ["get blue", "get blue again", "get green", "get green again"]


def test_who_is_told_is_told_in_its_own_thread():
    """A listener counts, and takes no lock for that."""
    threads = set()
    with counted(lambda _: threads.add(threading.get_ident())):
        side_by_side(*[partial(note, "get")] * 3)
    assert threads == {threading.get_ident()}


def test_the_first_that_fails_is_what_failed_and_the_others_have_ended():
    ended = []

    def fails(text):
        note("get")
        raise ValueError(text)

    told = []
    with counted(told.append), pytest.raises(ValueError, match="blue"):
        side_by_side(partial(fails, "blue"), partial(ended.append, "between"), partial(fails, "green"))
    assert ended == ["between"]
    assert told == ["get", "get"]


def test_a_guard_is_asked_before_a_write_and_not_for_itself():
    asked = []

    def guard():
        asked.append("guard")
        before_write()

    with guarded(guard):
        before_write()
    before_write()
    assert asked == ["guard"]


def test_a_pause_is_waited_for_by_the_swaps_own_clock_once_the_lease_lasts_longer():
    told = []
    with guarded(
        lambda: None, lambda seconds: told.append(("lease", seconds)), lambda seconds: told.append(("sleep", seconds))
    ):
        pause(3)
        beside = threading.Thread(target=carried(lambda: pause(4)))
        beside.start()
        beside.join()
    assert told == [("lease", 3), ("sleep", 3), ("sleep", 4)]


def test_without_a_swap_the_machines_clock_is_taken(monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    pause(2)
    assert slept == [2]


def test_whoever_must_not_go_on_does_not_wait():
    def lost(_seconds):
        raise LeaseLost("somebody else has it")

    slept = []
    with guarded(lambda: None, lost, slept.append), pytest.raises(LeaseLost):
        pause(3)
    assert not slept


def test_nothing_in_the_package_waits_by_the_machines_clock_while_a_swap_goes_on():
    """But for what is no swap's: a gate's own program, a notification after the end, the command.

    And a file's lock, which others have for milliseconds: a wait that renews the lease would want the same lock.
    """
    allowed = {"clock.py", "cancelling.py", "calls.py", "feature_flag_gate.py", "base.py", "files.py"}
    package = Path(bluegreen.__file__).parent
    swapping = [path for path in package.rglob("*.py") if path.parent.name != "testing"]
    found = {path.name for path in swapping if "time.sleep" in path.read_text()}
    assert found <= allowed
