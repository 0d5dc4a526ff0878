"""The interfaces between a swap and its platform: router, capacity and gate.

Each has a class method ``parse`` beside: see ``bluegreen.registry.Kind``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, Protocol

from bluegreen.rollout.model import Color, Convergence, Phase, Readiness, Size, Traffic, Verdict, Weights, other


class Capability(Enum):
    """A feature that not every router has. Inputs that need a missing one are refused by name before any write."""

    WEIGHTS = "weights"  # any split; without it only 0 and 100


class TrafficRouter(Protocol):
    """Moves production traffic. Reads are live truth; writes are idempotent; success is never assumed.

    A class may have ``same_place``: a function for keys of ``where`` that says whether two values name one place
    (``bluegreen.platforms.places``). A dataclass may have the fields ``former_owner``, ``incarnation`` and ``former``,
    empty by default and no part of its section: whose object it may take over, the mark ``incarnation`` that the
    resource's own object has wherever it stands, and the section as the last update had it. ``stands_elsewhere``,
    where a class has it, says after a read where the object was found, if that is not where it is declared.
    """

    #: What this platform can do.
    capabilities: ClassVar[frozenset[Capability]]
    #: The keys of its section that say *where* traffic is routed; a change of one replaces the swap.
    where: ClassVar[frozenset[str]]
    #: The keys of its section whose values by color name the very thing that a color runs (a version, a revision). A
    #: change under a color with traffic is refused. A router may go without, and without the two below.
    # release_keys: ClassVar[frozenset[str]]
    #: Whether these are brought by somebody else, a resource beside the swap say, before its swap runs: another one
    #: under a color with traffic is then no change that a check could still stop. A router may go without.
    # releases_beside: ClassVar[bool]
    #: The same for those that say where a color's requests go, whatever runs there.
    # backend_keys: ClassVar[frozenset[str]]
    #: The same for those whose values a stack may have to make anew for the same release (a target group): another one
    #: gets production traffic once it is healthy and the gates before traffic have passed.
    # target_keys: ClassVar[frozenset[str]]
    #: The same for those whose values are what the swap itself installs (see ``Installs``); what tells one release from
    #: another is in ``release_keys``, if need be by ``filled_in``.
    # install_keys: ClassVar[frozenset[str]]
    #: Where one key stands for another, a function of the section that returns it with those that are requested.
    # filled_in: Callable[[Mapping[str, object]], Mapping[str, object]]
    #: Whether the platform brings whatever is new of a color by a deployment of its own, also under traffic: then only
    #: another digest is another release.
    # in_place: ClassVar[bool]
    #: What a color without traffic has to keep of the live one's size for production to be answered, in percent; 0
    #: where a router goes without.
    # least_idle_percent: ClassVar[float]
    #: What only the platform knows to be wrong with a section before its first start, requested in a preview. Values of
    #: the section may be unknown; it may raise a ``PlatformError``, and then nothing is said. A router may go without.
    # problems_of_a_first_start: Callable[[Mapping[str, object]], list[Problem]]
    #: Whether all traffic moves by an exchange, which sent twice is undone (``bluegreen.rollout.exchanging``): then the
    #: first write is not rehearsed. A router may go without.
    # exchanges: ClassVar[bool]
    #: What a platform keeps for clients that a share below 100 % has sent to a color, or what else a share is there
    #: but its percent, a sentence for previews of promotions with steps. A router may go without.
    # clients_stay: str
    #: The least that a written weight takes to take effect, in seconds, by the router's parsed section, where answers
    #: from before are kept for a time: a swap that says no time-out waits so long. A router may go without.
    # least_converge_seconds: Callable[[Mapping[str, object]], float]
    #: The same by what the platform itself says, as of the last look and without I/O: a longer TTL than the usual one,
    #: say. A router may go without.
    # converge_seconds: Callable[[], float]
    #: What a share has really come to where a platform has no weights, in words, as of the last look and without I/O;
    #: empty where it is what was written. A router may go without.
    # comes_to: Callable[[Weights], str]
    #: How long requests may go the former way once ``verify`` has said yes, by default; 0 where its yes is enough.
    propagation_seconds: ClassVar[float]

    @property
    def id(self) -> str:
        """The place where traffic is routed, as one line; the resource's id."""
        ...

    def read(self) -> Traffic:
        """The live weights and the owned object's marks, in one or two calls.

        Raises:
            NotOwned: the object in our place is somebody else's.
            PlatformError: the platform could not be reached.
        """
        ...

    def write(self, weights: Weights) -> None:
        """Send production traffic as ``weights`` says. Writing the same again changes nothing."""
        ...

    def verify(self, weights: Weights) -> Convergence:
        """Whether ``weights`` is what the platform does now."""
        ...

    def marks(self) -> Mapping[str, str]:
        """The owned object's marks alone, in one call; empty while there is no such object."""
        ...

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set marks on the owned object; ``None`` removes one. Without an object it does nothing. Idempotent."""
        ...

    def progress(self) -> str:
        """The platform's progress with the last write, as of the last ``verify``; empty where there is none to report.

        No I/O: it is reported while a swap waits.
        """
        ...

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The shell commands that put ``weights`` in place by hand, for when the swap could not. No I/O."""
        ...

    def health(self, color: Color) -> Readiness:
        """The health of a color's targets as the router itself sees them, live or idle."""
        ...

    def delete(self) -> None:
        """Remove what the swap owns, and nothing else. Already gone is fine."""
        ...


class MakesItsObject(Protocol):
    """A router whose platform can make the owned object only where there is none: of two first starts one wins."""

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make the object with these weights and marks, all at once where the platform can do that.

        Returns:
            Whether this call made it; ``False`` changes nothing: there is one by now.

        Raises:
            NotOwned: what is there is somebody else's.
            PlatformError: the platform could not be reached.
        """
        ...


class LooksBeforeWrites(Protocol):
    """A router that looks at its known object by fewer calls than ``read`` takes, right before a write."""

    def glance(self, *, fresh: bool = False) -> Traffic:
        """The live weights and the owned object's marks, as ``read`` has them.

        Args:
            fresh: whether nothing has come after the last call of the router, which may have shown one of the two.

        Raises:
            NotOwned: the object in our place is somebody else's.
            PlatformError: the platform could not be reached.
        """
        ...


class ReadsWeightsAlone(Protocol):
    """A router whose marks need a call of their own. Its writes may rely on a look of the moment before them."""

    def live(self) -> Weights:
        """The live weights without the marks, in one call.

        Raises:
            NotOwned: the object in our place is somebody else's.
            PlatformError: the platform could not be reached.
        """
        ...


class ChangesPlaces(Protocol):
    """A router whose colors change places when one goes live, so that a preview's address leads to the idle one."""

    def reaches(self, color: Color, preview: Preview) -> Preview:
        """How ``color`` is reached now, as far as the router has looked. No I/O.

        Args:
            color: which.
            preview: how it is reached while it is idle.
        """
        ...


class TriesOn(Protocol):
    """A router that can give an idle color the live one's settings before it is live, for the gates to look at."""

    def try_on(self, color: Color) -> None:
        """Give them to ``color``, and wait until it runs with them. Given already is fine.

        Raises:
            PlatformError: it did not come up with them, or cannot have them now.
        """
        ...

    def take_off(self) -> None:
        """Give an idle color its own settings back. None tried on is fine."""
        ...


class Installs(Protocol):
    """A router whose platform keeps release and traffic in one object, so that the swap itself brings a release.

    It brings one to a color without traffic alone, under its lease, before anything is scaled or checked.
    """

    @property
    def installs(self) -> bool:
        """Whether its section says what to install; where not, somebody else installs, and it routes alone."""
        ...

    def release(self, color: Color) -> str:
        """The release that it installs and its name there, for people: ``image app:v2 as revision green-1f3a``.

        No I/O.
        """
        ...

    def installed(self, color: Color) -> bool:
        """Whether the platform has the color's release, by its name and by what it runs; at rest is fine.

        Raises:
            PlatformError: something else is there by that name, or the platform could not be reached.
        """
        ...

    def install(self, color: Color) -> None:
        """Bring the color's release, in a write that leaves all traffic where it is, and wait until that is done.

        It starts from what the color itself ran last and never from what the other one runs. Idempotent. That the
        release does not start is no error: its health says so.

        Raises:
            PlatformError: it could not be brought.
        """
        ...


class Capacity(Protocol):
    """Scales a color. Every call is idempotent."""

    # Keys of its section may be named by two class variables, each a frozenset of texts, and both may be absent:
    # ``where``, what is scaled, so that whatever is scaled no more is not retired either (with ``same_place``, as
    # routers have it); ``release_keys``, the values by color that name the very thing which a color runs.
    # A method may be absent as well: ``others_plans(color)``, what somebody else has arranged that changes the color's
    # size while it is at rest, a sentence each, for previews; ``overdue()``, where no platform scheduler brings a
    # color to rest: the colors whose retirement is due by now, which a preview tells of and the update does; and
    # ``release(color)``, what tells the release that a color runs now from any other, in one call and whatever the
    # color's size is: read before each further step, and compared with the ``release`` of the ``Readiness`` that made
    # the color ready. ``install_keys`` names the keys whose values by color go with what a router installs.
    # ``brings_releases`` says that the capacity itself brings what its ``release_keys`` name, to an idle color that is
    # promoted alone: a change of them under traffic is refused.

    @property
    def declared_size(self) -> int:
        """The number of units that a color starts with when no color runs yet."""
        ...

    def read(self) -> Mapping[Color, Size]:
        """Both colors' present sizes, in one call where the platform can."""
        ...

    def prepare(self, color: Color, size: int) -> None:
        """Ask for ``size`` units of ``color``. Does not wait."""
        ...

    def ready(self, color: Color) -> Readiness:
        """Whether the color runs what was requested, with its declared release, and the first reason why not."""
        ...

    def preflight(self, color: Color, size: int, retires: bool = True) -> None:
        """Find out whether the calls that come after the shift are allowed, before there is one. Changes nothing.

        Args:
            color: the color that is to be promoted.
            size: how many units of it are wanted at present.
            retires: whether the other color is brought to rest afterwards; where it keeps its size, what only that
                takes need not be tried.

        Raises:
            PlatformError: naming the call that is refused.
        """
        ...

    def suspend_scale_in(self) -> None:
        """Keep autoscaling from taking units away from either color while a swap runs."""
        ...

    def resume_scaling(self, serving: Collection[Color]) -> None:
        """Let autoscaling work again on the colors that have traffic, with the range that each has.

        A color at rest stays held: it keeps its size until it is retired. Nothing held is fine.
        """
        ...

    def retire(self, color: Color, size: int, after_seconds: float) -> str:
        """Bring a color down to ``size`` units after a delay, by the platform's own scheduler where it has one.

        Until then it keeps its size. Returns when that is arranged, not when it has happened, with one line that says
        what was arranged.
        """
        ...

    def cancel_retirement(self, color: Color) -> None:
        """Cancel a pending retirement, and give back the autoscaling range that it took. None pending is fine."""
        ...

    def delete(self) -> None:
        """Remove what the swap made for itself here (pending retirements), and nothing else."""
        ...


UNDER_TRAFFIC = frozenset({Phase.HOLD, Phase.BAKE})
"""For gates that measure real traffic: there is none before the first step."""
THROUGHOUT = UNDER_TRAFFIC | {Phase.BEFORE}
"""For gates that can run before the first step, too."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The way to one color without production traffic.

    Attributes:
        url: the base URL.
        headers: the headers that select the color, by name.
    """

    url: str
    headers: Mapping[str, str]


def _nothing_is_known() -> Readiness:
    return Readiness(False, reason="nobody knows")


@dataclass(frozen=True, slots=True)
class GateContext:
    """The facts that a gate may look at. Made anew for each evaluation.

    Attributes:
        color: the color under test.
        preview: how to reach it, where the platform can.
        health: the health of its targets now; each call asks the platform.
        service: what the service is called.
        releases: what is installed in each color.
        phase: when in the swap it runs.
        weight_percent: the new color's share of production traffic now.
        phase_began_at_seconds: wall-clock time at which this phase began, seconds since the epoch.
        shifted_at_seconds: the same of the swap's first shift; ``None`` before it.
        asked_at_seconds: the same of this question.
    """

    color: Color
    preview: Preview | None = None
    health: Callable[[], Readiness] = _nothing_is_known
    service: str = ""
    releases: Mapping[Color, str] = field(default_factory=dict)
    phase: Phase = Phase.BEFORE
    weight_percent: int = 0
    phase_began_at_seconds: float = 0
    shifted_at_seconds: float | None = None
    asked_at_seconds: float = 0

    @property
    def other_color(self) -> Color:
        """The color that carried the traffic before."""
        return other(self.color)


class Gate(Protocol):
    """One check. It raises ``GateUnavailable`` when it has no answer; that is never a pass.

    A gate may have ``only_reads``: true where anybody may ask it beside the swap, since nothing is called but what is
    measured anyway.
    """

    @property
    def label(self) -> str:
        """Its name for people, in plans and logs: ``http /healthz``."""
        ...

    @property
    def needs_preview(self) -> bool:
        """Whether it needs a way to reach the color before it is live."""
        ...

    @property
    def phases(self) -> frozenset[Phase]:
        """The phases in which it runs, unless the entry's own ``phases`` say otherwise."""
        ...

    @property
    def offline(self) -> bool:
        """Whether it looks at local files alone, so that a preview can ask it, too."""
        ...

    def evaluate(self, context: GateContext) -> Verdict:
        """Ask once."""
        ...
