"""The terms of a blue-green swap as frozen values: colors, weights, steps, strategies, plans, events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

Color = Literal["blue", "green"]
COLORS: tuple[Color, Color] = ("blue", "green")


def other(color: Color) -> Color:
    """The color that ``color`` is not."""
    return "green" if color == "blue" else "blue"


def percent_of(share: float, total: float) -> int:
    """A share in percent, rounded; only nothing is 0, and only all is 100."""
    if share <= 0 or total <= 0:
        return 0
    return 100 if share >= total else min(max(round(100 * share / total), 1), 99)


@dataclass(frozen=True, slots=True)
class Weights:
    """Percent (0-100) of production traffic on each color.

    Less than 100 in all means that the rest goes to neither color: to nothing (no rule yet) or to a stranger.
    """

    blue: int = 0
    green: int = 0

    def __post_init__(self) -> None:
        if min(self.blue, self.green) < 0 or self.blue + self.green > 100:
            raise ValueError(f"weights must be 0-100 and sum to at most 100: blue {self.blue}, green {self.green}")

    @classmethod
    def all_on(cls, color: Color) -> Weights:
        """All traffic on one color."""
        return cls.split(color, 100)

    @classmethod
    def split(cls, color: Color, percent: int) -> Weights:
        """``percent`` on ``color`` and the rest on the other."""
        return cls(blue=percent, green=100 - percent) if color == "blue" else cls(blue=100 - percent, green=percent)

    @classmethod
    def of_shares(cls, blue: float, green: float, total: float) -> Weights:
        """The weights that shares come to, rounded: only nothing is 0, only all is 100, and a leak is 1 at least.

        Args:
            blue: blue's share.
            green: green's.
            total: theirs and everybody else's; 0 where nobody gets anything.
        """
        percent = {"blue": percent_of(blue, total), "green": percent_of(green, total)}
        if total <= 0:
            return cls()
        # Rounding must not show a leak that is not there, be it that of sums in another order.
        if blue + green >= total or math.isclose(blue + green, total):
            return cls(percent["blue"], 100 - percent["blue"])
        more = max(percent, key=lambda color: percent[color])
        percent[more] -= max(sum(percent.values()) - 99, 0)  # nor hide one
        return cls(**percent)

    def of(self, color: Color) -> int:
        """The percent on one color."""
        return self.blue if color == "blue" else self.green

    def least_of(self, color: Color) -> int:
        """The percent on one color, of several places where it has the least."""
        return self.of(color)

    @property
    def elsewhere(self) -> int:
        """The percent that reaches neither color."""
        return 100 - self.blue - self.green

    @property
    def live_color(self) -> Color | None:
        """The color with all the traffic; ``None`` for a mix and for no traffic at all."""
        return next((color for color in COLORS if self.of(color) == 100), None)

    def as_dict(self) -> dict[str, int]:
        """``{"blue": 90, "green": 10}``."""
        return {"blue": self.blue, "green": self.green}

    def __str__(self) -> str:
        rest = f", elsewhere {self.elsewhere} %" if self.elsewhere else ""
        return f"blue {self.blue} %, green {self.green} %{rest}"


@dataclass(frozen=True, slots=True)
class Traffic:
    """The reading of a router: the live weights, and the marks on the object that the swap owns.

    Marks are short notes (the lease of a running swap, a wish to abort it) by name. Names have lower-case letters,
    digits, ``.`` and ``-``; values have at most 250 letters, digits, spaces and ``+-=._:/@``, as every platform has.
    """

    weights: Weights
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """A weight for the new color and how long it stays there under its gates.

    Attributes:
        weight_percent: of the new color, 1-99.
        hold_seconds: how long it stays there, in seconds, default 0.
    """

    weight_percent: int
    hold_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Strategy:
    """The way in which a promotion moves traffic: its name, and the steps before 100 %.

    Attributes:
        name: as the plan has it, default ``all_at_once``.
        steps: the weights that rise, each with its hold, default none; 100 % comes by itself.
    """

    name: str = "all_at_once"
    steps: tuple[Step, ...] = ()


class Kind(str, Enum):
    """Why a plan moves traffic."""

    NOTHING = "nothing"
    FIRST = "first"
    PROMOTION = "promotion"
    RESUME = "resume"
    ROLLBACK = "rollback"
    HEAL = "heal"


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of one swap, decided before its first write.

    Attributes:
        kind: why traffic moves.
        target: the color that carries all traffic in the end, or what ``goal`` says of it.
        start: the live weights when the plan was made.
        steps: the new color's weights in order, the last one being the goal's; empty for ``NOTHING``.
        bake_seconds: time at 100 % in which a failing gate still restores.
        restore_to: the weights that a failure writes back.
        analysis: whether gates run and holds kept; a rollback, a heal and a first start are one write.
        warm: whether the target was found ready for all of the traffic, so that nothing needs to be scaled first.
        goal: the weights in the end.
        unproved: whether what gets the traffic is at another target than what had proved itself: gates run and
            the bake is held, whatever the kind.
    """

    kind: Kind
    target: Color
    start: Weights
    steps: tuple[Step, ...]
    bake_seconds: float
    restore_to: Weights
    analysis: bool
    goal: Weights
    warm: bool = False
    unproved: bool = False

    @property
    def rising(self) -> tuple[Color, ...]:
        """The colors that get more traffic than they have, or may: each is sized and healthy before any moves."""
        lowered = self.pauses and self.kind in (Kind.ROLLBACK, Kind.HEAL)
        splits = [Weights.split(self.target, step.weight_percent) for step in self.steps]
        rest = other(self.target)
        return (
            *(() if lowered else (self.target,)),
            *((rest,) if any(weights.of(rest) > self.start.least_of(rest) for weights in splits) else ()),
        )

    @property
    def pauses(self) -> bool:
        """Whether it ends on a deliberate mix, to be promoted further by a later update."""
        return self.goal.live_color is None

    @property
    def holds_at_the_end(self) -> bool:
        """Whether gates run for some time after the last write."""
        return bool(self.bake_seconds or (self.analysis and self.steps[-1].hold_seconds))


@dataclass(frozen=True, slots=True)
class Recorded:
    """The result of the last finished swap, from the stack's state.

    Attributes:
        live_color: the color that was last put at 100 %.
        releases: what was installed in each color.
        previous_color: the color that was live before it, if it may be rolled back to.
        previous_digest: what that one had installed, identified by a digest.
        paused_percent: the other color's share, where a promotion to it was paused; 0 where none is.
    """

    live_color: Color
    releases: Mapping[Color, str]
    previous_color: Color | None = None
    previous_digest: str | None = None
    paused_percent: int = 0

    @property
    def weights(self) -> Weights:
        """The weights that it left."""
        return Weights.split(self.live_color, 100 - self.paused_percent)


@dataclass(frozen=True, slots=True)
class Size:
    """The numbers of units (tasks, instances, replicas) of a color that are wanted and that run.

    ``stuck`` says that the platform gave up on starting them and waits for a request to try again.
    """

    desired: int = 0
    running: int = 0
    stuck: bool = False

    @property
    def present(self) -> int:
        """The number of units that run or are wanted, whichever is larger."""
        return max(self.desired, self.running)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a color can take traffic: counts, and the first reason why not.

    ``fatal`` says that waiting will not help; ``starting`` are those of the expected ones that are not judged yet.
    ``counts_units`` is false where what is counted stands for the whole color, such as a load balancer's name.
    ``undelivered`` says that the declared release is not there, which is no verdict on it.
    ``release`` tells what the color runs from whatever else it could run; empty where nobody can tell.
    """

    ready: bool
    healthy: int = 0
    expected: int = 0
    reason: str = ""
    fatal: bool = False
    starting: int = 0
    counts_units: bool = True
    undelivered: bool = False
    release: str = field(default="", compare=False)

    def enough_for(self, wanted: int) -> bool:
        """Whether so many units could take traffic, as far as the counts tell."""
        return self.healthy >= wanted if self.counts_units else self.ready

    def __str__(self) -> str:
        return f"{self.healthy} of {self.expected} healthy" + (f" ({self.reason})" if self.reason else "")


class Convergence(Enum):
    """Whether a write has taken effect in the data plane. Never assumed."""

    CONVERGED = "converged"
    PENDING = "pending"


class Outcome(str, Enum):
    """The outcome of a swap."""

    STARTED = "started"
    PROMOTED = "promoted"
    PAUSED = "paused"
    ROLLED_BACK = "rolled_back"
    RESUMED = "resumed"
    HEALED = "healed"
    RESTORED = "restored"
    ABORTED = "aborted"
    NOT_RESTORED = "not_restored"
    TAKEN_OVER = "taken_over"


class Decision(Enum):
    """A gate's answer. ``PENDING`` cannot say yet; ``INCONCLUSIVE`` has measured and cannot tell good from bad."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    PENDING = "pending"
    INCONCLUSIVE = "inconclusive"


class Phase(str, Enum):
    """A phase of a swap in which gates run.

    Attributes:
        CONFIRM: before anything is scaled.
        BEFORE: the new color is ready and has no traffic yet.
        INCREASE: before each weight below 100 %.
        PROMOTE: before the write that puts the new color at 100 %.
        HOLD: during each step's hold, and at its end.
        BAKE: during the bake at 100 %, and at its end.
        AFTER: the swap is over; the answer is reported and changes nothing.
    """

    CONFIRM = "confirm"
    BEFORE = "before"
    INCREASE = "increase"
    PROMOTE = "promote"
    HOLD = "hold"
    BAKE = "bake"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A gate's answer with the value it saw, the limit it holds it against, and why.

    Attributes:
        decision: the answer.
        value: the value that was measured, as people read it; default empty.
        limit: the limit it is held against, as people read it; default empty: there is none.
        reason: why, in a sentence; default empty.
    """

    decision: Decision
    value: str = ""
    limit: str = ""
    reason: str = ""

    def __str__(self) -> str:
        text = f"{self.value} against {self.limit}" if self.limit else self.value
        return "; ".join(part for part in (text, self.reason) if part)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a swap, reported while it happens.

    Attributes:
        at_seconds: wall-clock time, seconds since the epoch.
        kind: what happened: ``lease``, ``prepare``, ``verify``, ``shift``, ``wait``, ``gate``, ``bake``, ``retire``,
            ``restore``, ``held``, ``skipped``, ``done``, ``failed``, ``notify``, ``note``, or the plan's kind where a
            swap begins.
        text: one line for a person.
        data: the same for a machine.
    """

    at_seconds: float
    kind: str
    text: str
    data: Mapping[str, object] = field(default_factory=dict)
