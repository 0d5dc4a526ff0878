"""Zonal network endpoint groups: addresses and ports that GKE, or whoever owns them, attaches.

https://cloud.google.com/load-balancing/docs/negs/zonal-neg-concepts
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localcloud.google.compute_errors import invalid
from localcloud.google.world import World

LINK = "https://www.googleapis.com/compute/v1/"


@dataclass
class Endpoint:
    """One.

    Attributes:
        told: as the API has it.
        unit: what answers there.
        well: whether the load balancer's health checks found it well when they looked last.
    """

    told: dict[str, Any]
    unit: Any
    well: bool = True

    @property
    def place(self) -> str:
        """``10.4.0.7:8080``."""
        return f"{self.told['ipAddress']}:{self.told['port']}"


@dataclass
class Endpoints:
    """Those of all groups, by the group's name.

    Attributes:
        objects: all of Compute Engine's, by their names.
        world: where they are.
        attached: each group's, in the order in which they came.
    """

    objects: Mapping[str, dict[str, Any]]
    world: World
    attached: dict[str, list[Endpoint]] = field(default_factory=dict)

    def attach(self, group: str, given: Sequence[Mapping[str, Any]]) -> None:
        """More of them; one that is there already stays."""
        default = self.objects[group].get("defaultPort")
        for one in given:
            told = {**one, "port": one.get("port", default)}
            if not told.get("ipAddress") or not told["port"]:
                raise invalid("networkEndpoints", dict(one), "An endpoint has an ipAddress and a port")
            made = Endpoint(told, self.world.plane.reach(int(told["port"])))
            if self._found(group, made.place) is None:
                self.attached.setdefault(group, []).append(made)
                self.world.plane.install(_backend(group, made), made.unit)
        self.probe(group, set())

    def detach(self, group: str, given: Sequence[Mapping[str, Any]]) -> None:
        """Some go."""
        default = self.objects[group].get("defaultPort")
        for one in given:
            found = self._found(group, f"{one.get('ipAddress')}:{one.get('port', default)}")
            if found is None:
                raise invalid("networkEndpoints", dict(one), "There is no such endpoint")
            self.attached[group].remove(found)
            self.world.plane.end(_backend(group, found))

    def dropped(self, group: str) -> None:
        """A group that is gone."""
        for one in self.attached.pop(group, ()):
            self.world.plane.end(_backend(group, one))

    def _found(self, group: str, place: str) -> Endpoint | None:
        return next((one for one in self.attached.get(group, ()) if one.place == place), None)

    def probe(self, group: str, ill: set[str]) -> list[dict[str, Any]]:
        """The health checks' look at each, as ``getHealth`` tells it."""
        path = self._probed(group)
        found: list[dict[str, Any]] = []
        for one in self.attached.get(group, ()):
            one.well = one.place not in ill and one.unit.ready(path)
            told: dict[str, Any] = {key: one.told[key] for key in ("instance", "ipAddress", "port") if key in one.told}
            found.append({**told, "healthState": "HEALTHY" if one.well else "UNHEALTHY"})
        return found

    def _probed(self, group: str) -> str:
        for service in self.objects.values():
            if group in [str(one.get("group") or "").removeprefix(LINK) for one in service.get("backends") or ()]:
                named = str((service.get("healthChecks") or [""])[0]).removeprefix(LINK)
                check: Mapping[str, Any] = self.objects.get(named) or {}
                return str((check.get("httpHealthCheck") or {}).get("requestPath") or "/")
        return "/"

    def serving(self, service: str) -> list[str]:
        """The endpoints behind a backend service that get requests, by their names in the data plane."""
        groups = [
            str(one.get("group") or "").removeprefix(LINK)
            for one in (self.objects.get(service) or {}).get("backends") or ()
        ]
        return [_backend(group, one) for group in groups for one in self.attached.get(group, ()) if one.well]


def _backend(group: str, one: Endpoint) -> str:
    return f"{group.rpartition('/')[2]}-{one.place}"
