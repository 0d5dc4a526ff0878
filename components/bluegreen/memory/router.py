"""A router in memory: for tests of one's own programs, and the reference for the routers' contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Text
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability


@dataclass(slots=True)
class MemoryWorld:
    """Shared by a memory router and a memory capacity: weights, sizes, health.

    Attributes:
        weights: where traffic goes.
        desired: units wanted of each color; a healthy color runs them at once.
        broken: colors whose units are never healthy.
        runs: what tells the release of a color from others, where that is of interest.
        retiring: colors with a pending retirement, and the size that it leaves.
        held: whether autoscaling is kept from taking units away.
        marks: notes on the object that the swap owns; without any and without weights there is no object.
        calls: the name of every call, in order.
        moves: the weights of every write that changed them, in order.
        installed: the releases of each color that are there, the last one at the end.
    """

    weights: Weights = field(default_factory=Weights)
    desired: dict[Color, int] = field(default_factory=lambda: dict.fromkeys(COLORS, 1))
    broken: set[Color] = field(default_factory=set)
    runs: dict[Color, str] = field(default_factory=dict)
    retiring: dict[Color, int] = field(default_factory=dict)
    held: bool = False
    marks: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    moves: list[Weights] = field(default_factory=list)
    installed: dict[Color, list[str]] = field(default_factory=lambda: {color: [] for color in COLORS})


WORLDS: dict[str, MemoryWorld] = {}


def world(name: str) -> MemoryWorld:
    """The world of that name, made when it is first requested."""
    return WORLDS.setdefault(name, MemoryWorld())


@dataclass(slots=True)
class MemoryRouter(Options):
    """Routes the traffic of the world called ``name``."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "name"})
    release_keys: ClassVar[frozenset[str]] = frozenset({"versions", "note", "install"})
    install_keys: ClassVar[frozenset[str]] = frozenset({"install"})

    name: str = option("the world's", Text())
    note: str = option(
        "what else there is to change. ``blue=1`` or ``green=2`` in it say what that color runs", Text(), default=""
    )
    versions: Mapping[Color, str] = option(
        "what each color runs, for tests of that; nothing looks at it", Both(Text()), default={}
    )
    to_install: Mapping[Color, str] = option(
        "what the swap itself installs in each color; absent: somebody else installs",
        Both(Text()),
        default={},
        name="install",
    )

    @property
    def id(self) -> str:
        """The world's name."""
        return self.name

    def read(self) -> Traffic:
        """The live weights and the marks."""
        here = world(self.name)
        here.calls.append("router.read")
        return Traffic(here.weights, dict(here.marks))

    def glance(self, *, fresh: bool = False) -> Traffic:  # noqa: ARG002 - one look is all that there is
        """The live weights and the marks: writes are for whatever is there."""
        return self.read()

    def write(self, weights: Weights) -> None:
        """Set the live weights."""
        here = world(self.name)
        here.calls.append("router.write")
        if here.weights != weights:
            here.moves.append(weights)
        here.weights = weights
        if weights == Weights():
            here.marks.clear()

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make the object."""
        here = world(self.name)
        here.calls.append("router.create")
        if here.weights != Weights() or here.marks:
            return False
        here.moves.append(weights)
        here.weights = weights
        here.marks.update(marks)
        return True

    def verify(self, weights: Weights) -> Convergence:
        """Whether they are set."""
        world(self.name).calls.append("router.verify")
        return Convergence.CONVERGED if world(self.name).weights == weights else Convergence.PENDING

    def marks(self) -> Mapping[str, str]:
        """The marks."""
        world(self.name).calls.append("router.marks")
        return dict(world(self.name).marks)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks."""
        here = world(self.name)
        here.calls.append("router.mark")
        there = here.weights != Weights() or bool(here.marks)  # with marks and no weights it leads elsewhere
        for name, value in changes.items():
            if value is None:
                here.marks.pop(name, None)
            elif there:
                here.marks[name] = value

    def progress(self) -> str:
        """Empty: nothing takes time here."""
        return ""

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        return (f"set the world {self.name} to {weights}",)

    def health(self, color: Color) -> Readiness:
        """The health of a color: all units are healthy, unless it is broken."""
        here = world(self.name)
        here.calls.append("router.health")
        units = here.desired[color]
        if self.installs and self.to_install[color] not in here.installed[color]:
            return Readiness(False, 0, units, f"{self.to_install[color]} is not installed", fatal=True)
        if color in here.broken:
            return Readiness(False, 0, units, "its health check fails")
        return Readiness(units > 0, units, units, "" if units else "no target is registered")

    @property
    def installs(self) -> bool:
        """Whether the section says what to install."""
        return bool(self.to_install)

    def release(self, color: Color) -> str:
        """The release that it installs."""
        return self.to_install[color]

    def installed(self, color: Color) -> bool:
        """Whether it is there."""
        world(self.name).calls.append("router.installed")
        return self.to_install[color] in world(self.name).installed[color]

    def install(self, color: Color) -> None:
        """Put it there; it runs as many units as the color has."""
        here = world(self.name)
        here.calls.append("router.install")
        releases = here.installed[color]
        here.installed[color] = [*(one for one in releases if one != self.to_install[color]), self.to_install[color]]

    def delete(self) -> None:
        """Stop all traffic."""
        world(self.name).calls.append("router.delete")
        world(self.name).weights = Weights()
        world(self.name).marks.clear()
