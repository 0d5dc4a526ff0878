"""Releases that the swap itself brings, where a platform keeps release and traffic in one object.

A color without traffic gets its release under the lease and before anything is scaled or checked, also where the active
color stays the same. A color that an update leaves gets its new one when its traffic is gone. A router that installs
nothing (``bluegreen.rollout.ports.Installs``) is not called here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Protocol

from bluegreen.plain import holds_unknown
from bluegreen.rollout.errors import BluegreenError, InvalidInput, LeaseLost, PlatformError
from bluegreen.rollout.model import COLORS, Color, Recorded, Traffic, Weights, other
from bluegreen.rollout.plan import can_roll_back
from bluegreen.swap import contract, incarnation, releases, sections, several
from bluegreen.swap.journal import Journal
from bluegreen.swap.lease import Lease
from bluegreen.swap.shared import Shared

ANEW = "anew"
"""A mark: what a color ran when it was live is gone and was installed again, so that it has to prove itself anew."""
_INSTALL = "install"
_LATER = "what is known once this update has made it"


class _KnowsInstalled(Protocol):
    def installed(self, color: Color) -> bool: ...  # as `Installs` has it


def missing(router: _KnowsInstalled, weights: Weights, without: Collection[Color] = ()) -> tuple[Color, ...]:
    """The colors without traffic whose releases the platform has not got: one question each; none where none installs.

    Args:
        router: the swap's.
        weights: what is live.
        without: colors that are left out.

    Raises:
        PlatformError: it could not be reached, or something else is there by a release's name.
    """
    if not getattr(router, "installs", False):
        return ()
    return tuple(
        color for color in COLORS if color not in without and not weights.of(color) and not router.installed(color)
    )


def without_way_back(
    recorded: Recorded | None, marks: Mapping[str, str], gone: Collection[Color] = ()
) -> Recorded | None:
    """The record, where what was live before is still there; else without it: it has to prove itself anew.

    Args:
        recorded: what the last update left.
        marks: the object's; they tell what was gone and is there again.
        gone: the colors whose releases are not there.
    """
    if recorded is None or recorded.previous_color is None:
        return recorded
    again = marks.get(ANEW) == _anew(recorded.previous_color, recorded.previous_digest)
    if not again and recorded.previous_color not in gone:
        return recorded
    return replace(recorded, previous_color=None, previous_digest=None)


def _anew(color: Color, digest: object) -> str:
    return f"{color} {digest}"


class Installing:
    """The installations of one update.

    Args:
        router: the swap's, with what the colors run until traffic has moved.
        journal: gets what happens.

    Attributes:
        noted: whether it has noted that what is to be live again was gone.
    """

    def __init__(self, router: Shared, journal: Journal) -> None:
        self._router = router
        self._journal = journal
        self._seen: tuple[Weights, tuple[Color, ...]] | None = None
        self.noted = False

    def missing(self, weights: Weights) -> tuple[Color, ...]:
        """The colors that get a release; read once for what is live, and so before anything was installed."""
        if self._seen is None or self._seen[0] != weights:
            self._seen = (weights, missing(self._router, weights))
        return self._seen[1]

    def note(self, recorded: Recorded | None, target: Color, digest: str, traffic: Traffic) -> None:
        """Note that what is to be live again is gone, before it is there again: a killed swap is no way back."""
        if can_roll_back(without_way_back(recorded, traffic.marks), target, digest):
            self._router.mark({ANEW: _anew(target, digest)})
            self.noted = True

    def bring(self, colors: Collection[Color], weights: Weights) -> None:
        """Install, and see that all traffic is where it was.

        Args:
            colors: whose releases; each has no traffic.
            weights: what was live before.

        Raises:
            PlatformError: a release could not be brought, or requests went to it; what was live is live again.
            LeaseLost: another swap took over.
        """
        for color in colors:
            self._journal.tell(_INSTALL, f"{line(color, self._router.release(color))}")
            self._router.install(color)
            live = self._router.read().weights
            if live == weights:
                continue
            why = f"{color} was installed, and the live weights are {live} instead of {weights}"
            if weights != Weights() and live.of(color):
                self._router.write(weights)
                raise PlatformError(_INSTALL, f"{why}: they were put back, and no color is promoted")
            raise PlatformError(_INSTALL, f"{why}: somebody else moved them, and no color is promoted")


def bring_afterwards(
    color: Color, weights: Weights, news: Mapping[str, Any], olds: Mapping[str, Any], lease: Lease, journal: Journal
) -> tuple[Color, ...] | None:
    """Install what the color that was left runs from now on. Where that fails the next update does it.

    Args:
        color: the one that was left; it has no traffic any more.
        weights: what is live.
        news: the inputs, with that color's new release.
        olds: the last update's outputs.
        lease: the update's.
        journal: gets what happens.

    Returns:
        The colors that have it by now, none where it was there; ``None`` where it failed.

    Raises:
        LeaseLost: another swap took over.
    """
    try:
        router = incarnation.known_to(contract.parse(news), olds, incarnation.recorded(olds)).build_router()
        getattr(router, "bears", dict)(lease.stamp)
        shared = Shared(router, lease)
        shared.read()
        gone = missing(shared, weights, without=(other(color),))
        Installing(shared, journal).bring(gone, weights)
    except LeaseLost:
        raise
    except BluegreenError as error:
        journal.tell(_INSTALL, f"{color} keeps its former release; the next `pulumi up` tries again: {error}")
        return None
    return gone


def line(color: Color, release: str) -> str:
    """The line about an installation: ``install green: image app:v2 as revision green-1f3a, 0 %``."""
    return f"{_INSTALL} {color}: {release}, 0 %"


def told(
    olds: Mapping[str, Any], news: Mapping[str, Any], recorded: Recorded | None, weights: Weights
) -> tuple[list[str], tuple[Color, ...]]:
    """A preview's first lines, about installations; and the colors that get a release.

    Args:
        olds: the last update's outputs, caught up.
        news: the inputs; values may be unknown.
        recorded: what the last update left.
        weights: what is live.

    Raises:
        PlatformError: it could not be reached.
    """
    if holds_unknown(several.sections_of(news)):  # what the update itself makes can be looked for by that alone
        later = [color for color in COLORS if not weights.of(color) and releases.not_known_yet(news, color)]
        return [line(color, _LATER) for color in later if sections.names_what_to_install(news)], ()
    try:
        spec = contract.parse(news)
    except InvalidInput:
        return [], ()
    router: Any = incarnation.known_to(spec, olds, incarnation.recorded(olds)).build_router()
    if not getattr(router, "installs", False):
        return [], ()
    target, moved = spec.active_color, {change.color for change in releases.changes(olds, news)}
    # What has traffic and is left gets its release when that is gone.
    left = {color for color in COLORS if color != target and weights.of(color) and color in moved}
    colors = [*missing(router, weights), *(color for color in left if not router.installed(color))]
    lines = []
    for color in sorted(colors, key=lambda color: color != target):
        after = f", once {color} has no traffic any more" if color in left else ""
        lines.append(line(color, router.release(color)) + after)
        if color == target and can_roll_back(recorded, target, str(contract.fingerprint(news, target))):
            lines.append(f"what {color} ran before is gone: it is installed again, and promoted with gates")
    wanted = [target] if recorded is not None and recorded.live_color != target else []
    wanted += [color for color in COLORS if color in moved and color not in wanted]
    lines += [f"{color}: already installed: {router.release(color)}" for color in wanted if color not in colors]
    return lines, tuple(colors)
