"""The destinations of a route that are neither color's: which of them get requests, and what they are called.

One whose app runs no instance gets none, and stays on the route as it was read. One that gets some is traffic to
neither color: nothing that a take-over moves, and drift later on, which an update takes off. One that comes during an
overlap stays until the next update: nobody has seen it yet, no preview and no look of the swap.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.cloudfoundry import places
from bluegreen.cloudfoundry.client import Session
from bluegreen.cloudfoundry.places import App, Process
from bluegreen.cloudfoundry.routes import destinations
from bluegreen.cloudfoundry.routes.destinations import Destination

Key = tuple[str, str]
"""An app's guid, and the type of its process."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """One of them.

    Attributes:
        destination: as it was read.
        name: for people: ``app shop``.
        instances: how many of it get requests.
    """

    destination: Destination
    name: str
    instances: int

    @property
    def key(self) -> Key:
        """Its app and process."""
        return destinations.app_guid(self.destination), destinations.kind(self.destination)


def of(
    session: Session,
    found: Sequence[Destination],
    ours: Collection[Key],
    known: Sequence[App],
    processes: Sequence[Process],
) -> tuple[Stranger, ...]:
    """The strangers among a route's destinations: a call where there is one, else none.

    Args:
        session: who calls.
        found: the destinations.
        ours: apps' guids and the types of their processes, which are the colors'.
        known: the colors' apps.
        processes: of all apps that the route leads to.
    """
    others = [one for one in found if (destinations.app_guid(one), destinations.kind(one)) not in ours]
    if not others:
        return ()
    apps = {app.guid: app for app in known}
    unknown = sorted({destinations.app_guid(one) for one in others} - apps.keys())
    apps |= {app.guid: app for app in places.apps_by_guid(session, unknown)}
    counts = {(one.app_guid, one.kind): one.instances for one in processes}
    return tuple(_stranger(one, apps, counts) for one in others)


def _stranger(one: Destination, apps: Mapping[str, App], counts: Mapping[tuple[str, str], int]) -> Stranger:
    guid, kind = destinations.app_guid(one), destinations.kind(one)
    app = apps.get(guid)
    if app is None:  # of another space, say: whoever cannot be seen is not taken for one that rests
        return Stranger(one, f"an app that the swap may not see ({guid})", 1)
    name = f"app {app.name}" if kind == "web" else f"process {kind} of app {app.name}"
    return Stranger(one, name, counts.get((guid, kind), 0) if app.started else 0)


def busy(found: Sequence[Stranger]) -> list[str]:
    """The names of those that get requests."""
    return list(dict.fromkeys(one.name for one in found if one.instances))


def came(found: Sequence[Stranger], before: Sequence[Stranger]) -> frozenset[Key]:
    """Those that get requests, and got none before the overlap."""
    return frozenset(one.key for one in found if one.instances) - {one.key for one in before if one.instances}


def to_take_off(found: Sequence[Stranger], stay: Collection[Key]) -> list[Stranger]:
    """Those that get requests, without those that are to stay all the same."""
    return [one for one in found if one.instances and one.key not in stay]


def staying(found: Sequence[Stranger], stay: Collection[Key]) -> list[dict[str, Any]]:
    """All others, as they are sent back."""
    gone = to_take_off(found, stay)
    return [destinations.sent(one.destination) for one in found if one not in gone]
