"""Google Cloud DNS: a weighted record set that the swap makes and owns, with an item for each color that has answers.

The record sets of both IP versions and the note with owner and marks move in one change: all of it or nothing, and
nothing where one of them is not any more as it was read. It takes effect when the change is done and the answers from
before have left name servers and resolvers. What Cloud DNS lists shows a change at once, so it is no proof.
"""

from __future__ import annotations

import re
import shlex
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.google.client import GoogleConnection
from bluegreen.google.connection_option import google_option
from bluegreen.google.dns.pending import MARGIN_SECONDS, SERVERS_SECONDS, Pending
from bluegreen.google.dns.records import Found, Record, Shape, absolute, kept_seconds, kind_of, same
from bluegreen.google.dns.zone import CHANGE, LIST, READ_CHANGE, Zone
from bluegreen.options.declared import Options, option, several
from bluegreen.options.kinds import Flag, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.places import Same, alike, dns_name
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import PlatformError, TrafficMoved
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability

_ZONE = re.compile(r"projects/[^/]+/managedZones/([a-z]([a-z0-9-]{0,61}[a-z0-9])?|[0-9]+)\Z")


@dataclass(slots=True)
class CloudDnsRouter(Options):
    """The weighted record sets at ``record_name`` of a managed zone.

    Attributes:
        shape: how the record sets look: name, targets, owner, TTL.
        clock: time, for the TTL.
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the record sets, and
            the mark on the note beside them.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "zone", "record_name"})
    target_keys: ClassVar[frozenset[str]] = frozenset({"targets"})
    same_place: ClassVar[Mapping[str, Same]] = {"record_name": alike(dns_name)}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(LIST, "every preview and update"),
        Permission(CHANGE, "every shift, and every swap: its lease"),
        Permission(READ_CHANGE, "every shift, until it is done"),
        *(
            Permission(f"dns.resourceRecordSets.{verb}", "the same: what a change brings, takes away and replaces")
            for verb in ("create", "delete", "update")
        ),
    )

    zone: str = option(
        "the managed zone's full name, of a public or of a private one",
        Text(fits=_ZONE.match, allowed="projects/PROJECT/managedZones/ZONE"),
    )
    shape: Shape = several(Shape)
    adopt: bool = option(
        "whether records that are there already are taken over, if they lead to the colors",
        Flag(),
        default=False,
    )
    google: GoogleConnection = google_option()
    clock: Clock = field(default_factory=SystemClock)
    former_owner: str = ""
    incarnation: str = ""
    _zone: Zone = field(init=False)
    _pending: Pending | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._zone = Zone(
            self.zone, self.shape, self.adopt, self.google, self.clock, self.former_owner, self.incarnation
        )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:  # noqa: ARG003 - its parts are checked by now
        """Build the shape of what its options say."""
        values["shape"] = Shape(**values["shape"])

    @staticmethod
    def least_converge_seconds(arguments: Mapping[str, Any]) -> float:
        """The time until no name server and no resolver has an answer from before, and something more."""
        ttl = arguments["shape"].ttl_seconds
        return (0.0 if ttl is UNKNOWN else ttl) + SERVERS_SECONDS + MARGIN_SECONDS

    @property
    def id(self) -> str:
        """The zone and the record's name."""
        return f"{self.zone}/{self.shape.name}"

    # -- reading

    def read(self) -> Traffic:
        """The live weights and the marks: two calls."""
        present = self._zone.look()
        return Traffic(self.shape.weights(present), present.marks)

    def marks(self) -> Mapping[str, str]:
        """The marks: one call, two where nobody has looked before, none while what was read is still fresh."""
        return self._zone.fresh().marks

    # -- writing

    def write(self, weights: Weights) -> None:
        """One call: the record sets are made or replaced; no weight at all removes them.

        Raises:
            TrafficMoved: somebody else moved the traffic since the last look; it stays where they put it.
        """
        if weights == Weights():
            self.delete()
            return
        before = list[Record]()
        seen: Weights | None = None

        def make(present: Found) -> Found:
            nonlocal seen
            now = self.shape.weights(present)
            # Where the records were removed nobody is served; where they are as wanted, a reply was lost.
            if seen is not None and present.records and now not in (seen, weights):
                raise TrafficMoved(CHANGE, self.id, seen, now)
            before[:] = before or present.records
            seen = now
            wanted = self.shape.records(weights, present)
            for kind in (record["type"] for record in wanted if record["type"] not in self.shape.types):
                raise PlatformError(
                    CHANGE,
                    f"the {kind} record of {self.shape.name} has items of others, and the colors have no {kind} "
                    "targets any more: take them out of it first. Nothing was written",
                )
            note = present.note
            if note is not None and note.owner == self.shape.owner and same(present.records, wanted):
                return present
            return Found(tuple(wanted), self.shape.note(present.marks, present))

        self._wait_for(weights, self._zone.change(make), before)

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make the record sets and the note with its marks, where there are none: one call after the look."""
        made = False

        def make(present: Found) -> Found:
            nonlocal made
            made = present == Found()
            return Found(tuple(self.shape.records(weights)), self.shape.note(marks)) if made else present

        change_id = self._zone.change(make)
        if made:
            self._wait_for(weights, change_id, ())
        return made

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: one call. The first one on records to be adopted says whose they are from now on."""

        def make(present: Found) -> Found:
            if present == Found():
                return present
            marks = {**present.marks, **changes}
            kept = {name: value for name, value in marks.items() if value is not None}
            if present.note is not None and present.note.owner == self.shape.owner and kept == present.marks:
                return present
            return replace(present, note=self.shape.note(kept, present, moves=False))

        self._zone.change(make)

    def delete(self) -> None:
        """Remove the swap's records and the note: one call after the look. Adopted records are put back, or stay."""
        before = self._zone.look().records
        change_id = self._zone.change(lambda present: Found(tuple(self.shape.let_go(present))))
        self._wait_for(Weights(), change_id, before)

    # -- taking effect

    def _wait_for(self, weights: Weights, change_id: str | None, before: Iterable[Record]) -> None:
        replaced = [*before]
        # Nobody keeps an answer where there was no record.
        kept = 0.0
        if replaced:
            kept = SERVERS_SECONDS + kept_seconds([*replaced, *self.shape.records(weights, Found(tuple(replaced)))])
        path = f"{self._zone.path}/changes/{change_id}" if change_id else ""
        self._pending = Pending(weights, path, kept, self._zone.session(), self.clock)

    def verify(self, weights: Weights) -> Convergence:
        """Whether the change is done for as long as answers are kept, and the records have the weights.

        At most three calls, mostly none. What another process wrote is judged by the records alone.
        """
        pending = self._pending
        if pending is not None and pending.weights == weights and not pending.in_effect():
            return Convergence.PENDING
        present = self._zone.look()
        if weights == Weights():
            return Convergence.CONVERGED if self.shape.weights(present) == weights else Convergence.PENDING
        is_so = same(present.records, self.shape.records(weights, present))
        return Convergence.CONVERGED if is_so else Convergence.PENDING

    def progress(self) -> str:
        """The stage of the last write: on its way to the name servers, or waiting for caches."""
        return "" if self._pending is None else self._pending.progress

    # -- the rest

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        _, project, _, zone = self.zone.split("/")
        at = f"--zone={zone} --project={shlex.quote(project)}"
        if weights == Weights():
            return (f"gcloud dns record-sets list {at} --name={absolute(self.shape.name)}",)
        known = self._zone.known
        there = None if known is None else {one["type"] for one in known.records}
        found = []
        for record in self.shape.records(weights, known):
            verb = "update" if there is None or record["type"] in there else "create"
            shares = ";".join(
                f"{item['weight']:g}={','.join(item.get('rrdatas') or ())}"
                for item in record["routingPolicy"]["wrr"]["items"]
            )
            found.append(
                f"gcloud dns record-sets {verb} {record['name']} {at} --type={record['type']} --ttl={record['ttl']} "
                f"--routing-policy-type=WRR --routing-policy-data={shlex.quote(shares)}"
            )
        return tuple(found)

    def health(self, color: Color) -> Readiness:
        """Whether a host name resolves; of addresses nobody here knows more, and gates have to judge both."""
        for value in self.shape.targets[color]:
            if kind_of(value) != "CNAME":
                continue
            try:
                socket.getaddrinfo(value, None)
            except OSError as error:
                reason = f"{value} does not resolve here ({error}); nothing else checks this color's health"
                return Readiness(False, 0, 1, reason, counts_units=False)
        return Readiness(True, 1, 1, counts_units=False)
