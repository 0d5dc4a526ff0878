"""Shared by the modules: who watches, a gate that answers as a test wants, worlds that are less kind."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.model import COLORS, Color, Convergence, Decision, Phase, Readiness, Verdict, Weights
from bluegreen.swap.lease import ABORT, leases_in
from tests.swap import bench

METHODS = [*bench.METHODS, (MemoryRouter, "delete"), (MemoryCapacity, "delete")]
BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
AT_ONCE: dict[str, Any] = {"strategy": {"steps": []}, "bake_seconds": 0}
BEFORE_IT_IS_OVER = tuple(phase for phase in Phase if phase is not Phase.AFTER)
# A lease's mark, of a swap on another machine.
ELSEWHERE = "2026-11-21T11:00:00Z deploy@runner-7 pid 12 on 00000000 promotion to green"


class Killed(BaseException):
    """As if the process ended: nothing that comes after it in the code runs."""


# -- what is watched


@dataclass(frozen=True)
class Seen:
    """A call or a gate's question, and what was true when it was made."""

    name: str
    arguments: tuple[Any, ...]
    weights: Weights
    desired: dict[Color, int]
    retiring: dict[Color, int]
    at_seconds: float


def wrapped(monkeypatch, hook):
    """``hook(name, call, arguments)`` makes each of the platform's calls."""

    def wrap(name, method):
        @functools.wraps(method)
        def call(self, *arguments):
            return hook(name, functools.partial(method, self, *arguments), arguments)

        return call

    for owner, name in METHODS:
        side = "router" if owner is MemoryRouter else "capacity"
        monkeypatch.setattr(owner, name, wrap(f"{side}.{name}", getattr(owner, name)))


class Watch:
    """Everything that was read from the platform and of the scripted gate, in order."""

    def __init__(self, swap):
        self.swap = swap
        self.seen: list[Seen] = []

    def note(self, name, arguments=()):
        here = self.swap.here
        now = self.swap.clock.now_seconds
        self.seen.append(Seen(name, arguments, here.weights, dict(here.desired), dict(here.retiring), now))

    def named(self, name):
        return [seen for seen in self.seen if seen.name == name]

    def writes(self, color):
        """The writes that give a color more traffic than it has; a rehearsal's changes nothing."""
        return [seen for seen in self.named("router.write") if seen.arguments[0].of(color) > seen.weights.of(color)]


def watched(monkeypatch, swap):
    watch = Watch(swap)

    def hook(name, call, arguments):
        watch.note(name, arguments)
        return call()

    wrapped(monkeypatch, hook)
    return watch


# -- a gate that answers as a test wants


class Script:
    """The answers of gates of kind ``scripted``: ``answer`` of the context, which may raise."""

    def __init__(self):
        self.asked = []
        #: The last answer about each color, and whatever was said before a no.
        self.said = {}
        self.answer = lambda context: Decision.PASS
        self.tell = lambda context, decision: None

    def ask(self, context):
        self.asked.append((context.phase, context.weight_percent))
        decision = self.answer(context)
        self.said[context.color] = decision
        self.tell(context, decision)
        return Verdict(decision, "0.5", "0.99")

    def always(self, answer, phase=None):
        """One answer, in one phase or in all; a pass in the others."""

        def give(context):
            if phase not in (None, context.phase):
                return Decision.PASS
            if isinstance(answer, Exception):
                raise answer
            return answer

        self.answer = give


class ScriptedGate:
    label = "scripted"
    needs_preview = False
    offline = False
    phases = frozenset({Phase.BEFORE, Phase.HOLD, Phase.BAKE})
    script = Script()

    @classmethod
    def parse(cls, fields):
        return {}

    def evaluate(self, context):
        return self.script.ask(context)


def scripted(*phases, **more):
    return {"kind": "scripted", "interval_seconds": 5, "phases": [phase.value for phase in phases], **more}


# -- worlds that are slower or less kind than the plain one


class DataPlane:
    """Where requests really go: for ``lag_seconds`` after each write also where they went before it."""

    def __init__(self, monkeypatch, swap, lag_seconds):
        self.swap = swap
        self.now = self.former = swap.here.weights
        self.lag_seconds = lag_seconds
        self.converges_at_seconds = 0.0
        write, verify = MemoryRouter.write, MemoryRouter.verify

        def writing(router, weights):
            write(router, weights)
            if weights != self.now:
                self.now, self.former = weights, self.now
                self.converges_at_seconds = swap.clock.now_seconds + self.lag_seconds

        def verifying(router, weights):
            written = verify(router, weights)
            return written if self.converged else Convergence.PENDING

        monkeypatch.setattr(MemoryRouter, "write", writing)
        monkeypatch.setattr(MemoryRouter, "verify", verifying)

    @property
    def converged(self):
        return self.swap.clock.now_seconds >= self.converges_at_seconds

    @property
    def serving(self):
        planes = (self.now,) if self.converged else (self.now, self.former)
        return {color for color in COLORS for weights in planes if weights.of(color)}


def starting_slowly(monkeypatch, swap, color, seconds_a_unit, *, registered=True):
    """From now on a color's units become healthy one after the other; the router may not know the others yet."""
    health, began = MemoryRouter.health, swap.clock.now_seconds

    def asked(router, which):
        plain = health(router, which)
        if which != color:
            return plain
        healthy = min(plain.expected, int((swap.clock.now_seconds - began) // seconds_a_unit))
        expected = plain.expected if registered else healthy
        return Readiness(healthy == expected > 0, healthy, expected, "starting")

    monkeypatch.setattr(MemoryRouter, "health", asked)


class KillingClock(FakeClock):
    """The process ends in the first sleep in which ``condition`` holds."""

    def __init__(self, now_seconds, condition):
        super().__init__(now_seconds)
        self.condition = condition

    def sleep(self, seconds):
        super().sleep(seconds)
        if self.condition():
            raise Killed


def killed_at(swap, percent, **more):
    """A promotion to green that is killed in its hold, or in its bake, at that weight."""
    clock = swap.clock
    swap.clock = KillingClock(clock.now_seconds, lambda: swap.here.weights.of("green") == percent)
    with pytest.raises(Killed):
        swap.up("green", **more)
    swap.clock = FakeClock(swap.clock.now_seconds)


def is_settled(swap, color):
    """Production is on one color, and nothing is left for anybody to do."""
    assert swap.here.weights == Weights.all_on(color)
    assert swap.outputs["live_color"] == color
    assert not leases_in(swap.here.marks)
    assert ABORT not in swap.here.marks
    assert not swap.here.held
    assert color not in swap.here.retiring
    assert not swap.preview(color), "the next preview shows nothing"
