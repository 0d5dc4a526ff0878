"""A managed zone in Google's stand-in within this process, and hands to change its record sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.google.client import GoogleConnection, Session
from bluegreen.google.dns.texts import text_of
from bluegreen.rollout.clock import FakeClock, SystemClock
from localcloud.google.bare import DNS, BareGoogle

PROJECT = "shop"
ZONE = f"projects/{PROJECT}/managedZones/example"
NAME, NOTE = "app.example.com.", "_bluegreen.app.example.com."
TARGETS = {"blue": "203.0.113.1", "green": "203.0.113.2"}


def weighted(**shares: float) -> dict[str, Any]:
    """A record set of somebody's own: an item for each color, and ``white`` for one more."""
    items = [{"weight": share, "rrdatas": [TARGETS.get(color, "203.0.113.9")]} for color, share in shares.items()]
    return {"name": NAME, "type": "A", "ttl": 60, "routingPolicy": {"wrr": {"items": items}}}


def simple(value: str, **more: Any) -> dict[str, Any]:
    """A record set with one value and no policy."""
    return {"name": NAME, "type": "A", "ttl": 60, "rrdatas": [value], **more}


@dataclass
class World:
    """One zone.

    Attributes:
        google: where it is.
        clock: for whoever waits.
        before: who acts before a request of the product: called with its verb and path.
        calls: verb and path behind the zone's of each request of the product.
    """

    google: BareGoogle
    clock: FakeClock = field(default_factory=FakeClock)
    before: list[Callable[[str, str], None]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        """Somebody else's request, which has to be taken."""
        status, found = self.google.ask(verb, f"/dns/v1/{path}", {}, body, DNS)
        assert status == 200, found
        return found

    def put(self, *records: dict[str, Any]) -> None:
        """Somebody else's record sets in place of what is there."""
        there = [one for one in (self.record(record["name"], record["type"]) for record in records) if one is not None]
        self.ask("POST", f"{ZONE}/changes", {"deletions": there, "additions": [*records]})

    def remove(self, *names: str) -> None:
        """Take record sets away."""
        gone = [one for (name, _), one in self.records.items() if name in names]
        self.ask("POST", f"{ZONE}/changes", {"deletions": gone})

    @property
    def records(self) -> dict[tuple[str, str], dict[str, Any]]:
        return self.google.dns.zones[PROJECT, "example"].records

    def record(self, name: str = NAME, kind: str = "A") -> dict[str, Any] | None:
        return self.records.get((name.lower(), kind))

    def items(self, kind: str = "A") -> list[dict[str, Any]]:
        """Of the record set's policy; plain values are one that has all of it."""
        record = self.record(kind=kind) or {"routingPolicy": {"wrr": {"items": []}}}
        plain = [{"rrdatas": record.get("rrdatas"), "weight": 100}]
        return plain if "rrdatas" in record else [*record["routingPolicy"]["wrr"]["items"]]

    def shares(self, kind: str = "A") -> dict[str, float]:
        """The weight of each color's item, and of ``white``."""
        by_value = {value: color for color, value in TARGETS.items()}
        return {by_value.get(one["rrdatas"][0], "white"): one["weight"] for one in self.items(kind)}

    def note(self) -> dict[str, str]:
        """The values of the note, by their names."""
        record = self.record(NOTE, "TXT") or {}
        return dict(text_of(value).partition("=")[::2] for value in record.get("rrdatas", ()))


@contextmanager
def running() -> Iterator[World]:
    """A zone, and this process' client led there."""
    world = World(BareGoogle())
    world.ask("POST", f"projects/{PROJECT}/managedZones", {"name": "example", "dnsName": "example.com."})

    def exchange(
        _session: Session, verb: str, path: str, _action: str, query: Any, body: Any
    ) -> tuple[Answer | None, str]:
        for act in tuple(world.before):
            act(verb, path)
        world.calls.append(f"{verb} {path.removeprefix(f'/dns/v1/{ZONE}')}")
        found = world.google.answer(verb, path, query, body, DNS)
        return Answer(found.status_code, found.content), ""

    session = Session(GoogleConnection(), "https://dns.test")
    with (
        mock.patch.object(GoogleConnection, "session", return_value=session),
        mock.patch.object(Session, "exchange", exchange),
        mock.patch.object(glances, "LASTS_SECONDS", 0.0),
        # A router that a swap builds has the machine's clock: here time is what somebody turns.
        mock.patch.object(SystemClock, "monotonic_seconds", side_effect=world.clock.monotonic_seconds),
    ):
        yield world


def section(**more: object) -> dict[str, object]:
    """A ``router`` section for it."""
    return {
        "kind": "cloud_dns",
        "zone": ZONE,
        "record_name": "app.example.com",
        "targets": TARGETS,
        "owner": "project/stack/web",
        **more,
    }
