"""Requests and failed requests of one color, as the entry in front of it counts them: no names to be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import Color
from bluegreen.rollout.ports import GateContext
from bluegreen.secrets import SecretRef, UrlRef

CLOUDWATCH, PROMETHEUS = "cloudwatch", "prometheus"
"""Who keeps an entry's counts: what a router class has as ``counted_by``."""

LATE_SECONDS: Mapping[str, float] = {CLOUDWATCH: 180, PROMETHEUS: 60}
"""How long after a request its minute, or its scrape, can be requested: a hold that is shorter ends without a value."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The requests of a time, and those of them that the color failed to answer (5xx, no answer, an error)."""

    requests: float
    errors: float


@dataclass(frozen=True, slots=True)
class Prometheus:
    """The Prometheus server that keeps an entry's counts.

    Attributes:
        address: where it is.
        token: where its bearer token is.
    """

    address: UrlRef
    token: SecretRef | None = None


class ErrorCounts(Protocol):
    """The counts of one entry."""

    @property
    def late_seconds(self) -> float:
        """How long after a request it can be counted, in seconds."""
        ...

    @property
    def mixed(self) -> bool:
        """Whether the counts of a color with all traffic have the other color's former requests among them."""
        ...

    def counts(self, context: GateContext, color: Color, window_seconds: float) -> Counts | None:
        """The counts of ``color`` over the last ``window_seconds``; ``None`` is no data.

        Raises:
            BluegreenError: whoever keeps them could not be reached.
        """
        ...


def counted_by(kind: object) -> str:
    """Who keeps the counts of a router of this kind; empty where nobody does."""
    return str(getattr(ROUTERS.load(kind), "counted_by", "")) if isinstance(kind, str) and kind in ROUTERS else ""


def counts_of(section: Mapping[str, Any], prometheus: Prometheus | None) -> ErrorCounts | None:
    """The counts of the entry that a router's section describes; ``None`` where nobody keeps any.

    Args:
        section: the router's, all of it known.
        prometheus: where Prometheus is, for entries that are counted there.
    """
    keeper = counted_by(section.get("kind"))
    if not keeper or (keeper == PROMETHEUS and prometheus is None):
        return None
    made: ErrorCounts | None = ROUTERS.load(str(section["kind"])).error_counts(section, prometheus)
    return made
