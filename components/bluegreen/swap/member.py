"""One router of several: its object's last known state, its own marks, and its name in errors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bluegreen.platforms.ownership import INCARNATION_MARK
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Weights
from bluegreen.rollout.ports import TrafficRouter

T = TypeVar("T")


@dataclass(slots=True)
class Member:
    """One router of several, and the last known state of its object.

    Attributes:
        name: its router's id, for people.
        router: the member itself.
        suffix: of its incarnation's mark, which has to tell it from the other members.
        there: whether it has an object, as far as anybody knows.
        known: the weights that it was seen with, or that were verified; ``None`` after a write of which nobody knows.
        stamp: the incarnation that its object had when it was read; ``None`` where it had none.
        stale: whether it missed a renewal of the lease.
        unfit: why a restore leaves it where it is; empty where nothing is known against it.
    """

    name: str
    router: TrafficRouter
    suffix: str
    there: bool = True
    known: Weights | None = None
    stamp: str | None = None
    stale: bool = False
    unfit: str = ""


def named(member: Member, work: Callable[[], T]) -> T:
    """Return the result of ``work``; a platform's error names the member."""
    try:
        return work()
    except PlatformError as error:
        if not error.reason.startswith(f"{member.name}: "):
            error.reason = f"{member.name}: {error.reason}"
            error.args = (f"{error.call}: {error.reason}",)
        raise


def refusal(member: Member, work: Callable[[], object]) -> PlatformError | None:
    """Do ``work``, and return the platform's error; ``None`` where it was done."""
    try:
        named(member, work)
    except PlatformError as error:
        return error
    return None


def translated(member: Member, changes: Mapping[str, str | None], *, back: bool = False) -> Mapping[str, str | None]:
    """Marks as a member has them, with its own incarnation's; with ``back`` the other way round."""
    if INCARNATION_MARK not in changes:
        return changes
    value = changes[INCARNATION_MARK]
    own = member.stamp if back or value is None else f"{value}.{member.suffix}"
    return {**changes, INCARNATION_MARK: own}


def marks_of_all(by_member: Sequence[tuple[Member, Mapping[str, str]]], own: Collection[str]) -> dict[str, str]:
    """The marks of several objects as one's: all of others', and of one's own those that every object has.

    An incarnation counts where all have it: one without it, or with another one, is somebody else's object.

    Args:
        by_member: the members that have an object, each with its marks.
        own: the names of one's own marks.
    """
    result: dict[str, str] = {}
    for name in dict.fromkeys(name for _, marks in by_member for name in marks):
        values = [marks.get(name) for _, marks in by_member]
        if name == INCARNATION_MARK:
            values = [(marks.get(name) or "").removesuffix(f".{member.suffix}") for member, marks in by_member]
        borne = [value for value in values if value]
        if len(borne) < len(values) and (name in own or name == INCARNATION_MARK):
            continue
        different = name == INCARNATION_MARK and len(set(borne)) > 1
        result[name] = " and ".join(dict.fromkeys(borne)) if different else borne[0]
    return result
