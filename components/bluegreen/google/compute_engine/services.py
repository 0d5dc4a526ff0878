"""Backend services: what a load balancer's health checks find behind one.

https://cloud.google.com/load-balancing/docs/backend-service
https://cloud.google.com/compute/docs/reference/rest/v1/backendServices/getHealth
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from bluegreen.google.client import Session
from bluegreen.google.compute_engine import names
from bluegreen.options.kinds import Text
from bluegreen.permissions import Permission
from bluegreen.rollout.calls import side_by_side
from bluegreen.rollout.model import Readiness

READ, READ_REGION = "compute.backendServices.get", "compute.regionBackendServices.get"
BACKEND_SERVICE = Text(
    fits=names.pattern("backendServices", "global|regions/[^/]+").match,
    allowed="projects/PROJECT/global/backendServices/NAME or projects/PROJECT/regions/REGION/backendServices/NAME, or "
    "its selfLink",
)
"""What a backend service's name has to be."""
_CLASSIC = "EXTERNAL"
_ENDPOINTS = "/networkEndpointGroups/"


@dataclass(frozen=True, slots=True)
class Backends:
    """The backend services, as a session sees them."""

    session: Session

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(READ, "previews of a promotion, updates: the health of a global one's instances"),
        Permission(READ_REGION, "previews of a promotion, updates: the health of a regional one's instances"),
    )

    def get(self, name: str) -> dict[str, Any] | None:
        """One; ``None`` if there is none."""
        return self.session.get(names.path(name), read_action(name))

    def readiness(self, name: str) -> Readiness:
        """The verdict of its health checks: a call, and one for each of its groups."""
        found = self.get(name)
        problem = _unfit(found, name)
        if found is None or problem:
            return Readiness(False, 0, 1, problem, fatal=True)
        if not found.get("healthChecks"):
            return Readiness(True, 1, 1, counts_units=False)
        asked = [partial(self._health, name, str(one["group"])) for one in _serving(found)]
        told = [asked[0]()] if len(asked) == 1 else side_by_side(*asked)
        return readiness_of([one for group in told for one in group], name)

    def _health(self, name: str, group: str) -> list[Mapping[str, Any]]:
        path = f"{names.path(name)}/getHealth"
        answer = self.session.send("POST", path, read_action(name), {"group": group}, writes=False)
        told: list[Mapping[str, Any]] = list(answer.get("healthStatus") or ())
        if _ENDPOINTS not in group:
            return told
        # Of endpoints a node may have many: each by its own place.
        return [{**one, "instance": f"{one.get('ipAddress')}:{one.get('port')}"} for one in told]


def read_action(name: str) -> str:
    """The permission to look at one."""
    return READ_REGION if names.is_regional(name) else READ


def _unfit(found: Mapping[str, Any] | None, name: str) -> str:
    if found is None:
        return f"there is no {name}"
    # The API's own word for what the documentation calls a classic Application Load Balancer.
    if found.get("loadBalancingScheme") == _CLASSIC:
        return (
            f"the loadBalancingScheme of {names.last(name)} is {_CLASSIC}: a classic load balancer takes no weights. "
            "Have it migrated to EXTERNAL_MANAGED"
        )
    if not found.get("backends"):
        return f"backend service {names.last(name)} has no backends"
    return "" if _serving(found) else f"all backends of {names.last(name)} are drained: their capacityScaler is 0"


def _serving(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Its backends that get requests: one with a capacityScaler of 0 gets none, however well its instances are."""
    return [one for one in found.get("backends") or () if one.get("capacityScaler", 1) != 0]


def readiness_of(statuses: list[Mapping[str, Any]], name: str) -> Readiness:
    """The health of a backend service's instances.

    Args:
        statuses: as ``getHealth`` tells them, of all of its groups.
        name: the backend service's.
    """
    well = sum(one.get("healthState") == "HEALTHY" for one in statuses)
    if not statuses:
        return Readiness(False, 0, 1, f"backend service {names.last(name)}: no instance is known to be well yet")
    if well < len(statuses):
        first = next(str(one.get("instance") or "") for one in statuses if one.get("healthState") != "HEALTHY")
        ill = names.last(names.normal(first))
        reason = f"backend service {names.last(name)}: {well} of {len(statuses)} instances are well; {ill} is not"
        return Readiness(False, well, len(statuses), reason)
    return Readiness(True, well, len(statuses))
