"""Two clusters of GKE, one a color, behind a load balancer's URL map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi

from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.google.component import SwapSettings, connection_of, draft, problems_of_a_name, warn_of_the_provider
from bluegreen.google.entry import Behind, Entry, EntryContext
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Required, Unpack

_MOST_RATE = 1_000_000
_SERVING = "USE_SERVING_PORT"


class GkeCluster(TypedDict, total=False):
    """One color: a cluster's Service, as the load balancer sees it.

    Attributes:
        endpoint_groups: the network endpoint groups that GKE keeps its pods in, one a zone, by their ids or selfLinks;
            absent where the load balancer is there with its backend services.
        release: what the cluster runs, as people call it; required.
    """

    endpoint_groups: Sequence[pulumi.Input[str]]
    release: Required[pulumi.Input[str]]


class GkeClusters(SwappedComponent):
    """The same service in two clusters behind one load balancer, and the swap between them.

    The program declares clusters and workloads, and deploys to the one that is idle. A Service of each cluster puts its
    pods into network endpoint groups, which Google's health checks look at; the swap moves requests by the load
    balancer's URL map, and stops nothing.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color, where the entry has one.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: GkeCluster,
        green: GkeCluster,
        entry: Entry,
        health_path: str = "/healthz",
        max_rate_per_endpoint: int = 100,
        project: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the load balancer and the swap.

        Args:
            name: the service's name: 1 to 40 lower-case letters, digits and dashes.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's cluster.
            green: green's.
            entry: how requests reach the clusters: ``url_map()``.
            health_path: what answers 200 at a pod's own port when it is well: for the load balancer's health checks.
            max_rate_per_endpoint: how many requests a second a pod is meant to take (1 to 1000000, default 100): what
                the load balancer shares requests among zones by.
            project: Google's project; the provider's by default.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:google:GkeClusters", name, {}, opts)
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        connection = connection_of(settings)
        swapping = draft(
            name,
            active_color,
            settings,
            router=entry.draft(owner_of(name), connection),
            preview_headers=entry.preview_headers or None,
            problems=[
                *problems_of_a_name(name),
                *_problems(health_path, max_rate_per_endpoint),
                *(one for color in COLORS for one in _problems_of(known(given[color]), color, entry)),
                *(
                    Problem(f"entry.{one.field}", one.value, one.allowed)
                    for one in (*entry.problems(), *entry.problems_of_gates(known(settings.get("gates"))))
                ),
            ],
        )
        warn_of_the_provider(name, self)
        entered = entry.declare(
            EntryContext(
                name=name,
                owner=owner_of(name),
                active_color=active_color,
                project=project,
                behind=Behind(
                    groups={color: list(given[color].get("endpoint_groups") or ()) for color in COLORS},
                    balancing={"balancing_mode": "RATE", "max_rate_per_endpoint": max_rate_per_endpoint},
                    probe={"port_specification": _SERVING, "request_path": health_path},
                ),
                connection=connection,
                parent=self,
            )
        )
        swap = swapping.declare(
            self,
            router=entered.router,
            releases={color: pulumi.Output.from_input(given[color]["release"]) for color in COLORS},
            preview_urls=entered.preview_urls,
            depends_on=list(entered.made),
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(entered.url, swap.id).apply(lambda values: str(values[0])),
            preview_urls=pulumi.Output.all(**{str(color): url for color, url in entered.preview_urls.items()}),
        )


def _problems(health_path: object, rate: object) -> list[Problem]:
    found = []
    if not isinstance(health_path, str) or not health_path.startswith("/"):
        found.append(Problem("health_path", health_path, "a path, which begins with a slash"))
    fields = Fields({"max_rate_per_endpoint": known(rate)}, "")
    fields.whole("max_rate_per_endpoint", least=1, most=_MOST_RATE)
    return [*found, *fields.problems]


def _problems_of(given: Any, color: Color, entry: Entry) -> list[Problem]:
    if given is UNKNOWN:
        return []
    fields = Fields(given, color)
    fields.text("release")
    groups = fields.raw("endpoint_groups")
    if entry.is_there and groups is not None:
        fields.problem("endpoint_groups", groups, "absent: they are behind the entry's backend services already")
    elif not entry.is_there and groups is not UNKNOWN and (not groups or not isinstance(groups, (list, tuple))):
        allowed = "a list of network endpoint groups, one a zone: projects/…/zones/…/networkEndpointGroups/…"
        fields.problem("endpoint_groups", groups, allowed)
    fields.done()
    return fields.problems
