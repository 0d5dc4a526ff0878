"""Members that come and go: an update makes what was added, removes what was taken out, and leaves the others alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from bluegreen.fields import UNKNOWN
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.limits import Limits
from bluegreen.rollout.model import Traffic, Weights
from bluegreen.rollout.ports import TrafficRouter
from bluegreen.swap import contract, incarnation, several, states
from bluegreen.swap.contract import SwapSpec
from bluegreen.swap.journal import Journal
from bluegreen.swap.members import Members
from bluegreen.swap.removal import remove
from bluegreen.swap.shared import Shared

Tell = Callable[[str], None]


def come_and_go(
    router: Shared,
    traffic: Traffic,
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
    clock: Clock,
    spec: SwapSpec,
    journal: Journal,
) -> Traffic:
    """Make what was added, then remove what was taken out; return the live traffic then."""
    added = [former is None for former in several.formers(olds, news)]
    live = contract.recorded_in(olds)
    proved = Weights.all_on(live.live_color) if live is not None else traffic.weights
    traffic = bring_in(router, traffic, added, proved, clock, spec.limits, journal)
    take_out(olds, news, clock, journal)
    return traffic


def bring_in(
    router: Shared,
    traffic: Traffic,
    added: Sequence[bool],
    proved: Weights,
    clock: Clock,
    limits: Limits,
    journal: Journal,
) -> Traffic:
    """Make the objects of members that have none, at the weights that the others have.

    Args:
        router: all of them, under the swap's lease.
        traffic: what was read of them.
        added: of each whether it is declared for the first time.
        proved: what one gets whose object has been lost, where the others have a mix.
        clock: time.
        limits: how long a weight may take to take effect.
        journal: gets which were made.

    Returns:
        What is live then.

    Raises:
        PlatformError: one could not be made; the others were not written.
    """
    made = router.join(traffic.weights, added, proved)
    if not made:
        return traffic
    limit_seconds = limits.converge_seconds(router)
    deadline = clock.monotonic_seconds() + limit_seconds
    while not router.settled():  # not by a read: what that finds counts as done
        if clock.monotonic_seconds() >= deadline:
            waited = f"{limit_seconds:g} s"
            raise PlatformError("members", f"{' and '.join(made)}: made, and without effect after {waited}")
        clock.sleep(limits.poll_interval_seconds)
    common = router.read()
    journal.tell("note", f"{' and '.join(made)}: added at the weights of the others: {common.weights}")
    return common


def take_out(olds: Mapping[str, Any], news: Mapping[str, Any], clock: Clock, journal: Journal) -> None:
    """Remove the objects of the members that are declared no more, and nothing of the others.

    Args:
        olds: the last update's outputs, as they are.
        news: the inputs.
        clock: time.
        journal: gets what was removed, and what was not and why.

    Raises:
        LeaseHeld: another swap moves one of them.
        PlatformError: one could not be removed; the same update tries it again.
    """
    gone = several.removed(olds, news)
    if not gone or several.moved(olds, news):
        return
    mark = incarnation.recorded(olds)
    spec = incarnation.known_to(states.spec_of(olds), olds, mark)
    kept = [index for index, section in enumerate(several.sections_of(olds)) if section in gone]
    spec = replace(
        spec, routers=[spec.routers[index] for index in kept], sections=[spec.sections[index] for index in kept]
    )

    def tell(text: str) -> None:
        journal.tell("note", text)

    own = own_of(spec, mark, tell)
    if own is not None:
        router, traffic = own
        remove(router, None, clock, traffic.marks, tell)
        tell(f"{router.id}: removed, since it is declared no more")


def told_of_members(olds: Mapping[str, Any], news: Mapping[str, Any], live: Weights) -> list[str]:
    """A preview's lines about members that come and go."""
    stay = "the others stay as they are"
    coming = several.added(olds, news) if several.sections_of(olds) else []
    return [
        *(f"added: {_described(section)}: it is made with what is live: {live}; {stay}" for section in coming),
        *(f"removed: {_described(section)}: its object is deleted; {stay}" for section in several.removed(olds, news)),
    ]


def _described(section: Mapping[str, Any]) -> str:
    """A member's description from its section: its kind and its place."""
    where = sorted(key for key in several.where_of(section) if section.get(key) not in (None, UNKNOWN))
    told = [f"{key} {section[key]}" for key in where if isinstance(section[key], (str, int, float))]
    return f"{section.get('kind')}" + (f" ({', '.join(told)})" if told else "")


def own_of(spec: SwapSpec, mark: str, tell: Tell) -> tuple[TrafficRouter, Traffic] | None:
    """The swap's objects that are this incarnation's, with their traffic; ``None`` where there are none.

    Args:
        spec: with routers that know the resource's former life.
        mark: the resource's incarnation.
        tell: called with what is not removed, and why.
    """
    own: list[tuple[tuple[TrafficRouter, str], Traffic]] = []
    for parsed, section in zip(spec.routers, spec.sections, strict=True):
        router, suffix = ROUTERS.build(parsed), several.mark_suffix(section)
        try:
            traffic = router.read()
        except NotOwned as error:
            tell(f"nothing was removed of {router.id}: {error.reason}")
            continue
        one_of_several = traffic.marks.get(incarnation.MARK) == f"{mark}.{suffix}"  # from when it was one of several
        another = "" if one_of_several else incarnation.whose(traffic, mark)
        if another:
            tell(f"nothing was removed of {router.id}: {another}. Its present owner removes it")
            continue
        own.append(((router, suffix), traffic))
    if len(own) < 2:
        return (own[0][0][0], own[0][1]) if own else None
    members = Members.of([member for member, _ in own])
    return cast("TrafficRouter", members), members.seen([traffic for _, traffic in own])
