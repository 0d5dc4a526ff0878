"""A managed zone, as far as one swap's record sets go: what is there, whose it is, and changes all at once.

A change names in full what it takes away, so that one made for record sets that somebody else has changed meanwhile is
refused, looked at again and made anew. Record sets and marks move in one: https://cloud.google.com/dns/docs/records
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bluegreen.google.client import GoogleConnection, Session, Stale
from bluegreen.google.dns.note import Note
from bluegreen.google.dns.records import TRAFFIC_TYPES, Found, Record, Shape, absolute
from bluegreen.platforms.adopted_notes import UNREADABLE
from bluegreen.platforms.ownership import Ownership
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.errors import NotOwned, PlatformError

HOST = "dns.googleapis.com"
LIST, CHANGE, READ_CHANGE = "dns.resourceRecordSets.list", "dns.changes.create", "dns.changes.get"
_TRIES = 4
# What is to be taken away is not there any more, and what is to come is there.
_CONFLICTS = frozenset({404, 409})
# The quota of a project is one for all of its swaps: what is this fresh is not requested again.
_FRESH_SECONDS = 5.0


@dataclass(slots=True)
class Zone:
    """The record sets at a name.

    Attributes:
        id: the zone's full name.
        shape: name and owner of the record sets.
        adopt: whether record sets that are not the swap's are taken as they are, if they lead to its colors.
        google: where to call, with which credentials.
        clock: time.
        former_owner, incarnation: of the resource's last update: who owned the record sets, and the mark on their note.
    """

    id: str
    shape: Shape
    adopt: bool
    google: GoogleConnection
    clock: Clock
    former_owner: str = ""
    incarnation: str = ""
    known: Found | None = field(default=None, init=False)
    """The content as it was seen last, or left by a change of this process."""
    _known_at: float = field(default=0, init=False)

    @property
    def path(self) -> str:
        """Of the zone, below the API's address."""
        return f"/dns/v1/{self.id}"

    def session(self) -> Session:
        """A session with Cloud DNS."""
        return self.google.session(HOST)

    def look(self) -> Found:
        """The record sets and the note: two calls.

        Raises:
            NotOwned: it is somebody else's.
        """
        self.known = None
        records = tuple(one for one in self._record_sets(self.shape.name) if one.get("type") in TRAFFIC_TYPES)
        present = self._judged(Found(records, self._noted()))
        self._remember(present)
        return present

    def fresh(self) -> Found:
        """The same with a fresh note: one call, or none where it was read a moment ago.

        The record sets may be older. That does no harm: each change names all that it replaces.
        """
        known = self.known
        if known is not None and self.clock.monotonic_seconds() - self._known_at < _FRESH_SECONDS:
            return known
        note = self._noted() if known is not None and known.note is not None else None
        if known is None or note is None:
            return self.look()
        present = self._judged(replace(known, note=note))
        self._remember(present)
        return present

    def _noted(self) -> Note | None:
        found = [*self._record_sets(self.shape.note_name, "TXT")]
        return Note(self.shape.note_name, found[0]) if found else None

    def _remember(self, present: Found) -> None:
        self.known, self._known_at = present, self.clock.monotonic_seconds()

    def _record_sets(self, name: str, kind: str = "") -> Iterator[Record]:
        query = {"name": absolute(name), **({"type": kind} if kind else {})}
        while True:
            answer = self.session().get(f"{self.path}/rrsets", LIST, query)
            if answer is None:
                raise PlatformError(LIST, f"there is no managed zone {self.id}")
            yield from answer.get("rrsets") or ()
            if not answer.get("nextPageToken"):
                return
            query["pageToken"] = str(answer["nextPageToken"])

    def _judged(self, present: Found) -> Found:
        shape, note = self.shape, present.note
        ownership = Ownership(shape.owner, self.former_owner, self.incarnation)
        if note is not None and not ownership.holds(note.owner, note.marks):
            owned_by = f"is owned by {note.owner}" if note.owner else "was not made by bluegreen"
            raise NotOwned(
                LIST, f"the record {shape.note_name} {owned_by}; this swap is {shape.owner}: choose another name"
            )
        try:
            _ = present.adopted
        except ValueError as error:
            raise PlatformError(LIST, f"the record {shape.note_name} {UNREADABLE}") from error
        for record in present.records:
            why = shape.unfit(record, adopt=self.adopt, present=present)
            if why:
                raise NotOwned(LIST, f"the {record['type']} record of {shape.name} in {self.id} {why}")
        return present

    def change(self, make: Callable[[Found], Found]) -> str | None:
        """Submit a change: one call. ``make`` turns what is there into what is to be there.

        Returns:
            The change's id; ``None`` when there was nothing to change.

        Raises:
            NotOwned: what is there now is somebody else's.
            PlatformError: Cloud DNS refuses the change.
        """
        present = self.known or self.look()
        for _ in range(_TRIES):
            after = make(present)
            body = difference(present, after)
            if not body:
                return None
            try:
                answer = self.session().send("POST", f"{self.path}/changes", CHANGE, body, conflicts=_CONFLICTS)
            except Stale:
                now = self.look()
                if now == present:  # nothing has changed meanwhile: it is the change itself that is refused
                    raise
                present = now
            else:
                self._remember(after)
                return str(answer.get("id") or "")
        raise PlatformError(CHANGE, f"the records of {self.shape.name} are changed by somebody else all the time")


def difference(present: Found, after: Found) -> dict[str, Any]:
    """The change that leads from one to the other; empty where they are the same."""
    before, wanted = _all(present), _all(after)
    found = {
        "deletions": [one for one in before if one not in wanted],
        "additions": [one for one in wanted if one not in before],
    }
    return {key: records for key, records in found.items() if records}


def _all(found: Found) -> Sequence[Mapping[str, Any]]:
    return [*found.records, *([] if found.note is None else [found.note.record])]
