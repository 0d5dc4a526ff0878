"""A hosted zone, as far as one swap's records go: its records, their owner, and changes as one batch.

What is replaced is named in full, so that a batch made for records that somebody else has changed meanwhile is
refused, read again and made anew. Marks are never lost to each other for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from bluegreen.aws.client import AwsConnection, called, error_code
from bluegreen.aws.route53.records import NOTE_LABEL, TRAFFIC_TYPES, Found, Record, Shape, is_ours
from bluegreen.aws.route53.targets import plain
from bluegreen.platforms.adopted_notes import UNREADABLE
from bluegreen.platforms.ownership import Ownership
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import NotOwned, PlatformError

Changes = list[dict[str, Any]]

_LIST = "route53:ListResourceRecordSets"
_CHANGE = "route53:ChangeResourceRecordSets"
_PAGE = 25
_TRIES = 4
# All swaps of an account share 5 requests a second: what is this fresh is not requested again.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
_FRESH_SECONDS = 5.0


@dataclass(slots=True)
class Zone:
    """The records at a name.

    Attributes:
        id: the hosted zone's id.
        shape: name and owner of the records.
        adopt: whether records that are not the swap's are taken as they are, if they lead to its colors.
        aws: where to call, with which credentials.
        clock: time.
        former_owner, incarnation: of the resource's last update: who owned the records, and the mark on their note.
    """

    id: str
    shape: Shape
    adopt: bool
    aws: AwsConnection
    clock: Clock
    former_owner: str = ""
    incarnation: str = ""
    #: What was seen last, or left by a change of this process.
    known: Found | None = field(default=None, init=False)
    _known_at: float = field(default=0, init=False)

    def look(self) -> Found:
        """The records and the note: one call, unless more than a page of names sorts before the note.

        Raises:
            NotOwned: it is somebody else's.
        """
        self.known = None
        present = self._judged(self._listed())
        self._remember(present)
        return present

    def fresh(self) -> Found:
        """The records and the note, without a call where they were read a moment ago.

        That does no harm where marks are concerned: each change of theirs names all that it replaces.
        """
        is_fresh = self.clock.monotonic_seconds() - self._known_at < _FRESH_SECONDS
        return self.known if self.known is not None and is_fresh else self.look()

    def _remember(self, present: Found) -> None:
        self.known, self._known_at = present, self.clock.monotonic_seconds()

    def _listed(self) -> Found:
        records, note = [], None
        for record in self._record_sets():
            name = plain(record["Name"])
            if name == self.shape.name and record["Type"] in TRAFFIC_TYPES:
                records.append(record)
            elif name == self.shape.note_name and record["Type"] == "TXT":
                note = record
        return Found(tuple(records), note)

    def _record_sets(self) -> Iterator[Record]:
        """The records of the name, and of the names below it up to the note: labels are sorted from the right."""
        below = f".{self.shape.name}"
        with called("route53:ListResourceRecordSets"):
            pages = (
                self.aws.client("route53")
                .get_paginator("list_resource_record_sets")
                .paginate(HostedZoneId=self.id, StartRecordName=self.shape.name, PaginationConfig={"PageSize": _PAGE})
            )
            for record in (record for page in pages for record in page["ResourceRecordSets"]):
                name = plain(record["Name"])
                last_label = name.removesuffix(below).rpartition(".")[2]
                if name != self.shape.name and (not name.endswith(below) or last_label > NOTE_LABEL):
                    return
                yield record

    def _judged(self, present: Found) -> Found:
        shape = self.shape
        ownership = Ownership(shape.owner, self.former_owner, self.incarnation)
        if present.note is not None and not ownership.holds(present.owner, present.marks):
            owned_by = f"is owned by {present.owner}" if present.owner else "was not made by bluegreen"
            raise NotOwned(
                _LIST, f"the record {shape.note_name} {owned_by}; this swap is {shape.owner}: choose another name"
            )
        try:
            _ = present.adopted
        except ValueError as error:
            raise PlatformError(_LIST, f"the record {shape.note_name} {UNREADABLE}") from error
        for record in present.records:
            if present.note is not None and is_ours(record):
                continue
            why = shape.unfit(record) if self.adopt else "was not made by bluegreen; `adopt` takes such records over"
            if why:
                identifier = f" {record['SetIdentifier']!r}" if "SetIdentifier" in record else ""
                raise NotOwned(
                    _LIST, f"the {record['Type']} record{identifier} of {shape.name} in zone {self.id} {why}"
                )
        return present

    def change(self, make: Callable[[Found], tuple[Changes, Found]]) -> str | None:
        """Submit a batch: one call. ``make`` turns the present records into the changes and the records afterwards.

        Returns:
            The change's id; ``None`` when there was nothing to change.

        Raises:
            NotOwned: what is there now is somebody else's.
            PlatformError: Route 53 refuses the batch.
        """
        present = self.known or self.look()
        for _ in range(_TRIES):
            changes, after = make(present)
            if not changes:
                return None
            with called("route53:ChangeResourceRecordSets"):
                try:
                    answer = self.aws.client("route53").change_resource_record_sets(
                        HostedZoneId=self.id, ChangeBatch={"Comment": "bluegreen", "Changes": changes}
                    )
                except ClientError as error:
                    now = self.look() if error_code(error) == "InvalidChangeBatch" else present
                    if now == present:  # nothing has changed meanwhile: it is the batch itself that is refused
                        raise
                    present = now
                else:
                    self._remember(after)
                    return str(answer["ChangeInfo"]["Id"])
        raise PlatformError(_CHANGE, f"the records of {self.shape.name} are changed by somebody else all the time")


def each(action: str, records: Iterable[Record]) -> Changes:
    """A batch that does the same with each of some records."""
    return [{"Action": action, "ResourceRecordSet": dict(record)} for record in records]
