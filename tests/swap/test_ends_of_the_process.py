"""Code that ends the process in the middle of a swap: out of a gate it is the gate's trouble, Ctrl-C is Ctrl-C."""

import asyncio
import os
import signal

import pytest

from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError, SwapFailed
from bluegreen.rollout.model import Decision, Phase
from bluegreen.swap.lease import leases_in
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import BLUE, GREEN, is_settled, scripted

ENDS = [SystemExit(2), KeyboardInterrupt(), GeneratorExit(), MemoryError(), RecursionError(), asyncio.CancelledError()]


def raising(error, phase):
    def answer(context):
        if context.phase is phase:
            raise error
        return Decision.PASS

    return answer


class Interrupting(FakeClock):
    """Ctrl-C is pressed in the first sleep in which ``when`` holds."""

    def __init__(self, now_seconds, when):
        super().__init__(now_seconds)
        self.when = when

    def sleep(self, seconds):
        super().sleep(seconds)
        if self.when():
            self.when = lambda: False
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("phase", [Phase.CONFIRM, Phase.BEFORE, Phase.INCREASE, Phase.HOLD, Phase.PROMOTE, Phase.BAKE])
@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
def test_a_gate_that_ends_the_process_is_one_that_cannot_be_asked(script, error, phase):
    swap = Swap("ends", gates=[scripted(phase)])
    script.answer = raising(error, phase)
    with pytest.raises(SwapFailed, match=f"could not run: its code raised {type(error).__name__}"):
        swap.up("green")
    assert swap.here.weights == BLUE
    assert not leases_in(swap.here.marks)
    script.answer = lambda context: Decision.PASS
    swap.up("green")
    is_settled(swap, "green")


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
def test_a_gate_that_ends_the_process_after_the_swap_changes_nothing(script, error):
    swap = Swap("after", gates=[scripted(Phase.AFTER)])
    script.answer = raising(error, Phase.AFTER)
    swap.up("green")
    is_settled(swap, "green")


def test_a_gate_that_exits_once_is_asked_again(script):
    swap = Swap("once", gates=[scripted(Phase.HOLD)])
    script.answer = lambda context: (
        Decision.PASS if len(script.asked) > 2 else raising(SystemExit(), Phase.HOLD)(context)
    )
    swap.up("green")
    is_settled(swap, "green")


def test_ctrl_c_restores_and_ends_the_process():
    swap = Swap("ctrl-c")
    swap.clock = Interrupting(swap.clock.now_seconds, lambda: swap.here.weights.of("green") == 10)
    with pytest.raises(KeyboardInterrupt):
        swap.up("green")
    assert swap.here.weights == BLUE
    assert not leases_in(swap.here.marks)
    assert any("restored and verified" in text for text in swap.told("restore"))
    swap.up("green")
    is_settled(swap, "green")


def test_ctrl_c_while_a_gate_is_asked_restores_and_ends_the_process(script):
    swap = Swap("ctrl-c in a gate", gates=[scripted(Phase.HOLD)])

    def answer(context):
        if context.phase is Phase.HOLD:
            os.kill(os.getpid(), signal.SIGINT)
        return Decision.PASS

    script.answer = answer
    with pytest.raises(KeyboardInterrupt):
        swap.up("green")
    assert swap.here.weights == BLUE


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_during_a_restore_waits_for_it_once(script, monkeypatch, times):
    """A second one is somebody's wish: the next update finds the lease, and puts things right."""
    swap = Swap("ctrl-c twice", gates=[scripted(Phase.HOLD)])
    script.always(Decision.FAIL, Phase.HOLD)
    write, left = MemoryRouter.write, [times]

    def writing(router, weights):
        if weights == BLUE and swap.here.weights.of("green") and left[0]:
            left[0] -= 1
            signal.raise_signal(signal.SIGINT)
        write(router, weights)

    monkeypatch.setattr(MemoryRouter, "write", writing)
    with pytest.raises(KeyboardInterrupt):
        swap.up("green")
    assert (swap.here.weights == BLUE) is (times == 1)
    swap.up("blue")
    is_settled(swap, "blue")


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), KeyError("weights"), PlatformError("Write", "no")])
def test_what_a_platforms_client_raises_restores(monkeypatch, error):
    swap = Swap("client")
    write = MemoryRouter.write

    def writing(router, weights):
        if weights == GREEN:
            raise error
        write(router, weights)

    monkeypatch.setattr(MemoryRouter, "write", writing)
    with pytest.raises(SwapFailed):
        swap.up("green")
    assert swap.here.weights == BLUE
