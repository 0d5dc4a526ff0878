"""Two releases of a service on hosts of one's own, behind one proxy or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi

from bluegreen.component.base import SwappedComponent, draft, owner_of
from bluegreen.component.declaration import known, refuse
from bluegreen.component.swap_settings import SwapSettings
from bluegreen.hosts.proxy import Proxy
from bluegreen.hosts.services import releases
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Required, Unpack

_CONVERGE_SECONDS = 30.0


class ProxiedRelease(TypedDict, total=False):
    """One color: what runs on its hosts, which somebody else has put there.

    Attributes:
        release: what people call it: ``v2``; required. Another one is another release.
        digest: what tells it from another of that name: the checksum of what was installed.
        url: where the color answers by itself, live or idle, to gates and testers; both colors have one, or none.
    """

    release: Required[pulumi.Input[str]]
    digest: pulumi.Input[str]
    url: pulumi.Input[str]


class ProxiedService(SwappedComponent):
    """A service behind proxies of your own.

    Attributes:
        url: where production requests go, as it was given.
        preview_urls: a URL for each color, live or idle; none where they were not given.
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
        proxies: Sequence[Proxy],
        blue: ProxiedRelease,
        green: ProxiedRelease,
        url: pulumi.Input[str] = "",
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the swap.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            proxies: what stands before both colors; several are moved together, in this order.
            blue: blue's release.
            green: green's release.
            url: where production requests go, for the outputs.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:hosts:ProxiedService", name, {}, opts)
        colors: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        routers = [proxy.router(name, owner_of(name)) for proxy in proxies]
        problems = [*releases.problems_in(colors), *(problem for proxy in proxies for problem in proxy.problems())]
        if not routers:
            refuse(name, [*problems, Problem("proxies", [], "one proxy or more, such as envoy(...)")])
        router = routers[0] if len(routers) == 1 else routers
        reached = releases.have_urls(colors)
        swapping = draft(
            name,
            active_color,
            settings,
            router=known(router),
            preview_headers={} if reached else None,
            converge_timeout_seconds=_CONVERGE_SECONDS,
            problems=problems,
        )
        urls = {color: pulumi.Output.from_input(colors[color]["url"]) for color in COLORS} if reached else {}
        swap = swapping.declare(
            self,
            router=router,
            releases={color: colors[color]["release"] for color in COLORS},
            digests=releases.digests_of(colors),
            preview_urls=urls,
        )
        self._show(
            swap,
            url=pulumi.Output.from_input(url),
            preview_urls=pulumi.Output.all(**dict(urls.items())),
        )
