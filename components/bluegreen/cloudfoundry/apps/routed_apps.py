"""Two apps on Cloud Foundry behind one route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from bluegreen.cloudfoundry.apps import release as releases
from bluegreen.cloudfoundry.apps.release import AppRelease
from bluegreen.cloudfoundry.component import SwapSettings, connection_of, draft
from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

_HTTPS = "https://"


class RoutedApps(SwappedComponent):
    """An app for each color, which the team's own pipeline pushes, and the swap of the route that leads to them.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color, live or idle; none where they were not given.
        apps: the name of each color's app.
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    apps: pulumi.Output[Mapping[str, str]]

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        space: str,
        route: str,
        blue: AppRelease,
        green: AppRelease,
        instances: int = 1,
        process: str = "web",
        overlap_seconds: float = 15,
        made_with_it: bool = False,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the swap.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            space: the space of route and apps: ``ORGANIZATION/SPACE``.
            route: the route that production requests come by, as `cf routes` shows it: ``web.apps.example.com``.
            blue: blue's release.
            green: green's release.
            instances: how many a color starts with when none run anywhere; later it gets as many as the other one has.
            process: the type of the apps' process that answers requests.
            overlap_seconds: how long both colors are mapped while all traffic goes from one to the other (0 to 600).
            made_with_it: whether the route was made for this swap, so that nobody depends on where its requests go
                before the first update; it may then lead them to either color.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:cloudfoundry:RoutedApps", name, {}, opts)
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        names = {color: releases.app_of(name, color, given[color]) for color in COLORS}
        connection = connection_of(settings)
        place = {
            "kind": "cloudfoundry",
            "space": space,
            "route": route,
            "apps": names,
            "process": process,
            **({"cloudfoundry": connection} if connection else {}),
        }
        brought = releases.brought_by_the_swap(given)
        router = {
            **place,
            "overlap_seconds": overlap_seconds,
            **({"install": brought} if brought else {}),
            **({"made_with_it": True} if made_with_it else {}),
            "owner": owner_of(name),
        }
        capacity = {**place, "desired_count": instances}
        reached = releases.have_urls(given)
        swapping = draft(
            name,
            active_color,
            settings,
            router=known(router),
            capacity=known(capacity),
            preview_headers={} if reached else None,
            problems=releases.problems_in(given),
        )
        urls = {color: pulumi.Output.from_input(given[color]["url"]) for color in COLORS} if reached else {}
        swap = swapping.declare(
            self,
            router=router,
            capacity=capacity,
            releases={color: releases.label_of(given[color]) for color in COLORS},
            digests=releases.digests_of(given),
            preview_urls=urls,
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=swap.id.apply(lambda _: f"{_HTTPS}{route}"),
            preview_urls=pulumi.Output.all(**dict(urls.items())),
            apps=pulumi.Output.from_input(names),
        )
