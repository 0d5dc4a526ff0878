"""What is told of calls, and reads that are made side by side."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from bluegreen.calls import before_write, counted, guarded, note, side_by_side


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
