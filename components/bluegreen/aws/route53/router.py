"""Route 53: weighted record sets that the swap makes and owns, one for each color that has traffic.

All records of a write, of both colors and of both IP versions, are one change batch: all or nothing. It takes effect
when Route 53 says INSYNC (within 60 s, as documented) and the answers from before have left the resolvers' caches, a
TTL later. Route 53's listing shows a change at once, so it is no proof.

Limits and shapes: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bluegreen.aws.client import AwsConnection, as_argument
from bluegreen.aws.connection_option import aws_option
from bluegreen.aws.route53.health import Health
from bluegreen.aws.route53.pending import Pending
from bluegreen.aws.route53.records import ALIAS_TTL_SECONDS, Found, Record, Shape, kept_seconds, same
from bluegreen.aws.route53.zone import Changes, Zone, each
from bluegreen.aws.typed import typed
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import Options, option, several
from bluegreen.options.kinds import Flag, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.places import Same, alike, dns_name
from bluegreen.platforms.places import zone_id as bare_zone_id
from bluegreen.rollout.clock import Clock, SystemClock
from bluegreen.rollout.errors import TrafficMoved
from bluegreen.rollout.model import COLORS, Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability

_ZONES = "arn:aws:route53:::hostedzone/*"
_ZONE_ID = re.compile(r"[A-Z0-9]{1,32}\Z")
# "within 60 seconds": https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
_PROPAGATION_SECONDS, _MARGIN_SECONDS = 60.0, 30.0


@dataclass(slots=True)
class Route53Router(Options):
    """The weighted records at ``record_name`` of a hosted zone.

    Attributes:
        shape: how the records look: name, targets, owner, TTL.
        health_of: who reports a color's health.
        clock: time, for the TTL.
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the records, and the
            mark on the note beside them.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.WEIGHTS})
    propagation_seconds: ClassVar[float] = 0
    where: ClassVar[frozenset[str]] = frozenset({"kind", "zone_id", "record_name"})
    target_keys: ClassVar[frozenset[str]] = frozenset({"targets"})
    same_place: ClassVar[Mapping[str, Same]] = {"zone_id": alike(bare_zone_id), "record_name": alike(dns_name)}
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("route53:ListResourceRecordSets", "every preview and update", _ZONES),
        Permission("route53:ChangeResourceRecordSets", "every shift, and every swap: its lease", _ZONES),
        Permission("route53:GetChange", "every shift, until it is in sync", "arn:aws:route53:::change/*"),
        Permission("route53:GetHealthCheckStatus", "with `health_check_ids`: previews of a promotion, updates"),
        Permission("servicediscovery:GetInstancesHealthStatus", "with `services`: previews of a promotion, updates"),
        Permission(
            "elasticloadbalancing:DescribeTargetHealth", "with `target_groups`: previews of a promotion, updates"
        ),
    )

    zone_id: str = option(
        "the hosted zone, public or private",
        Text(fits=_ZONE_ID.match, allowed="a hosted zone's id, such as Z0123456789ABC"),
    )
    shape: Shape = several(Shape)
    health_of: Health = several(Health)
    adopt: bool = option(
        "whether records that are there already are taken over, if each of them leads to one of the colors",
        Flag(),
        default=False,
    )
    aws: AwsConnection = aws_option()
    zone_role_arn: str | None = option(
        "the role that the zone's records are changed with, where that is another one", Text(), default=None
    )
    zone_external_id: str | None = option("the external id that the role's trust policy requires", Text(), default=None)
    clock: Clock = field(default_factory=SystemClock)
    former_owner: str = ""
    incarnation: str = ""
    _zone: Zone = field(init=False)
    _pending: Pending | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._zone = Zone(
            self.zone_id, self.shape, self.adopt, self._zone_aws, self.clock, self.former_owner, self.incarnation
        )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Check the records and the sources of health against each other; refuse an external id without its role."""
        external = values["zone_external_id"]
        if external is not None and values["zone_role_arn"] is None:
            fields.problem("zone_external_id", external, "none without a zone_role_arn, which it goes with")
        health, targets = values["health_of"], values["shape"]["targets"]
        hosts: dict[Color, Any] = {color: getattr(target, "dns_name", UNKNOWN) for color, target in targets.items()}
        values["shape"] = Shape(**values["shape"], health_check_ids=health["health_check_ids"])
        values["health_of"] = Health(hosts=hosts, aws=values["aws"], **health)

    @staticmethod
    def least_converge_seconds(arguments: Mapping[str, Any]) -> float:
        """The time until all name servers have a change and no resolver has an answer from before, and some more."""
        ttl = arguments["shape"].ttl_seconds
        kept = ALIAS_TTL_SECONDS if ttl is UNKNOWN else max(ttl, ALIAS_TTL_SECONDS)
        return _PROPAGATION_SECONDS + kept + _MARGIN_SECONDS

    @property
    def _zone_aws(self) -> AwsConnection:
        """The connection for the zone, which is often in an account of its own."""
        if self.zone_role_arn is None:
            return self.aws
        return replace(self.aws, role_arn=self.zone_role_arn, external_id=self.zone_external_id)

    @property
    def id(self) -> str:
        """The zone and the record's name."""
        return f"{self.zone_id}/{self.shape.name}"

    # -- reading

    def read(self) -> Traffic:
        """The live weights and the marks: one call."""
        present = self._zone.look()
        return Traffic(self.shape.weights(present.records), present.marks)

    def marks(self) -> Mapping[str, str]:
        """The marks: one call, or none while what was read is still fresh."""
        return self._zone.fresh().marks

    # -- writing

    def write(self, weights: Weights) -> None:
        """One call: the records are made or replaced; no weight at all removes them.

        Raises:
            TrafficMoved: somebody else moved the traffic since the last look; it stays where they put it.
        """
        if weights == Weights():
            self.delete()
            return
        before = list[Record]()
        seen: Weights | None = None

        def make(present: Found) -> tuple[Changes, Found]:
            nonlocal seen
            now = self.shape.weights(present.records)
            # Where the records were removed nobody is served; where they are as wanted, a reply was lost.
            if seen is not None and present.records and now not in (seen, weights):
                raise TrafficMoved("route53:ChangeResourceRecordSets", self.id, seen, now)
            seen = now
            before[:] = present.records
            wanted = self.shape.records(weights, present)
            # The note goes and comes as it is: where somebody has changed it, the batch is refused and looked at anew.
            same_note = [] if present.note is None else [present.note]
            changes = [*self._changes(weights, present), *each("DELETE", same_note), *each("CREATE", same_note)]
            return changes, Found(tuple(wanted), present.note or self.shape.note({}, present))

        self._wait_for(weights, self._zone.change(make), before)

    def create(self, weights: Weights, marks: Mapping[str, str]) -> bool:
        """Make the records and the note with its marks, where there are none: one call after the look."""
        wanted, note = self.shape.records(weights), self.shape.note(marks)
        made = False

        def make(present: Found) -> tuple[Changes, Found]:
            nonlocal made
            made = present == Found()
            return (each("CREATE", [*wanted, note]), Found(tuple(wanted), note)) if made else ([], present)

        change_id = self._zone.change(make)
        if made:
            self._wait_for(weights, change_id, ())
        return made

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: one call. The first one on records to be adopted says whose they are from now on."""

        def make(present: Found) -> tuple[Changes, Found]:
            if present == Found():
                return [], present
            marks = {**present.marks, **changes}
            kept = {name: value for name, value in marks.items() if value is not None}
            note = self.shape.note(kept, present)
            gone = [] if present.note is None else [present.note]
            return [*each("DELETE", gone), *each("CREATE", [note])], replace(present, note=note)

        self._zone.change(make)

    def delete(self) -> None:
        """Remove the swap's records and the note: one call after the look. Adopted records are put back, or stay."""

        def make(present: Found) -> tuple[Changes, Found]:
            gone, come, left = self.shape.let_go(present)
            return [*each("DELETE", gone), *each("CREATE", come)], Found(tuple(left))

        before = self._zone.look().records
        self._wait_for(Weights(), self._zone.change(make), before)

    # -- taking effect

    def _wait_for(self, weights: Weights, change_id: str | None, before: Iterable[Record]) -> None:
        self._pending = None
        if change_id is not None:
            replaced = [*before]
            # Nobody keeps an answer where there was no record.
            kept = kept_seconds([*replaced, *self.shape.records(weights)]) if replaced else 0
            self._pending = Pending(weights, change_id, kept, self._zone_aws, self.clock)

    def verify(self, weights: Weights) -> Convergence:
        """Whether the change is in sync for a TTL, and the records have the weights: at most two calls, mostly none.

        What another process wrote is judged by the records alone.
        """
        pending = self._pending
        if pending is not None and pending.weights == weights and not pending.in_effect():
            return Convergence.PENDING
        present = self._zone.look()
        is_so = same(present.records, self.shape.records(weights, present))
        return Convergence.CONVERGED if is_so else Convergence.PENDING

    def progress(self) -> str:
        """The stage of the last write: on its way to the name servers, or waiting for the resolvers' caches."""
        return "" if self._pending is None else self._pending.progress

    # -- the rest

    @typed
    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        shape, known = self.shape, self._zone.known
        if known is not None and known.records:
            changes = self._changes(weights, known)
        elif weights == Weights():
            start = f"--start-record-name {shape.name}"
            return (f"aws route53 list-resource-record-sets --hosted-zone-id {self.zone_id} {start}",)
        else:  # what is there is not known, and only what is known in full can be deleted: a weight of 0 will do
            pairs = [(color, kind) for kind in shape.types for color in COLORS]
            changes = each("UPSERT", [shape.record(color, kind, weights.of(color)) for color, kind in pairs])
        batch = as_argument({"Changes": changes})
        return (f"aws route53 change-resource-record-sets --hosted-zone-id {self.zone_id} --change-batch {batch}",)

    def _changes(self, weights: Weights, present: Found) -> Changes:
        """The changes by which a write brings the present records to some weights."""
        if weights == Weights():
            gone, come, _ = self.shape.let_go(present)
            return [*each("DELETE", gone), *each("CREATE", come)]
        wanted = self.shape.records(weights, present)
        made = wanted if present.note else [*wanted, self.shape.note({}, present)]
        return [*each("DELETE", present.records), *each("CREATE", made)]

    def health(self, color: Color) -> Readiness:
        """The health of a color's targets, from whoever checks them."""
        return self.health_of.of(color)
