"""A route of Cloud Foundry, in its stand-in within this process: no server, no requests, nothing waits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from bluegreen.cloudfoundry.client import CloudFoundryConnection, Session
from bluegreen.cloudfoundry.metadata import MARK_PREFIX, OWNER
from bluegreen.cloudfoundry.tokens import Identity
from bluegreen.rollout.model import COLORS, Weights
from dev.matrix.somebody_else.moto_stage import OWNER as OURS
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Calls, Heard, Staged
from dev.matrix.somebody_else.tagged_stage import TaggedStage
from localcloud.cloudfoundry.cloud import BareCloudFoundry
from localcloud.cloudfoundry.uaa import OWNER as EVERYBODY
from localcloud.cloudfoundry.world import DOMAIN, ORGANIZATION, SPACE, App, Route, destination

_FULL = 9
"""Instances of each color: a tenth is one beside nine."""
_WRITES = ("POST", "PATCH")


class RouteStage(TaggedStage):
    """A route with an app for each color; sizes are in memory, and the shares' instances in Cloud Foundry."""

    name = "cloudfoundry"
    splits = True
    owner_note, mark_prefix = OWNER, MARK_PREFIX
    hands = TaggedStage.hands | {"joins"}

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Cloud Foundry is there meanwhile, and each call of the product is noted; those for a token are none."""
        self._cloud = BareCloudFoundry()
        for color in COLORS:
            self._cloud.world.push(f"web-{color}", "app:v1", _FULL)
        self._shop = self._cloud.world.push("shop", "app:v1", _FULL)
        self._cloud.world.create_route("web")

        def exchange(
            _session: Session, verb: str, url: str, authorization: str, query: Any, content: bytes | None
        ) -> tuple[Answer | None, str]:
            found = self._cloud.ask(verb, url, authorization, query, content)
            self.follow()
            path = url.removeprefix(self._cloud.url)
            if path.startswith("/v3/"):
                # Who looks at the route looks last at whatever else it leads to.
                heard().called(f"{verb} {path}", writes=verb in _WRITES, looks=path == "/v3/routes")
            return Answer(found.status_code, found.content, headers=found.headers), ""

        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        with (
            self.sizes_heard(heard),
            nothing_kept,
            mock.patch.dict(os.environ, {"CF_HOME": "/nowhere"}),
            mock.patch.object(Session, "exchange", exchange),
        ):
            session = Session(self._cloud.url, Identity(EVERYBODY.name, EVERYBODY.secret))
            with mock.patch.object(CloudFoundryConnection, "session", return_value=session):
                yield

    @property
    def _route(self) -> Route:
        return next(iter(self._cloud.world.routes.values()))

    @property
    def noted(self) -> dict[str, str]:
        """The route's annotations."""
        return dict(self._route.annotations)

    def note(self, notes: Mapping[str, str]) -> None:
        """Other annotations."""
        self._route.annotations.clear()
        self._route.annotations.update(notes)

    def _app(self, color: str) -> App:
        found = self._cloud.world.app(f"web-{color}")
        assert found is not None
        return found

    def put_back(self) -> None:
        """The route leads nowhere; no annotations, all instances."""
        self.sizes_put_back()
        self.note({})
        self._route.destinations.clear()
        for color in COLORS:
            self._app(color).annotations.clear()
            self._app(color).instances = _FULL

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "cloudfoundry",
            "space": f"{ORGANIZATION}/{SPACE}",
            "route": f"web.{DOMAIN}",
            "apps": {color: f"web-{color}" for color in COLORS},
            "overlap_seconds": 0,
            "owner": OURS,
            "made_with_it": True,
        }

    def look(self) -> Sight:
        """The share of each color's instances among those that the route leads to, and the annotations."""
        guids = {one["app"]["guid"] for one in self._route.destinations}
        counts = {color: self._app(color).instances for color in COLORS if self._app(color).guid in guids}
        shop = self._shop.guid in guids
        total = sum(counts.values()) + (_FULL if shop and self._shop.state == "STARTED" else 0)
        shares = Weights.of_shares(counts.get("blue", 0), counts.get("green", 0), total)
        weights: dict[str, int] = {color: percent for color, percent in shares.as_dict().items() if percent}
        seen = self.sight(weights)
        rests = {"destination without a share": "shop"} if shop and self._shop.state == "STOPPED" else {}
        return replace(seen, theirs={**seen.theirs, **rests})

    def move(self, weights: Mapping[str, int]) -> None:
        """Other destinations, and instances of both that come to these weights."""
        route = self._route
        if OWNER not in route.annotations:
            return
        known = {one["app"]["guid"]: one for one in route.destinations}
        wanted = [self._app(color) for color in COLORS if dict(weights).get(color)]
        route.destinations = [known.get(app.guid) or destination(app.guid) for app in wanted]
        for color in COLORS:
            percent = dict(weights).get(color, 0)
            part = round(_FULL * percent / (100 - percent)) if 0 < percent < 50 else _FULL
            self._app(color).instances = max(part, 1)

    def act(self, hand: str, color: str) -> None:
        """Also an app of somebody else's, which runs or does not."""
        if hand != "joins":
            TaggedStage.act(self, hand, color)
        elif OWNER in self.noted and not any(one["app"]["guid"] == self._shop.guid for one in self._route.destinations):
            self._shop.state = "STARTED" if color == "green" else "STOPPED"
            self._route.destinations.append(destination(self._shop.guid))


STAGES = {
    RouteStage.name: Staged(RouteStage, Calls(24, 48, 18)),
}
