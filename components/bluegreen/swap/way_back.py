"""A router whose live color leads to another target than before, with the way back to the former one.

Both targets are of one color, so no weights lead back: what a failure puts back is written by a router with the
former section. Both write one object, under one lease.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.stopping import Moved
from bluegreen.swap import contract, incarnation, several
from bluegreen.swap.lease import Lease
from bluegreen.swap.shared import Shared


class WayBack:
    """A shared router that can go back to the former target of the live color.

    Args:
        router: with the new targets.
        former: the same with the former ones.
        same_units: whether the same units stand behind both, so that the former target loses them meanwhile.
    """

    def __init__(self, router: Shared, former: Shared, *, same_units: bool) -> None:
        self._router = router
        self._former = former
        self._same_units = same_units
        self._written = self._went_back = False
        self._planned = former.read().weights

    def __getattr__(self, name: str) -> Any:
        """Return any other attribute from the new router."""
        return getattr(self._router, name)

    def former_serves(self, color: Color) -> bool:
        """Whether the former target may still be left with the traffic; one call where the same units stand behind it.

        Where it cannot be reached it is taken to serve.
        """
        if not self._same_units:
            return True
        try:
            return self._former.health(color).healthy > 0
        except BluegreenError:
            return True

    def read(self) -> Traffic:
        """The live weights and the marks, at the target that was written last."""
        return (self._former if self._went_back else self._router).read()

    def glance(self, *, fresh: bool = False) -> Traffic:
        """Look before a write. The new router cannot tell the former target from any other one; the former router can.

        Raises:
            Moved: somebody else has moved traffic since the plan was made.
        """
        traffic = self._router.glance(fresh=fresh)
        now = self._planned if self._written else self._former.weights()
        if now != self._planned:
            raise Moved(now, self._planned)
        return traffic

    def write(self, weights: Weights) -> None:
        """Send the traffic to the new target."""
        self._written = True
        self._router.write(weights)

    def put_back(self, weights: Weights) -> None:
        """Send the traffic to the former target again."""
        self._went_back = True
        self._former.read()
        self._former.put_back(weights)

    def verify(self, weights: Weights) -> Convergence:
        """Whether ``weights`` is what the platform does now, at the target that was written last."""
        return (self._former if self._went_back else self._router).verify(weights)

    def health_to_go_back(self, color: Color) -> Readiness:
        """The health of the former target."""
        return self._former.health_to_go_back(color)

    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that put the former target in place by hand."""
        return self._former.commands(weights)


def leading_back(
    router: Shared, lease: Lease, olds: Mapping[str, Any], news: Mapping[str, Any], *, same_units: bool
) -> WayBack | None:
    """The router with its way back; ``None`` where the state's routers cannot be made out.

    Args:
        router: the one with the new targets.
        lease: the update's.
        olds: the last update's outputs, as they are.
        news: the inputs; a router that is added has no former target.
        same_units: whether the same units stand behind both targets.
    """
    pairs = zip(several.sections_of(news), several.formers(olds, news), strict=True)
    try:
        spec = contract.parse(several.with_sections(news, [dict(old or section) for section, old in pairs]))
    except BluegreenError:
        return None
    former = incarnation.known_to(spec, olds, incarnation.recorded(olds)).build_router()
    getattr(former, "bears", dict)(lease.stamp)
    return WayBack(router, Shared(former, lease), same_units=same_units)
