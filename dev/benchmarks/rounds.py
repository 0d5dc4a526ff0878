"""The measurements, in rounds: each has its own no-op, so that compared commands ran at the same time.

All at once, no holds, a gate before traffic, both colors at full size and healthy: nobody waits for a task. A promotion
wants a release that was not live before (the way back to one that was is a rollback), so each round first gives the
idle color a new image and waits until its tasks are healthy; that is not timed.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dev.benchmarks.emulator import Emulator
from localcloud.errors import LocalCloudError
from localcloud.load import Load, Result
from localcloud.progress import Progress
from localcloud.stack import Ran, Stack

RATE_PER_SECOND = 1000
READY_SECONDS = 120.0
MAX_SECONDS, MAX_REQUESTS = 3600, 2_000_000


@dataclasses.dataclass(frozen=True)
class Timed:
    """One swap: its command, its entry in the history, when the emulator got the shift, how many calls it got."""

    up: Ran
    entry: dict[str, Any]
    shift_at: float
    calls_seen: int

    @property
    def calls(self) -> int:
        """API calls, counted by the swap itself."""
        return int(self.entry["calls"])

    @property
    def swap_seconds(self) -> float:
        """The swap alone, without Pulumi around it."""
        return float(self.entry["seconds"])

    @property
    def to_last_weight_seconds(self) -> float:
        """From the swap's first call to its last weight, read back."""
        return float(self.entry["steps"][-1]["at_seconds"]) - float(self.entry["started_at_seconds"])


@dataclasses.dataclass(frozen=True)
class Round:
    """One of each."""

    noop: Ran
    promotion: Timed
    rollback: Timed


@dataclasses.dataclass
class Measured:
    """All rounds, and the load that ran throughout."""

    first_preview_seconds: float
    rounds: list[Round]
    result: Result

    def converged_milliseconds(self, swap: Timed, old: str) -> float:
        """From the emulator's receipt of the shift call to the first answer after which none is of the old color.

        An answer comes every millisecond or so (`RATE_PER_SECOND`): that is how fine this can be.
        """
        answers = [(s.at + s.latency, s.color) for s in self.result.samples() if s.at < swap.up.ended_at and s.color]
        last_old = max((at for at, color in answers if color == old), default=0.0)
        settled = min((at for at, color in answers if color != old and at > max(last_old, swap.shift_at)), default=0.0)
        if not settled:
            raise LocalCloudError("no answer of the new color came after the shift")
        return 1000 * (settled - swap.shift_at)


class Bench:
    """Runs the rounds."""

    def __init__(self, count: int, progress: Progress, state_dir: Path | None = None) -> None:
        self._count = count
        self._progress = progress
        self._state_dir = state_dir

    def run(self) -> Measured:
        """Everything, from a stack that is not there to one that is gone."""
        with Stack("bench", like="ecs", state_dir=self._state_dir, progress=self._progress) as stack:
            stack.quiet("config", "rm", "strategy")  # all at once is the default
            for key, value in (("activeColor", "blue"), ("scaleDownDelaySeconds", "3600")):
                stack.config_set(key, value)
            stack.config_set("greenImage", stack.cloud.image("v2"))
            preview = stack.pulumi("preview", "--diff")
            with self._progress.step("Setting up: blue live, green promoted and rolled back once, so that it is warm"):
                stack.up()
                url = stack.output("url")
                self._swap_untimed(stack, "green")
                self._swap_untimed(stack, "blue")
            with Load(url, rate_per_second=RATE_PER_SECOND, max_seconds=MAX_SECONDS, max_requests=MAX_REQUESTS) as load:
                rounds = [self._round(stack, Emulator(stack.cloud, url), number) for number in range(self._count)]
            with self._progress.step("Removing the stack"):
                stack.destroy()
        if load.result.stopped_by != "asked":
            raise LocalCloudError(f"the load ended before the rounds did: {load.result.stopped_by}")
        return Measured(preview.seconds, rounds, load.result)

    def _round(self, stack: Stack, emulator: Emulator, number: int) -> Round:
        version = ("v3", "v2")[number % 2]
        with self._progress.step(f"Round {number + 1} of {self._count}") as note:
            note(f"green gets {version}")
            stack.config_set("greenImage", stack.cloud.image(version))
            stack.up()
            _wait(lambda: emulator.warm("green", version))
            note("up with nothing to do")
            noop = stack.up()
            note("promotion")
            promotion = self._swap(stack, emulator, "green", "promoted")
            note("rollback")
            rollback = self._swap(stack, emulator, "blue", "rolled_back")
        return Round(noop, promotion, rollback)

    @staticmethod
    def _swap_untimed(stack: Stack, color: str) -> None:
        stack.config_set("activeColor", color)
        stack.up()

    @staticmethod
    def _swap(stack: Stack, emulator: Emulator, color: str, outcome: str) -> Timed:
        stack.config_set("activeColor", color)
        up = stack.up()
        entry = stack.output("history")[0]
        if (entry["outcome"], entry["to"]) != (outcome, color) or float(entry["started_at_seconds"]) < up.began_at:
            raise LocalCloudError(f"expected {color} to be {outcome}; the history says {entry}")
        began_at = float(entry["started_at_seconds"])
        calls = emulator.calls(began_at, began_at + float(entry["seconds"]))
        shifts = [at for at, action in calls if action == "elasticloadbalancing:ModifyRule"]
        # A promotion first writes what is live already: so a missing permission shows before anything moves.
        expected = 2 if outcome == "promoted" else 1
        if len(shifts) != expected:
            raise LocalCloudError(f"expected {expected} ModifyRule, all at once; the emulator saw {len(shifts)}")
        return Timed(up, entry, shifts[-1], len(calls))


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise LocalCloudError(f"the idle color was not warm after {READY_SECONDS:g} s")
        time.sleep(0.25)
