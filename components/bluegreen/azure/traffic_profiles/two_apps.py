"""Two apps that a program declares itself, one a color, in one region or in two, behind an entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi

from bluegreen.azure.component import SwapSettings, connection_of, draft, warn_of_the_provider
from bluegreen.azure.traffic_profiles.entry import TrafficManagerEntry
from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Required, Unpack


class AppTarget(TypedDict, total=False):
    """One color: an app that is there.

    Attributes:
        host: the name that it answers at by itself; required.
        resource_id: what it is in Azure, which makes its endpoint an Azure endpoint: an App Service app, a public
            address with a DNS name, another profile. Without it it is an external endpoint.
        release: what runs there, as people call it; required.
    """

    host: Required[pulumi.Input[str]]
    resource_id: pulumi.Input[str]
    release: Required[pulumi.Input[str]]


class TwoApps(SwappedComponent):
    """Two apps of any kind, in any regions, and the swap between them.

    The program declares both apps, deploys into the one that is idle, and says where each answers. The swap moves
    clients by the entry alone, and stops nothing but what ``capacity`` names.

    Attributes:
        url: where production requests go.
        preview_urls: each app's own address.
        profile_id: the Traffic Manager profile's resource id.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    profile_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        resource_group_name: pulumi.Input[str],
        blue: AppTarget,
        green: AppTarget,
        entry: TrafficManagerEntry,
        capacity: Mapping[str, Any] | None = None,
        tags: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare what is in front of both apps, and the swap.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            resource_group_name: the resource group of what the entry makes.
            blue: blue's app.
            green: green's.
            entry: how clients reach them, from ``bluegreen.azure``: ``traffic_manager()``.
            capacity: what is scaled, a swap's ``capacity`` section; nothing by default: both apps run on. What it stops
                it stops once no resolver keeps an answer that leads there.
            tags: of what the entry makes; the swap sets some of its own beside them.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``. Without ``gates`` there is one, which asks the app that is to
                be live at the entry's ``path``: Traffic Manager does not probe an endpoint that is disabled.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:azure:TwoApps", name, {}, opts)
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        found = [one for color in COLORS for one in _problems(known(given[color]), color)]
        found += [Problem(f"entry.{one.field}", one.value, one.allowed) for one in entry.problems(name)]
        section = entry.draft(owner_of(name), connection_of(settings))
        gates: Any = settings.get("gates")
        asked: dict[str, Any] = {
            **settings,
            "gates": [{"kind": "http", "path": entry.path}] if gates is None else gates,
        }
        swapping = draft(
            name,
            active_color,
            asked,
            router=section,
            capacity=capacity if capacity is None else known(capacity),
            preview_headers={color: {} for color in COLORS},
            converge_timeout_seconds=entry.converge_timeout_seconds,
            problems=found,
        )
        warn_of_the_provider(name, self)
        profile_id, host = entry.declare(name, resource_group_name, tags, self)
        targets = {color: given[color].get("resource_id") or given[color]["host"] for color in COLORS}
        scheme = entry.scheme
        urls = {color: pulumi.Output.from_input(given[color]["host"]).apply(_at(scheme)) for color in COLORS}
        swap = swapping.declare(
            self,
            router={**section, "profile_id": profile_id, "targets": targets},
            capacity=capacity,
            releases={color: pulumi.Output.from_input(given[color]["release"]) for color in COLORS},
            preview_urls=urls,
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(host, swap.id).apply(lambda values: _at(scheme)(values[0])),
            preview_urls=pulumi.Output.all(**urls),
            profile_id=profile_id,
        )


def _at(scheme: str) -> Any:
    """The address of a host name, which is there once Azure has made what has it."""
    return lambda host: f"{scheme}://{host or ''}"


def _problems(given: Any, color: Color) -> list[Problem]:
    if given is UNKNOWN:
        return []
    fields = Fields(given, color)
    host, resource_id = fields.text("host"), fields.text("resource_id", None)
    fields.text("release")
    if isinstance(host, str) and ("/" in host or not host):
        fields.problem("host", host, "a host name, without https:// and path")
    if isinstance(resource_id, str) and not resource_id.lower().startswith("/subscriptions/"):
        fields.problem("resource_id", resource_id, "an Azure resource's id: /subscriptions/…")
    fields.done()
    return fields.problems
