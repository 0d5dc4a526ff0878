"""Weighted records, and the note beside them."""

from __future__ import annotations

import copy
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import boto3
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import Route53Backend

from bluegreen.aws.route53 import router as route53
from bluegreen.aws.route53 import zone as route53_zone
from bluegreen.aws.route53.pending import Pending
from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.moto_stage import OWNER, MotoStage
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Calls, Heard, Staged
from dev.matrix.somebody_else.swaps import SlowGate

_ZONE = "shop.example."
_NAME, _NOTE = f"web.{_ZONE}", f"_bluegreen.web.{_ZONE}"
_OWNER_VALUE = "bluegreen:owner"
_TARGETS = {color: f"{color}.internal.example" for color in COLORS}


class DnsStage(MotoStage):
    """A record of a color's own name for each color that has traffic."""

    name = "route53"
    splits = True
    hands = frozenset({"scales", "adds", "takes", "deletes"})
    looking = frozenset({"route53:ListResourceRecordSets"})

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Each color's name resolves while it has units, and time is the stage's."""
        made: Any = route53_zone.Zone

        def resolved(name: str, *_: Any, **__: Any) -> list[Any]:
            if name.partition(".")[0] not in self.sized():
                raise OSError("nobody answers")
            return [name]

        def zone(*given: Any) -> Any:
            return made(*given[:4], SlowGate.clock, *given[5:])

        with (
            mock.patch.object(socket, "getaddrinfo", resolved),
            mock.patch.object(route53, "Zone", zone),
            mock.patch.object(Pending, "in_effect", _no_waiting),
            mock.patch.object(Route53Backend, "change_resource_record_sets", _changed),
            MotoStage.opened(self, heard),
        ):
            yield

    def build(self) -> None:
        """A zone."""
        self._route53: Any = boto3.client("route53")
        made = self._route53.create_hosted_zone(Name=_ZONE, CallerReference="stage")["HostedZone"]["Id"]
        self._zone = made.rpartition("/")[2]

    def put_back(self) -> None:
        """Nothing at the name."""
        self.sizes_put_back()
        self._change(("DELETE", self._records()))

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "route53",
            "zone_id": self._zone,
            "record_name": _NAME.rstrip("."),
            "targets": _TARGETS,
            "owner": OWNER,
        }

    def _records(self) -> list[dict[str, Any]]:
        found = self._route53.list_resource_record_sets(HostedZoneId=self._zone)["ResourceRecordSets"]
        return [record for record in found if record["Name"] in (_NAME, _NOTE)]

    def _change(self, *changes: tuple[str, list[dict[str, Any]]]) -> None:
        batch = [{"Action": action, "ResourceRecordSet": record} for action, records in changes for record in records]
        if batch:
            self._route53.change_resource_record_sets(HostedZoneId=self._zone, ChangeBatch={"Changes": batch})

    def _traffic(self) -> list[dict[str, Any]]:
        return [record for record in self._records() if record["Name"] == _NAME and record["Type"] == "CNAME"]

    def _notes(self) -> dict[str, str]:
        found = next((record for record in self._records() if record["Name"] == _NOTE), None)
        values = [one["Value"].strip('"') for one in (found or {}).get("ResourceRecords", ())]
        return dict(value.partition("=")[::2] for value in values)

    def _note(self, values: Mapping[str, str]) -> None:
        former = [record for record in self._records() if record["Name"] == _NOTE]
        if former:
            kept = [{"Value": f'"{name}={value}"'} for name, value in values.items()]
            self._change(("DELETE", former), ("CREATE", [{**former[0], "ResourceRecords": kept}]))

    def look(self) -> Sight:
        """The weights of the records that lead to a color."""
        shares: dict[str, int] = {}
        for record in self._traffic():
            color = record["ResourceRecords"][0]["Value"].partition(".")[0]
            shares[color] = shares.get(color, 0) + int(record.get("Weight", 1))
        total = sum(shares.values())
        notes = self._notes()
        return Sight(
            {color: round(100 * share / total) for color, share in shares.items() if share} if total else {},
            self.sized(),
            self.retiring(),
            self.suspended(),
            {name: value for name, value in notes.items() if name not in (_OWNER_VALUE, "team")},
            {name: value for name, value in notes.items() if value == STRANGER},
        )

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights."""
        there = self._traffic()
        if there:
            wanted = [
                {
                    **there[0],
                    "SetIdentifier": color,
                    "Weight": share,
                    "ResourceRecords": [{"Value": _TARGETS[color]}],
                }
                for color, share in weights.items()
            ]
            self._change(("DELETE", there), ("CREATE", wanted))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Values of the note."""
        values: dict[str, str | None] = {**self._notes(), **changes}
        self._note({name: value for name, value in values.items() if value is not None})

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """A value of the note that has no owner; another owner; no records any more."""
        if hand == "adds":
            self._note({**self._notes(), "team": STRANGER})
        elif hand == "takes":
            taken = {**self._notes(), _OWNER_VALUE: STRANGER, "incarnation": STRANGERS_MARK}
            if not self._notes():  # before a first start there is none that could be changed
                note = {"Name": _NOTE, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"placeholder=1"'}]}
                self._change(("CREATE", [note]))
            self._note(taken)
        elif hand == "deletes":
            self._change(("DELETE", self._records()))


def _changed(backend: Route53Backend, zone_id: str, changes: list[dict[str, Any]]) -> None:
    """All or nothing, as Route 53 has it: what is deleted has to be as it is said, what is made must not be there."""
    zone: Any = backend.get_hosted_zone(zone_id)
    there: dict[tuple[str, ...], dict[str, Any]] = dict(getattr(zone, "as_sent", {}))
    for change in changes:
        record = copy.deepcopy(change["ResourceRecordSet"])
        record["Name"] = record["Name"].rstrip(".") + "."
        key = (record["Name"], record["Type"], str(record.get("SetIdentifier")))
        known = there.pop(key, None)
        if change["Action"] == "DELETE" and _plain(known) != _plain(record):
            raise Route53ClientError("InvalidChangeBatch", f"{key}: the values provided do not match")
        if change["Action"] == "CREATE" and known is not None:
            raise Route53ClientError("InvalidChangeBatch", f"{key}: it already exists")
        if change["Action"] != "DELETE":
            there[key] = record
    zone.as_sent, zone.rrsets = there, []
    for record in there.values():
        values = [one["Value"] for one in record["ResourceRecords"]]
        zone.add_rrset({**copy.deepcopy(record), "ResourceRecords": values})


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str).replace('"', "")


def _no_waiting(*_: Any) -> bool:
    """Resolvers' caches are another test's matter: here a change is in effect at once."""
    return True


STAGES = {
    DnsStage.name: Staged(DnsStage, Calls(9, 12, 7)),
}
