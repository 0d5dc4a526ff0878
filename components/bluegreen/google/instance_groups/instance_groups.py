"""A service on virtual machines in two colors, a managed instance group each, behind a load balancer's URL map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_gcp import compute as gcp

from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import is_of_both, known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.google.component import SwapSettings, connection_of, draft, problems_of_a_name, warn_of_the_provider
from bluegreen.google.compute_engine import notes
from bluegreen.google.entry import Behind, Entry, EntryContext
from bluegreen.google.instance_groups.capacity import GROUP
from bluegreen.google.instance_groups.names import AUTOSCALER_NOTE
from bluegreen.google.instance_groups.release import (
    GroupAutoscaling,
    GroupRelease,
    label_of,
    metadata_of,
    problems_in,
)
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

_STEADY_SECONDS = 1800
_PORT_NAME = "http"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class InstanceGroups(SwappedComponent):
    """Both colors of a service, and the swap between them.

    The groups are declared once. From then on the swap scales them, and brings each release to the color that is idle
    when it is promoted.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color, where the entry has one.
        group_ids: the id of each color's managed instance group.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    group_ids: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: GroupRelease,
        green: GroupRelease,
        entry: Entry,
        zone: str | None = None,
        region: str | None = None,
        network: pulumi.Input[str] | None = None,
        subnetwork: pulumi.Input[str] | None = None,
        groups: Mapping[str, pulumi.Input[str]] | None = None,
        port: int = 8080,
        health_path: str = "/healthz",
        desired_count: int = 2,
        autoscaling: GroupAutoscaling | Mapping[str, Any] | None = None,
        machine_type: str = "e2-small",
        service_account: pulumi.Input[str] | None = None,
        external_addresses: bool = False,
        network_tags: Sequence[str] = (),
        labels: Mapping[str, pulumi.Input[str]] | None = None,
        project: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both colors.

        Args:
            name: the service's name: 1 to 40 lower-case letters, digits and dashes.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's release.
            green: green's release. Before there is a second one, both may be the same.
            entry: how requests reach the instances: ``url_map()``.
            zone: make zonal groups there.
            region: make regional groups there, in its place.
            network: the instances' VPC network, where it makes a subnetwork by itself; ``default`` when absent.
            subnetwork: the instances' subnetwork.
            groups: managed instance groups that are there, one a color, by their ids or selfLinks, in place of both.
            port: the port that instances listen on.
            health_path: what answers 200 there when an instance is well: for the load balancer's health checks.
            desired_count: instances that the first live color starts with; later the live color's present size counts.
            autoscaling: the live color's ``min_count`` and ``max_count``, and ``target_cpu_percent`` (60). Absent: only
                the swap scales.
            machine_type: the instances' size.
            service_account: as whom the instances call Google, by its email address; as nobody when absent.
            external_addresses: whether instances have public addresses of their own.
            network_tags: of the instances, for firewall rules.
            labels: of the instances, and of their templates.
            project: Google's project; the provider's by default.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``; ``steady_state_timeout_seconds`` is 1800 by default here.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:google:InstanceGroups", name, {}, opts)
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        settings.setdefault("steady_state_timeout_seconds", _STEADY_SECONDS)
        connection = connection_of(settings)
        capacity: dict[str, Any] = {
            "kind": "instance_group",
            "groups": UNKNOWN,
            "backend_services": UNKNOWN,
            "templates": UNKNOWN,
            "desired_count": desired_count,
            "google": connection,
        }
        swapping = draft(
            name,
            active_color,
            settings,
            router=entry.draft(owner_of(name), connection),
            capacity=capacity,
            preview_headers=entry.preview_headers or None,
            problems=[
                *problems_of_a_name(name),
                *_problems(port, health_path, autoscaling),
                *_problems_of_groups(zone, region, groups, autoscaling, is_there=entry.is_there),
                *(Problem(f"entry.{one.field}", one.value, one.allowed) for one in entry.problems()),
                *(
                    Problem(f"entry.{one.field}", one.value, one.allowed)
                    for one in entry.problems_of_gates(known(settings.get("gates")))
                ),
                *(one for color in COLORS for one in problems_in(known(given[color]), color)),
            ],
        )
        warn_of_the_provider(name, self)
        templates = {
            color: _template(
                f"{name}-{color}",
                given[color],
                interface=_interface(network, subnetwork, external_addresses),
                machine_type=machine_type,
                service_account=service_account,
                network_tags=network_tags,
                labels=labels,
                project=project,
                parent=self,
            )
            for color in COLORS
        }
        at_rest = math.ceil(desired_count * settings.get("idle_capacity_percent", 0) / 100)
        first = {color: desired_count if color == active_color else at_rest for color in COLORS}
        place: dict[str, Any] = {"project": project, **({"region": region} if region else {"zone": zone})}
        # An update would send size and template that the group was made with.
        once = pulumi.ResourceOptions(parent=self, ignore_changes=["*"])
        made = {} if groups is not None else {
            color: (gcp.RegionInstanceGroupManager if region else gcp.InstanceGroupManager)(
                f"{name}-{color}",
                base_instance_name=f"{name}-{color}",
                versions=[{"instance_template": templates[color]}],
                target_size=first[color],
                named_ports=[{"name": _PORT_NAME, "port": port}],
                # The swap removes instances of a former release; none is changed under traffic.
                update_policy={"type": "OPPORTUNISTIC", "minimal_action": "REPLACE"},
                opts=once,
                **place,
            )
            for color in COLORS
        }  # fmt: skip
        ids = {color: made[color].id if color in made else (groups or {})[color] for color in COLORS}
        scalers = [] if autoscaling is None else [
            (gcp.RegionAutoscaler if region else gcp.Autoscaler)(
                f"{name}-{color}",
                target=ids[color],
                autoscaling_policy=_policy(autoscaling, serves=color == active_color),
                description="" if color == active_color else notes.with_note("", AUTOSCALER_NOTE, {"mode": "ON"}),
                # The swap holds it while it runs, and has it off at rest.
                opts=once,
                **place,
            )
            for color in COLORS
        ]  # fmt: skip
        entered = entry.declare(
            EntryContext(
                name=name,
                owner=owner_of(name),
                active_color=active_color,
                project=project,
                behind=Behind(
                    groups={
                        color: [made[color].instance_group if color in made else _instance_group(ids[color])]
                        for color in COLORS
                    },
                    balancing={"balancing_mode": "UTILIZATION", "capacity_scaler": 1},
                    port_name=_PORT_NAME,
                    probe={"port": port, "request_path": health_path},
                    noted=True,  # when a color may rest
                ),
                connection=connection,
                parent=self,
            )
        )
        swap = swapping.declare(
            self,
            router=entered.router,
            capacity={
                **capacity,
                "groups": ids,
                "backend_services": entered.backend_services,
                "templates": templates,
            },
            releases={
                color: one.get("release")
                or pulumi.Output.from_input(one.get("template") or one["image"]).apply(label_of)
                for color, one in given.items()
            },
            preview_urls=entered.preview_urls,
            depends_on=[*made.values(), *scalers, *entered.made],
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(entered.url, swap.id).apply(lambda values: str(values[0])),
            preview_urls=pulumi.Output.all(**{str(color): url for color, url in entered.preview_urls.items()}),
            group_ids=pulumi.Output.all(blue=ids["blue"], green=ids["green"]),
        )


def _problems(port: object, health_path: object, autoscaling: object) -> list[Problem]:
    found = []
    if not isinstance(port, (int, float)) or isinstance(port, bool) or not 1 <= port <= 65535 or int(port) != port:
        found.append(Problem("port", port, "a whole number, 1 to 65535"))
    if not isinstance(health_path, str) or not health_path.startswith("/"):
        found.append(Problem("health_path", health_path, "a path, which begins with a slash"))
    if autoscaling is not None:
        fields = Fields(known(autoscaling), "autoscaling")
        least = fields.whole("min_count", least=1, most=1000)
        most = fields.whole("max_count", least=1, most=1000)
        fields.number("target_cpu_percent", 60, least=1, most=100)
        if isinstance(least, (int, float)) and isinstance(most, (int, float)) and least > most:
            fields.problem("max_count", most, f"at least min_count, which is {least:g}")
        fields.done()
        found += fields.problems
    return found


def _problems_of_groups(
    zone: object, region: object, groups: Any, autoscaling: object, *, is_there: bool
) -> list[Problem]:
    if groups is None:
        found = []
        if (zone is None) == (region is None):
            found.append(Problem("zone", zone, "a zone or a region for groups to make, or groups that are there"))
        if is_there:
            allowed = "given: the entry's backend services are there already, with groups behind them"
            found.append(Problem("groups", None, allowed))
        return found
    found = [
        Problem(field, value, "absent: the groups are there already")
        for field, value in (("zone", zone), ("region", region), ("autoscaling", known(autoscaling)))
        if value is not None
    ]
    if not is_of_both(groups):
        return [*found, Problem("groups", known(groups), "one for each color, blue and green")]
    named = [(f"groups.{color}", known(groups[color])) for color in COLORS]
    return found + [
        Problem(field, one, GROUP.allowed)
        for field, one in named
        if one is not UNKNOWN and not (isinstance(one, str) and GROUP.fits and GROUP.fits(one))
    ]


def _instance_group(manager: pulumi.Input[str]) -> pulumi.Output[str]:
    """The instance group of a manager: named like it."""
    return pulumi.Output.from_input(manager).apply(
        lambda own: own.replace("/instanceGroupManagers/", "/instanceGroups/")
    )


def _interface(
    network: pulumi.Input[str] | None, subnetwork: pulumi.Input[str] | None, external_addresses: bool
) -> dict[str, Any]:
    where: dict[str, Any] = {"subnetwork": subnetwork} if subnetwork is not None else {"network": network or "default"}
    return {**where, **({"access_configs": [{}]} if external_addresses else {})}


def _template(
    name: str,
    release: Mapping[str, Any],
    *,
    interface: Mapping[str, Any],
    machine_type: str,
    service_account: pulumi.Input[str] | None,
    network_tags: Sequence[str],
    labels: Mapping[str, pulumi.Input[str]] | None,
    project: pulumi.Input[str] | None,
    parent: pulumi.Resource,
) -> pulumi.Output[str]:
    """The id of a release's instance template, which is made where there is none.

    A former one stays: a group whose color has not been promoted since still has it, and Google deletes none in use.
    """
    if release.get("template") is not None:
        return pulumi.Output.from_input(release["template"])
    account = {"email": service_account, "scopes": [_SCOPE]} if service_account else None
    made = gcp.InstanceTemplate(
        name,
        machine_type=machine_type,
        disks=[{"source_image": release.get("image"), "boot": True, "auto_delete": True}],
        network_interfaces=[dict(interface)],
        metadata=metadata_of(release) or None,
        tags=list(network_tags) or None,
        labels=dict(labels) if labels else None,
        service_account=account,
        project=project,
        opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True),
    )
    return pulumi.Output.from_input(made.id)


def _policy(autoscaling: Mapping[str, Any], *, serves: bool) -> dict[str, Any]:
    """By the processors' load. Of the color at rest it is off, as a swap leaves it."""
    return {
        "min_replicas": int(autoscaling["min_count"]),
        "max_replicas": int(autoscaling["max_count"]),
        "mode": "ON" if serves else "OFF",
        "cpu_utilization": {"target": float(autoscaling.get("target_cpu_percent") or 60) / 100},
    }
