"""Azure Traffic Manager: a profile's endpoint for each color, weighted, and clients that follow by DNS.

An answer of its name servers leads a client to one color, and resolvers keep it for the profile's TTL: a write has
taken effect when that is over. Azure has no conditional write here, so a write comes right after a look. The owner and
the marks are tags of the profile.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bluegreen.azure import tags
from bluegreen.azure.client import AzureConnection
from bluegreen.azure.connection_option import azure_option
from bluegreen.azure.traffic_profiles import profiles
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.platforms.places import Same, in_any_case
from bluegreen.rollout.calls import pause
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights, other
from bluegreen.rollout.ports import Capability

VERSION = "2026-09-01"
_PROFILES = "Microsoft.Network/trafficManagerProfiles"
_KINDS = ("azureEndpoints", "externalEndpoints", "nestedEndpoints")
READ = f"{_PROFILES}/read"
_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/trafficManagerProfiles/[A-Za-z0-9.-]+\Z",
    re.IGNORECASE,
)
_ALLOWED = "/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/trafficManagerProfiles/NAME"
_OWNER_LONGEST = 256
_PROBE_PAUSE_SECONDS, _PROBE_MARGIN_SECONDS = 5.0, 15.0
_LEAST = 1
_ENDPOINTS: Mapping[Color, str] = {"blue": "blue", "green": "green"}


@dataclass(slots=True)
class TrafficManagerRouter(Options):
    """Two endpoints of one profile.

    The first write tags the profile with its owner; before it no color is live as far as the swap is concerned. It
    moves no traffic, unless the profile was made together with the swap.

    Attributes:
        clock: time, for the TTL.
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the endpoints'
            weights, and the mark on the profile.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "profile_id"})
    target_keys: ClassVar[frozenset[str]] = frozenset({"targets"})
    backend_keys: ClassVar[frozenset[str]] = frozenset({"endpoints"})
    same_place: ClassVar[Mapping[str, Same]] = {"profile_id": in_any_case}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "every preview and update"),
        *(Permission(f"{_PROFILES}/{kind}/write", f"the first start and every shift, of {kind}") for kind in _KINDS),
        *(
            Permission(f"{_PROFILES}/{kind}/delete", "with `targets`: `pulumi destroy` where the profile stays")
            for kind in _KINDS
        ),
        Permission(tags.WRITE, "every swap: its lease; `pulumi destroy`"),
    )

    profile_id: str = option("the profile's resource id", Text(fits=_ID.match, allowed=_ALLOWED))
    owner: str = option(
        "who owns the weights, a tag of the profile: ``project/stack/name``",
        Text(fits=lambda owner: len(owner) <= _OWNER_LONGEST, allowed=f"at most {_OWNER_LONGEST} characters"),
    )
    endpoints: Mapping[Color, str] = option(
        "the name of each color's endpoint",
        Both(Text(), differs="another endpoint than blue's"),
        default=_ENDPOINTS,
        absent="`blue` and `green`",
    )
    targets: Mapping[Color, str] = option(
        "where each color's endpoint leads, which the swap then makes: a resource's id (an Azure endpoint, or a nested "
        "one for another profile's), or a host name or address (an external endpoint)",
        Both(Text(), differs="another target than blue's"),
        default={},
        absent="the endpoints are there already, and lead where they lead",
    )
    made_with_it: bool = option(
        "the profile was made together with the swap, so that nobody depends on where its name leads before the first "
        "write; it may then lead to either color",
        Flag(),
        default=False,
    )
    azure: AzureConnection = azure_option()
    clock: Clock = field(default_factory=SystemClock)
    former_owner: str = ""
    incarnation: str = ""
    _profile: Mapping[str, Any] | None = field(default=None, init=False)
    _fresh: Look = field(default_factory=Look, init=False)
    _written: Weights | None = field(default=None, init=False)
    _kept_until: float = field(default=0, init=False)

    @staticmethod
    def filled_in(section: Mapping[str, object]) -> Mapping[str, object]:
        """The section; without endpoints that have the names which they have anyway."""
        named = section.get("endpoints")
        usual = isinstance(named, Mapping) and {key: str(name).lower() for key, name in named.items()} == _ENDPOINTS
        return {key: value for key, value in section.items() if key != "endpoints"} if usual else section

    @staticmethod
    def least_converge_seconds(arguments: Mapping[str, Any]) -> float:  # noqa: ARG004 - the profile has the TTL
        """The time for a profile of Azure's usual TTL and probes."""
        return profiles.converge_seconds()

    def converge_seconds(self) -> float:
        """The time for the profile's own TTL and probes, as of the last look."""
        return 0 if self._profile is None else profiles.converge_seconds_of(self._profile)

    @property
    def id(self) -> str:
        """The profile's resource id."""
        return self.profile_id

    # -- reading

    def read(self) -> Traffic:
        """The live weights and the marks: one call."""
        profile = self._look()
        if profile is None or not self._is_owned(profile):
            return Traffic(Weights())
        marks = tags.marks_in(profiles.tags_of(profile), profiles.TAGS)
        return Traffic(profiles.weights_of(profile, self.endpoints), marks)

    def glance(self, *, fresh: bool = False) -> Traffic:  # noqa: ARG002 - one call has both
        """The same: one call."""
        return self.read()

    def _look(self) -> Mapping[str, Any] | None:
        """The profile at this moment, if it is nobody else's."""
        self._profile = None
        profile = self.azure.session().get(self.profile_id, VERSION, READ)
        if profile is None:
            return None
        found = profiles.tags_of(profile)
        holder, marks = found.get(profiles.OWNER_TAG), tags.marks_in(found, profiles.TAGS)
        if holder is not None and not Ownership(self.owner, self.former_owner, self.incarnation).holds(holder, marks):
            raise NotOwned(READ, f"the traffic of {self.profile_id} is owned by {holder}; this swap is {self.owner}")
        self._profile = profile
        self._fresh.taken()
        return profile

    @staticmethod
    def _is_owned(profile: Mapping[str, Any]) -> bool:
        return profiles.OWNER_TAG in profiles.tags_of(profile)

    def _there(self) -> Mapping[str, Any]:
        profile = self._look()
        if profile is None:
            raise PlatformError(READ, f"there is no Traffic Manager profile {self.profile_id}")
        return profile

    def marks(self) -> Mapping[str, str]:
        """The marks: one call."""
        return self.read().marks

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: a call for each of the two, and one before where nobody has looked at the profile."""
        self._fresh.spent()
        profile = self._profile or self._look()
        if profile is None or not self._is_owned(profile):
            return
        session, there = self.azure.session(), profiles.tags_of(profile)
        left = tags.change_marks(session, self.profile_id, there, changes, self.owner, names=profiles.TAGS)
        self._profile = {**profile, "tags": left}

    # -- writing

    def write(self, weights: Weights) -> None:
        """Change the endpoints, a call for each that changes; no weight at all lets go of them as they are.

        One that was disabled and is to have all of it at once gets the least weight first, until Traffic Manager has
        probed it: alone it would be given to clients also where it is bad.
        """
        self._write(weights, probed=True)

    def put_back(self, weights: Weights) -> None:
        """The same after a failure: nothing is waited for."""
        self._write(weights, probed=False)

    def _write(self, weights: Weights, *, probed: bool) -> None:
        if weights == Weights():
            self.delete()
            return
        profile = self._profile if self._fresh.spent() and self._profile is not None else self._there()
        self._refuse_what_cannot_be(profile, weights)
        target = weights.live_color
        if probed and target is not None and self._comes_alone(profile, target):
            profile = self._once_probed(profile, target)
        self._stamp(profile)
        before = profiles.weights_of(profile, self.endpoints)
        sent = profiles.changes(profile, self.endpoints, self.targets, weights)
        for change in sent:
            self._send(change)
        if sent and before != Weights():
            self._written = weights
            self._kept_until = self.clock.monotonic_seconds() + profiles.ttl_seconds(profile)

    def _refuse_what_cannot_be(self, profile: Mapping[str, Any], weights: Weights) -> None:
        problem = (
            profiles.unfit(profile)
            or profiles.of_another_kind(profile, self.endpoints, self.targets)
            or profiles.too_coarse(profile, self.endpoints, weights)
        )
        missing = [name for name in self.endpoints.values() if profiles.endpoint_of(profile, name) is None]
        if not problem and missing and not self.targets:
            problem = f"it has no endpoint {' and no endpoint '.join(missing)}"
        if problem:
            raise PlatformError(
                _action(_KINDS[0]), f"the traffic of {self.profile_id} cannot be moved: {problem}; nothing was written"
            )
        if self._is_owned(profile) or self.made_with_it:
            return
        found = profiles.weights_of(profile, self.endpoints)
        elsewhere = [color for color in COLORS if self._is_led_elsewhere(profile, color)]
        if found != weights or elsewhere:
            led = "".join(f"; endpoint {self.endpoints[color]} leads elsewhere" for color in elsewhere)
            raise NotOwned(
                _action(_KINDS[0]),
                f"taking over the traffic of {self.profile_id} would move it: it is {found} now, wanted is {weights}"
                f"{led}. Enable by hand the endpoint of the color that is to be live, and disable the other one",
            )

    def _is_led_elsewhere(self, profile: Mapping[str, Any], color: Color) -> bool:
        there, target = profiles.endpoint_of(profile, self.endpoints[color]), self.targets.get(color)
        return profiles.is_enabled(there) and target is not None and not profiles.leads_to(there, target)

    def _comes_alone(self, profile: Mapping[str, Any], target: Color) -> bool:
        own, others = (profiles.endpoint_of(profile, self.endpoints[color]) for color in (target, other(target)))
        return profiles.is_enabled(others) and not profiles.is_enabled(own)

    def _once_probed(self, profile: Mapping[str, Any], target: Color) -> Mapping[str, Any]:
        """The profile with an endpoint enabled that has the least weight, once Traffic Manager finds it good.

        Raises:
            PlatformError: it found it bad, or said nothing; it is disabled again.
        """
        name, least = self.endpoints[target], 1.0
        one = next(
            change
            for change in profiles.changes(profile, self.endpoints, self.targets, Weights.all_on(target))
            if change.color == target
        )
        self._send(profiles.Change(target, one.below, one.made, {**one.properties, "weight": _LEAST}))
        limit_seconds = profiles.probe_seconds(profile) + _PROBE_MARGIN_SECONDS
        waited_seconds = 0.0
        while True:
            profile = self._there()
            readiness = profiles.readiness_of(profile, name, target, to_be_made=False)
            if readiness.ready:
                return profile
            if profiles.is_checked(profiles.endpoint_of(profile, name)) or waited_seconds >= limit_seconds:
                break
            seconds = min(least * 2, _PROBE_PAUSE_SECONDS)
            pause(seconds)
            waited_seconds, least = waited_seconds + seconds, seconds
        self._send(profiles.Change(target, one.below, False, {"endpointStatus": "Disabled"}))
        raise PlatformError(_action(one.below), f"{readiness.reason}: it was disabled again")

    def _send(self, change: profiles.Change) -> None:
        verb = "PUT" if change.made else "PATCH"
        path, body = f"{self.profile_id}/{change.below}", {"properties": change.properties}
        told = self.azure.session().change(verb, path, VERSION, _action(change.below), body)
        self._profile = profiles.with_endpoint(self._profile or {}, self.endpoints[change.color], told)

    def _stamp(self, profile: Mapping[str, Any]) -> None:
        """Say whose the weights are, and what of the endpoints the swap makes: before it makes them."""
        there = profiles.tags_of(profile)
        wanted = {profiles.OWNER_TAG: self.owner}
        if not self._is_owned(profile) and profiles.others_served(profile, self.endpoints):
            wanted[profiles.TOGETHER_TAG] = str(profiles.together(profile, self.endpoints))
        made = there.get(profiles.MADE_TAG, "").split()
        made += [
            name
            for name in (self.endpoints[color] for color in COLORS)
            if self.targets and profiles.endpoint_of(profile, name) is None and name not in made
        ]
        if made:
            wanted[profiles.MADE_TAG] = " ".join(made)
        changed = {name: value for name, value in wanted.items() if there.get(name) != value}
        tags.set_tags(self.azure.session(), self.profile_id, changed)
        self._profile = {**profile, "tags": {**there, **changed}}

    def verify(self, weights: Weights) -> Convergence:
        """Whether no resolver keeps an answer from before, and Traffic Manager tells both: one call, none until then.

        What another process wrote is judged by the endpoints alone.
        """
        if self._written == weights and self.clock.monotonic_seconds() < self._kept_until:
            return Convergence.PENDING
        profile = self._look()
        if profile is None or not self._is_owned(profile):
            return Convergence.CONVERGED if weights == Weights() else Convergence.PENDING
        done = profiles.weights_of(profile, self.endpoints) == weights and profiles.served(profile, self.endpoints)
        led = any(self._is_led_elsewhere(profile, color) for color in COLORS)
        return Convergence.CONVERGED if done and not led else Convergence.PENDING

    # -- the rest

    def progress(self) -> str:
        """The reason to wait: the resolvers' caches, or Traffic Manager's first probe."""
        left = self._kept_until - self.clock.monotonic_seconds()
        if self._written is not None and left > 0:
            return f"resolvers may keep an answer from before for {left:.0f} s (the profile's TTL)"
        if self._profile is None or profiles.served(self._profile, self.endpoints):
            return ""
        states = [
            self._readiness(self._profile, color).reason
            for color in COLORS
            if profiles.is_enabled(profiles.endpoint_of(self._profile, self.endpoints[color]))
        ]
        return "; ".join(reason for reason in states if reason)

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands for a person to type: who gets more comes first."""
        if weights == Weights():
            id_of = shlex.quote(self.profile_id)
            return (f"az tag update --operation Delete --resource-id {id_of} --tags {profiles.OWNER_TAG}",)
        parts = self.profile_id.split("/")
        where = f"--subscription {parts[2]} --resource-group {parts[4]} --profile-name {parts[8]}"
        known = self._profile or {}
        found = []
        for color in sorted(COLORS, key=lambda color: -weights.of(color)):
            name, percent = self.endpoints[color], weights.of(color)
            there = profiles.endpoint_of(known, name)
            kind = profiles.kind_of(there) or profiles.kind_for(self.targets.get(color, "/subscriptions/"))
            share = f"--endpoint-status Enabled --weight {percent * 10}" if percent else "--endpoint-status Disabled"
            found.append(
                f"az network traffic-manager endpoint update {where} --name {shlex.quote(name)} --type {kind} {share}"
            )
        return tuple(found)

    def health(self, color: Color) -> Readiness:
        """How Traffic Manager finds the color's endpoint: one call. One that is disabled it does not probe."""
        return self._readiness(self.azure.session().get(self.profile_id, VERSION, READ), color)

    def _readiness(self, profile: Mapping[str, Any] | None, color: Color) -> Readiness:
        return profiles.readiness_of(profile, self.endpoints[color], color, to_be_made=bool(self.targets))

    def delete(self) -> None:
        """Take away the endpoints that the swap has made, the owner and the marks; requests stay as they are else."""
        profile = self._look()
        if profile is None or not self._is_owned(profile):
            return
        session = self.azure.session()
        for name in profiles.tags_of(profile).get(profiles.MADE_TAG, "").split():
            there = profiles.endpoint_of(profile, name)
            if there is not None:
                below = f"{profiles.kind_of(there)}/{name}"
                session.remove(f"{self.profile_id}/{below}", VERSION, f"{_PROFILES}/{_kind(below)}/delete")
        tags.remove_tags(session, self.profile_id, tags.own_in(profiles.tags_of(profile), profiles.TAGS))
        self._profile = None


def _kind(below: str) -> str:
    kind = below.partition("/")[0]
    return next((one for one in _KINDS if one.lower() == kind.lower()), kind)


def _action(below: str) -> str:
    return f"{_PROFILES}/{_kind(below)}/write"
