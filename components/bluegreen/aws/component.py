"""Shared by every component on AWS: the swap's and the gates' connections, tags, an entry's outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from bluegreen.adapters.resource import SwapResource
from bluegreen.aws import provider_config
from bluegreen.aws.entry import Entry, EntryResources
from bluegreen.aws.gate_inputs import bound
from bluegreen.aws.limits import problems_of_tags
from bluegreen.component import base as swapping
from bluegreen.component import swap_settings
from bluegreen.component.base import SwappedComponent
from bluegreen.component.declaration import known, refuse
from bluegreen.connections import AwsConnection
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:\d{1,5})?\Z")


class SwapSettings(swap_settings.SwapSettings, total=False):
    """The settings of a component's swaps; every component takes these beside its own arguments.

    The others are the same on every platform: see ``bluegreen.component.swap_settings.SwapSettings``.

    Attributes:
        aws_connection: ``region``, ``profile``, ``role_arn`` (with its ``external_id``), ``endpoint_url`` for the swap.
            By default what the stack's config says to the AWS provider, but for keys; then boto3's own chain.
        public_host: the name by which gates ask, as clients do: with HTTPS in the handshake, where the certificate has
            to be for it, and as ``Host``. By default the entry's first host without a wildcard, where it has any.
    """

    aws_connection: AwsConnection | Mapping[str, str] | None
    public_host: str | None


@dataclass(frozen=True, slots=True)
class Draft(swapping.Draft):
    """A swap whose inputs are checked and whose resources are not declared yet.

    Attributes:
        connection: the ``aws`` section of router, capacity and gates.
        given: what of it the component was given.
        host: the header that says by which name gates ask; empty: by the address alone.
    """

    connection: Mapping[str, str]
    given: Mapping[str, str]
    host: Mapping[str, str]

    def declare(
        self,
        parent: pulumi.Resource,
        *,
        router: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        releases: Mapping[Color, pulumi.Input[str]],
        digests: Mapping[Color, pulumi.Input[str]] | None = None,
        capacity: Mapping[str, Any] | None = None,
        preview_urls: Mapping[Color, pulumi.Input[str]] | None = None,
        preview_headers: Mapping[Color, pulumi.Input[Mapping[str, Any]]] | None = None,
        listener_arn: pulumi.Input[str] | None = None,
        target_group_arns: Mapping[Color, pulumi.Input[str]] | None = None,
        gates: Sequence[Mapping[str, Any]] | None = None,
        depends_on: Sequence[pulumi.Resource] = (),
    ) -> SwapResource:
        """Declare the swap.

        Args:
            parent: the component.
            router: its section, with outputs in it; several: a section each.
            releases: what each color runs, as people read it.
            digests: the same, identified by a digest of the thing itself; ``None``: router and capacity name it.
            capacity: its section; ``None``: nothing is scaled.
            preview_urls: how to reach each color, where there is a way.
            preview_headers: the request headers that reach each color, where these are secrets; ``None``: as drafted.
            listener_arn: names the load balancer in CloudWatch metrics.
            target_group_arns: the same for the colors' target groups.
            gates: the gates with outputs in them, which the plan does without; ``None``: as they were drafted.
            depends_on: what has to be there before traffic moves.
        """
        self._warn_of_the_provider(parent)
        return swapping.Draft.declare(
            self,
            parent,
            router=router,
            releases=releases,
            digests=digests,
            capacity=capacity,
            preview_urls=preview_urls,
            preview_headers=_with_host(preview_headers, self.host),
            gates=[
                bound(gate, self.connection, listener_arn, target_group_arns)
                for gate in (self.inputs["gates"] if gates is None else gates)
            ],
            depends_on=depends_on,
        )

    def _warn_of_the_provider(self, parent: pulumi.Resource) -> None:
        def warn(differences: Sequence[str]) -> None:
            for difference in differences:
                pulumi.log.warn(f"{self.name}: {difference}", parent)

        warn(provider_config.differences(self.given, parent))
        own = provider_config.differences_of_own(self.given, parent)
        if own is not None:
            own.apply(warn)


def connection_of(settings: SwapSettings) -> dict[str, str]:
    """The connection by which the swap calls AWS."""
    return provider_config.taken(cast("Mapping[str, str]", settings.get("aws_connection") or {}))


def problems_of_regions(settings: Mapping[str, Any], **arns: Any) -> list[Problem]:
    """The problems with ARNs in another region than the swap calls: it would find nothing there.

    Args:
        settings: the component's, with its ``aws_connection``.
        **arns: what is handed in, by the option's name; absent and not yet known ones pass.
    """
    connection = known(connection_of(cast("SwapSettings", settings)))
    region, role = connection.get("region"), connection.get("role_arn")
    split = {name: arn.split(":") for name, arn in arns.items() if isinstance(arn, str) and arn.count(":") > 4}
    accounts = [parts[4] for parts in split.values() if parts[4]]
    home = role.split(":")[4] if isinstance(role, str) and role.count(":") > 4 else next(iter(accounts), "")
    problems = []
    for name, parts in split.items():
        if isinstance(region, str) and parts[3] not in ("", region):
            advice = f"set aws_connection's region to {parts[3]}, as the Pulumi provider's is"
            problems.append(Problem(name, arns[name], f"one of {region}, where the swap calls AWS; or {advice}"))
        if parts[4] not in ("", home):
            whose = "the swap's role is of that" if isinstance(role, str) else "what else is handed in is of that"
            problems.append(Problem(name, arns[name], f"one of the account {home}: {whose}"))
    return problems


def draft(
    name: str,
    active_color: str,
    settings: SwapSettings,
    *,
    router: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    capacity: Mapping[str, Any] | None = None,
    preview_headers: Mapping[Color, Mapping[str, str]] | None = None,
    converge_timeout_seconds: float | None = None,
    problems: Sequence[Problem] = (),
) -> Draft:
    """Check everything that a component was given, before it declares anything: see ``bluegreen.component.base.draft``.

    Raises:
        pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
    """
    named = settings.get("public_host")
    host = {} if named is None else {"Host": named}
    if isinstance(named, str) and not _HOST.match(named):
        problems = [*problems, Problem("public_host", named, "a host name, such as shop.example.com")]
    checked = swapping.draft(
        name,
        active_color,
        settings,
        router=router,
        capacity=capacity,
        preview_headers=_with_host(preview_headers, host),
        converge_timeout_seconds=converge_timeout_seconds,
        problems=problems,
        without=("aws_connection", "public_host"),
    )
    given = cast("Mapping[str, str]", settings.get("aws_connection") or {})
    return Draft(
        checked.name,
        checked.owner,
        checked.inputs,
        checked.provider,
        connection_of(settings),
        given,
        host,
        offered=checked.offered,
    )


def _with_host(headers: Mapping[Color, Any] | None, host: Mapping[str, str]) -> Mapping[Color, Any] | None:
    """Each color's headers with the name by which gates ask; without an own one it is the entry's."""
    return {color: {**header, **host} for color, header in headers.items()} if headers and host else headers


def tags_of(name: str, tags: Mapping[str, str] | None) -> tuple[dict[str, str], dict[Color, dict[str, str]]]:
    """The tags of what both colors share, and those of each color: ``BG_VERSION`` and our own."""
    refuse(name, problems_of_tags(known(tags or {})))
    shared = {"bluegreen:service": name, **(tags or {})}
    return shared, {color: {**shared, "bluegreen:color": color, "BG_VERSION": color.upper()} for color in COLORS}


class EnteredComponent(SwappedComponent):
    """The outputs of a component with an entry.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color; with ``preview_headers`` it reaches that color, live or idle.
        preview_headers: the request headers that select each color: a secret, where the stack has a token.
        target_group_arns: the target group of each color, where there are any.
        listener_arn: the listener, where there is one.
        entry_urls: where there are several entries, for each in its order: ``name``, ``url``, ``preview_urls`` and
            ``preview_headers``.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    preview_headers: pulumi.Output[Mapping[Color, Mapping[str, str]]]
    target_group_arns: pulumi.Output[Mapping[str, str]]
    listener_arn: pulumi.Output[str] | None
    entry_urls: pulumi.Output[Sequence[Mapping[str, Any]]] | None

    def _show_entered(self, swap: SwapResource, entry: Entry, entered: EntryResources, **more: Any) -> None:
        self._show(
            swap,
            url=entered.url,
            preview_urls=pulumi.Output.all(**{color: entered.preview_urls[color] for color in COLORS}),
            preview_headers=pulumi.Output.from_input(entered.preview_headers or entry.preview_headers),
            target_group_arns=pulumi.Output.all(**dict(entered.target_group_arns)),
            listener_arn=entered.listener_arn,
            entry_urls=pulumi.Output.from_input([dict(one) for one in entered.reached]) if entered.reached else None,
            **more,
        )
