"""A service on virtual machines in two colors, a scale set each, behind a gateway or a load balancer."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_azure_native import compute, monitor

from bluegreen.azure.component import SwapSettings, connection_of, draft, warn_of_the_provider
from bluegreen.azure.entry import Entry, EntryContext
from bluegreen.azure.scale_sets.names import RANGE_TAG
from bluegreen.azure.scale_sets.release import VmAutoscaling, VmRelease, label_of, model_of, problems_in
from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.component.installed_releases import without_secrets
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?\Z")
_STEADY_SECONDS = 1800
# The gateway is written for minutes.
_CONVERGE_SECONDS = 300


class VmScaleSets(SwappedComponent):
    """Both colors of a service, and the swap between them.

    The scale sets are declared once. From then on the swap scales them, and brings each release to the color that is
    idle when it is promoted.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color, where the entry has one.
        scale_set_ids: the resource id of each color's scale set.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    scale_set_ids: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        resource_group_name: pulumi.Input[str],
        subnet_id: pulumi.Input[str],
        blue: VmRelease,
        green: VmRelease,
        entry: Entry,
        port: int = 8080,
        health_path: str = "/healthz",
        desired_count: int = 2,
        autoscaling: VmAutoscaling | Mapping[str, Any] | None = None,
        vm_size: str = "Standard_B2s",
        admin_username: str = "azureuser",
        ssh_public_keys: Sequence[pulumi.Input[str]] = (),
        identity_ids: Sequence[pulumi.Input[str]] = (),
        security_group_id: pulumi.Input[str] | None = None,
        zones: Sequence[str] = (),
        profile: Mapping[str, Any] | None = None,
        location: pulumi.Input[str] | None = None,
        tags: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both colors.

        Args:
            name: the service's name: 1 to 40 lower-case letters, digits and dashes.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            resource_group_name: the resource group that everything is in.
            subnet_id: the instances' subnet, by its resource id.
            blue: blue's release.
            green: green's release. Before there is a second one, both may be the same.
            entry: how requests reach the instances: ``application_gateway()``, ``load_balancer()``.
            port: the port that instances listen on.
            health_path: what answers 200 there when an instance is well: for the application health extension, which
                each has, and for the entry's probes.
            desired_count: instances that the first live color starts with; later the live color's present size counts.
            autoscaling: the live color's ``min_count`` and ``max_count``, and ``target_cpu_percent`` (70): one more
                instance above it, one less below half of it. Absent: only the swap scales.
            vm_size: the instances' size.
            admin_username: who may sign in by SSH.
            ssh_public_keys: with these keys; without any, the image has to be a specialized one.
            identity_ids: user-assigned managed identities of the instances, by their resource ids.
            security_group_id: a network security group for the instances.
            zones: availability zones.
            profile: more of the instances' model, as ``virtual_machine_profile`` of ``VirtualMachineScaleSet`` has it.
            location: Azure's region; the resource group's by default.
            tags: for every resource that is made.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``; ``steady_state_timeout_seconds`` is 1800 by default here, and
                ``converge_timeout_seconds`` 300.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:azure:VmScaleSets", name, {}, opts)
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        settings.setdefault("steady_state_timeout_seconds", _STEADY_SECONDS)
        settings.setdefault("converge_timeout_seconds", _CONVERGE_SECONDS)
        connection = connection_of(settings)
        capacity: dict[str, Any] = {
            "kind": "azure_scale_sets",
            "scale_sets": UNKNOWN,
            "releases": UNKNOWN,
            "desired_count": desired_count,
            "azure": connection,
        }
        swapping = draft(
            name,
            active_color,
            settings,
            router=entry.draft(owner_of(name), connection),
            capacity=capacity,
            preview_headers=entry.preview_headers or None,
            problems=[
                *_problems(name, port, health_path, autoscaling),
                *(Problem(f"entry.{one.field}", one.value, one.allowed) for one in entry.problems()),
                *(one for color in COLORS for one in problems_in(known(given[color]), color)),
            ],
        )
        warn_of_the_provider(name, self)
        entered = entry.declare(
            EntryContext(
                name=name,
                owner=owner_of(name),
                active_color=active_color,
                resource_group_name=resource_group_name,
                location=location,
                port=port,
                health_path=health_path,
                connection=connection,
                tags=tags or {},
                parent=self,
            )
        )
        models = {
            color: without_secrets(
                name,
                color,
                pulumi.Output.all(given[color]["image"], given[color].get("user_data") or "").apply(_model),
                "no secret of Pulumi's: instances read what is secret from Key Vault, as an identity",
            )
            for color in COLORS
        }
        at_rest = math.ceil(desired_count * settings.get("idle_capacity_percent", 0) / 100)
        first = {color: desired_count if color == active_color else at_rest for color in COLORS}
        made = {
            color: compute.VirtualMachineScaleSet(
                f"{name}-{color}",
                vm_scale_set_name=f"{name}-{color}",
                resource_group_name=resource_group_name,
                location=location,
                zones=list(zones) or None,
                tags=dict(tags) if tags else None,
                identity={"type": "UserAssigned", "user_assigned_identities": list(identity_ids)}
                if identity_ids
                else None,
                sku={"name": vm_size, "tier": "Standard", "capacity": first[color]},
                orchestration_mode="Uniform",
                overprovision=False,
                # The swap removes instances of a former release; none is changed under traffic.
                upgrade_policy={"mode": "Manual"},
                virtual_machine_profile=_profile(
                    models[color],
                    network=_network(subnet_id, security_group_id, entry.pool_key, entered.pools[color]),
                    system=_system(f"{name}-{color}", admin_username, ssh_public_keys),
                    health={"protocol": "http", "port": port, "requestPath": health_path},
                    more=profile or {},
                ),
                # An update would send the whole object, with the capacity and the release that it was made with.
                opts=pulumi.ResourceOptions(parent=self, ignore_changes=["*"], depends_on=list(entered.made)),
            )
            for color in COLORS
        }
        scaled = [] if autoscaling is None else [
            _autoscale(
                f"{name}-{color}",
                made[color],
                autoscaling,
                serves=color == active_color,
                place={"resource_group_name": resource_group_name, "location": location},
                parent=self,
            )
            for color in COLORS
        ]  # fmt: skip
        swap = swapping.declare(
            self,
            router=entered.router,
            capacity={**capacity, "scale_sets": {color: made[color].id for color in COLORS}, "releases": models},
            releases={
                color: given[color].get("release") or pulumi.Output.from_input(given[color]["image"]).apply(label_of)
                for color in COLORS
            },
            preview_urls=entered.preview_urls,
            depends_on=[*made.values(), *scaled, *entered.made],
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(entered.url, swap.id).apply(lambda values: str(values[0])),
            preview_urls=pulumi.Output.all(**{str(color): url for color, url in entered.preview_urls.items()}),
            scale_set_ids=pulumi.Output.all(blue=made["blue"].id, green=made["green"].id),
        )


def _model(values: Sequence[str]) -> dict[str, Any]:
    return model_of(values[0], values[1])


def _problems(name: object, port: object, health_path: object, autoscaling: object) -> list[Problem]:
    found = []
    if not isinstance(name, str) or not _NAME.match(name):
        found.append(Problem("name", name, "1 to 40 lower-case letters, digits and dashes, the first one a letter"))
    if not isinstance(port, (int, float)) or isinstance(port, bool) or not 1 <= port <= 65535 or int(port) != port:
        found.append(Problem("port", port, "a whole number, 1 to 65535"))
    if not isinstance(health_path, str) or not health_path.startswith("/"):
        found.append(Problem("health_path", health_path, "a path, which begins with a slash"))
    if autoscaling is not None:
        fields = Fields(known(autoscaling), "autoscaling")
        least = fields.number("min_count", least=1, most=1000)
        most = fields.number("max_count", least=1, most=1000)
        fields.number("target_cpu_percent", 70, least=1, most=100)
        if isinstance(least, (int, float)) and isinstance(most, (int, float)) and least > most:
            fields.problem("max_count", most, f"at least min_count, which is {least:g}")
        fields.done()
        found += fields.problems
    return found


def _network(
    subnet_id: pulumi.Input[str],
    security_group_id: pulumi.Input[str] | None,
    pool_key: str,
    pools: Sequence[pulumi.Input[str]],
) -> dict[str, Any]:
    address = {
        "name": "instances",
        "primary": True,
        "subnet": {"id": subnet_id},
        pool_key: [{"id": pool} for pool in pools],
    }
    group = {"network_security_group": {"id": security_group_id}} if security_group_id is not None else {}
    return {
        "network_interface_configurations": [
            {"name": "instances", "primary": True, **group, "ip_configurations": [address]}
        ]
    }


def _system(name: str, username: str, keys: Sequence[pulumi.Input[str]]) -> dict[str, Any] | None:
    if not keys:
        return None
    path = f"/home/{username}/.ssh/authorized_keys"
    ssh = {"public_keys": [{"path": path, "key_data": key} for key in keys]}
    return {
        "computer_name_prefix": name[:9],
        "admin_username": username,
        "linux_configuration": {"disable_password_authentication": True, "ssh": ssh},
    }


def _profile(
    model: pulumi.Output[Any],
    *,
    network: Mapping[str, Any],
    system: Mapping[str, Any] | None,
    health: Mapping[str, Any],
    more: Mapping[str, Any],
) -> dict[str, Any]:
    extension = {
        "name": "health",
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "type_handler_version": "1.0",
        "auto_upgrade_minor_version": True,
        "settings": dict(health),
    }
    extensions = [extension, *((more.get("extension_profile") or {}).get("extensions") or ())]
    disk = {"create_option": "FromImage", "managed_disk": {"storage_account_type": "Premium_LRS"}}
    storage = {"os_disk": disk, **(more.get("storage_profile") or {})}
    return {
        **more,
        "user_data": model.apply(lambda own: own["userData"]),
        "storage_profile": {**storage, "image_reference": model.apply(lambda own: own["imageReference"])},
        "network_profile": dict(network),
        "extension_profile": {**(more.get("extension_profile") or {}), "extensions": extensions},
        **({"os_profile": dict(system)} if system is not None else {}),
    }


def _autoscale(
    name: str,
    scale_set: compute.VirtualMachineScaleSet,
    autoscaling: Mapping[str, Any],
    *,
    serves: bool,
    place: Mapping[str, Any],
    parent: pulumi.Resource,
) -> monitor.AutoscaleSetting:
    """By the processors' load. Of the color at rest it is off, as a swap leaves it."""
    least, most = int(autoscaling["min_count"]), int(autoscaling["max_count"])
    target = float(autoscaling.get("target_cpu_percent", 70))

    def rule(operator: str, threshold: float, direction: str) -> dict[str, Any]:
        return {
            "metric_trigger": {
                "metric_name": "Percentage CPU",
                "metric_resource_uri": scale_set.id,
                "time_grain": "PT1M",
                "statistic": "Average",
                "time_window": "PT5M",
                "time_aggregation": "Average",
                "operator": operator,
                "threshold": threshold,
            },
            "scale_action": {"direction": direction, "type": "ChangeCount", "value": "1", "cooldown": "PT5M"},
        }

    limits = {"minimum": str(least), "maximum": str(most), "default": str(least)}
    rules = [rule("GreaterThan", target, "Increase"), rule("LessThan", target / 2, "Decrease")]
    return monitor.AutoscaleSetting(
        name,
        autoscale_setting_name=name,
        enabled=serves,
        target_resource_uri=scale_set.id,
        profiles=[{"name": "usual", "capacity": limits, "rules": rules}],
        tags=None if serves else {RANGE_TAG: f"{least}-{most}-{least}"},
        # The swap holds it while it runs, and has it off at rest.
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["*"]),
        **place,
    )
