"""A load balancer with a backend service for each color in Google's stand-in, and hands to change its URL map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localcloud.google.bare import COMPUTE, PROJECT, REGION, BareGoogle
from tests.routers import google_workshop

ZONE = f"{REGION}-b"
COLORS = ("blue", "green", "white")
WORDS = "The shop's front door"
LINKS = "https://www.googleapis.com/compute/v1/"


@dataclass
class Balancer:
    """One, of which ``white`` has all requests and is neither color.

    Attributes:
        google: Google.
        scope: ``global`` or ``regions/REGION``.
    """

    google: BareGoogle
    scope: str = "global"

    @property
    def url_map(self) -> str:
        return f"projects/{PROJECT}/{self.scope}/urlMaps/web"

    def service(self, color: str) -> str:
        return f"projects/{PROJECT}/{self.scope}/backendServices/web-{color}"

    def group(self, color: str) -> str:
        return f"projects/{PROJECT}/zones/{ZONE}/instanceGroupManagers/web-{color}"

    def ask(self, verb: str, name: str, body: Any = None, query: dict[str, str] | None = None) -> Any:
        status, found = self.google.ask(verb, f"/compute/v1/{name}", query, body, COMPUTE)
        assert status == 200, found
        self.google.settle()
        return found

    def make(self, collection: str, name: str, scope: str = "", **body: Any) -> None:
        self.ask("POST", f"projects/{PROJECT}/{scope or self.scope}/{collection}", {"name": name, **body})

    def map(self) -> dict[str, Any]:
        return self.ask("GET", self.url_map)

    def change(self, **fields: Any) -> None:
        """A change of the map, by somebody else."""
        self.ask("PATCH", self.url_map, {"fingerprint": self.map()["fingerprint"], **fields})

    def entries(self, **weights: int) -> list[dict[str, Any]]:
        return [{"backendService": self.service(color), "weight": weight} for color, weight in weights.items()]

    def send(self, **weights: int) -> None:
        """Other weights of the map's own place, by somebody else."""
        self.change(defaultService=None, defaultRouteAction={"weightedBackendServices": self.entries(**weights)})

    def weights(self, holder: dict[str, Any] | None = None) -> dict[str, int]:
        """Where a place leads to, by colors; the map's own place when none is given."""
        found = self.map() if holder is None else holder
        action = found.get("defaultRouteAction") or found.get("routeAction") or {}
        listed = action.get("weightedBackendServices")
        if listed:
            return {one["backendService"].rpartition("-")[2]: one["weight"] for one in listed if one.get("weight")}
        return {str(found.get("defaultService") or found.get("service")).rpartition("-")[2]: 100}


def build(google: BareGoogle, scope: str = "global", size: int = 2) -> Balancer:
    """Make one with a managed instance group behind each backend service."""
    made = Balancer(google, scope)
    made.make("healthChecks", "web", type="HTTP", httpHealthCheck={"port": 8080, "requestPath": "/healthz"})
    for color in COLORS:
        made.make("instanceTemplates", f"web-{color}-v1", scope="global", properties={"machineType": "e2-small"})
        made.make(
            "instanceGroupManagers",
            f"web-{color}",
            scope=f"zones/{ZONE}",
            baseInstanceName=f"web-{color}",
            versions=[{"instanceTemplate": f"global/instanceTemplates/web-{color}-v1"}],
            namedPorts=[{"name": "http", "port": 8080}],
            targetSize=size,
        )
        made.make(
            "backendServices",
            f"web-{color}",
            loadBalancingScheme="EXTERNAL_MANAGED",
            protocol="HTTP",
            portName="http",
            healthChecks=[f"{LINKS}projects/{PROJECT}/{scope}/healthChecks/web"],
            backends=[
                {"group": LINKS + made.group(color).replace("/instanceGroupManagers/", "/instanceGroups/")},
            ],
        )
    made.make("urlMaps", "web", description=WORDS, defaultService=made.service("white"))
    return made


def running(**options: Any) -> Any:
    """Google, and this process' client led there."""
    return google_workshop.running(**options)


def section(balancer: Balancer, **more: object) -> dict[str, object]:
    """A ``router`` section for it, as of a map that was made together with the swap."""
    return {
        "kind": "url_map",
        "url_map": balancer.url_map,
        "backend_services": {color: balancer.service(color) for color in ("blue", "green")},
        "owner": "project/stack/web",
        "made_with_it": True,
        **more,
    }


def capacity_section(balancer: Balancer, **more: object) -> dict[str, object]:
    """A ``capacity`` section for it."""
    return {
        "kind": "instance_group",
        "groups": {color: balancer.group(color) for color in ("blue", "green")},
        "backend_services": {color: balancer.service(color) for color in ("blue", "green")},
        **more,
    }


def template(color: str, number: int = 1) -> str:
    """An instance template's name."""
    return f"projects/{PROJECT}/global/instanceTemplates/web-{color}-v{number}"


def templates(blue: int = 1, green: int = 1) -> dict[str, str]:
    """The same of both colors."""
    return {"blue": template("blue", blue), "green": template("green", green)}


@dataclass
class Hands:
    """Hands for the groups behind a balancer."""

    balancer: Balancer

    def release(self, color: str, number: int) -> None:
        """Another template."""
        name = f"web-{color}-v{number}"
        self.balancer.make("instanceTemplates", name, scope="global", properties={"machineType": "e2-small"})

    def autoscale(self, color: str, least: int, most: int, mode: str = "ON") -> None:
        """An autoscaler for a group."""
        self.balancer.make(
            "autoscalers",
            f"web-{color}",
            scope=f"zones/{ZONE}",
            target=LINKS + self.balancer.group(color),
            description="theirs",
            autoscalingPolicy={
                "minNumReplicas": least,
                "maxNumReplicas": most,
                "mode": mode,
                "cpuUtilization": {"utilizationTarget": 0.7},
            },
        )

    def scaler(self, color: str) -> dict[str, Any]:
        return self.balancer.ask("GET", f"projects/{PROJECT}/zones/{ZONE}/autoscalers/web-{color}")

    def mode(self, color: str) -> str:
        return str(self.scaler(color)["autoscalingPolicy"]["mode"])

    def scale(self, color: str, size: int) -> None:
        self.balancer.ask("POST", f"{self.balancer.group(color)}/resize", None, {"size": str(size)})

    def size(self, color: str) -> int:
        return int(self.balancer.ask("GET", self.balancer.group(color)).get("targetSize") or 0)

    def templates(self, color: str) -> list[str]:
        """Of a color's instances."""
        found = self.balancer.google.compute.groups.running[self.balancer.group(color)]
        return [one.template.rpartition("-")[2] for one in found]

    def words(self, color: str) -> str:
        """In the description of a color's backend service."""
        return str(self.balancer.ask("GET", self.balancer.service(color)).get("description") or "")
