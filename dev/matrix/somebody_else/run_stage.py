"""A Cloud Run service's traffic, in Google's stand-in within this process: no server, no requests, nothing waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from unittest import mock

import httpx

from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.google.client import GoogleConnection, Session
from bluegreen.google.cloud_run.router import READ
from bluegreen.google.cloud_run.rules import MARK_PREFIX, OWNER, REVISION
from bluegreen.platforms.templates import suffix
from bluegreen.rollout.model import COLORS, Color
from dev.matrix.somebody_else import moto_stage
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Calls, Heard, Staged
from dev.matrix.somebody_else.tagged_stage import TaggedStage
from localcloud.google.bare import PROJECT, REGION, BareGoogle

PARENT = f"projects/{PROJECT}/locations/{REGION}"
SERVICE = f"{PARENT}/services/web"


def _template(color: str) -> dict[str, Any]:
    return {"containers": [{"image": "app:v1", "env": [{"name": "COLOR", "value": color}]}]}


class RunStage(TaggedStage):
    """A service with a revision for each color and one more; sizes are in memory."""

    name = "cloud_run"
    splits = True
    owner_note, mark_prefix = OWNER, MARK_PREFIX
    service = SERVICE

    def _called(self, color: str) -> str:
        """The end of the name of a color's revision."""
        return color

    def _build(self) -> None:
        self._google = BareGoogle(at_once=True)
        self._refused = False
        for color in (*COLORS, "white"):
            body = {"template": {**_template(color), "revision": f"web-{self._called(color)}"}}
            if SERVICE not in self._google.run.services:
                self._google.ask("POST", f"/v2/{PARENT}/services", {"serviceId": "web"}, body)
            else:
                self._patch("template", body)

    def _patch(self, mask: str, body: Mapping[str, Any]) -> None:
        status, answer = self._google.ask("PATCH", f"/v2/{self.service}", {"updateMask": mask}, body)
        assert status == 200, answer

    def _answer(self, verb: str, path: str, query: Mapping[str, str], body: Any) -> httpx.Response:
        return self._google.answer(verb, path, query, body)

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Google is there meanwhile, and each call of the product is noted."""
        self._build()

        def once(
            _session: Session, verb: str, path: str, action: str, query: Mapping[str, str], body: Any
        ) -> tuple[Answer | None, str]:
            found = self._answer(verb, path, query, body)
            self.follow()
            # A mark whose etag was stale is sent again with what stands there by then: that is the mark's write still.
            looks = action == READ and not self._refused
            self._refused = found.status_code == 409
            heard().called(action, writes=verb != "GET", looks=looks)
            return Answer(found.status_code, found.content), ""

        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        session = Session(GoogleConnection(), "https://run.test")
        ours = mock.patch.object(GoogleConnection, "session", return_value=session)
        with self.sizes_heard(heard), nothing_kept, ours, mock.patch.object(Session, "exchange", once):
            yield

    @property
    def _service(self) -> dict[str, Any]:
        return self._google.run.services[self.service]

    @property
    def noted(self) -> dict[str, str]:
        """The annotations."""
        return dict(self._service.get("annotations") or {})

    def note(self, notes: Mapping[str, str]) -> None:
        """Other annotations."""
        self._patch("annotations", {"annotations": dict(notes)})

    def put_back(self) -> None:
        """The targets lead to neither color; no annotations."""
        self.sizes_put_back()
        self.note({})
        self._send({"white": 100})

    def _send(self, shares: Mapping[str, int]) -> None:
        targets = [
            {"type": REVISION, "revision": f"web-{self._called(name)}", "percent": percent}
            for name, percent in shares.items()
        ]
        self._patch("traffic", {"traffic": targets})

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "cloud_run",
            "service": SERVICE,
            "revisions": {color: f"web-{color}" for color in COLORS},
            "owner": moto_stage.OWNER,
            "made_with_it": True,
        }

    def look(self) -> Sight:
        """The targets and the annotations."""
        weights: dict[str, int] = {}
        for target in self._service.get("traffic") or ():
            color = str(target.get("revision", "")).rpartition("/")[2].removeprefix("web-").partition("-")[0]
            if color in COLORS and target.get("percent"):
                weights[color] = weights.get(color, 0) + int(target["percent"])
        return self.sight(weights)

    def move(self, weights: Mapping[str, int]) -> None:
        """Other targets."""
        self._send({**dict(weights), **({} if sum(weights.values()) else {"white": 100})})


class InstalledRunStage(RunStage):
    """The same, whose revisions the swap itself makes: both have to be installed by the first swap."""

    name = "cloud_run with releases"

    def _called(self, color: str) -> str:
        return color if color == "white" else suffix(cast(Color, color), _template(color))

    def put_back(self) -> None:
        """The same, and neither color's revision is there."""
        RunStage.put_back(self)
        for color in COLORS:
            self._google.run.revisions.pop(f"{SERVICE}/revisions/web-{self._called(color)}", None)
        white = f"{SERVICE}/revisions/web-white"
        self._service.update(latestCreatedRevision=white, latestReadyRevision=white, template=_template("white"))

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        named = RunStage.router(self)
        del named["revisions"]
        return {**named, "templates": {color: _template(color) for color in COLORS}}


STAGES = {
    RunStage.name: Staged(RunStage, Calls(11, 15, 8)),
    InstalledRunStage.name: Staged(InstalledRunStage, Calls(12, 16, 9)),
}
