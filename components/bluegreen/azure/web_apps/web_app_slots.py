"""An App Service or Functions app with two slots, whose contents are the colors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_azure_native import web as azure

from bluegreen.azure.component import SwapSettings, connection_of, draft, warn_of_the_provider
from bluegreen.azure.web_apps.release import (
    WebAppRelease,
    content_of,
    is_whole,
    label_of,
    problems_in,
    problems_in_settings,
    problems_in_warm_up,
    runs,
    settings_of,
)
from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.component.installed_releases import without_secrets
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color, other

if TYPE_CHECKING:
    from typing_extensions import Unpack

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,58}[A-Za-z0-9])\Z")
_SLOT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,58}\Z")
_HTTPS = "https://"


class WebAppSlots(SwappedComponent):
    """An app with its production slot and one beside it, and the swap between their contents.

    The app and the slot are declared once: production with the active color's first release, the slot with the other
    one's. From then on contents change places, so Pulumi leaves both as they are; the swap brings each release into the
    slot that is idle, unless your pipeline deploys it there.

    Attributes:
        url: where production requests go.
        preview_url: the slot's own address, where the color is that is idle.
        app_id: the app's resource id.
        app_name: the app's name in Azure.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    preview_url: pulumi.Output[str]
    app_id: pulumi.Output[str]
    app_name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        resource_group_name: pulumi.Input[str],
        plan_id: pulumi.Input[str],
        blue: WebAppRelease,
        green: WebAppRelease,
        warm_up_path: str,
        warm_up_statuses: str = "200",
        app_settings: Mapping[str, Any] | None = None,
        production_settings: Mapping[str, Any] | None = None,
        slot_settings: Mapping[str, Any] | None = None,
        slot: str = "staging",
        functions: bool = False,
        web_app_name: str | None = None,
        location: pulumi.Input[str] | None = None,
        https_only: bool = True,
        always_on: bool = True,
        identity_ids: Sequence[pulumi.Input[str]] = (),
        deployed_by_pipeline: bool = False,
        reached_from_here: bool = True,
        restart_seconds: float = 30,
        with_preview: bool = False,
        swap_timeout_seconds: float = 1200,
        tags: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the app, its slot and the swap.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            resource_group_name: the resource group that the app is in.
            plan_id: the App Service plan, by its resource id. Standard or higher: lower tiers have no slots.
            blue: blue's release.
            green: green's release. Before there is a second one, both may be the same.
            warm_up_path: the path that Azure requests of every instance before a swap.
            warm_up_statuses: the HTTP statuses that will do, with commas between them.
            app_settings: app settings that both colors have at first; they move with the content.
            production_settings: deployment slot settings of the production slot: they stay there.
            slot_settings: deployment slot settings of the other slot.
            slot: the other slot's name.
            functions: whether it is a Functions app.
            web_app_name: the app's name in Azure, 2 to 60 characters and unique in all of Azure; the component's by
                default.
            location: Azure's region; the resource group's by default.
            https_only: whether HTTP is redirected to HTTPS.
            always_on: whether the app is kept loaded (*Always On*).
            identity_ids: user-assigned managed identities of the app and its slot, by their resource ids.
            deployed_by_pipeline: whether your pipeline deploys into the idle slot; the swap then refuses a color whose
                slot runs something else. It is so in any case where a release is a ``runtime`` without its package.
            reached_from_here: whether the swap asks the slot's address for ``warm_up_path`` before any share goes
                there; not where Pulumi runs outside of the network that the slot is in.
            restart_seconds: how long Azure may let the former release answer in the slot after a new one was brought.
            with_preview: whether the gates see the new color with production's own settings (*swap with preview*).
            swap_timeout_seconds: how long a slot swap may take (30 to 2400).
            tags: the app's and the slot's; the swap sets some of its own beside the app's.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:azure:WebAppSlots", name, {}, opts)
        called = web_app_name or name
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        own = {"production_settings": production_settings or {}, "slot_settings": slot_settings or {}}
        images = {color: runs(given[color]) for color in COLORS}
        installs = not known(deployed_by_pipeline) and all(is_whole(given[color]) for color in COLORS)
        brought = {color: content_of(given[color]) for color in COLORS}
        router: dict[str, Any] = {
            "kind": "azure_slots",
            "app_id": UNKNOWN,
            "owner": owner_of(name),
            "slot": slot,
            **({"reached_from_here": reached_from_here, "restart_seconds": restart_seconds} if installs else {}),
            "with_preview": with_preview,
            "swap_timeout_seconds": swap_timeout_seconds,
            "made_with_it": True,
            "azure": connection_of(settings),
        }
        found = [
            *_problems(called, slot),
            *problems_in_warm_up(warm_up_path, warm_up_statuses),
            *problems_in_settings(known(app_settings), "app_settings"),
            *(one for field, place in own.items() for one in problems_in_settings(known(place), field)),
            *(one for color in COLORS for one in problems_in(known(given[color]), color)),
        ]
        swapping = draft(
            name,
            active_color,
            settings,
            router={
                **router,
                **_contents(installs, *((UNKNOWN, UNKNOWN) if found else (known(brought), known(images)))),
            },
            preview_headers={color: {} for color in COLORS},
            problems=found,
        )
        warn_of_the_provider(name, self)
        # What is in the slots when they are made; later it is whatever has been deployed and swapped.
        first: Color = "green" if active_color == "green" else "blue"
        contents: dict[Color, Mapping[str, Any]] = {
            first: own["production_settings"],
            other(first): own["slot_settings"],
        }
        shared: dict[str, Any] = {
            "resource_group_name": resource_group_name,
            "location": location,
            "kind": "functionapp,linux" if functions else "app,linux",
            "server_farm_id": plan_id,
            "https_only": https_only,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": list(identity_ids)}
            if identity_ids
            else None,
            "tags": dict(tags) if tags else None,
        }
        configs = {
            color: {
                "linuxFxVersion": images[color],
                "alwaysOn": always_on,
                "appSettings": settings_of(
                    color, given[color], app_settings or {}, place, (warm_up_path, warm_up_statuses)
                ),
            }
            for color, place in contents.items()
        }
        # An update would send the whole object, with the content that it had when it was made.
        once = pulumi.ResourceOptions(parent=self, ignore_changes=["*"])
        made = azure.WebApp(name, name=called, site_config=configs[first], opts=once, **shared)
        beside = azure.WebAppSlot(
            f"{name}-{slot}", name=made.name, slot=slot, site_config=configs[other(first)], opts=once, **shared
        )
        names = azure.WebAppSlotConfigurationNames(
            f"{name}-sticky",
            name=made.name,
            resource_group_name=resource_group_name,
            app_setting_names=sorted({*own["production_settings"], *own["slot_settings"]}),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[beside]),
        )
        preview = beside.default_host_name.apply(_address)
        swap = swapping.declare(
            self,
            router={
                **router,
                "app_id": made.id,
                **_contents(installs, _readable(name, brought) if installs else {}, images),
            },
            releases={color: pulumi.Output.from_input(label_of(given[color])) for color in COLORS},
            preview_urls=dict.fromkeys(COLORS, preview),
            depends_on=[beside, names],
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(made.default_host_name, swap.id).apply(lambda values: _address(values[0])),
            preview_url=preview,
            app_id=made.id,
            app_name=made.name,
        )


def _contents(installs: bool, contents: Any, images: Any) -> dict[str, Any]:
    """The part of the router's section that says what each color runs."""
    return {"contents": contents} if installs else {"images": images}


def _readable(name: str, contents: Mapping[Color, Mapping[str, Any]]) -> dict[Color, Any]:
    """The contents, none of whose values is a secret of Pulumi's: the swap keeps them in the state."""
    allowed = "no secret of Pulumi's in `settings`: a reference to Key Vault, or a setting of `app_settings`"
    return {color: without_secrets(name, color, pulumi.Output.from_input(contents[color]), allowed) for color in COLORS}


def _address(host: str | None) -> str:
    """Of a host name, which is there once Azure has made the app."""
    return f"{_HTTPS}{host or ''}"


def _problems(called: object, slot: object) -> list[Problem]:
    found = []
    if not isinstance(called, str) or not _NAME.match(called):
        found.append(Problem("web_app_name", called, "2 to 60 letters, digits and dashes, no dash at either end"))
    if not isinstance(slot, str) or not _SLOT.match(slot) or slot.lower() == "production":
        found.append(Problem("slot", slot, "a slot's name of letters, digits and dashes, not production"))
    return found
