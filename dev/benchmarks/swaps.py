"""Many swaps at once, and what a Ctrl-C does to them: the dynamic adapter against the native one.

Each number of services is measured with both, in one stack: all on one color, then all promoted by one `pulumi up`.
After that, where requested, a promotion is interrupted in mid-hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bluegreen.rollout.model import Weights, other
from dev.benchmarks.swaps_report import PROVIDERS, AtOnce, Interrupted, Report
from dev.benchmarks.swaps_world import World, results, wait_until, world
from localcloud.errors import LocalCloudError
from localcloud.load import Result
from localcloud.progress import Note, Progress

SIZES = (1, 20, 64)
INTERRUPTED_SIZES = (1, 20)
WEIGHT_PERCENT, HOLD_SECONDS = 50, 5
CUT_WEIGHT_PERCENT = 10
CUT_HOLD_SECONDS = 60
STEADY_SECONDS = 3.0
"""No rule has changed for so long: whatever will be in the hold, is."""
LOOK_SECONDS = 0.01
LIMIT_SECONDS = 300.0


def run(
    sizes: Sequence[int],
    progress: Progress,
    state_dir: Path | None = None,
    interrupted_sizes: Sequence[int] = INTERRUPTED_SIZES,
) -> Report:
    """Measure every size in one stack that grows.

    Raises:
        LocalCloudError: a command failed, or traffic was not where it should be.
    """
    report, began = Report(), time.monotonic()
    with world(progress, state_dir) as built:
        for size in sorted(sizes):
            for provider in PROVIDERS:
                with progress.step(f"{size} swaps at once, {provider}") as note:
                    note("setting up")
                    built.place(size, provider)
                    report.at_once.append(_promoted(built, provider, note))
                if size in interrupted_sizes:
                    with progress.step(f"Ctrl-C while {size} hold, {provider}") as note:
                        report.interrupted.append(_interrupted(built, provider, note))
    report.seconds = time.monotonic() - began
    return report


def _promoted(built: World, provider: str, note: Note) -> AtOnce:
    built.declare_promotion(WEIGHT_PERCENT, HOLD_SECONDS)
    note("promotion")
    with built.loaded() as loads:
        ran = built.promote()
    newest = built.stack.output("newest")
    others = [entry for entry in newest if (entry["outcome"], entry["to"]) != ("promoted", built.live)]
    if others or len(newest) != built.services:
        raise LocalCloudError(f"expected {built.services} promotions to {built.live}; of these not: {others[:1]}")
    began = min(float(entry["started_at_seconds"]) for entry in newest)
    ended = max(float(entry["started_at_seconds"]) + float(entry["seconds"]) for entry in newest)
    if began < ran.began_at:
        raise LocalCloudError("a swap of an earlier `pulumi up` is the newest of a service")
    seen = results(loads)
    return AtOnce(
        built.services,
        provider,
        ran.seconds,
        ended - began,
        sum(result.requests for result in seen),
        sum(result.failed for result in seen),
    )


class _Watched:
    """The emulator's rules, look by look, while one color is promoted."""

    def __init__(self, built: World) -> None:
        self._rules = built.rules()
        self.former = Weights.all_on(built.live)
        self.held = Weights.split(other(built.live), CUT_WEIGHT_PERCENT)
        self.promoted = Weights.all_on(other(built.live))
        self.now = self._rules.weights()
        self.changed_at = time.monotonic()

    def look(self) -> None:
        """Ask once; the time is taken when the answer is there, so that it is never too early."""
        weights = self._rules.weights()
        if weights != self.now:
            self.now, self.changed_at = weights, time.monotonic()

    def is_steady(self) -> bool:
        """Whether some are in the hold and nothing moves."""
        self.look()
        return bool(self.those_at(self.held)) and time.monotonic() - self.changed_at > STEADY_SECONDS

    def those_at(self, weights: Weights) -> set[str]:
        """Services whose traffic is so."""
        return {host for host, present in self.now.items() if present == weights}

    def moved_until(self, ended: Callable[[], bool]) -> set[str]:
        """Look until then, and once more: services that were seen elsewhere than before."""
        moved: set[str] = set()
        deadline, last = time.monotonic() + LIMIT_SECONDS, False
        while not last and time.monotonic() < deadline:
            last = ended()
            self.look()
            moved |= self.now.keys() - self.those_at(self.former)
            time.sleep(LOOK_SECONDS)
        return moved


def _interrupted(built: World, provider: str, note: Note) -> Interrupted:
    built.declare_promotion(CUT_WEIGHT_PERCENT, CUT_HOLD_SECONDS)
    watched, target = _Watched(built), other(built.live)
    with built.loaded() as loads, built.stack.beside() as up:
        note("waiting until the swaps hold")
        wait_until(watched.is_steady, LIMIT_SECONDS, "the swaps' hold")
        held, idle = watched.those_at(watched.held), watched.those_at(watched.former)
        note("Ctrl-C; waiting for the end")
        pressed_at, pressed = time.time(), time.monotonic()
        up.interrupt()
        moved = watched.moved_until(lambda: up.ended)
        ended = up.ended_at - pressed
    promoted, seen, state = watched.those_at(watched.promoted), results(loads), built.stack.state()
    cut = Interrupted(
        services=built.services,
        provider=provider,
        hold_seconds=CUT_HOLD_SECONDS,
        held=len(held),
        restored_seconds=watched.changed_at - pressed if set(watched.now.values()) == {watched.former} else None,
        ended_seconds=ended,
        begun_afterwards=len(moved & idle),
        promoted=len(promoted),
        pending=state.pending,
        state_differs=sum(state.weights.get(host) != weights for host, weights in watched.now.items()),
        last_new_seconds=_last_of(seen, target, pressed_at),
        requests=sum(result.requests for result in seen),
        failed=sum(result.failed for result in seen),
    )
    if promoted:  # what runs is the promotion of the others
        built.live = target
    return cut


def _last_of(seen: Sequence[Result], color: str, since: float) -> float | None:
    """The seconds until the last answer of a color came."""
    answers = [sample.at + sample.latency for result in seen for sample in result.samples() if sample.color == color]
    last = max(answers, default=0.0)
    return last - since if last > since else None
