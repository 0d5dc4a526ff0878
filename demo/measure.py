"""The load's findings about the swaps: pure functions over samples, commands and the swap's own history."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.load import Result
from localcloud.stack import Ran

SETTLE_SECONDS = 0.3
"""Left out on both sides of a shift when a split is measured: requests under way, and the write itself."""
MAX_SPLIT_ERROR_POINTS = 3.0
CHANCE_DEVIATIONS = 4.5
REFUSED = "broken release: refused"
"""The window of a promotion that fails."""


@dataclasses.dataclass(frozen=True)
class Shift:
    """One of a swap's: the weights that are in effect since then, and how long it took until they were."""

    at: float
    weights: dict[str, int]
    took_seconds: float


@dataclasses.dataclass(frozen=True)
class Swap:
    """A promotion or a rollback: the command that did it and its entry in the stack's history."""

    name: str
    up: Ran
    entry: Mapping[str, Any]

    @property
    def target(self) -> str:
        """The color that traffic moved to."""
        return str(self.entry["to"])

    @property
    def shifts(self) -> list[Shift]:
        """In order: the swap notes the time after it has verified a write."""
        return [
            Shift(
                float(step["at_seconds"]),
                {color: int(step[color]) for color in ("blue", "green")},
                float(step.get("took_seconds", 0)),
            )
            for step in self.entry["steps"]
        ]

    @property
    def first_shift_seconds(self) -> float:
        """From the command to the first shift."""
        return self.shifts[0].at - self.up.began_at

    @property
    def last_shift_seconds(self) -> float:
        """From the command to the last shift."""
        return self.shifts[-1].at - self.up.began_at


@dataclasses.dataclass(frozen=True)
class Window:
    """A time in which the weights stayed as they were, and what the load saw in it."""

    name: str
    start: float
    end: float
    weights: Mapping[str, int] | None
    """None where they are not known: after a swap that failed."""
    counts: Mapping[str, int]
    failed: int
    green_percent: float | None
    swap: str = ""
    """The swap whose step this is, if any."""

    @property
    def requests(self) -> int:
        """All requests."""
        return sum(self.counts.values()) + self.failed

    @property
    def split_error_points(self) -> float | None:
        """The distance of the measured split from the declared one, in points; None if one of them is not known."""
        if self.green_percent is None or self.weights is None:
            return None
        return abs(self.green_percent - self.weights["green"])

    @property
    def allowed_error_points(self) -> float:
        """None at all where one color has it all.

        A proxy that draws a color for each request is off by chance: of 1,000 requests by more than three points in one
        of twenty times, and by more than what is allowed here in one of 100,000.
        """
        if self.weights is None or not 0 < self.weights["green"] < 100:
            return 0
        share = self.weights["green"] / 100
        by_chance = 100 * math.sqrt(share * (1 - share) / max(1, self.requests))
        return round(max(MAX_SPLIT_ERROR_POINTS, CHANCE_DEVIATIONS * by_chance), 1)


def windows(
    result: Result,
    live: str,
    swaps: Sequence[Swap],
    failed: tuple[str, float] | None = None,
    refused: Ran | None = None,
) -> list[Window]:
    """The whole run, cut where a swap's command began and where weights changed.

    Args:
        result: the load.
        live: the color that was live when it began.
        swaps: what was done, in order.
        failed: the name of a swap that came to no end, and when its command began.
        refused: the promotion of a broken release, before any of the swaps: it moves nothing.
    """
    weights = {"blue": 100 * (live == "blue"), "green": 100 * (live == "green")}
    cuts: list[tuple[float, float, str, dict[str, int] | None, str]] = [
        (result.first_at, 0, f"{live} live", weights, "")
    ]
    if refused is not None:
        cuts.append((refused.began_at, 0, REFUSED, weights, ""))
        cuts.append((refused.ended_at, 0, f"{live} live, as before", weights, ""))
    for swap in swaps:
        cuts.append((swap.up.began_at, 0, f"{swap.name}: preparing", weights, ""))
        for shift in swap.shifts:
            weights = shift.weights
            name = f"{swap.name}: {swap.target} {weights[swap.target]} %"
            cuts.append((shift.at, shift.took_seconds, name, weights, swap.name))
    if failed is not None:
        cuts.append((failed[1], 0, f"{failed[0]}: not finished", None, ""))
    ends = [(at, took_seconds) for at, took_seconds, *_ in cuts[1:]] + [(result.last_at + 1, 0)]
    return [
        Window(
            name=name,
            start=start,
            end=end,
            weights=weights,
            counts=result.between(start, end),
            failed=result.failed_between(start, end),
            # While the next weights are on their way some requests go by these and some by those.
            green_percent=result.share_percent(
                "green", start + SETTLE_SECONDS, end - next_took_seconds - SETTLE_SECONDS
            ),
            swap=step_of,
        )
        for (start, _, name, weights, step_of), (end, next_took_seconds) in zip(cuts, ends, strict=True)
    ]


@dataclasses.dataclass
class Story:
    """A run of the demo, as far as it came."""

    steps_percent: list[int] = dataclasses.field(default_factory=list)
    """The new color's declared weights in a promotion, the last one 100."""
    noop: Ran | None = None
    preview: Ran | None = None
    refused: Ran | None = None
    """The promotion of a broken release, which failed, where the place has one."""
    promotion: Swap | None = None
    rollback: Swap | None = None
    pending: tuple[str, float] | None = None
    """A swap that has begun and not ended: its name and when."""
    result: Result | None = None
    problems: list[str] = dataclasses.field(default_factory=list)
    """Why the run was no success."""

    @property
    def swaps(self) -> list[Swap]:
        """The swaps that were finished, in order."""
        return [swap for swap in (self.promotion, self.rollback) if swap is not None]

    @property
    def windows(self) -> list[Window]:
        """The run in pieces; empty if there was no load."""
        return windows(self.result, "blue", self.swaps, self.pending, self.refused) if self.result else []

    def max_split_error_points(self, swap: str) -> float:
        """The worst of a swap's steps: the held ones and the end, where all traffic is on one color."""
        errors = [w.split_error_points for w in self.windows if w.swap == swap and w.split_error_points is not None]
        return max(errors, default=100.0)

    def judge(self) -> None:
        """Note everything that should not have been."""
        if self.result is None or len(self.result) == 0:
            self.problems.append("no request was made")
            return
        for error, count in self.result.errors.items():
            self.problems.append(f"{count} of {self.result.requests} requests failed: {error}")
        if self.result.stopped_by != "asked":
            self.problems.append(f"the load ended before the story did: {self.result.stopped_by}")
        for swap, expected in ((self.promotion, self.steps_percent), (self.rollback, [100])):
            if swap is not None:
                took = [shift.weights[swap.target] for shift in swap.shifts]
                if took != expected:
                    self.problems.append(f"{swap.name}: {swap.target} took the steps {took} % instead of {expected} %")
        for window in self.windows:
            error_points = window.split_error_points
            if window.swap and error_points is None:
                self.problems.append(f"{window.name}: too short to be measured")
            elif error_points is not None and error_points > window.allowed_error_points:
                off = f"green's share was {window.green_percent:.2f} %, {error_points:.2f} points off"
                self.problems.append(f"{window.name}: {off} (limit {window.allowed_error_points:g})")

    def numbers(self) -> dict[str, Any] | None:
        """The numbers that `--json` writes; None if the story did not come to its end."""
        if self.result is None or self.noop is None or self.promotion is None or self.rollback is None:
            return None
        return {
            "requests": self.result.requests,
            "failed": self.result.failed,
            "noop_up_seconds": round(self.noop.seconds, 3),
            "promotion": self._swap_numbers(self.promotion),
            "rollback": self._swap_numbers(self.rollback),
        }

    def _swap_numbers(self, swap: Swap) -> dict[str, float]:
        return {
            "up_seconds": round(swap.up.seconds, 3),
            "first_shift_seconds": round(swap.first_shift_seconds, 3),
            "last_shift_seconds": round(swap.last_shift_seconds, 3),
            "max_split_error_points": round(self.max_split_error_points(swap.name), 3),
        }
