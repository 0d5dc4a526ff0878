"""The instances behind a share: scaled, waited for, noted on the colors' apps, and given back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bluegreen.cloudfoundry import metadata, places
from bluegreen.cloudfoundry.apps import instances, standing
from bluegreen.cloudfoundry.apps.standing import Standing
from bluegreen.cloudfoundry.client import Session
from bluegreen.cloudfoundry.routes import shares
from bluegreen.cloudfoundry.routes.shares import Share
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Weights

NOTE = "PATCH:/v3/apps/:guid"
"""The call's name."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """The instances of both colors.

    Attributes:
        session: who calls.
        names: the apps'.
        kind: the type of the process that answers requests.
        limit_seconds: how long instances may take to run.
        tell: called with what is waited for; empty once it is there.
    """

    session: Session
    names: Mapping[Color, str]
    kind: str
    limit_seconds: float
    tell: Callable[[str], None]

    def known(self, colors: Standing) -> Standing:
        """The colors with their processes: one call where these are not known yet."""
        if len(colors.processes) == len(colors.apps):
            return colors
        found = places.processes_of(self.session, (app.guid for app in colors.apps.values()))
        return replace(colors, processes=standing.by_color(found, colors.apps, self.kind))

    def planned(self, colors: Standing, weights: Weights) -> dict[Color, Share]:
        """The instances that stand for a split. Pure.

        Raises:
            PlatformError: a color runs none.
        """
        sizes: dict[Color, int] = {}
        for color in COLORS:
            process, share = colors.processes.get(color), colors.noted(color)
            if process is None or not colors.wanted_of(color):
                what = f"{self.names[color]} runs no instance of its process {self.kind}"
                raise PlatformError(instances.SCALE, f"{what}: a share is one of instances")
            sizes[color] = process.instances if share is None else max(share.size, 1)
        return shares.planned(weights, sizes)

    def scale(self, colors: Standing, color: Color, count: int) -> None:
        """Ask for so many: one call."""
        instances.scale(self.session, colors.processes[color], count)

    def wait(self, colors: Standing, color: Color, count: int) -> None:
        """Wait until so many run.

        Raises:
            PlatformError: they do not, in time.
        """
        self.tell(f"{count} instances of {self.names[color]} are starting")
        process = colors.processes[color]
        instances.wait_until_running(self.session, self.names[color], process, count, self.limit_seconds)
        self.tell("")

    def give_back(self, colors: Standing, color: Color, *, wait: bool) -> bool:
        """Scale a color to what it had before it was scaled down for a share, unless somebody scaled it since.

        Args:
            colors: as they stand.
            color: which.
            wait: until they run.

        Returns:
            Whether anything was called for it.
        """
        share = colors.ever_noted().get(color)
        if share is None or share.instances >= share.size:
            return False
        colors = self.known(colors)
        process = colors.processes.get(color)
        if process is not None and process.instances == share.instances:
            self.scale(colors, color, share.size)
            if wait:
                self.wait(colors, color, share.size)
        return True

    def note(self, colors: Standing, color: Color, share: Share | None) -> None:
        """Write a color's share onto its app, or take it off: one call."""
        text = None if share is None else str(share)
        path = f"/v3/apps/{colors.apps[color].guid}"
        self.session.change("PATCH", path, NOTE, metadata.body({metadata.SHARE: text}))
