"""Cloud DNS record sets as values: those of a swap, and the weights that they mean. No I/O.

A record set of a type routes by a policy with an item for each color that has answers, and one without has no item: an
item of weight 0 is kept only where it has more than its values, which nobody could put back. Items of others stay, and
both colors together keep the part that they have beside them.

Record sets have no labels. The owner and the marks are the values of a TXT record set beside, ``_bluegreen.NAME``.

https://cloud.google.com/dns/docs/routing-policies-overview
"""

from __future__ import annotations

import copy
import ipaddress
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.google.dns.note import Note
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Made, Number, Text
from bluegreen.rollout.model import COLORS, Color, Weights

Record = Mapping[str, Any]
TRAFFIC_TYPES = ("A", "AAAA", "CNAME")
NOTE_LABEL = "_bluegreen"
_WHOLE = 100.0
# What Cloud DNS tells beside, and nobody sends.
_TOLD = frozenset({"kind", "signatureRrdatas"})
_PLAIN_ITEM = frozenset({"rrdatas", "weight", *_TOLD})
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})+\.?\Z")
# 253 characters in all, of which the note's label takes 11.
_NAME = re.compile(r"(?=.{1,242}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+\Z")
_OWNER = re.compile(r"[A-Za-z0-9 +\-=._:/@]{1,230}\Z")


def plain(name: str) -> str:
    """A name in its one form: small letters, without the dot at its end."""
    return name.rstrip(".").lower()


def absolute(name: str) -> str:
    """A name as Cloud DNS has it."""
    return f"{plain(name)}."


def kind_of(value: str) -> str:
    """The type of a record with this value."""
    try:
        return "A" if ipaddress.ip_address(value).version == 4 else "AAAA"
    except ValueError:
        return "CNAME"


def normal(value: str) -> str:
    """A value in its one form: an address as it is written shortest, or a plain name."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return plain(value)


def targets_in(given: Fields | None) -> dict[Color, Any]:
    """Each color's values: a host name, an address, or several addresses."""
    section = given or Fields({})
    found = {color: _target(section, color) for color in COLORS}
    section.done()
    blue, green = found["blue"], found["green"]
    if UNKNOWN not in (blue, green):
        if set(blue) & set(green):
            section.problem("green", [*green], "other targets than blue's")
        elif {*map(kind_of, blue)} != {*map(kind_of, green)}:
            section.problem("green", [*green], "a host name like blue's, or addresses of the same versions")
    return found


def _target(section: Fields, color: Color) -> Any:
    given = section.raw(color, UNKNOWN)
    if given is UNKNOWN:
        section.text(color)  # which says so, where nothing is given at all
        return UNKNOWN
    values = [given] if isinstance(given, str) else given
    if not isinstance(values, Sequence) or not values:
        section.problem(color, given, "a host name, an address, or a list of addresses")
        return UNKNOWN
    if UNKNOWN in values:
        return UNKNOWN
    wrong = [one for one in values if not isinstance(one, str) or (kind_of(one) == "CNAME" and not _HOST.match(one))]
    if wrong:
        section.problem(color, wrong[0], "a host name, without scheme or path, or an address")
        return UNKNOWN
    if len(values) > 1 and any(kind_of(one) == "CNAME" for one in values):
        section.problem(color, [*values], "one host name, or addresses alone")
        return UNKNOWN
    return tuple(sorted({normal(one) for one in values}))


# -- what a record set says


def policy_of(record: Record) -> Mapping[str, Any]:
    """How it routes; empty where it has plain values."""
    found: Mapping[str, Any] = record.get("routingPolicy") or {}
    return found


def items_of(record: Record) -> list[Mapping[str, Any]]:
    """The items of its policy; plain values are one, with all of the answers."""
    policy = policy_of(record)
    if policy:
        return [*((policy.get("wrr") or {}).get("items") or ())]
    return [{"weight": 1.0, "rrdatas": [*(record.get("rrdatas") or ())]}]


def values_of(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Where an item leads, by its own values and by those whose health Cloud DNS checks."""
    checked: Mapping[str, Any] = item.get("healthCheckedTargets") or {}
    balancers = (one.get("ipAddress") or "" for one in checked.get("internalLoadBalancers") or ())
    found = (*(item.get("rrdatas") or ()), *(checked.get("externalEndpoints") or ()), *balancers)
    return tuple(sorted({normal(str(one)) for one in found}))


def _weight(item: Mapping[str, Any]) -> float:
    return float(item.get("weight") or 0)


@dataclass(frozen=True, slots=True)
class Found:
    """The record sets at the name that carry traffic, and the note beside them."""

    records: tuple[Record, ...] = ()
    note: Note | None = None

    @property
    def marks(self) -> dict[str, str]:
        """The marks."""
        return {} if self.note is None else self.note.marks

    @property
    def adopted(self) -> tuple[Record, ...]:
        """The record sets that existed before the swap, as they were; none where it has made its own."""
        return self.records if self.note is None else self.note.adopted


@dataclass(frozen=True, slots=True)
class Shape(Options):
    """The form of the swap's record sets."""

    name: str = option(
        "the record's name",
        Text(
            fits=lambda name: _NAME.match(plain(name)), allowed="a full name without wildcards, such as app.example.com"
        ),
        name="record_name",
    )
    targets: Mapping[Color, tuple[str, ...]] = option(
        "where each color is: a host name, an address, or a list of addresses (of IPv4, of IPv6, or of both)",
        Made("Mapping[Color, str | Sequence[str]]", lambda fields, name: targets_in(fields.section(name))),
    )
    owner: str = option(
        "who owns the records, written into a TXT record beside them: ``project/stack/name``",
        Text(fits=_OWNER.match, allowed="letters, digits, blanks and +-=._:/@, at most 230"),
    )
    ttl_seconds: int = option(
        "how long resolvers keep an answer; a record that was adopted keeps its own, which must not be longer",
        Number(0, 86_400, "seconds", whole=True),
        default=60,
    )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:  # noqa: ARG003 - the same for every section
        """Bring the name into its one form."""
        if isinstance(values["name"], str):
            values["name"] = plain(values["name"])

    @property
    def note_name(self) -> str:
        """The TXT record set's name."""
        return f"{NOTE_LABEL}.{self.name}"

    @property
    def types(self) -> tuple[str, ...]:
        """The types that carry traffic."""
        there = {kind_of(one) for one in self.targets["blue"]}
        return tuple(kind for kind in TRAFFIC_TYPES if kind in there)

    def values(self, color: Color, kind: str) -> tuple[str, ...]:
        """A color's values in record sets of a type."""
        return tuple(one for one in self.targets[color] if kind_of(one) == kind)

    # -- what record sets mean

    def color_of(self, item: Mapping[str, Any], kind: str) -> Color | None:
        """The color that an item leads to."""
        found = values_of(item)
        return next((color for color in COLORS if found and found == self.values(color, kind)), None)

    def _is_former(self, item: Mapping[str, Any], kind: str, present: Found) -> bool:
        """Whether it leads where a color was, as the swap has written it: that is no item of others."""
        former = present.note.targets if present.note is not None else {}
        found = values_of(item)
        return any(found == tuple(one for one in values if kind_of(one) == kind) for values in former.values())

    def weights(self, present: Found) -> Weights:
        """The percentage of both colors' answers that lead to each; of several types, the smallest one."""
        by_type = [self._weights(record, present) for record in present.records] or [Weights()]
        return Weights(min(weights.blue for weights in by_type), min(weights.green for weights in by_type))

    def _weights(self, record: Record, present: Found) -> Weights:
        kind = record["type"]
        shares = dict.fromkeys(COLORS, 0.0)
        total = 0.0
        for item in items_of(record):
            color = self.color_of(item, kind)
            if color is not None:
                shares[color] += _weight(item)
            elif not self._is_former(item, kind, present):
                continue
            total += _weight(item)
        return Weights.of_shares(shares["blue"], shares["green"], total)

    def unfit(self, record: Record, *, adopt: bool, present: Found) -> str:
        """Why a record set cannot be routed by the swap; an empty string when it can."""
        kind, policy = record["type"], policy_of(record)
        for name in ("geo", "primaryBackup"):
            if policy.get(name):
                return f"routes by another policy than weights (routingPolicy.{name})"
        leads = [item for item in items_of(record) if self.color_of(item, kind) is not None]
        known = present.note is not None
        if known and (leads or any(self._is_former(item, kind, present) for item in items_of(record))):
            return ""
        if not leads:
            places = sorted({value for item in items_of(record) for value in values_of(item)})
            return f"leads to {', '.join(places)}, which is neither color's target"
        if not adopt:
            return "was not made by bluegreen; `adopt` takes such records over"
        ttl = int(record.get("ttl") or 0)
        if ttl > self.ttl_seconds:
            return (
                f"has a TTL of {ttl} s, more than ttl_seconds ({self.ttl_seconds}): lower it first, and wait {ttl} s "
                "until no resolver keeps the old one"
            )
        return ""

    # -- what they have to say

    def records(self, weights: Weights, present: Found | None = None) -> list[Record]:
        """The record sets of some weights.

        Args:
            weights: of each color.
            present: what is there now: whatever is not the swap's stays as it is.
        """
        known = Found() if present is None else present
        there = {record["type"]: record for record in known.records}
        # Of a type that the targets have no more, others' items are left.
        kinds = dict.fromkeys([*self.types, *there])
        found = [self._record(kind, weights, there.get(kind, {}), known) for kind in kinds]
        return [record for record in found if items_of(record)]

    def _record(self, kind: str, weights: Weights, there: Record, present: Found) -> Record:
        items = items_of(there) if there else []
        others = [one for one in items if self.color_of(one, kind) is None and not self._is_former(one, kind, present)]
        ours = sum(map(_weight, items)) - sum(map(_weight, others))
        whole = ours if ours and any(map(_weight, others)) else _WHOLE
        wanted = [copy.deepcopy(dict(one)) for one in others]
        for color in COLORS:
            own = next((one for one in items if self.color_of(one, kind) == color), {})
            share = whole * weights.of(color) / 100 if kind in self.types else 0
            if share or not own.keys() <= _PLAIN_ITEM:
                values = {"rrdatas": [_as_sent(one, kind) for one in self.values(color, kind)]} if not own else {}
                wanted.append({**_without(own, _TOLD), **values, "weight": share})
        policy = policy_of(there)
        wrr = {**_without(policy.get("wrr") or {}, _TOLD), "items": wanted}
        return {
            **_without(there, {*_TOLD, "rrdatas"}),
            "name": absolute(self.name),
            "type": kind,
            "ttl": self._ttl(there, present),
            "routingPolicy": {**_without(policy, _TOLD), "wrr": wrr},
        }

    def _ttl(self, there: Record, present: Found) -> int:
        is_adopted = any(one["type"] == there.get("type") for one in present.adopted)
        return min(int(there.get("ttl") or 0), self.ttl_seconds) if is_adopted else self.ttl_seconds

    def note(self, marks: Mapping[str, str], present: Found | None = None, *, moves: bool = True) -> Note:
        """The note of the swap: the owner, the marks, what was adopted, where the colors are, what others have there.

        Args:
            marks: all of them.
            present: what is there now.
            moves: whether the record sets come to lead where the colors are now, too.
        """
        known = Found() if present is None else present
        former = known.note or Note(name=self.note_name)
        targets = self.targets if moves or known.note is None else former.targets
        return former.written(self.owner, marks, targets, known.adopted)

    def let_go(self, present: Found) -> list[Record]:
        """The record sets that are there when the swap has gone.

        What was adopted comes back as it was, where it leads to what is live and nobody has changed it beside; else it
        stays as it is, so that the name never loses its answer. What the swap has made goes, but for others' items.
        """
        if present.note is None:
            return [*present.records]
        if present.adopted:
            former = {record["type"]: record for record in present.adopted}
            wanted = self.records(self.weights(present), Found(present.adopted))
            as_then = self.weights(Found(present.adopted)) == self.weights(present) and same(present.records, wanted)
            return [*former.values()] if as_then else [*present.records]
        left: list[Record] = []
        for record in present.records:
            kind, policy = record["type"], policy_of(record)
            others = [
                one
                for one in items_of(record)
                if self.color_of(one, kind) is None and not self._is_former(one, kind, present)
            ]
            if others:
                wrr = {**(policy.get("wrr") or {}), "items": others}
                left.append({**record, "routingPolicy": {**policy, "wrr": wrr}})
        return left


def _as_sent(value: str, kind: str) -> str:
    return absolute(value) if kind == "CNAME" else value


def _without(found: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    gone = frozenset(names)
    return {key: copy.deepcopy(value) for key, value in found.items() if key not in gone}


def kept_seconds(records: Iterable[Record]) -> int:
    """The time, in seconds, for which resolvers may keep an answer from these record sets."""
    return max((int(record.get("ttl") or 0) for record in records), default=0)


def same(records: Iterable[Record], wanted: Iterable[Record]) -> bool:
    """Whether record sets say the same, in whatever order and form."""
    return sorted(map(_essence, records)) == sorted(map(_essence, wanted))


def _essence(record: Record) -> str:
    policy = policy_of(record)
    items = items_of(record)
    total = sum(map(_weight, items)) or 1.0
    found = []
    for item in items:
        rest = _without(item, {*_TOLD, "weight", "rrdatas"})
        values = sorted(normal(str(one)) for one in item.get("rrdatas") or ())
        found.append(json.dumps([values, round(_weight(item) / total, 6), rest], sort_keys=True))
    wrr = _without(policy.get("wrr") or {}, {*_TOLD, "items"})
    rest = _without(record, {*_TOLD, "name", "ttl", "rrdatas", "routingPolicy"})
    beside = _without(policy, {*_TOLD, "wrr"})
    told = [plain(record["name"]), int(record.get("ttl") or 0), rest, beside, wrr, sorted(found)]
    return json.dumps(told, sort_keys=True)
