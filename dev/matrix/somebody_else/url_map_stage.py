"""A place in a URL map, in Google's stand-in within this process: no server, no requests, nothing waits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.google.client import GoogleConnection, Session
from bluegreen.google.load_balancers.router import READ, UrlMapRouter
from bluegreen.rollout.model import COLORS
from dev.matrix.somebody_else import moto_stage
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Calls, Heard, Staged
from localcloud.google.bare import COMPUTE, PROJECT, REGION, BareGoogle

GLOBAL, ZONE = f"projects/{PROJECT}/global", f"projects/{PROJECT}/zones/{REGION}-b"
URL_MAP = f"{GLOBAL}/urlMaps/web"
_LINKS = "https://www.googleapis.com/compute/v1/"
_OURS = "bluegreen "
_WORDS = "The shop's front door"


def service_of(color: str) -> str:
    return f"{GLOBAL}/backendServices/web-{color}"


class UrlMapStage(MemorySizes):
    """A backend service for each color and one more; sizes are in memory."""

    name = "url_map"
    splits = True
    hands = frozenset({"adds", "takes"})

    def _build(self) -> None:
        self._google = BareGoogle(at_once=True)
        self._refused = False
        self._make("healthChecks", "web", type="HTTP", httpHealthCheck={"port": 8080})
        for color in (*COLORS, "white"):
            self._make_color(color)
        self._make("urlMaps", "web", description=_WORDS, defaultService=service_of("white"))

    def _make_color(self, color: str) -> None:
        """The backend service of a color with an instance behind it."""
        name = f"web-{color}"
        self._make("instanceTemplates", name, properties={"machineType": "e2-small"})
        versions = [{"instanceTemplate": f"global/instanceTemplates/{name}"}]
        self._make("instanceGroupManagers", name, ZONE, versions=versions, targetSize=1)
        self._make(
            "backendServices",
            name,
            loadBalancingScheme="EXTERNAL_MANAGED",
            healthChecks=["global/healthChecks/web"],
            backends=[{"group": f"{_LINKS}{ZONE}/instanceGroups/{name}"}],
        )

    def _make(self, collection: str, name: str, parent: str = GLOBAL, **body: Any) -> None:
        self._ask("POST", f"{parent}/{collection}", {"name": name, **body})

    def _ask(self, verb: str, name: str, body: Any = None) -> Any:
        status, answer = self._google.ask(verb, f"/compute/v1/{name}", None, body, COMPUTE)
        assert status == 200, answer
        return answer

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Google is there meanwhile, and each call of the product is noted."""
        self._build()

        def once(
            _session: Session, verb: str, path: str, action: str, query: Mapping[str, str], body: Any
        ) -> tuple[Answer | None, str]:
            found = self._google.answer(verb, path, query, body, COMPUTE)
            self.follow()
            # A mark whose fingerprint was stale is sent again with what stands there by then: it is one write still.
            looks = action == READ and not self._refused
            self._refused = found.status_code == 412
            # Health and instances are requested by POST.
            writes = verb == "PATCH" or path.endswith("/resize")
            heard().called(action, writes=writes, looks=looks)
            return Answer(found.status_code, found.content), ""

        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        # It waits for all of Google's proxies after each write, which is a matter of time and not of calls.
        at_once = mock.patch.object(UrlMapRouter, "propagation_seconds", 0.0)
        session = Session(GoogleConnection(), "https://compute.test")
        ours = mock.patch.object(GoogleConnection, "session", return_value=session)
        with self.sizes_heard(heard), nothing_kept, at_once, ours, mock.patch.object(Session, "exchange", once):
            yield

    @property
    def _map(self) -> dict[str, Any]:
        return self._google.compute.objects[URL_MAP]

    def _change(self, **fields: Any) -> None:
        fingerprint = self._ask("GET", URL_MAP)["fingerprint"]
        self._ask("PATCH", URL_MAP, {"fingerprint": fingerprint, **fields})

    def _note(self) -> dict[str, Any] | None:
        lines = [line for line in str(self._map.get("description")).split("\n") if line.startswith(_OURS)]
        return json.loads(lines[0].removeprefix(_OURS)) if lines else None

    def _keep(self, note: Mapping[str, Any] | None) -> None:
        words = [line for line in str(self._map.get("description")).split("\n") if not line.startswith(_OURS)]
        lines = [*words, *([] if note is None else [_OURS + json.dumps(note)])]
        self._change(description="\n".join(lines))

    def put_back(self) -> None:
        """The map leads to neither color; nobody has noted anything."""
        self.sizes_put_back()
        self._change(description=_WORDS)
        self._send({"white": 100})

    def _send(self, shares: Mapping[str, int]) -> None:
        entries = [{"backendService": service_of(color), "weight": share} for color, share in shares.items()]
        self._change(defaultService=None, defaultRouteAction={"weightedBackendServices": entries})

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "url_map",
            "url_map": URL_MAP,
            "backend_services": {color: service_of(color) for color in COLORS},
            "owner": moto_stage.OWNER,
            "made_with_it": True,
        }

    def capacity(self) -> dict[str, Any] | None:
        """Nothing is scaled."""
        return None

    def look(self) -> Sight:
        """The weights, and the description."""
        weights: dict[str, int] = {}
        for one in (self._map.get("defaultRouteAction") or {}).get("weightedBackendServices") or ():
            color = str(one["backendService"]).rpartition("-")[2]
            if color in COLORS and one.get("weight"):
                weights[color] = int(one["weight"])
        note = self._note() or {}
        words = [line for line in str(self._map.get("description")).split("\n") if not line.startswith(_OURS)]
        theirs = {"words": "\n".join(words[1:])} if words[1:] else {}
        if note.get("owner") == STRANGER:
            theirs["owner"] = STRANGER
        return Sight(weights, self.sized(), self.retiring(), self.suspended(), note.get("marks") or {}, theirs)

    def move(self, weights: Mapping[str, int]) -> None:
        """Other weights."""
        self._send({**dict(weights), **({} if sum(weights.values()) else {"white": 100})})

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Marks of the swap's kind."""
        note = self._note()
        if note is not None:
            marks = {**note["marks"], **changes}
            self._keep({**note, "marks": {name: value for name, value in marks.items() if value is not None}})

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """More words in the description; another owner."""
        note = self._note()
        if note is None:
            return
        if hand == "adds":
            self._change(description=f"{self._map['description']}\nMind the step")
        elif hand == "takes":
            self._keep({**note, "owner": STRANGER, "marks": {**note["marks"], "incarnation": STRANGERS_MARK}})

    def mend(self) -> None:
        """The swap may continue refusing."""


STAGES = {UrlMapStage.name: Staged(UrlMapStage, Calls(12, 17, 9))}
