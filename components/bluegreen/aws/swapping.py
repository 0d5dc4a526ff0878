"""What every component does about its swap: settings taken and checked, the swap declared, outputs set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pulumi

from bluegreen.aws.entry.base import Entered, Entry, Ground
from bluegreen.aws.gate_inputs import bound
from bluegreen.declaration import known, refuse, strategy_inputs
from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color, Strategy
from bluegreen.rollout.strategy import all_at_once
from bluegreen.swap import contract
from bluegreen.swap.dynamic import TrafficSwap


class SwapSettings(TypedDict, total=False):
    """How a component's swaps go; every component takes these beside its own arguments.

    Attributes:
        strategy: how a promotion moves traffic, default all at once; a preset's name will do, too.
        promote_to_percent: where a promotion pauses until a later update raises it; 100 (default) is not at all.
        gates: checks that a color must pass, from ``bluegreen.gates``.
        bake_seconds: time at 100 % in which a failing gate still restores, default 0.
        scale_down_delay_seconds: how long the old color stays warm for a rollback, default 600.
        idle_capacity_percent: the idle color's size at rest, of the live color's: 0 (default) none, 100 full.
        steady_state_timeout_seconds: how long the new color may take until it is healthy, default 600.
        converge_timeout_seconds: how long a written weight may take to take effect; the default is the platform's.
        notifications: who is told how a swap ended, from ``bluegreen.notifications``.
        event_log: a file to which every event of a swap is appended as a line of JSON.
        aws_connection: ``region``, ``profile``, ``role_arn``, ``endpoint_url`` for the swap; the stack's ``aws:region``
            and ``aws:profile`` by default, then boto3's own chain.
    """

    strategy: Strategy | Mapping[str, Any] | str | None
    promote_to_percent: int
    gates: Sequence[Mapping[str, Any]]
    bake_seconds: float
    scale_down_delay_seconds: float
    idle_capacity_percent: float
    steady_state_timeout_seconds: float
    converge_timeout_seconds: float
    notifications: Sequence[Mapping[str, Any]]
    event_log: str | None
    aws_connection: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A swap whose inputs are checked and whose resources are not declared yet.

    Attributes:
        name: the component's.
        owner: ``project/stack/name``.
        connection: the ``aws`` section of router, capacity and gates.
        inputs: the swap's inputs, ``UNKNOWN`` where only an update knows.
    """

    name: str
    owner: str
    connection: Mapping[str, str]
    inputs: Mapping[str, Any]

    def declare(
        self,
        parent: pulumi.Resource,
        *,
        router: Mapping[str, Any],
        releases: Mapping[Color, pulumi.Input[str]],
        capacity: Mapping[str, Any] | None = None,
        preview_urls: Mapping[Color, pulumi.Input[str]] | None = None,
        listener_arn: pulumi.Input[str] | None = None,
        target_group_arns: Mapping[Color, pulumi.Input[str]] | None = None,
        gates: Sequence[Mapping[str, Any]] | None = None,
        depends_on: Sequence[pulumi.Resource] = (),
    ) -> TrafficSwap:
        """Declare the swap.

        Args:
            parent: the component.
            router: its section, with outputs in it.
            releases: what each color runs, as people read it.
            capacity: its section; ``None``: nothing is scaled.
            preview_urls: how to reach each color, where there is a way.
            listener_arn: names the load balancer in CloudWatch metrics.
            target_group_arns: the same for the colors' target groups.
            gates: the gates with outputs in them, which the plan does without; ``None``: as they were drafted.
            depends_on: what has to be there before traffic moves.
        """
        previews = {color: dict(found) for color, found in self.inputs["previews"].items()}
        for color, url in (preview_urls or {}).items():
            previews[color]["url"] = url
        inputs = {
            **self.inputs,
            "releases": dict(releases),
            "plan": contract.plan_of(known(self.inputs)),
            "gates": [
                bound(gate, self.connection, listener_arn, target_group_arns)
                for gate in (self.inputs["gates"] if gates is None else gates)
            ],
            "previews": previews,
            "router": dict(router),
            **({} if capacity is None else {"capacity": dict(capacity)}),
        }
        options = pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on))
        return TrafficSwap(f"{self.name}-swap", inputs, options)


def connection_of(settings: SwapSettings) -> dict[str, str]:
    """Where and as whom the swap calls AWS."""
    config = pulumi.Config("aws")
    defaults = {key: value for key in ("region", "profile") if (value := config.get(key))}
    return {**defaults, **(settings.get("aws_connection") or {})}


def owner_of(name: str) -> str:
    """``project/stack/name``: who owns what the swap makes."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}/{name}"


def draft(
    name: str,
    active_color: str,
    settings: SwapSettings,
    *,
    router: Mapping[str, Any],
    capacity: Mapping[str, Any] | None = None,
    preview_headers: Mapping[Color, Mapping[str, str]] | None = None,
    converge_timeout_seconds: float | None = None,
    problems: Sequence[Problem] = (),
) -> Draft:
    """Check everything that a component was given, before it declares anything.

    Args:
        name: the component's.
        active_color: who carries production traffic.
        settings: as the user gave them.
        router: its section, ``UNKNOWN`` where only an update knows.
        capacity: the same; ``None``: nothing is scaled.
        preview_headers: the request headers that reach each color; ``None``: no color can be reached by itself.
        converge_timeout_seconds: the platform's own default.
        problems: what the component has found already.

    Raises:
        pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
    """
    unknown = sorted(settings.keys() - SwapSettings.__annotations__.keys())
    if unknown:  # as Python itself does for an argument that a function does not have
        raise TypeError(f"{name}: unexpected arguments: {', '.join(unknown)}")
    given: dict[str, Any] = {key: value for key, value in settings.items() if key != "aws_connection"}
    if converge_timeout_seconds is not None:
        given.setdefault("converge_timeout_seconds", converge_timeout_seconds)
    headers = {} if preview_headers is None else {color: dict(preview_headers.get(color, {})) for color in COLORS}
    inputs = {
        **given,
        "name": name,
        "active_color": active_color,
        "strategy": strategy_inputs(settings.get("strategy") or all_at_once()),
        "gates": [dict(gate) for gate in settings.get("gates") or ()],
        "notifications": [dict(notifier) for notifier in settings.get("notifications") or ()],
        "previews": {color: {"url": UNKNOWN, "headers": found} for color, found in headers.items()},
        "router": dict(router),
        "releases": UNKNOWN,
        **({} if capacity is None else {"capacity": dict(capacity)}),
    }
    refuse(name, [*contract.problems_in(known(inputs)), *problems])
    return Draft(name, owner_of(name), connection_of(settings), inputs)


def tags_of(name: str, tags: Mapping[str, str] | None) -> tuple[dict[str, str], dict[Color, dict[str, str]]]:
    """The tags of what both colors share, and those of each color: ``BG_VERSION`` and our own."""
    shared = {"bluegreen:service": name, **(tags or {})}
    return shared, {color: {**shared, "bluegreen:color": color, "BG_VERSION": color.upper()} for color in COLORS}


class SwappedComponent(pulumi.ComponentResource):
    """What every component shows of its swap.

    Attributes:
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    live_color: pulumi.Output[str]
    weights: pulumi.Output[Mapping[str, int]]
    history: pulumi.Output[Sequence[Mapping[str, Any]]]

    def _show(self, swap: TrafficSwap, **more: Any) -> None:
        """Set the outputs; ``more`` are the component's own."""
        shown = {"live_color": swap.live_color, "weights": swap.weights, "history": swap.history, **more}
        for key, value in shown.items():
            setattr(self, key, value)
        self.register_outputs(shown)


class EnteredComponent(SwappedComponent):
    """What components with an entry show beside.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color; with ``preview_headers`` it reaches that color, live or idle.
        preview_headers: the request headers that select each color.
        target_group_arns: the target group of each color, where there are any.
        listener_arn: the listener, where there is one.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    preview_headers: Mapping[Color, Mapping[str, str]]
    target_group_arns: pulumi.Output[Mapping[str, str]]
    listener_arn: pulumi.Output[str] | None

    def _show_entered(self, swap: TrafficSwap, entry: Entry, entered: Entered, **more: Any) -> None:
        self._show(
            swap,
            url=entered.url,
            preview_urls=pulumi.Output.all(**{color: entered.preview_urls[color] for color in COLORS}),
            preview_headers=entry.preview_headers,
            target_group_arns=pulumi.Output.all(**dict(entered.target_group_arns)),
            listener_arn=entered.listener_arn,
            **more,
        )


__all__ = [
    "Draft",
    "EnteredComponent",
    "Ground",
    "SwapSettings",
    "SwappedComponent",
    "connection_of",
    "draft",
    "owner_of",
    "tags_of",
]
