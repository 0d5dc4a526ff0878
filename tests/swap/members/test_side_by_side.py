"""Members whose order does not matter are written at the same time, and are as safe as one after the other."""

from __future__ import annotations

import threading

import pytest

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.calls import before_write, counted, guarded, note
from bluegreen.rollout.errors import LeaseLost, PlatformError, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap.at_once import at_once
from dev.matrix.engine import ADAPTERS
from tests.swap.members.bench import Several

THREE = ("first", "second", "third")


@pytest.fixture(params=ADAPTERS)
def swap(request):
    return Several(*THREE, adapter=request.param, write_order="any")


def test_all_are_written_at_the_same_time(swap, monkeypatch):
    together = threading.Barrier(3, timeout=120)
    write = MemoryRouter.write

    def meeting(router, weights):
        together.wait()  # each waits until all three are here
        write(router, weights)

    monkeypatch.setattr(MemoryRouter, "write", meeting)
    swap.up("green")
    assert swap.weights == ["0/100"] * 3
    swap.up("blue")
    assert swap.weights == ["100/0"] * 3


@pytest.mark.parametrize("name", THREE)
@pytest.mark.parametrize("after", [False, True], ids=["refused", "reply lost"])
def test_where_one_fails_all_go_back(swap, monkeypatch, name, after):
    write = MemoryRouter.write

    def refuse(router, weights):
        refused = router.name == name and weights == Weights(50, 50)
        if after or not refused:
            write(router, weights)
        if refused:
            raise PlatformError("Write", "no")

    monkeypatch.setattr(MemoryRouter, "write", refuse)
    with pytest.raises(SwapFailed, match=f"{name}: no"):
        swap.up("green")
    assert swap.weights == ["100/0"] * 3


def test_each_write_is_asked_for_while_all_others_stand_still():
    working, seen, made = set(), [], []
    lock = threading.Lock()

    def guard():
        seen.append(set(working))

    def work(name):
        for number in range(3):
            before_write()
            with lock:
                working.add(name)
            note(f"{name} {number}")
            with lock:
                working.discard(name)

    with guarded(guard), counted(made.append):
        assert at_once([lambda name=name: work(name) for name in THREE]) == [None] * 3
    assert len(seen) == len(made) == 9
    assert not any(seen)


def test_what_the_guard_refuses_is_raised_where_the_write_was_to_be_sent():
    def guard():
        raise LeaseLost("gone")

    sent = []

    def work():
        before_write()
        sent.append(True)

    with guarded(guard):
        found = at_once([work, work])
    assert [str(error) for error in found] == ["gone", "gone"]
    assert not sent


def test_an_interruption_of_who_waits_keeps_the_others_from_writing_and_is_raised():
    def guard():
        raise KeyboardInterrupt

    sent = []

    def work():
        before_write()
        sent.append(True)

    with guarded(guard), pytest.raises(KeyboardInterrupt):
        at_once([work, work])
    assert not sent
