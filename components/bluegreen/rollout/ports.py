"""What a router is: the one interface between the swap and a platform's traffic."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar, Protocol

from bluegreen.fields import Fields
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights


class Capability(Enum):
    """What a router may or may not be able to do. What it cannot do is refused by name before anything is written."""

    WEIGHTS = "weights"  # any split; without it only 0 and 100


class TrafficRouter(Protocol):
    """Moves production traffic. Reads are live truth; writes are idempotent; success is never assumed.

    A class may have ``same_place``: a function for keys of ``where`` that says whether two values name one place
    (``bluegreen.platforms.places``). A dataclass may have the fields ``former_owner``, ``incarnation`` and ``former``,
    empty by default and no part of its section: whose object it may take over, the mark ``incarnation`` that the
    resource's own object bears wherever it stands, and the section as the last update had it. ``stands_elsewhere``,
    where a class has it, says after a read where the object was found, if that is not where it is declared.
    """

    #: What this platform can do.
    capabilities: ClassVar[frozenset[Capability]]
    #: The keys of its section that say *where* traffic is routed; a change of one replaces the swap.
    where: ClassVar[frozenset[str]]
    #: The keys of its section whose values by color name the very thing that a color runs (a version, a revision). A
    #: change under a color with traffic is refused. A router may go without, and without the two below.
    # release_keys: ClassVar[frozenset[str]]
    #: The same for those that say where a color's requests go, whatever runs there.
    # backend_keys: ClassVar[frozenset[str]]
    #: The same for those whose values a stack may have to make anew for the same release (a target group): another one
    #: gets production traffic once it is healthy and the gates before traffic have passed.
    # target_keys: ClassVar[frozenset[str]]
    #: Where one key stands for another, a function of the section that returns it with those that are asked for.
    # filled_in: Callable[[Mapping[str, object]], Mapping[str, object]]
    #: Whether the platform brings whatever is new of a color by a deployment of its own, also under traffic: then only
    #: another digest is another release.
    # in_place: ClassVar[bool]
    #: What a color without traffic has to keep of the live one's size for production to be answered, in percent; 0
    #: where a router goes without.
    # least_idle_percent: ClassVar[float]
    #: How long requests may go the former way once ``verify`` has said yes, by default; 0 where its yes is enough.
    propagation_seconds: ClassVar[float]

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check the ``router`` section and return the constructor's keyword arguments.

        Problems are collected in ``fields``; nothing is read or written.
        """
        ...

    @property
    def id(self) -> str:
        """Where traffic is routed, as one line; the resource's id."""
        ...

    def read(self) -> Traffic:
        """The live weights and the owned object's marks, in one or two calls.

        Raises:
            NotOwned: the object in our place is somebody else's.
            PlatformError: the platform could not be asked.
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
        """What the platform is at with the last write, as of the last ``verify``; empty where nothing is to be told.

        No I/O: it is told while a swap waits.
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
            PlatformError: the platform could not be asked.
        """
        ...


class LooksBeforeWrites(Protocol):
    """A router that looks at what it knows by fewer calls than it takes to find it, for the write that comes next."""

    def glance(self, *, told: bool = False) -> Traffic:
        """The live weights and the owned object's marks, as ``read`` has them.

        Args:
            told: whether nothing has come after the last call of the router, which may have told one of the two.

        Raises:
            NotOwned: the object in our place is somebody else's.
            PlatformError: the platform could not be asked.
        """
        ...


class ReadsWeightsAlone(Protocol):
    """A router whose marks need a call of their own. Its writes may rely on a look of the moment before them."""

    def live(self) -> Weights:
        """The live weights without the marks, in one call.

        Raises:
            NotOwned: the object in our place is somebody else's.
            PlatformError: the platform could not be asked.
        """
        ...
