"""The weights of several routers that one swap moves together, as one value, equal or not. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bluegreen.rollout.model import Color, Readiness, Weights


@dataclass(frozen=True, slots=True)
class Apart(Weights):
    """The weights of members that differ: a shift was interrupted between two of them, or somebody moved one.

    Equal to no plain weights. ``blue`` and ``green`` are means, which are 0 or 100 only where all members are there: a
    color without traffic has none anywhere.

    Attributes:
        parts: each member's name and its weights, in the declared order; none at all where it has no object yet.
    """

    parts: tuple[tuple[str, Weights], ...] = ()

    def least_of(self, color: Color) -> int:
        """The percentage on one color at the member where it has the least."""
        return min(weights.of(color) for _, weights in self.parts)

    def __str__(self) -> str:
        said = "; ".join(f"{name}: {'nothing yet' if part == Weights() else part}" for name, part in self.parts)
        return f"not the same everywhere, as an interrupted shift leaves them ({said})"


def joined(parts: Sequence[tuple[str, Weights]]) -> Weights:
    """The members' weights as one: the common ones, or ``Apart``.

    Args:
        parts: each member's name and weights, in the declared order; one at least.
    """
    first = parts[0][1]
    if all(weights == first for _, weights in parts):
        return first
    blue, green = (_mean([getattr(weights, color) for _, weights in parts]) for color in ("blue", "green"))
    if all(weights.elsewhere == 0 for _, weights in parts):
        return Apart(blue, 100 - blue, tuple(parts))
    over = max(blue + green - 99, 0)
    blue, green = (blue - over, green) if blue >= green else (blue, green - over)
    return Apart(blue, green, tuple(parts))


def parts_of(weights: Weights, count: int) -> tuple[Weights, ...]:
    """The weights of each of ``count`` members, present or wanted."""
    if isinstance(weights, Apart):
        return tuple(part for _, part in weights.parts)
    return (weights,) * count


def made_up_of(weights: Weights, *allowed: Weights) -> bool:
    """Whether each member has one of the allowed weights."""
    return all(part in allowed for part in parts_of(weights, 1))


def beside(one: Weights, another: Weights) -> tuple[tuple[Weights, Weights], ...]:
    """Two readings of the same members, member by member; a single pair where neither is apart."""
    count = max(len(weights.parts) if isinstance(weights, Apart) else 1 for weights in (one, another))
    return tuple(zip(parts_of(one, count), parts_of(another, count), strict=True))


def together(named: Mapping[str, Readiness]) -> Readiness:
    """The health of a color over all members: ready where it is in each, and no more healthy than in the worst.

    Args:
        named: by the member's name.
    """
    counting = [readiness for readiness in named.values() if readiness.counts_units] or list(named.values())
    worst = min(counting, key=lambda readiness: readiness.healthy)
    poor = {name: readiness for name, readiness in named.items() if not readiness.ready}
    reason = next((f"{name}: {readiness.reason or readiness}" for name, readiness in poor.items()), worst.reason)
    return Readiness(
        ready=not poor,
        healthy=worst.healthy,
        expected=max(readiness.expected for readiness in counting),
        reason=reason,
        fatal=any(readiness.fatal for readiness in poor.values()),
        starting=max(readiness.starting for readiness in counting),
        counts_units=any(readiness.counts_units for readiness in named.values()),
        undelivered=any(readiness.undelivered for readiness in poor.values()),
    )


def _mean(values: Sequence[int]) -> int:
    """The mean, which is 0 only where all are, and 100 only where all are."""
    least, most = int(any(values)), 100 if all(value == 100 for value in values) else 99
    return min(max(round(sum(values) / len(values)), least), most)
