"""Two services that a program declares itself, one a color, in one region or in two, behind one name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi

from bluegreen.component.base import SwappedComponent, owner_of
from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.google.component import SwapSettings, connection_of, draft, warn_of_the_provider
from bluegreen.google.dns.entry import CloudDnsEntry
from bluegreen.google.dns.records import kind_of
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Required, Unpack


class ServiceTarget(TypedDict, total=False):
    """One color: a service that is there.

    Attributes:
        targets: where it answers: one host name, or addresses of IPv4, of IPv6 or of both; required.
        release: what runs there, as people call it; required.
        preview_url: where gates and testers reach it by itself; by default the first of ``targets``. A certificate is
            not for an address: with ``https`` and addresses it is required where a gate asks the color.
    """

    targets: Required[Sequence[pulumi.Input[str]]]
    release: Required[pulumi.Input[str]]
    preview_url: pulumi.Input[str]


class TwoServices(SwappedComponent):
    """Two services of any kind, in any regions, and the swap between them.

    The program declares both, deploys to the one that is idle, and says where each answers. The swap moves clients by
    the name alone, and stops nothing but what ``capacity`` names.

    Attributes:
        url: where production requests go.
        preview_urls: each service's own address.
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
        blue: ServiceTarget,
        green: ServiceTarget,
        entry: CloudDnsEntry,
        capacity: Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare the swap, which makes what is in front of both.

        Args:
            name: the service's name.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's service.
            green: green's.
            entry: how clients reach them, from ``bluegreen.google``: ``cloud_dns()``.
            capacity: what is scaled, a swap's ``capacity`` section; nothing by default: both run on. What it stops it
                stops once no resolver keeps an answer that leads there.
            opts: the usual options.
            settings: how swaps go: see ``SwapSettings``. Without ``gates`` there is one, which asks the color that is
                to be live at the entry's ``path``: Cloud DNS does not know whether anybody answers.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:google:TwoServices", name, {}, opts)
        given: dict[Color, Mapping[str, Any]] = {"blue": blue, "green": green}
        gates: Any = settings.get("gates")
        asked = [{"kind": "http", "path": entry.path}] if gates is None else gates
        over_tls = known(entry.scheme) == "https" and any(
            isinstance(one, Mapping) and one.get("kind") == "http" for one in known(asked) or ()
        )
        found = [one for color in COLORS for one in _problems(known(given[color]), color, over_tls=over_tls)]
        found += [Problem(f"entry.{one.field}", one.value, one.allowed) for one in entry.problems()]
        targets: dict[str, Any] = {color: given[color].get("targets") or UNKNOWN for color in COLORS}
        section = entry.draft(owner_of(name), connection_of(settings), targets)
        swapping = draft(
            name,
            active_color,
            {**settings, "gates": asked},
            router=section,
            capacity=capacity if capacity is None else known(capacity),
            preview_headers={color: {} for color in COLORS},
            converge_timeout_seconds=entry.converge_timeout_seconds,
            problems=found,
        )
        warn_of_the_provider(name, self)
        urls = {color: _preview(entry, given[color]) for color in COLORS}
        swap = swapping.declare(
            self,
            router=section,
            capacity=capacity,
            releases={color: pulumi.Output.from_input(given[color]["release"]) for color in COLORS},
            preview_urls=urls,
        )
        self._show(
            swap,
            # With the swap's id: whoever uses it comes after the swap, in an update as well as in a destroy.
            url=pulumi.Output.all(entry.record_name, swap.id).apply(lambda values: entry.at(values[0])),
            preview_urls=pulumi.Output.all(**urls),
        )


def _preview(entry: CloudDnsEntry, given: Mapping[str, Any]) -> pulumi.Output[str]:
    own = given.get("preview_url")
    if own is not None:
        return pulumi.Output.from_input(own)
    return pulumi.Output.from_input(given["targets"]).apply(lambda targets: entry.at(targets[0] if targets else ""))


def _problems(given: Any, color: Color, *, over_tls: bool) -> list[Problem]:
    """The problems with a color; whether its targets fit the other's is for the router to say."""
    if given is UNKNOWN:
        return []
    fields = Fields(given, color)
    targets, own = fields.raw("targets"), fields.text("preview_url", None)
    fields.text("release")
    if targets is None:
        fields.problem("targets", None, "a list: one host name, or addresses; it is required")
    elif targets is not UNKNOWN and (isinstance(targets, str) or not isinstance(targets, Sequence) or not targets):
        fields.problem("targets", targets, "a list: one host name, or addresses")
    elif isinstance(targets, Sequence) and own is None and over_tls:
        first = targets[0]
        if isinstance(first, str) and kind_of(first) != "CNAME":
            allowed = "an address of a name that the certificate is for: an http gate calls the color there"
            fields.problem("preview_url", None, allowed)
    fields.done()
    return fields.problems
