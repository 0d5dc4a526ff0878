"""Routers of what Azure writes whole: a gateway or a load balancer with everybody's rules in it.

The swap owns one pointer of it, the backend pool that a rule leads to. It sends the object back as it has read it, with
that one value changed and under the entity tag of what was read (``If-Match``), so that whatever somebody has written
meanwhile is looked at first. Owner and marks are tags of the object, by the rule's name, as several swaps may share it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.azure import tags
from bluegreen.azure.client import AzureConnection, Busy, Stale
from bluegreen.azure.connection_option import azure_option
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Flag, Text
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.rollout.calls import locked, pause
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import COLORS, Color, Convergence, Traffic, Weights
from bluegreen.rollout.ports import Capability

NETWORK_VERSION = "2026-03-01"
_OWNER_LONGEST = 256
_NOBODYS_VERSION = 'W/"bluegreen-preflight"'
"""An entity tag that no object has: a write under it is refused as stale, by whoever may write at all."""
# An application gateway takes minutes for an update; somebody else's may be running when ours comes.
_SETTLE_SECONDS = 1800.0
_PAUSES_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
# How often the object may have been written by somebody else between our look and our write.
_MOST_TRIES = 20

Object = Mapping[str, Any]


def properties_of(found: Object) -> Mapping[str, Any]:
    """The object's own part of what Azure tells of it."""
    properties: Mapping[str, Any] = found.get("properties") or {}
    return properties


def tags_of(found: Object) -> dict[str, str]:
    """The object's tags."""
    return dict(found.get("tags") or {})


def state_of(found: Object) -> str:
    """Its ``provisioningState``, in lower case."""
    return str(properties_of(found).get("provisioningState") or "").lower()


def is_busy(found: Object) -> bool:
    """Whether Azure is at work on it."""
    return state_of(found) in ("updating", "deleting", "creating")


@dataclass(slots=True, kw_only=True)
class WholeObjectRouter(Options):
    """A pointer in an object that is written whole.

    Attributes:
        former_owner, incarnation, former: of the resource's last update, no part of the section.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    propagation_seconds: ClassVar[float] = 0
    read_action: ClassVar[str]
    write_action: ClassVar[str]

    owner: str = option(
        "who owns the place, a tag of the object: ``project/stack/name``",
        Text(fits=lambda owner: len(owner) <= _OWNER_LONGEST, allowed=f"at most {_OWNER_LONGEST} characters"),
    )
    made_with_it: bool = option(
        "the object was made together with the swap, so that nobody depends on where it leads to before the first "
        "write; it may then put production on either color",
        Flag(),
        default=False,
    )
    azure: AzureConnection = azure_option()
    former_owner: str = ""
    incarnation: str = ""
    former: Mapping[str, Any] = field(default_factory=dict)
    _object: Object | None = field(default=None, init=False, repr=False, compare=False)
    _fresh: Look = field(default_factory=Look, init=False, repr=False, compare=False)
    _done: Look = field(default_factory=Look, init=False, repr=False, compare=False)

    # -- what an object is

    @property
    @abstractmethod
    def object_id(self) -> str:
        """The object's resource id."""

    @property
    @abstractmethod
    def place(self) -> str:
        """The name of the place in it, as tags may have it."""

    @abstractmethod
    def leads_to(self, found: Object) -> Color | None:
        """The color that the place leads to; ``None`` for neither."""

    @abstractmethod
    def unfit(self, found: Object) -> str:
        """Why the place cannot be led elsewhere; empty if it can."""

    @abstractmethod
    def led_to(self, found: Object, color: Color) -> dict[str, Any]:
        """A copy of the object whose place leads to a color's pool."""

    # -- reading

    def read(self) -> Traffic:
        """The live color and the marks: one call."""
        found = self._look()
        if found is None or not self._is_owned(found):
            return Traffic(Weights())
        return Traffic(self._weights(found), self._marks_in(found))

    def glance(self, *, fresh: bool = False) -> Traffic:  # noqa: ARG002 - one call has both
        """The same: one call."""
        return self.read()

    def marks(self) -> Mapping[str, str]:
        """The marks: one call."""
        return self.read().marks

    def _weights(self, found: Object) -> Weights:
        color = self.leads_to(found)
        return Weights() if color is None else Weights.all_on(color)

    def _tag(self, name: str) -> str:
        return f"bluegreen:{self.place}:{name}"

    def _marks_in(self, found: Object) -> dict[str, str]:
        prefix = self._tag("mark:").lower()  # in tags' names case says nothing
        return {name[len(prefix) :]: value for name, value in tags_of(found).items() if name.lower().startswith(prefix)}

    def _holder(self, found: Object) -> str | None:
        wanted = self._tag("owner").lower()
        return next((value for name, value in tags_of(found).items() if name.lower() == wanted), None)

    def _is_owned(self, found: Object) -> bool:
        return self._holder(found) is not None

    def _look(self) -> Object | None:
        """The object at this moment, if the place is nobody else's."""
        self._object = None
        self._done.spent()
        found = self.azure.session().get(self.object_id, NETWORK_VERSION, self.read_action)
        if found is None:
            return None
        holder = self._holder(found)
        ours = Ownership(self.owner, self.former_owner, self.incarnation)
        if holder is not None and not ours.holds(holder, self._marks_in(found)):
            raise NotOwned(
                self.read_action, f"{self.place} of {self.object_id} is owned by {holder}; this swap is {self.owner}"
            )
        self._object = found
        self._fresh.taken()
        return found

    def _there(self) -> Object:
        found = self._look()
        if found is None:
            raise PlatformError(self.read_action, f"there is no {self.object_id}")
        return found

    # -- marks

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: a call for each of the two, and one before where nobody has looked yet."""
        self._fresh.spent()
        self._done.spent()
        found = self._object or self._look()
        if found is None or not self._is_owned(found):
            return
        session, there = self.azure.session(), tags_of(found)
        kept = {self._tag(f"mark:{name}"): value for name, value in changes.items() if value is not None}
        spelled = {name.lower(): name for name in there}
        names = [self._tag(f"mark:{name}").lower() for name, value in changes.items() if value is None]
        gone = {spelled[name]: there[spelled[name]] for name in names if name in spelled}
        stamp = {} if self._holder(found) == self.owner else {self._tag("owner"): self.owner}
        tags.set_tags(session, self.object_id, {**stamp, **kept}, busy_seconds=_SETTLE_SECONDS)
        tags.remove_tags(session, self.object_id, gone, busy_seconds=_SETTLE_SECONDS)
        left = {name: value for name, value in {**there, **stamp, **kept}.items() if name not in gone}
        self._object = {**found, "tags": left}

    # -- writing

    def write(self, weights: Weights) -> None:
        """Lead the place to a color, and wait until Azure has done it; no weight at all gives it back as it is.

        Where it leads there already, nothing is changed: one write under an entity tag that no object has finds out
        whether it may be.
        """
        if weights == Weights():
            self.delete()
            return
        color = weights.live_color
        if color is None:
            raise PlatformError(self.write_action, f"{self.place} leads to one pool: {weights} cannot be")
        found = self._settled(self._object if self._fresh.spent() and self._object is not None else self._there())
        self._refuse(found, color)
        if self._is_there(found, color):
            self._stamp(found)
            self._try_to_write(found)
            return
        # No tag can be written while Azure is at work on the object, and so no lease be renewed. That it lasts is a tag
        # as well: what is written over is looked at after that.
        with locked(_SETTLE_SECONDS):
            self._lead(self.leads_to(found), color)

    def _lead(self, before: Color | None, color: Color) -> None:
        for _ in range(_MOST_TRIES):
            found = self._settled(self._there())
            if self.leads_to(found) not in (before, color):
                raise TrafficMoved(self.write_action, self.object_id, _weights_of(before), self._weights(found))
            self._refuse(found, color)
            done = self._is_there(found, color) and self._holder(found) == self.owner
            if done or self._sent(self._whole(found, color), str(found.get("etag") or "")):
                self._after_a_write(color)
                return
        raise PlatformError(self.write_action, f"{self.object_id} is written by others all the time")

    def _is_there(self, found: Object, color: Color) -> bool:
        return self.leads_to(found) == color and state_of(found) == "succeeded"

    def _stamp(self, found: Object) -> None:
        if self._holder(found) != self.owner:
            own = {self._tag("owner"): self.owner}
            tags.set_tags(self.azure.session(), self.object_id, own, busy_seconds=_SETTLE_SECONDS)
            self._object = {**found, "tags": {**tags_of(found), **own}}

    def _refuse(self, found: Object, color: Color) -> None:
        problem = self.unfit(found)
        if problem:
            raise PlatformError(
                self.write_action, f"{self.place} of {self.object_id} cannot be led elsewhere: {problem}"
            )
        if not self._is_owned(found) and not self.made_with_it and self.leads_to(found) != color:
            raise NotOwned(
                self.write_action,
                f"taking over {self.place} of {self.object_id} would move its traffic, which goes to "
                f"{self.leads_to(found) or 'another pool'} now and not to {color}. Lead it by hand to the color that "
                "is to be live, or say `made_with_it`",
            )

    def _whole(self, found: Object, color: Color) -> dict[str, Any]:
        body = self.led_to(found, color)
        if self._holder(found) != self.owner:
            wanted = self._tag("owner")
            others = {name: value for name, value in tags_of(found).items() if name.lower() != wanted.lower()}
            body["tags"] = {**others, wanted: self.owner}
        return body

    def _sent(self, body: Mapping[str, Any], version: str) -> bool:
        """Write over this version; whether that was taken, and not refused as another one was there."""
        try:
            self.azure.session().change(
                "PUT", self.object_id, NETWORK_VERSION, self.write_action, body, if_match=version
            )
        except (Busy, Stale):
            return False
        return True

    def _try_to_write(self, found: Object) -> None:
        if not self._sent(found, _NOBODYS_VERSION):
            self._done.taken()
            return
        self._settled(self._there())  # the tag did not count: the same was written again

    def _after_a_write(self, color: Color) -> None:
        found = self._settled(self._there())
        if state_of(found) == "failed":
            raise PlatformError(
                self.write_action,
                f"Azure could not lead {self.place} of {self.object_id} to {color}: its provisioningState is Failed. "
                "Its activity log says why",
            )
        self._done.taken()

    def _settled(self, found: Object) -> Object:
        """The object once Azure is not at work on it any more.

        Raises:
            Busy: it still is, after half an hour.
        """
        waited, number = 0.0, 0
        while is_busy(found):
            if waited >= _SETTLE_SECONDS:
                raise Busy(self.write_action, f"Azure is still at work on {self.object_id}")
            seconds = _PAUSES_SECONDS[min(number, len(_PAUSES_SECONDS) - 1)]
            pause(seconds)
            waited, number, found = waited + seconds, number + 1, self._there()
        return found

    def verify(self, weights: Weights) -> Convergence:
        """Where the place leads now, once Azure is not at work on the object.

        One call; none right after a write, which has looked at what it came to.
        """
        found = self._object if self._done.spent() else self._look()
        if found is None or not self._is_owned(found):
            return Convergence.CONVERGED if weights == Weights() else Convergence.PENDING
        done = self._weights(found) == weights and not is_busy(found)
        return Convergence.CONVERGED if done else Convergence.PENDING

    # -- the rest

    def progress(self) -> str:
        """Whether Azure is at work on the object."""
        return f"Azure is at work on {self.object_id}" if self._object is not None and is_busy(self._object) else ""

    def delete(self) -> None:
        """Take the owner and the marks off; requests stay as they are."""
        found = self._look()
        if found is None or not self._is_owned(found):
            return
        prefix = self._tag("").lower()
        own = {name: value for name, value in tags_of(found).items() if name.lower().startswith(prefix)}
        tags.remove_tags(self.azure.session(), self.object_id, own, busy_seconds=_SETTLE_SECONDS)
        self._object = None


def _weights_of(color: Color | None) -> Weights:
    return Weights() if color is None else Weights.all_on(color)


def same_pool(reference: Any, pool_id: str) -> bool:
    """Whether a reference to a sub-resource is to this one; in ids case says nothing."""
    return isinstance(reference, Mapping) and str(reference.get("id") or "").lower() == pool_id.lower()


def color_of(reference: Any, pools: Mapping[Color, str]) -> Color | None:
    """The color whose pool a reference is to."""
    return next((color for color in COLORS if same_pool(reference, pools[color])), None)


def named(parts: Any, name: str) -> Mapping[str, Any] | None:
    """The part of a list with this name."""
    return next((one for one in parts or () if str(one.get("name") or "").lower() == name.lower()), None)
