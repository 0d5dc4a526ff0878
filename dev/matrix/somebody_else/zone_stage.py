"""A weighted record set and the note beside it, in Google's stand-in within this process: nothing waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.google.client import GoogleConnection, Session
from bluegreen.google.dns.pending import Pending
from bluegreen.google.dns.texts import quoted, text_of
from bluegreen.google.dns.zone import LIST
from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Calls, Heard, Staged
from localcloud.google.bare import DNS, BareGoogle

_PROJECT = "projects/shop"
ZONE = f"{_PROJECT}/managedZones/example"
_NAME, _NOTE = "web.example.com.", "_bluegreen.web.example.com."
_OURS, _OWNER_VALUE = "bluegreen:", "bluegreen:owner"
_TARGETS = {color: f"203.0.113.{number}" for number, color in enumerate(COLORS, 1)}
Record = dict[str, Any]


class ZoneStage(MemorySizes):
    """An item for each color that has answers; sizes are in memory."""

    name = "cloud_dns"
    splits = True
    hands = frozenset({"adds", "takes", "deletes"})

    def _build(self) -> None:
        self._google = BareGoogle(at_once=True)
        self._ask("POST", f"{_PROJECT}/managedZones", {"name": "example", "dnsName": "example.com."})

    def _ask(self, verb: str, path: str, body: Any) -> None:
        status, answer = self._google.ask(verb, f"/dns/v1/{path}", {}, body, DNS)
        assert status == 200, answer

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Google is there meanwhile, and each call of the product is noted: of a look the second one, which ends it."""
        self._build()

        def once(
            _session: Session, verb: str, path: str, action: str, query: Mapping[str, str], body: Any
        ) -> tuple[Answer | None, str]:
            found = self._google.answer(verb, path, query, body, DNS)
            self.follow()
            heard().called(action, writes=verb != "GET", looks=action == LIST and query.get("type") == "TXT")
            return Answer(found.status_code, found.content), ""

        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        no_caches = mock.patch.object(Pending, "in_effect", return_value=True)  # they are another test's matter
        session = Session(GoogleConnection(), "https://dns.test")
        ours = mock.patch.object(GoogleConnection, "session", return_value=session)
        with self.sizes_heard(heard), nothing_kept, no_caches, ours, mock.patch.object(Session, "exchange", once):
            yield

    def put_back(self) -> None:
        """Nothing at the name."""
        self.sizes_put_back()
        self._replace(self._there())

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "cloud_dns",
            "zone": ZONE,
            "record_name": _NAME,
            "targets": _TARGETS,
            "owner": OWNER,
        }

    def capacity(self) -> None:
        """Nothing is scaled."""

    # -- hands

    @property
    def _records(self) -> dict[tuple[str, str], Record]:
        return self._google.dns.zones["shop", "example"].records

    def _there(self) -> list[Record]:
        return [one for (name, _), one in self._records.items() if name in (_NAME, _NOTE)]

    def _replace(self, gone: list[Record], come: list[Record] | None = None) -> None:
        if gone or come:
            self._ask("POST", f"{ZONE}/changes", {"deletions": gone, "additions": come or []})

    def _values(self) -> dict[str, str]:
        note = self._records.get((_NOTE, "TXT")) or {}
        return dict(text_of(value).partition("=")[::2] for value in note.get("rrdatas", ()))

    def _note(self, values: Mapping[str, str]) -> None:
        former = self._records.get((_NOTE, "TXT"))
        texts = [quoted(f"{name}={value}") for name, value in values.items()]
        self._replace([former] if former else [], [{"name": _NOTE, "type": "TXT", "ttl": 60, "rrdatas": texts}])

    def look(self) -> Sight:
        """The items that lead to a color, and the note."""
        record = self._records.get((_NAME, "A")) or {}
        by_target = {target: color for color, target in _TARGETS.items()}
        shares: dict[str, float] = {}
        for item in ((record.get("routingPolicy") or {}).get("wrr") or {}).get("items", ()):
            color = by_target[item["rrdatas"][0]]
            shares[color] = shares.get(color, 0) + item["weight"]
        total = sum(shares.values())
        values = self._values()
        return Sight(
            {color: round(100 * share / total) for color, share in shares.items() if share},
            self.sized(),
            self.retiring(),
            self.suspended(),
            {name: value for name, value in values.items() if name != "team" and not name.startswith(_OURS)},
            {name: value for name, value in values.items() if value == STRANGER},
        )

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights."""
        there = self._records.get((_NAME, "A"))
        if there:
            items = [{"weight": share, "rrdatas": [_TARGETS[color]]} for color, share in weights.items() if share]
            wanted = [{**there, "routingPolicy": {"wrr": {"items": items}}}] if items else []
            self._replace([there], wanted)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Values of the note."""
        if not self._values():
            return
        values: dict[str, str | None] = {**self._values(), **changes}
        self._note({name: value for name, value in values.items() if value is not None})

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """A value of the note that has no owner; another owner; no records any more."""
        if hand == "adds":
            self._note({**self._values(), "team": STRANGER})
        elif hand == "takes":
            self._note({**self._values(), _OWNER_VALUE: STRANGER, "incarnation": STRANGERS_MARK})
        elif hand == "deletes":
            self._replace(self._there())

    def mend(self) -> None:
        """The swap may continue refusing."""


STAGES = {
    ZoneStage.name: Staged(ZoneStage, Calls(9, 14, 9)),
}
