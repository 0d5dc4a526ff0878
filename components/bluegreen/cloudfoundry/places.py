"""The things that a swap knows by their names: a space, the colors' apps in it, their processes, a route.

A name may stand for another thing tomorrow, as an app that is deleted and pushed anew: names are looked up each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.cloudfoundry import metadata
from bluegreen.cloudfoundry.client import Session
from bluegreen.options.kinds import Both, Text
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color

ORGANIZATIONS, SPACES, APPS, PROCESSES, ROUTES = (
    f"GET:/v3/{name}" for name in ("organizations", "spaces", "apps", "processes", "routes")
)
"""The calls' names."""
SPACE = Text(fits=re.compile(r"[^/]+/[^/]+\Z").match, allowed="ORGANIZATION/SPACE")
"""What a space's name has to be."""
ROUTE = Text(
    fits=re.compile(r"(?!https?://)[^/\s:]+\.[^/\s:]+(:[0-9]{1,5}|(/[^\s?]+)?)\Z").match,
    allowed="a route as `cf routes` shows it, such as web.apps.example.com or web.apps.example.com/shop",
)
"""What a route has to be."""
NAMES = Both(Text(), differs="another app than blue's")
"""What the apps' names have to be."""


@dataclass(frozen=True, slots=True)
class App:
    """An app."""

    name: str
    guid: str
    started: bool
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Process:
    """A process of an app, and how many instances of it are wanted."""

    guid: str
    app_guid: str
    kind: str
    instances: int


def space_guid(session: Session, space: str) -> str:
    """Which space a name is: two calls, and none once it is known.

    Raises:
        PlatformError: there is none, or the swap may not see it.
    """
    if space in session.spaces:
        return session.spaces[space]
    organization, _, name = space.partition("/")
    found = session.all("/v3/organizations", ORGANIZATIONS, {"names": organization})
    if not found:
        raise PlatformError(ORGANIZATIONS, f"there is no organization {organization}, or the swap may not see it")
    listed = session.all("/v3/spaces", SPACES, {"names": name, "organization_guids": str(found[0]["guid"])})
    if not listed:
        raise PlatformError(SPACES, f"there is no space {space}, or the swap may not see it")
    session.spaces[space] = str(listed[0]["guid"])
    return session.spaces[space]


def apps_of(session: Session, space: str, names: Mapping[Color, str]) -> dict[Color, App]:
    """The colors' apps, those that there are: one call."""
    wanted = ",".join(names[color] for color in COLORS)
    listed = session.all("/v3/apps", APPS, {"names": wanted, "space_guids": space})
    if not listed:
        session.spaces.clear()  # a space that was made anew has the name of the one before
    by_name = {app.name: app for app in map(_app, listed)}
    return {color: by_name[names[color]] for color in COLORS if names[color] in by_name}


def apps_by_guid(session: Session, guids: Iterable[str]) -> list[App]:
    """Other apps, in whatever space, as far as the swap may see them: one call, and none for none."""
    wanted = ",".join(sorted(guids))
    return [_app(one) for one in session.all("/v3/apps", APPS, {"guids": wanted})] if wanted else []


def _app(told: Mapping[str, Any]) -> App:
    return App(str(told["name"]), str(told["guid"]), str(told.get("state")) == "STARTED", metadata.of(told))


def processes_of(session: Session, app_guids: Iterable[str]) -> list[Process]:
    """The processes of these apps: one call, and none where there is no app."""
    wanted = ",".join(sorted(set(app_guids)))
    listed = session.all("/v3/processes", PROCESSES, {"app_guids": wanted}) if wanted else []
    return [
        Process(
            str(one["guid"]),
            str((((one.get("relationships") or {}).get("app") or {}).get("data") or {}).get("guid") or ""),
            str(one.get("type")),
            int(one.get("instances") or 0),
        )
        for one in listed
    ]


def route_of(session: Session, space: str, url: str) -> dict[str, Any] | None:
    """A route with its destinations: one call; ``None`` where there is none, after a further call for all of the space.

    A route of a domain as a whole has no host to look for.
    """
    host, _, port = url.partition("/")[0].partition(":")
    narrow = {"ports": port} if port else {"hosts": host.partition(".")[0]}
    for query in ({"space_guids": space, **narrow}, {"space_guids": space}):
        for one in session.all("/v3/routes", ROUTES, query):
            if str(one.get("url") or "").lower() == url.lower():
                return one
    return None
