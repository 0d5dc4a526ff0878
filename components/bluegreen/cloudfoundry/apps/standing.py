"""The colors' apps as they stand: what they are, their processes, and whether a share keeps instances of one back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bluegreen.cloudfoundry import metadata, places
from bluegreen.cloudfoundry.client import Session
from bluegreen.cloudfoundry.places import App, Process
from bluegreen.cloudfoundry.routes import destinations, shares
from bluegreen.cloudfoundry.routes.shares import Share
from bluegreen.rollout.model import COLORS, Color


@dataclass(frozen=True, slots=True)
class Standing:
    """Both colors.

    Attributes:
        space: the guid of their space.
        apps: those that there are.
        processes: of these.
    """

    space: str
    apps: Mapping[Color, App]
    processes: Mapping[Color, Process]

    def noted(self, color: Color) -> Share | None:
        """The share that is noted on a color's app, where its instances are still those."""
        app, process = self.apps.get(color), self.processes.get(color)
        share = None if app is None else shares.noted(app.annotations.get(metadata.SHARE))
        return share if share is not None and process is not None and process.instances == share.instances else None

    def ever_noted(self) -> dict[Color, Share]:
        """The shares that are noted on the apps, whether their instances are still those or not."""
        found = {color: shares.noted(app.annotations.get(metadata.SHARE)) for color, app in self.apps.items()}
        return {color: share for color, share in found.items() if share is not None}

    def wanted_of(self, color: Color) -> int:
        """The instances that are wanted of a color; those of an app that is stopped get no requests."""
        app, process = self.apps.get(color), self.processes.get(color)
        return process.instances if process is not None and app is not None and app.started else 0


def look(session: Session, space: str, names: Mapping[Color, str], kind: str) -> Standing:
    """Both colors as they are now: two calls and those for the space.

    Args:
        session: who calls.
        space: ``ORGANIZATION/SPACE``.
        names: the apps'.
        kind: the type of the process that answers requests.
    """
    guid = places.space_guid(session, space)
    apps = places.apps_of(session, guid, names)
    return Standing(guid, apps, by_color(places.processes_of(session, (app.guid for app in apps.values())), apps, kind))


def by_color(found: list[Process], apps: Mapping[Color, App], kind: str) -> dict[Color, Process]:
    """The process of each color's app that answers requests."""
    own = {one.app_guid: one for one in found if one.kind == kind}
    return {color: own[app.guid] for color, app in apps.items() if app.guid in own}


def kept_back(session: Session, standing: Standing, route: str, kind: str) -> dict[Color, Share]:
    """The colors that have fewer instances than their own, since they have a share of the route's traffic now.

    No call where nothing is noted; else the one for the route, and what is noted does not count if that leads to one
    color alone: then nobody has given the instances back yet.
    """
    noted = {color: share for color in COLORS if (share := standing.noted(color)) is not None}
    if not route or not any(share.instances < share.size for share in noted.values()):
        return {}
    found = places.route_of(session, standing.space, route) or {}
    mapped = [
        color
        for color, app in standing.apps.items()
        if any(destinations.leads_to(one, app.guid, kind) for one in destinations.of(found))
    ]
    return noted if len(mapped) == len(COLORS) else {}
