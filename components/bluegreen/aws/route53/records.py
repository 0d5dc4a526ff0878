"""Route 53 record sets as values: those of a swap, and the weights that records mean. No I/O.

A color without traffic has no record at all. With one record its weight of 100 is exact, whereas Route 53 does answer
with a record of weight 0 once the others fail their health checks:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html

Route 53 records have no tags. The owner and the marks are the values of a TXT record beside them, ``_bluegreen.NAME``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bluegreen.aws.route53.adopted import ADOPTED, alias_of, effects_of, put_back, records_of, texts_of
from bluegreen.aws.route53.targets import Target, host, plain, targets_in
from bluegreen.aws.route53.txt import quoted, text_of
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Flag, Made, Number, Text
from bluegreen.rollout.model import COLORS, Color, Weights

Record = Mapping[str, Any]

NOTE_LABEL = "_bluegreen"
TRAFFIC_TYPES = ("A", "AAAA", "CNAME")
# What resolvers keep an alias for a load balancer: an alias has no TTL of its own.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
ALIAS_TTL_SECONDS = 60
_NOTE_TTL_SECONDS = 60
_OWNER = "bluegreen:owner"
_ROUTED = "is neither a simple nor a weighted record"
REFUSED = {
    **dict.fromkeys(
        ("CidrRoutingConfig", "Failover", "GeoLocation", "GeoProximityLocation", "MultiValueAnswer", "Region"), _ROUTED
    ),
    "TrafficPolicyInstanceId": "is made by a traffic policy, which alone may change it",
}
"""Fields of a record that is not taken over, each with the reason: weights in its place would answer others."""

_SET = ("AliasTarget", "HealthCheckId", "Name", "ResourceRecords", "SetIdentifier", "TTL", "Type", "Weight")


# 253 characters in all, of which the note's label takes 11.
_NAME_FORM = re.compile(r"(?=.{1,242}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+\Z")
_OWNER_FORM = re.compile(r"[A-Za-z0-9 +\-=._:/@]{1,230}\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """The content of a zone at the name: the records that carry traffic, and the note beside them."""

    records: tuple[Record, ...] = ()
    note: Record | None = None

    @property
    def values(self) -> dict[str, str]:
        """The note's values by name."""
        texts = [text_of(item["Value"]) for item in (self.note or {}).get("ResourceRecords", ())]
        return {name: value for name, mark, value in (text.partition("=") for text in texts) if mark}

    @property
    def others(self) -> tuple[str, ...]:
        """The texts of somebody else's in the note, as they are."""
        values = (str(item["Value"]) for item in (self.note or {}).get("ResourceRecords", ()))
        return tuple(value for value in values if "=" not in text_of(value))

    @property
    def owner(self) -> str | None:
        """The owner of the records; ``None`` where no note says it."""
        return self.values.get(_OWNER)

    @property
    def marks(self) -> dict[str, str]:
        """The marks."""
        return {name: value for name, value in self.values.items() if name != _OWNER and not name.startswith(ADOPTED)}

    @property
    def adopted(self) -> tuple[Record, ...]:
        """The records that existed before the swap, as they were; none where it has made its own."""
        return self.records if self.note is None else records_of(self.values)


@dataclass(frozen=True, slots=True)
class Shape(Options):
    """The form of the swap's records.

    Attributes:
        health_check_ids: a Route 53 health check for each color's records.
    """

    name: str = option(
        "the record's name",
        Text(
            fits=lambda name: _NAME_FORM.match(plain(name)),
            allowed="a full name without wildcards, such as app.example.com",
        ),
        name="record_name",
    )
    targets: Mapping[Color, Target] = option(
        "where each color is: a host name, an address, or ``dns_name``, ``zone_id`` and ``evaluate_target_health`` of "
        "an alias",
        Made("Mapping[Color, str | Mapping[str, Any]]", lambda fields, name: targets_in(fields.section(name))),
    )
    owner: str = option(
        "who owns the records, written into a TXT record beside them: ``project/stack/name``",
        Text(fits=_OWNER_FORM.match, allowed="letters, digits, blanks and +-=._:/@, at most 230"),
    )
    ttl_seconds: int = option(
        "how long resolvers keep an answer; of records that are no aliases",
        Number(1, 86_400, "seconds", whole=True),
        default=60,
    )
    ipv6: bool = option("whether aliases answer for AAAA, too", Flag(), default=False)
    health_check_ids: Mapping[Color, str] = field(default_factory=dict)

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse a setting for IPv6 without aliases; normalize the name."""
        targets = values["targets"].values()
        if values["ipv6"] and any(target is not UNKNOWN and not target.zone_id for target in targets):
            fields.problem("ipv6", True, "false: host names bring IPv6 along by themselves; it is for aliases")
        if isinstance(values["name"], str):
            values["name"] = plain(values["name"])

    @property
    def note_name(self) -> str:
        """The TXT record's name."""
        return f"{NOTE_LABEL}.{self.name}"

    @property
    def types(self) -> tuple[str, ...]:
        """The record types that carry traffic."""
        if not self.targets["blue"].zone_id:
            return (self.targets["blue"].kind,)
        return ("A", "AAAA") if self.ipv6 else ("A",)

    def records(self, weights: Weights, present: Found | None = None) -> list[Record]:
        """The record sets of some weights: one for each type and color that has traffic.

        Args:
            weights: of each color.
            present: what is there now; what somebody has added to a record stays with it, and so does what a record had
                that was adopted.
        """
        known = Found() if present is None else present
        there = {(record["Type"], record.get("SetIdentifier")): record for record in known.records if is_ours(record)}
        before = {(record["Type"], self.color_of(record)): record for record in reversed(known.adopted)}
        types = list(dict.fromkeys([*self.types, *(kind for kind, _ in before if kind in self._could_be)]))
        return [
            {
                **_added(there.get((kind, color), {})),
                **self.record(color, kind, weights.of(color), before.get((kind, color))),
            }
            for kind in types
            for color in COLORS
            if weights.of(color)
        ]

    @property
    def _could_be(self) -> tuple[str, ...]:
        """The types that the targets fit: an alias for IPv4 stands for IPv6, too."""
        return ("A", "AAAA") if self.targets["blue"].zone_id else self.types

    def record(self, color: Color, kind: str, weight: int, adopted: Record | None = None) -> Record:
        """One weighted record set; it keeps the fields of an adopted one that the swap does not set."""
        target = self.targets[color]
        named = {"Name": self.name, "Type": kind, "SetIdentifier": color, "Weight": weight}
        record: dict[str, Any] = {**effects_of(adopted), **named}
        if target.zone_id:
            evaluate = target.evaluate_target_health
            record["AliasTarget"] = {
                "EvaluateTargetHealth": True,
                **alias_of(adopted),
                **({} if evaluate is None else {"EvaluateTargetHealth": evaluate}),
                "HostedZoneId": target.zone_id,
                "DNSName": target.dns_name,
            }
        else:
            record.update(TTL=self.ttl_seconds, ResourceRecords=[{"Value": target.dns_name}])
        if self.health_check_ids.get(color):
            record["HealthCheckId"] = self.health_check_ids[color]
        return record

    def note(self, marks: Mapping[str, str], present: Found | None = None) -> Record:
        """The TXT record: the owner, the marks, what was adopted, and what others have put there."""
        known = Found() if present is None else present
        others = known.others
        texts = [f"{_OWNER}={self.owner}", *(f"{name}={value}" for name, value in sorted(marks.items()))]
        texts += texts_of(known.adopted)
        values = [{"Value": value} for value in (*map(quoted, texts), *others)]
        return {"Name": self.note_name, "Type": "TXT", "TTL": _NOTE_TTL_SECONDS, "ResourceRecords": values}

    def let_go(self, present: Found) -> tuple[list[Record], list[Record], list[Record]]:
        """The fate of the records when the swap goes.

        What was adopted comes back as it was, where it leads to what is live; where something else is live, the
        records stay as they are, so that the name never loses its answer.

        Returns:
            The records that go, those that come, and those that are there afterwards.
        """
        if present.note is None:
            return [], [], [*present.records]
        if not present.adopted:
            ours = [*filter(is_ours, present.records)]
            return [*ours, present.note], [], [one for one in present.records if one not in ours]
        if self.weights(present.adopted) != self.weights(present.records):
            return [present.note], [], [*present.records]
        gone, come = put_back(present.records, present.adopted)
        return [*gone, present.note], come, [*present.adopted]

    def color_of(self, record: Record) -> Color | None:
        """The color that a record leads to, whatever it is called."""
        places = [record["AliasTarget"]["DNSName"]] if "AliasTarget" in record else values_of(record)
        hosts = {host(place) for place in places}
        return next((color for color in COLORS if hosts == {host(self.targets[color].dns_name)}), None)

    def weights(self, records: Iterable[Record]) -> Weights:
        """The percentage of the answers that lead to each color; of several types, the smallest one."""
        groups: dict[str, list[Record]] = {}
        for record in records:
            groups.setdefault(record["Type"], []).append(record)
        by_type = [self._weights(group) for group in groups.values()] or [Weights()]
        return Weights(min(weights.blue for weights in by_type), min(weights.green for weights in by_type))

    def _weights(self, group: Sequence[Record]) -> Weights:
        # A simple record has no weight and stands alone; weights that are all 0 are answered with equally often.
        shares = [(self.color_of(record), record.get("Weight", 1)) for record in group]
        if not any(share for _, share in shares):
            shares = [(color, 1) for color, _ in shares]
        total = sum(share for _, share in shares)
        blue, green = (sum(share for color, share in shares if color == wanted) for wanted in COLORS)
        return Weights.of_shares(blue, green, total)

    def unfit(self, record: Record) -> str:
        """Why a record that is not the swap's own cannot be taken over; an empty string when it can."""
        for key, why in REFUSED.items():
            if key in record:
                return f"{why} ({key})"
        if self.color_of(record) is None:
            places = [record["AliasTarget"]["DNSName"]] if "AliasTarget" in record else values_of(record)
            return f"leads to {', '.join(places)}, which is neither color's target"
        if record.get("TTL", 0) > self.ttl_seconds:
            return (
                f"has a TTL of {record['TTL']} s, more than ttl_seconds ({self.ttl_seconds}): lower it first, and wait "
                f"{record['TTL']} s until no resolver keeps the old one"
            )
        return ""


def is_ours(record: Record) -> bool:
    """Whether a record is named as the swap names its own."""
    return record.get("SetIdentifier") in COLORS and "Weight" in record


def _added(record: Record) -> dict[str, Any]:
    """The fields of a record that the swap does not set; a health check is an input of the swap, and goes with it."""
    return {key: value for key, value in record.items() if key not in (*_SET, *REFUSED)}


def values_of(record: Record) -> list[str]:
    """The values of a record that is no alias."""
    return [str(item["Value"]) for item in record.get("ResourceRecords", ())]


def kept_seconds(records: Iterable[Record]) -> int:
    """The time, in seconds, for which resolvers may keep an answer from these records."""
    return max((record.get("TTL", ALIAS_TTL_SECONDS) for record in records), default=0)


def same(records: Iterable[Record], wanted: Iterable[Record]) -> bool:
    """Whether records are just what they are to be, in any order."""
    return sorted(map(_essence, records)) == sorted(map(_essence, wanted))


def _essence(record: Record) -> tuple[Any, ...]:
    alias = record.get("AliasTarget")
    where = (alias["HostedZoneId"], host(alias["DNSName"]), alias["EvaluateTargetHealth"]) if alias else ()
    values = sorted(map(host, values_of(record)))
    named = [str(record.get(key, "")) for key in ("Type", "SetIdentifier", "Weight", "TTL", "HealthCheckId")]
    return (*named, *where, *values)
