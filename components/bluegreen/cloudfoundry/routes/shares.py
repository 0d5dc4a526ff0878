"""Shares of traffic by instances: Cloud Foundry's router takes turns over all that a route leads to. Pure.

It has no weights, so that a share is one of whole instances. The color with the greater share keeps all of its own, and
the other one runs as many as come nearest; what it is to have otherwise is noted on its app, and given back later.

https://docs.cloudfoundry.org/concepts/http-routing.html#balancing
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bluegreen.rollout.model import COLORS, Color, Weights, other, percent_of

_NOTED = re.compile(r"(\d{1,3}) % by (\d+) of (\d+)\Z")


@dataclass(frozen=True, slots=True)
class Share:
    """The note on an app: its percent, the instances that stand for it, and how many it has without a share."""

    percent: int
    instances: int
    size: int

    def __str__(self) -> str:
        return f"{self.percent} % by {self.instances} of {self.size}"


def noted(text: str | None) -> Share | None:
    """The share in an annotation; ``None`` where it is not a swap's."""
    found = _NOTED.match(text or "")
    return Share(*map(int, found.groups())) if found else None


def planned(weights: Weights, sizes: Mapping[Color, int]) -> dict[Color, Share]:
    """The instances that stand for a split: at least one of each color.

    Args:
        weights: both colors have some.
        sizes: how many instances each color has without a share, at least one.
    """
    less: Color = "blue" if weights.blue <= weights.green else "green"
    more = other(less)
    part, rest = weights.of(less), weights.of(more)
    count = min(max(round(sizes[more] * part / rest), 1), sizes[less])
    counts = {less: count, more: sizes[more]}
    return {color: Share(weights.of(color), counts[color], sizes[color]) for color in COLORS}


def real_percent(shares: Mapping[Color, int], color: Color) -> int:
    """The percent of requests that a color's instances come to, in whole percents."""
    return percent_of(shares[color], sum(shares.values()))


def weights_of(counts: Mapping[Color, int], strangers: int, notes: Mapping[Color, Share | None]) -> Weights:
    """The split of what is mapped, as it was written if its instances are still those, else by the instances.

    Args:
        counts: the instances of each color to which the route leads.
        strangers: those of other apps.
        notes: what is noted on the colors' apps.
    """
    blue, green = (notes.get(color) for color in COLORS)
    if (
        blue is not None
        and green is not None
        and not strangers
        and (blue.instances, green.instances) == (counts["blue"], counts["green"])
        and blue.percent + green.percent == 100
    ):
        return Weights(blue.percent, green.percent)
    return Weights.of_shares(counts["blue"], counts["green"], sum(counts.values()) + strangers)
