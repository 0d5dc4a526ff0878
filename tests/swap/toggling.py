"""Two places in memory whose contents can only be exchanged: a router of the kind ``toggling``, on a clock of its own.

As App Service has it: an exchange continues after its request, flips in the middle, and locks the object, marks and
    all,
until it is over. A part of the requests goes to the other place by rules, which stay where they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Flag, Text
from bluegreen.rollout.calls import before_write, locked, pause
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.exchanging import Standing, bring_live
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights, other
from bluegreen.rollout.ports import Capability

KIND = "tests.swap.toggling:TogglingRouter"
FLIPS_AFTER_SECONDS, TAKES_SECONDS = 20.0, 45.0


@dataclass
class Places:
    """The places of the platform.

    Attributes:
        live: the color in production.
        percent: of requests that rules send to the other place.
        began_seconds: when the open exchange began; ``None`` where none is open.
        exchanges: how many were done.
        requests: how many were requested.
        tried: the color that has the other's settings on.
        marks: notes, and whether the object is anybody's.
        failing: what an exchange that is requested ends with, instead of flipping.
        lasted: what the lease said at each request: how long it lasts, in seconds.
    """

    clock: FakeClock
    live: Color = "blue"
    percent: int = 0
    began_seconds: float | None = None
    flipped: bool = False
    exchanges: int = 0
    requests: int = 0
    tried: Color | None = None
    marks: dict[str, str] = field(default_factory=dict)
    owned: bool = False
    failing: str = ""
    failed: str = ""
    broken: set[Color] = field(default_factory=set)
    mixes: list[Weights] = field(default_factory=list)
    marked_at_request: list[dict[str, str]] = field(default_factory=list)

    def now(self) -> None:
        """Apply the changes that are due by now."""
        if self.began_seconds is None:
            return
        since = self.clock.now_seconds - self.began_seconds
        if since >= FLIPS_AFTER_SECONDS and not self.flipped and not self.failing:
            self.live, self.flipped, self.tried = other(self.live), True, None
            self.exchanges += 1
            self._seen()
        if since >= TAKES_SECONDS:
            self.failed, self.failing = self.failing, ""
            self.began_seconds, self.flipped = None, False

    @property
    def weights(self) -> Weights:
        return Weights.split(other(self.live), self.percent)

    def _seen(self) -> None:
        self.mixes.append(self.weights)

    def rule(self, percent: int) -> None:
        self.percent = percent
        self._seen()

    def begin(self) -> None:
        self.now()
        if self.began_seconds is not None:
            raise PlatformError("exchange", "409: another operation is in progress")
        self.requests += 1
        self.marked_at_request.append(dict(self.marks))
        self.began_seconds, self.failed = self.clock.now_seconds, ""


WORLDS: dict[str, Places] = {}


@dataclass(slots=True)
class TogglingRouter(Options):
    """Moves all traffic by an exchange."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    exchanges: ClassVar[bool] = True
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "name"})

    name: str = option("the world's", Text())
    tries: bool = option("whether colors try on the other's settings", Flag(), default=False)

    @property
    def here(self) -> Places:
        places = WORLDS[self.name]
        places.now()
        return places

    @property
    def id(self) -> str:
        return self.name

    def read(self) -> Traffic:
        here = self.here
        return Traffic(here.weights, dict(here.marks)) if here.owned else Traffic(Weights())

    def glance(self, *, fresh: bool = False) -> Traffic:
        return self.read()

    def write(self, weights: Weights) -> None:
        if weights == Weights():
            self.delete()
            return
        if weights.live_color is None:
            self.take_off()
            self.send_rule(weights.of(other(self.here.live)))
        else:
            if self.here.percent:
                self.send_rule(0)  # not while contents change places: the share would be the other one's
            bring_live(self, weights.live_color, limit_seconds=120)
            self.take_off()
        self.here.owned = True

    def send_rule(self, percent: int) -> None:
        before_write()
        if self.here.began_seconds is not None:
            raise PlatformError("rule", "409: another operation is in progress")
        self.here.rule(percent)

    def standing(self) -> Standing:
        here = self.here
        busy = "" if here.began_seconds is None else "an exchange"
        return Standing(here.live, busy, str(here.exchanges), here.failed)

    def before_exchange(self, wanted: Color) -> None:
        """There are just the two."""

    def exchange(self, wanted: Color) -> bool:
        before_write()
        self.here.begin()
        return True

    def try_on(self, color: Color) -> None:
        if self.tries and self.here.tried != color:
            before_write()
            with locked(60):
                self.here.tried = color

    def take_off(self) -> None:
        if self.here.tried is not None:
            before_write()
            self.here.tried = None

    def verify(self, weights: Weights) -> Convergence:
        here = self.here
        done = here.owned and here.weights == weights and here.began_seconds is None
        return Convergence.CONVERGED if done else Convergence.PENDING

    def marks(self) -> Mapping[str, str]:
        return dict(self.here.marks)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        while self.here.began_seconds is not None:
            pause(5)
        if not self.here.owned:
            return
        for name, value in changes.items():
            if value is None:
                self.here.marks.pop(name, None)
            else:
                self.here.marks[name] = value

    def progress(self) -> str:
        return ""

    def commands(self, weights: Weights) -> tuple[str, ...]:
        return (f"exchange {self.name} until it has {weights}",)

    def health(self, color: Color) -> Readiness:
        bad = color in self.here.broken
        return Readiness(not bad, int(not bad), 1, "its health check fails" if bad else "")

    def delete(self) -> None:
        self.here.owned = False
        self.here.marks.clear()
