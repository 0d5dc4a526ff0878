"""Ctrl-C: traffic is restored at once, and the next update continues."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from bluegreen.adapters.native import NativeSwap
from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import WORLDS, MemoryRouter
from bluegreen.rollout.errors import PlatformError, RestoreFailed, SwapAborted
from bluegreen.rollout.model import Weights
from bluegreen.swap import cancelling
from bluegreen.swap.cancelling import CancellableClock, Cancelled
from bluegreen.swap.lease import leases_in
from tests.swap.bench import inputs
from tests.swap.native.adapters import adapter, both, checked
from tests.swap.test_state_machine import interfering

LIMIT_SECONDS = 120
"""Longer than anything here takes, and shorter than what a cancelled swap would run."""


def test_what_is_cancelled_before_it_began_writes_nothing(swap):
    pressed = threading.Event()
    pressed.set()
    with pytest.raises(Cancelled, match="nothing was written"):
        adapter(pressed).update(swap.state.outputs, swap.inputs("green"))
    with pytest.raises(Cancelled, match="nothing was written"):
        adapter(pressed).create(inputs("never-begun"))
    assert swap.here.calls == []
    assert "never-begun" not in WORLDS


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
        with pytest.raises(SwapAborted, match="aborted by the one who runs this update"):
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
    keep = MemoryCapacity.cancel_retirement

    def refused(self, color):
        if color == "green":
            raise PlatformError("Keep", "refused")
        keep(self, color)

    began = retired_too_early(swap)
    monkeypatch.setattr(MemoryCapacity, "cancel_retirement", refused)
    with began, pytest.raises(RestoreFailed, match="the retirement of green could not be stopped"):
        swap.up("blue")
    assert swap.here.weights == Weights.all_on("blue")


def test_a_wait_beside_the_swap_does_not_take_the_cancellation_from_it(monkeypatch):
    pressed, slept = threading.Event(), []
    pressed.set()
    clock = CancellableClock(pressed)
    monkeypatch.setattr(cancelling, "time", SimpleNamespace(sleep=slept.append))
    clock.sleep_beside(0.5)
    clock.sleep(60)  # woken at once
    assert slept == [0.5]
    clock.sleep(60)  # the restore's
    assert slept == [0.5, 60]
