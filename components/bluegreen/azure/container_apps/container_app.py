"""A container app whose colors are revisions, which the swap itself installs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_azure_native import app as azure

from bluegreen.azure.component import SwapSettings, connection_of, draft, warn_of_the_provider
from bluegreen.azure.container_apps.release import (
    ContainerAppRelease,
    label_of,
    problems_in,
    problems_in_secrets,
    template_of,
)
from bluegreen.azure.container_apps.releases import revision_name
from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.component.installed_releases import without_secrets
from bluegreen.fields import UNKNOWN
from bluegreen.plain import plain
from bluegreen.platforms.templates import suffix
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])\Z")
_TRANSPORTS = ("Auto", "Http", "Http2", "Tcp")
_HTTPS = "https://"


class ContainerApp(SwappedComponent):
    """An app in multiple revision mode, a revision of it for each color, and the swap between them.

    Pulumi makes the app once. Secrets, registries, identities and tags that are declared later the swap adds to it;
    what else it is beside its releases has to be what it was when it was made. Each release becomes a revision that
    the swap installs in the color without traffic, named after the color and a digest of the release.

    Attributes:
        url: where production requests go.
        preview_urls: each color's own address, by its label, live or idle and whatever its release is.
        app_id: the app's resource id.
        revisions: the name of each color's revision.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    app_id: pulumi.Output[str]
    revisions: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        resource_group_name: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        blue: ContainerAppRelease,
        green: ContainerAppRelease,
        target_port: int = 8080,
        external: bool = True,
        transport: str = "Auto",
        container_app_name: str | None = None,
        location: pulumi.Input[str] | None = None,
        identity_ids: Sequence[pulumi.Input[str]] = (),
        system_identity: bool = False,
        secrets: Mapping[str, pulumi.Input[str]] | None = None,
        secrets_identity: pulumi.Input[str] = "system",
        registries: Mapping[str, pulumi.Input[str]] | None = None,
        workload_profile_name: pulumi.Input[str] | None = None,
        tags: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the app and the swap.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            resource_group_name: the resource group that the app is in.
            environment_id: the Container Apps environment (managed environment) that it runs in, by its resource id.
            blue: blue's release.
            green: green's release. Before there is a second one, both may be the same.
            target_port: the port that the containers listen on (1 to 65535, default 8080).
            external: whether the ingress takes requests from outside of the environment's virtual network.
            transport: of the ingress: ``Auto``, ``Http``, ``Http2`` (gRPC) or ``Tcp``.
            container_app_name: the app's name in Azure, 2 to 32 characters; the component's by default.
            location: Azure's region; the resource group's by default.
            identity_ids: user-assigned managed identities of the app, by their resource ids.
            system_identity: whether the app has a system-assigned managed identity.
            secrets: the app's secrets, each by its address in Key Vault; releases name them in ``secret_env``.
            secrets_identity: who reads them there: ``system``, or the resource id of one of ``identity_ids``.
            registries: who pulls images, by the registry's server: ``system``, or the resource id of an identity.
            workload_profile_name: the environment's workload profile that it runs on.
            tags: the app's; the swap sets some of its own beside them.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:azure:ContainerApp", name, {}, opts)
        called = container_app_name or name
        secrets = secrets or {}
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        templates = {color: template_of(given[color], target_port) for color in COLORS}
        section = {"kind": "azure_container_app", "app_id": UNKNOWN, "azure": connection_of(settings)}
        owned = {"owner": owner_of(name), "made_with_it": True, "labels": True}
        around = {
            "environment_id": environment_id,
            "target_port": target_port,
            "external": external,
            "transport": transport,
            "workload_profile_name": workload_profile_name,
            "identity_ids": list(identity_ids),
            "system_identity": system_identity,
            "secrets": {key: {"keyVaultUrl": url, "identity": secrets_identity} for key, url in secrets.items()},
            "registries": dict(registries or {}),
            "tags": dict(tags or {}),
        }
        around = {
            key: value for key, value in around.items() if value not in (None, [], {}, False) or key == "external"
        }
        found = [
            *_problems(called, target_port, transport),
            *problems_in_secrets(known(secrets)),
            *(one for color in COLORS for one in problems_in(known(given[color]), color, list(secrets))),
        ]
        place = {**section, "templates": known(templates)} if not found else {**section, "templates": UNKNOWN}
        swapping = draft(
            name,
            active_color,
            settings,
            router={**place, **owned, "app": known(around) if not found else UNKNOWN},
            capacity=place,
            preview_headers={color: {} for color in COLORS},
            problems=found,
        )
        warn_of_the_provider(name, self)
        whole = {
            color: without_secrets(
                name,
                color,
                pulumi.Output.from_input(templates[color]).apply(_plain),
                "no secret of Pulumi's: name one of the app's secrets in secret_env",
            )
            for color in COLORS
        }
        names = {color: whole[color].apply(_namer(called, color)) for color in COLORS}
        # Of the color that is to be live when the app is made; later it is whatever the swap has installed.
        first: Color = "green" if active_color == "green" else "blue"
        made = azure.ContainerApp(
            name,
            container_app_name=called,
            resource_group_name=resource_group_name,
            environment_id=environment_id,
            location=location,
            workload_profile_name=workload_profile_name,
            identity=_identity(identity_ids, system=system_identity),
            tags=dict(tags) if tags else None,
            configuration={
                "activeRevisionsMode": "Multiple",
                "ingress": {
                    "external": external,
                    "targetPort": target_port,
                    "transport": transport,
                    # By its name: what goes to the latest revision would go to each release at once.
                    "traffic": [{"revisionName": names[first], "weight": 100, "label": first}],
                },
                "secrets": [
                    {"name": key, "keyVaultUrl": url, "identity": secrets_identity} for key, url in secrets.items()
                ],
                "registries": [
                    {"server": server, "identity": identity} for server, identity in (registries or {}).items()
                ],
            },
            template=whole[first].apply(_first(first)),
            # An update would send the whole object: the state's template and traffic, which are the first ones.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["*"]),
        )
        host = made.configuration.apply(_host)
        urls = {color: host.apply(_url_of(called, color)) for color in COLORS}
        section = {**section, "app_id": made.id, "templates": whole}
        swap = swapping.declare(
            self,
            router={**section, **owned, "app": around},
            capacity=section,
            releases={color: pulumi.Output.from_input(label_of(given[color])) for color in COLORS},
            preview_urls=urls,
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(host, swap.id).apply(lambda values: f"{_HTTPS}{values[0]}"),
            preview_urls=pulumi.Output.all(**urls),
            app_id=made.id,
            revisions=pulumi.Output.all(**names),
        )


def _problems(called: object, port: object, transport: object) -> list[Problem]:
    found = []
    if not isinstance(called, str) or not _NAME.match(called) or "--" in called:
        allowed = "2 to 32 lower-case letters, digits and single dashes, the first one a letter"
        found.append(Problem("container_app_name", called, allowed))
    if not isinstance(port, (int, float)) or isinstance(port, bool) or not 1 <= port <= 65535 or int(port) != port:
        found.append(Problem("target_port", port, "a whole number, 1 to 65535"))
    if transport not in _TRANSPORTS:
        found.append(Problem("transport", transport, ", ".join(_TRANSPORTS)))
    return found


def _plain(template: Any) -> Any:
    return plain(template)


def _namer(called: str, color: Color) -> Any:
    return lambda template: revision_name(called, color, template)


def _first(color: Color) -> Any:
    return lambda template: {**template, "revisionSuffix": suffix(color, template)}


def _identity(ids: Sequence[pulumi.Input[str]], *, system: bool) -> dict[str, Any] | None:
    if not ids and not system:
        return None
    kinds = [*(["SystemAssigned"] if system else []), *(["UserAssigned"] if ids else [])]
    return {"type": ",".join(kinds), **({"userAssignedIdentities": list(ids)} if ids else {})}


def _host(configuration: Any) -> str:
    """The app's host name."""
    ingress = configuration.get("ingress") if isinstance(configuration, Mapping) else configuration.ingress
    fqdn = ingress.get("fqdn") if isinstance(ingress, Mapping) else getattr(ingress, "fqdn", None)
    return str(fqdn or "")


def _url_of(called: str, color: Color) -> Any:
    """By the label, which has a host name of its own: ``web---green.…``."""
    return lambda host: f"{_HTTPS}{called}---{color}.{host.partition('.')[2]}"
