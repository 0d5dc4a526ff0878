"""Several routers as one, for a swap with an ordered list of routers. It knows no platform.

Marks stand on every member: a lease that was set here is held while every member has it, and anybody else's counts
where one does. They are set in the order of the members' normal places, so that of two swaps that share some of them
one comes first everywhere, and are taken away in reverse. Weights are written in the declared order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from bluegreen.platforms.ownership import INCARNATION_MARK
from bluegreen.rollout.apart import joined, parts_of, together
from bluegreen.rollout.errors import LeaseLost, PlatformError
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability, Installs, MakesItsObject, Preview, ReadsWeightsAlone, TrafficRouter
from bluegreen.swap.at_once import at_once
from bluegreen.swap.marks import LEASE_PREFIX
from bluegreen.swap.member import Member, marks_of_all, named, refusal, translated


class Members:
    """The routers of one swap as one router.

    Args:
        members: the routers in the declared order, two at least, each with the suffix of its marks.
        in_order: whether each is written before the next one, or all at once.
    """

    where: frozenset[str] = frozenset()

    def __init__(self, members: Sequence[tuple[TrafficRouter, str]], *, in_order: bool = True) -> None:
        self._in_order = in_order
        ids = [router.id for router, _ in members]
        names = [name if ids.count(name) == 1 else f"{name} ({index + 1})" for index, name in enumerate(ids)]
        self.members = [Member(name, *member) for name, member in zip(names, members, strict=True)]
        self._placed = sorted(self.members, key=lambda member: (type(member.router).__name__, member.name.lower()))
        #: The marks of the lease that was taken here, which every member must have.
        self._own: dict[str, str] = {}
        self._stamp: Mapping[str, str] = {}
        self._joined: list[tuple[Member, Weights]] = []

    @classmethod
    def of(cls, members: Sequence[tuple[TrafficRouter, str]], *, in_order: bool = True) -> Members:
        """Join members; the result can read weights alone where a member can."""
        looks = any(hasattr(router, name) for router, _ in members for name in ("live", "glance"))
        kind = Glancing if looks else Members
        return kind(members, in_order=in_order)

    def bears(self, stamp: Mapping[str, str]) -> None:
        """The marks that every member has besides a lease: set with that one where they are not there yet."""
        self._stamp = stamp

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the members, in the declared order."""
        return tuple(member.name for member in self.members)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities that every member has."""
        return frozenset.intersection(*(member.router.capabilities for member in self.members))

    @property
    def propagation_seconds(self) -> float:
        """The longest one of the members, in seconds."""
        return max(member.router.propagation_seconds for member in self.members)

    @property
    def id(self) -> str:
        """The ids of all members, in the declared order."""
        return "; ".join(self.names)

    @property
    def least_idle_percent(self) -> float:
        """The largest one of the members, in percent."""
        return max(float(getattr(member.router, "least_idle_percent", 0)) for member in self.members)

    @property
    def exchanges(self) -> bool:
        """Whether one of them moves all traffic by an exchange: then none is rehearsed."""
        return any(getattr(member.router, "exchanges", False) for member in self.members)

    def converge_seconds(self) -> float:
        """The longest that one of them may take by what its platform says. No I/O."""
        return max(float(getattr(member.router, "converge_seconds", lambda: 0)()) for member in self.members)

    def reaches(self, color: Color, preview: Preview) -> Preview:
        """How a color is reached now, as the members know whose colors change places. No I/O."""
        for member in self.members:
            reaches = getattr(member.router, "reaches", None)
            preview = preview if reaches is None else reaches(color, preview)
        return preview

    def try_on(self, color: Color) -> None:
        """Give an idle color the live one's settings, where a member's platform can do that."""
        self._settings("try_on", color)

    def take_off(self) -> None:
        """Give it its own ones back, each whatever the others say."""
        self._settings("take_off")

    def _settings(self, which: str, *color: Color) -> None:
        able = [member for member in self.members if hasattr(member.router, which)]
        self._each(able, lambda member: getattr(member.router, which)(*color))

    def comes_to(self, weights: Weights) -> str:
        """The real share that a split has come to, at each member where it is not what was written. No I/O."""
        told = {
            member.name: getattr(member.router, "comes_to", lambda _weights: "")(weights) for member in self.members
        }
        return "; ".join(f"{name}: {text}" for name, text in told.items() if text)

    @property
    def clients_stay(self) -> str:
        """The texts about clients that stay with a color after a share has sent them there, each once."""
        texts = (getattr(member.router, "clients_stay", "") for member in self.members)
        return "; ".join(dict.fromkeys(text for text in texts if text))

    @property
    def stands_elsewhere(self) -> str:
        """The members that were found at another place than the declared one."""
        texts = ((member.name, getattr(member.router, "stands_elsewhere", "")) for member in self.members)
        return "; ".join(f"{name}: {said}" for name, said in texts if said)

    # -- what is live

    def read(self) -> Traffic:
        """The common weights, or each member's where they differ, and the marks."""
        return self.seen([named(member, member.router.read) for member in self.members])

    def seen(self, traffics: Sequence[Traffic]) -> Traffic:
        """The traffic that was read of each member, in the declared order, as one."""
        for member, traffic in zip(self.members, traffics, strict=True):
            member.there = traffic.weights != Weights() or bool(traffic.marks)
            member.known = traffic.weights
        marks = self._together([traffic.marks for traffic in traffics])
        return Traffic(self._weights([traffic.weights for traffic in traffics]), marks)

    def verify(self, weights: Weights) -> Convergence:
        """Whether each member has its part; members that are known to have it are not read again."""
        pending = False
        for member, part in self._parts(weights):
            if member.known != part:
                pending = not self._confirmed(member, part) or pending
        return Convergence.PENDING if pending else Convergence.CONVERGED

    def health(self, color: Color) -> Readiness:
        """A color's targets have to be healthy as every member sees them."""
        return together({one.name: named(one, partial(one.router.health, color)) for one in self.members})

    def health_to_go_back(self, color: Color) -> Readiness:
        """The best one's: a member that has no target of a color left alone stays where it is in a restore."""
        answers: list[Readiness] = []
        for member in self.members:
            answers += self._ask_to_go_back(member, color)
        if len(answers) < len(self.members):
            return Readiness(ready=True, healthy=1)
        return max(answers, key=lambda one: one.healthy)

    def _ask_to_go_back(self, member: Member, color: Color) -> list[Readiness]:
        """One member's answer, noted; none where it cannot be reached: the former color is still the better guess."""
        member.unfit = ""
        try:
            health = getattr(member.router, "health_to_go_back", member.router.health)
            answer = named(member, partial(health, color))
        except PlatformError:
            return []
        member.unfit = "" if answer.healthy else f"{color} has {answer}, so traffic was left where it is"
        return [answer]

    def progress(self) -> str:
        """The progress of each member that is not done."""
        texts = ((member.name, member.router.progress()) for member in self.members if member.known is None)
        return "; ".join(f"{name}: {said}" for name, said in texts if said)

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands of those that are not known to have their part; of all where each has."""
        parts = self._parts(weights)
        wanted = [(member, part) for member, part in parts if member.known != part] or parts
        return tuple(line for member, part in wanted for line in (f"# {member.name}", *member.router.commands(part)))

    # -- weights

    def write(self, weights: Weights) -> None:
        """Write the members one after the other, and the first that fails is the last; or all side by side."""
        if not self._in_order:
            works = [partial(self._write, member, part) for member, part in self._parts(weights)]
            raised = next((error for error in at_once(works) if error is not None), None)
            if raised is not None:
                raise raised
            return
        for member, part in self._parts(weights):
            self._write(member, part)

    def put_back(self, weights: Weights) -> None:
        """Write the members that are not known to have their part, the last one first, each whatever the others say.

        Raises:
            LeaseLost: another swap took over.
            PlatformError: naming each that could not be written, with the weights that it has now.
        """
        failed: list[str] = []
        written = False
        for member, part in reversed(self._parts(weights)):
            if member.known == part:
                continue
            if written and part.live_color is not None:
                self._ask_to_go_back(member, part.live_color)  # the others' writes took their time
            written = True
            if member.unfit:
                failed.append(f"{member.name} has {self._seen(member)} ({member.unfit})")
                continue
            try:
                self._write(member, part, back=True)
                self._confirmed(member, part)
            except LeaseLost:
                raise
            except Exception as error:  # noqa: BLE001 - whatever one of them says, the others go back
                failed.append(f"{member.name} has {self._seen(member)} ({error})")
        if failed:
            back = [f"{member.name} has {part}" for member, part in self._parts(weights) if member.known == part]
            raise PlatformError("members", "; ".join([*reversed(failed), *back]))

    def join(self, weights: Weights, added: Sequence[bool], proved: Weights) -> tuple[str, ...]:
        """Make the objects of the members that have none, at the others' weights. Write no other member.

        Args:
            weights: as they were read.
            added: of each member whether it is declared for the first time; another one's object has been lost.
            proved: what one gets whose object has been lost, where the others have a mix.

        Returns:
            The names of those that were made; none where the others do not agree on what is live.
        """
        parts = self._parts(weights)
        common = {part for member, part in parts if member.there}
        missing = [member for member, _ in parts if not member.there]
        if len(common) != 1 or not missing:
            return ()
        live = next(iter(common))
        lost = live if live.live_color is not None else proved
        for member, new in zip(self.members, added, strict=True):
            if any(member is one for one in missing):
                if not self._make(member, live if new else lost, self._own):
                    raise PlatformError("members", f"{member.name}: somebody else makes it at this moment")
                self._joined.append((member, live if new else lost))
        return tuple(member.name for member in missing)

    def settled(self) -> bool:
        """Whether the objects that ``join`` has made do what they were made with."""
        return all(self._confirmed(member, weights) for member, weights in self._joined)

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make every member's object; of two first starts one wins, and the other takes back what it has made.

        Raises:
            LeaseLost: no first start holds the object that stands in the way of a later member's: what has been made
                has requests by now, and stays.
        """
        self._own |= marks
        made: list[Member] = []
        for member in self._placed:
            if self._make(member, weights, marks) or self._is_own(member):
                made.append(member)
                continue
            if made and self._is_a_persons(member):
                there = " and ".join(former.name for former in made)
                raise LeaseLost(f"{member.name}: somebody else has made it meanwhile; {there} stays as it was made")
            for former in reversed(made):
                if self._is_own(former):  # nobody has taken it over meanwhile
                    self._write(former, Weights())
            return False
        return True

    @staticmethod
    def _is_a_persons(member: Member) -> bool:
        """Whether a member has requests and no lease; no where it cannot be read."""
        try:
            there = member.router.read()
        except PlatformError:
            return False
        return there.weights != Weights() and not any(name.startswith(LEASE_PREFIX) for name in there.marks)

    def delete(self) -> None:
        """Remove what each of them owns, each whatever the others say."""
        self._each(list(reversed(self._placed)), lambda member: member.router.delete())

    # -- releases

    @property
    def installs(self) -> bool:
        """Whether one of them brings the releases itself."""
        return bool(self._installing())

    def _installing(self) -> list[tuple[Member, Installs]]:
        installing = [member for member in self.members if getattr(member.router, "installs", False)]
        return [(member, cast("Installs", member.router)) for member in installing]

    def release(self, color: Color) -> str:
        """The releases that members install in a color, each with the member's name where several do."""
        said = [(member.name, router.release(color)) for member, router in self._installing()]
        return said[0][1] if len(said) == 1 else "; ".join(f"{name}: {text}" for name, text in said)

    def installed(self, color: Color) -> bool:
        """Whether each has a color's release."""
        return all(named(member, partial(router.installed, color)) for member, router in self._installing())

    def install(self, color: Color) -> None:
        """Bring a color's release to each that has not got it."""
        for member, router in self._installing():
            if not named(member, partial(router.installed, color)):
                named(member, partial(router.install, color))

    # -- marks

    def marks(self) -> Mapping[str, str]:
        """The marks of all of them as one object's."""
        by_member = [named(member, member.router.marks) for member in self.members]
        for member, marks in zip(self.members, by_member, strict=True):
            member.there = member.there or bool(marks)
        return self._together(by_member)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks on every member.

        A lease that one member does not take is taken on none. One that is renewed may miss a member whose platform
        does not answer, since the others have to go back all the same: that one is marked before it is written again.
        """
        own = {name: value for name, value in changes.items() if value and name.startswith(LEASE_PREFIX)}
        leaves = any(value is None and name.startswith(LEASE_PREFIX) for name, value in changes.items())
        if own and not own.keys() <= self._own.keys():
            self._take(changes)
        elif own:
            self._renew(changes)
        else:
            order = list(reversed(self._placed)) if leaves else self._placed
            self._each(order, lambda member: member.router.mark(translated(member, changes, back=leaves)))
        for name, value in changes.items():
            if value is None:
                self._own.pop(name, None)

    def _take(self, changes: Mapping[str, str | None]) -> None:
        done: list[Member] = []
        try:
            for member in self._placed:
                done.append(member)
                named(member, partial(member.router.mark, translated(member, changes)))
        except BaseException:
            gone = dict.fromkeys(changes)
            for member in reversed(done):
                with contextlib.suppress(PlatformError):
                    member.router.mark(translated(member, gone, back=True))
            raise
        self._keep({**self._stamp, **changes})

    def _renew(self, changes: Mapping[str, str | None]) -> None:
        failed: list[PlatformError] = []
        self._keep(changes)
        for member in self._placed:
            error = refusal(member, partial(member.router.mark, translated(member, changes)))
            member.stale = error is not None
            failed.extend([error] if error is not None else [])
        if len(failed) == len(self.members):
            raise failed[0]

    def _keep(self, changes: Mapping[str, str | None]) -> None:
        kept = (LEASE_PREFIX, INCARNATION_MARK)
        self._own |= {name: value for name, value in changes.items() if value and name.startswith(kept)}

    def _together(self, by_member: Sequence[Mapping[str, str]]) -> dict[str, str]:
        pairs = zip(self.members, by_member, strict=True)
        there = [(member, marks) for member, marks in pairs if member.there]
        if INCARNATION_MARK not in self._own:
            for member, marks in there:
                member.stamp = marks.get(INCARNATION_MARK)
        return marks_of_all(there, self._own)

    # -- one member

    def _parts(self, weights: Weights) -> list[tuple[Member, Weights]]:
        return list(zip(self.members, parts_of(weights, len(self.members)), strict=True))

    def _weights(self, weights: Sequence[Weights]) -> Weights:
        return joined(list(zip(self.names, weights, strict=True)))

    def _write(self, member: Member, weights: Weights, *, back: bool = False) -> None:
        fresh = not member.there and weights != Weights()
        if member.stale:
            own = translated(member, self._own)
            named(member, lambda: member.router.mark(own))
            member.stale = False
        member.known = None  # before the call: a lost reply may still have moved traffic
        write = getattr(member.router, "put_back", member.router.write) if back else member.router.write
        named(member, lambda: write(weights))
        member.there = weights != Weights()
        if fresh and self._own:
            own = translated(member, self._own)
            named(member, lambda: member.router.mark(own))

    def _confirmed(self, member: Member, weights: Weights) -> bool:
        convergence = named(member, lambda: member.router.verify(weights))
        if convergence is Convergence.CONVERGED:
            member.known = weights
        return convergence is Convergence.CONVERGED

    def _make(self, member: Member, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Whether this call made its object, with these weights and marks."""
        own = {name: value for name, value in translated(member, marks).items() if value is not None}
        member.known, member.there = None, True
        if hasattr(member.router, "create"):
            maker = cast("MakesItsObject", member.router)
            return named(member, lambda: maker.create(weights, own))
        if named(member, member.router.read).weights != Weights():
            return False
        named(member, lambda: member.router.write(weights))
        named(member, lambda: member.router.mark(own))
        return True

    def _is_own(self, member: Member) -> bool:
        """Whether its object has the lease that was taken here: only the reply to its making was lost."""
        marks = named(member, member.router.marks)
        leases = {name for name in marks if name.startswith(LEASE_PREFIX)}
        return bool(leases) and leases <= self._own.keys()

    def _seen(self, member: Member) -> str:
        try:
            return str(member.router.read().weights)
        except Exception:  # noqa: BLE001 - it is only reported
            return "weights that nobody knows"

    def _each(self, order: Sequence[Member], work: Callable[[Member], Any]) -> None:
        """Do the work for each member, whatever becomes of the others; raise the first error."""
        failed = [error for member in order if (error := refusal(member, partial(work, member))) is not None]
        if failed:
            raise failed[0]


class Glancing(Members):
    """Members with one among them that looks right before a write, by fewer calls than a read."""

    def glance(self, *, fresh: bool = False) -> Traffic:
        """The traffic at this moment, with the marks where each member looks at those, too."""
        looks = [getattr(member.router, "glance", None) for member in self.members]
        if None in looks:
            return Traffic(self.live())
        pairs = zip(self.members, looks, strict=True)
        return self.seen([named(member, partial(look, fresh=fresh)) for member, look in pairs if look is not None])

    def live(self) -> Weights:
        """The weights alone, in one call each where a member can do that."""
        weights = []
        for member in self.members:
            alone = cast("ReadsWeightsAlone", member.router)
            if hasattr(member.router, "live"):
                weights.append(named(member, alone.live))
            else:
                weights.append(named(member, member.router.read).weights)
            member.known = weights[-1]
        return self._weights(weights)
