"""A gate runs: whatever its code does is the gate's own trouble, and an interruption of the process is not."""

import asyncio
import os
import signal
import threading

import pytest

from bluegreen.rollout import calls
from bluegreen.rollout.asking import ask, contained, interrupts, named
from bluegreen.rollout.errors import GateUnavailable, LeaseLost, PlatformError
from bluegreen.rollout.model import Decision, Verdict
from bluegreen.rollout.ports import GateContext

PASSES = Verdict(Decision.PASS)


class Odd(BaseException):
    """Such as the time-outs of libraries that no `except Exception` should catch."""


class Gate:
    label, needs_preview, offline, phases = "odd", False, False, frozenset()

    def __init__(self, evaluate):
        self.evaluate = evaluate


def raising(error):
    def evaluate(context):
        raise error

    return Gate(evaluate)


def in_a_thread(work):
    """As in the plugin and in Pulumi's own host of dynamic providers."""
    found = []
    thread = threading.Thread(target=lambda: found.append(contained(work)))
    thread.start()
    thread.join()
    (answer,) = found
    if answer.error is not None:
        raise answer.error
    return answer.value


@pytest.mark.parametrize("where", [lambda work: work(), in_a_thread], ids=["main thread", "worker thread"])
@pytest.mark.parametrize(
    "error",
    [
        SystemExit("usage: flags.py"),
        SystemExit(0),
        KeyboardInterrupt(),
        GeneratorExit(),
        MemoryError("no memory"),
        RecursionError("deep"),
        StopIteration("x"),
        asyncio.CancelledError(),
        Odd("late"),
        ZeroDivisionError("by zero"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_gate_raises_makes_it_unavailable(where, error):
    with pytest.raises(GateUnavailable) as caught:
        where(lambda: ask(raising(error), GateContext("green")))
    assert str(caught.value) == f"its code raised {named(error)}"


@pytest.mark.parametrize("answer", [None, True, "pass", Decision.PASS])
def test_what_is_no_verdict_is_no_pass(answer):
    with pytest.raises(GateUnavailable, match=f"its answer is {type(answer).__name__} and no verdict"):
        ask(Gate(lambda _: answer), GateContext("green"))


@pytest.mark.parametrize("error", [GateUnavailable("no route"), PlatformError("Describe", "denied"), LeaseLost("gone")])
def test_what_a_gate_says_itself_stays_as_it_is(error):
    with pytest.raises(type(error)) as caught:
        ask(raising(error), GateContext("green"))
    assert caught.value is error


@pytest.mark.parametrize("error", [LeaseLost("taken over"), Odd("the process ends")])
def test_what_the_platform_raised_is_not_the_gates(error):
    """A gate may hide it, too: who lost the lease writes nothing more."""

    def health():
        raise error

    def evaluate(context):
        try:
            context.health()
        except LeaseLost:
            return PASSES

    with pytest.raises(type(error)) as caught:
        ask(Gate(evaluate), GateContext("green", health=health))
    assert caught.value is error


def test_an_interruption_of_the_process_goes_through():
    """It does not wait for the gate either, which is left behind."""
    go_on = threading.Event()

    def evaluate(context):
        os.kill(os.getpid(), signal.SIGINT)
        go_on.wait()
        return PASSES

    try:
        with pytest.raises(KeyboardInterrupt):
            ask(Gate(evaluate), GateContext("green"))
    finally:
        go_on.set()


def test_the_calls_of_a_gate_are_told_of_and_its_writes_are_guarded():
    made, asked = [], []

    def evaluate(context):
        calls.note("lambda:Invoke")
        calls.before_write()
        return PASSES

    with calls.counted(made.append), calls.guarded(lambda: asked.append("guard")):
        assert ask(Gate(evaluate), GateContext("green")) is PASSES
    assert (made, asked) == (["lambda:Invoke"], ["guard"])


def test_where_no_thread_can_be_started_a_gate_has_no_answer(monkeypatch):
    def start(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(GateUnavailable, match="its code raised RuntimeError: can't start new thread"):
        ask(Gate(lambda _: PASSES), GateContext("green"))


def test_an_interruption_arrives_in_the_main_thread_alone():
    assert interrupts(KeyboardInterrupt())
    assert not interrupts(ValueError())
    there = []
    thread = threading.Thread(target=lambda: there.append(interrupts(KeyboardInterrupt())))
    thread.start()
    thread.join()
    assert there == [False]
