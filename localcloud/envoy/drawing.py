"""How all that a played cloud has is drawn into its data plane."""

from __future__ import annotations

from collections.abc import Callable

from localcloud.envoy.plane import Plane, Site
from localcloud.envoy.routes import Answer, Share


class Drawing:
    """Sites of several services, of which some lead their requests on to those of others.

    Args:
        plane: where they are drawn.
    """

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self._drawn: list[Callable[[], list[Site]]] = []
        self._over: list[Callable[[], list[Site]]] = []

    def draw(self, sites: Callable[[], list[Site]]) -> None:
        """From now on the data plane has these sites, too."""
        self._drawn.append(sites)

    def draw_over(self, sites: Callable[[], list[Site]]) -> None:
        """The same of those whose requests pass to others, by their names."""
        self._over.append(sites)

    def changed(self) -> None:
        """Draw all there is: once this has returned, requests go by it."""
        self.plane.show([site for one in (*self._drawn, *self._over) for site in one()])

    def shares_of(self, host: str) -> tuple[Share, ...] | None:
        """Who gets the requests by a host name that have nothing that leads them elsewhere; None for another's name."""
        for one in self._drawn:
            for site in one():
                if host.lower() in (name.lower() for name in site.names):
                    to = site.routes[-1].to
                    return None if isinstance(to, Answer) else to
        return None
