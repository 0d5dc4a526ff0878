"""Two Cloud Run services, one a color, behind a load balancer's URL map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_gcp import cloudrunv2
from pulumi_gcp import compute as gcp

from bluegreen.component import digests, guarding
from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.google.cloud_run.release import as_declared, label_of, template_of
from bluegreen.google.cloud_run.service import problems_of_a_service
from bluegreen.google.component import SwapSettings, connection_of, draft, problems_of_a_name, warn_of_the_provider
from bluegreen.google.entry import Behind, Entry, EntryContext
from bluegreen.google.run_pairs.release import EXISTING, SCALING, CloudRunPairRelease, another, problems_in
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

# Not before a first start: a load balancer that was made a moment ago answers after some minutes.
_PHASES = ["increase", "promote", "hold", "bake"]
_LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"


class CloudRunPair(SwappedComponent):
    """A Cloud Run service for each color behind one load balancer, and the swap between them.

    Pulumi deploys each color's release to that color's own service, and the swap moves requests by the load balancer's
    URL map. So another image of the idle color reaches nobody, and a rollback finds the other service as it was.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color, where the entry has one.
        service_names: the name of each color's Cloud Run service.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    service_names: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        location: str,
        blue: CloudRunPairRelease,
        green: CloudRunPairRelease,
        entry: Entry,
        container_port: int = 8080,
        health_path: str = "/",
        ingress: str = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        public: bool = False,
        project: pulumi.Input[str] | None = None,
        labels: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both colors.

        Args:
            name: the service's name: 1 to 40 lower-case letters, digits and dashes. The services are called like it,
                with the color behind a dash.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            location: Google's region of both services, such as ``europe-west1``.
            blue: blue's release.
            green: green's release. Before there is a second one, both may be the same.
            entry: how requests reach the services: ``url_map()``.
            container_port: the port that the containers listen on (1 to 65535, default 8080).
            health_path: what answers there when a color is well: without ``gates`` there is one, which asks for it,
                since a load balancer does not check Cloud Run's health.
            ingress: from where the services take requests: ``INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER``,
                ``INGRESS_TRAFFIC_ALL`` or ``INGRESS_TRAFFIC_INTERNAL_ONLY``.
            public: whether anybody may call them, without the role Cloud Run Invoker.
            project: Google's project; the provider's by default.
            labels: the services'.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:google:CloudRunPair", name, {}, opts)
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        gates: Any = settings.get("gates")
        asked = [{"kind": "http", "path": health_path, "phases": _PHASES}] if gates is None else gates
        connection = connection_of(settings)
        swapping = draft(
            name,
            active_color,
            {**settings, "gates": asked},
            router=entry.draft(owner_of(name), connection),
            preview_headers=entry.preview_headers or None,
            problems=[
                *problems_of_a_name(name),
                *_problems(location, container_port, health_path, ingress),
                *(one for color in COLORS for one in problems_in(known(given[color]), color)),
                *_problems_of_the_entry(entry, location, given, known(asked)),
            ],
        )
        warn_of_the_provider(name, self)
        given = {color: {key: value for key, value in one.items() if value is not None} for color, one in given.items()}
        called: dict[Color, pulumi.Input[str]] = {
            color: given[color].get(EXISTING) or f"{name}-{color}" for color in COLORS
        }
        # By their names and not by their resources, so that a hook of a service can look at the router before the
        # service is updated. The swap waits for both.
        groups = {} if entry.is_there else {
            color: gcp.RegionNetworkEndpointGroup(
                f"{name}-{color}",
                region=location,
                network_endpoint_type="SERVERLESS",
                cloud_run={"service": called[color]},
                project=project,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for color in COLORS
        }  # fmt: skip
        entered = entry.declare(
            EntryContext(
                name=name,
                owner=owner_of(name),
                active_color=active_color,
                project=project,
                behind=Behind(groups={color: [group.id] for color, group in groups.items()}),
                connection=connection,
                parent=self,
            )
        )
        services = [
            cloudrunv2.Service(
                f"{name}-{color}",
                name=called[color],
                location=location,
                project=project,
                ingress=ingress,
                invoker_iam_disabled=public,
                labels=labels,
                # The state's alone: Pulumi's own `protect` is what guards a service.
                deletion_protection=False,
                template=as_declared(template_of(given[color], container_port)),
                traffics=[{"type": _LATEST, "percent": 100}],
                opts=pulumi.ResourceOptions(
                    parent=self,
                    hooks=guarding.over_inputs(
                        f"{name}-{color}", f"Cloud Run service {name}-{color}", color, entered.router, another
                    ),
                ),
            )
            for color in COLORS
            if EXISTING not in given[color]
        ]
        swap = swapping.declare(
            self,
            router=entered.router,
            releases={color: pulumi.Output.from_input(label_of(given[color])) for color in COLORS},
            digests={
                **digests.of_releases(given, without=SCALING),
                **{color: digests.digest_of(dict(given[color])) for color in COLORS if EXISTING in given[color]},
            },
            preview_urls=entered.preview_urls,
            depends_on=[*services, *groups.values(), *entered.made],
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(entered.url, swap.id).apply(lambda values: str(values[0])),
            preview_urls=pulumi.Output.all(**{str(color): url for color, url in entered.preview_urls.items()}),
            service_names=pulumi.Output.all(blue=called["blue"], green=called["green"]),
        )


def _problems(location: object, port: object, health_path: object, ingress: object) -> list[Problem]:
    found = []
    if not isinstance(location, str) or not location:
        found.append(Problem("location", location, "a region of Google's, such as europe-west1"))
    if not isinstance(health_path, str) or not health_path.startswith("/"):
        found.append(Problem("health_path", health_path, "a path, which begins with a slash"))
    return [*found, *problems_of_a_service("any", port, ingress)]


def _problems_of_the_entry(
    entry: Entry, location: object, given: Mapping[Color, Mapping[str, Any]], gates: Any
) -> list[Problem]:
    found = [Problem(f"entry.{one.field}", one.value, one.allowed) for one in entry.problems()]
    found += [Problem(f"entry.{one.field}", one.value, one.allowed) for one in entry.problems_of_gates(gates)]
    if entry.is_there:
        allowed = "given: the entry's backend services are there already, with services behind them"
        found += [
            Problem(f"{color}.{EXISTING}", None, allowed)
            for color in COLORS
            if isinstance(given[color], Mapping) and given[color].get(EXISTING) is None
        ]
    elif entry.region is not None and entry.region != location:
        allowed = f"{entry.region}, as a regional load balancer leads to services of its own region alone"
        found.append(Problem("location", location, allowed))
    return found
