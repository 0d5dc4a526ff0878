"""The swap of every component, on whatever platform: settings checked, the swap declared, outputs set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from bluegreen import stack_config
from bluegreen.adapters import resource
from bluegreen.adapters.hosting import hosted
from bluegreen.adapters.resource import SwapResource
from bluegreen.arguments.checked import checked
from bluegreen.component import offered_gates
from bluegreen.component.declaration import known, refuse, strategy_inputs, unfit
from bluegreen.component.previewing import PREVIEW_HEADER
from bluegreen.component.swap_settings import SwapSettings
from bluegreen.fields import UNKNOWN
from bluegreen.naming import camel, shortened
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color
from bluegreen.rollout.strategy import all_at_once
from bluegreen.swap import contract, several

_LONGEST_IN_AN_OWNER = 50


@dataclass(frozen=True, slots=True)
class Draft:
    """A swap whose inputs are checked and whose resources are not declared yet.

    Attributes:
        name: the component's.
        owner: ``project/stack/name``.
        inputs: the swap's inputs, ``UNKNOWN`` where only an update knows.
        provider: who does the swap: ``dynamic`` or ``native``.
        offered: the gates that it has beside those that were declared.
    """

    name: str
    owner: str
    inputs: Mapping[str, Any]
    provider: str
    offered: Sequence[Mapping[str, Any]] = field(default=(), kw_only=True)

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
            gates: the gates with outputs in them, which the plan does without; ``None``: as they were drafted.
            depends_on: what has to be there before traffic moves.
        """
        previews = {color: dict(headers_of) for color, headers_of in self.inputs["previews"].items()}
        for color, url in (preview_urls or {}).items():
            previews[color]["url"] = url
        for color, headers in (preview_headers or {}).items():
            previews[color]["headers"] = headers
        inputs = {
            **self.inputs,
            "releases": dict(releases),
            **({"digests": dict(digests)} if digests else {}),
            "plan": contract.plan_of(known({**self.inputs, "gates": [*self.inputs["gates"], *self.offered]})),
            "gates": [dict(gate) for gate in (*(self.inputs["gates"] if gates is None else gates), *self.offered)],
            "previews": previews,
            **routed(router),
            **({} if capacity is None else {"capacity": dict(capacity)}),
        }
        options = pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on))
        return resource.declare(f"{self.name}-swap", inputs, options, provider=self.provider)


def routed(router: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The input that has the routers: ``router`` for one, ``routers`` for several."""
    if isinstance(router, Mapping):
        return {several.ONE: dict(router)}
    return {several.MANY: [dict(section) for section in router]}


def owner_of(name: str) -> str:
    """``project/stack/name``: the owner of the objects that the swap makes.

    Project and stack may have 100 characters each, and a tag of AWS holds 256.
    """
    return f"{pulumi.get_project()}/{pulumi.get_stack()}/{shortened(name, _LONGEST_IN_AN_OWNER)}"


def color_headers() -> dict[Color, dict[str, str]]:
    """The request header that names each color, without a stack's own token."""
    return {color: {PREVIEW_HEADER: color} for color in COLORS}


def release_text(text: str, rest: object) -> str:
    """A release as people read it: its name, and a short digest of its other settings."""
    if not rest:
        return text
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()
    return f"{text} ({digest[:7]})"


def draft(
    name: str,
    active_color: str,
    settings: Mapping[str, Any],
    *,
    router: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    capacity: Mapping[str, Any] | None = None,
    preview_headers: Mapping[Color, Mapping[str, str]] | None = None,
    converge_timeout_seconds: float | None = None,
    problems: Sequence[Problem] = (),
    without: Sequence[str] = (),
) -> Draft:
    """Check all arguments of a component, before it declares anything.

    Args:
        name: the component's.
        active_color: who carries production traffic.
        settings: as the user gave them.
        router: its section, ``UNKNOWN`` where only an update knows; several: a section each.
        capacity: the same; ``None``: nothing is scaled.
        preview_headers: the request headers that reach each color; ``None``: no color can be reached by itself.
        converge_timeout_seconds: the platform's own default.
        problems: what the component has found already.
        without: the settings that are the platform's own, such as where the swap calls it.

    Raises:
        pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
    """
    settings = {key: value for key, value in settings.items() if key not in without}
    unknown = sorted(settings.keys() - SwapSettings.__annotations__.keys())
    if unknown:  # as Python itself does for an argument that a function does not have
        raise TypeError(f"{name}: unexpected arguments: {', '.join(unknown)}")
    given: dict[str, Any] = dict(settings)
    error_rate = given.pop(offered_gates.SETTING, None)
    provider = (
        given.pop("swap_provider", None)
        or pulumi.Config(stack_config.NAMESPACE).get(stack_config.SWAP_PROVIDER)
        or "dynamic"
    )
    if converge_timeout_seconds is not None:
        given.setdefault("converge_timeout_seconds", converge_timeout_seconds)
    headers = {} if preview_headers is None else {color: dict(preview_headers.get(color, {})) for color in COLORS}
    inputs = {
        **given,
        "name": name,
        "active_color": active_color,
        "strategy": strategy_inputs(all_at_once() if settings.get("strategy") is None else settings["strategy"]),
        "gates": _entries(settings.get("gates")),
        "notifications": _entries(settings.get("notifications")),
        "previews": {color: {"url": UNKNOWN, "headers": headers_of} for color, headers_of in headers.items()},
        **routed(router),
        "releases": UNKNOWN,
        **({} if capacity is None else {"capacity": dict(capacity)}),
    }
    headers_of = [*contract.problems_in(known(inputs)), *offered_gates.problems_in(error_rate)]
    refuse(name, [*headers_of, *resource.problems_in(provider), *problems, *_unfit(known(inputs), headers_of)])
    counted = pulumi.Config(stack_config.NAMESPACE).get(stack_config.PROMETHEUS)
    offered = offered_gates.offered(known(inputs), error_rate, counted)
    return Draft(name, owner_of(name), inputs, provider, offered=offered)


def _unfit(inputs: Mapping[str, Any], problems: Sequence[Problem]) -> list[Problem]:
    """The problems with values that no state can hold, without fields that have another problem already."""
    told = {problem.field for problem in problems}
    return [problem for problem in unfit(inputs, "") if problem.field not in told]


def _entries(given: Any) -> Any:
    """A list of objects as plain data; anything else is for the contract to refuse."""
    if not isinstance(given, (list, tuple)):
        return [] if given is None else given
    return [dict(item) if isinstance(item, Mapping) else item for item in given]


class SwappedComponent(pulumi.ComponentResource):
    """The outputs that every component has of its swap.

    Attributes:
        live_color: the color that carries production traffic.
        weights: percent of production traffic on each color.
        history: what the swaps did, newest first.
    """

    live_color: pulumi.Output[str]
    weights: pulumi.Output[Mapping[str, int]]
    history: pulumi.Output[Sequence[Mapping[str, Any]]]

    def __init_subclass__(cls, **options: Any) -> None:
        """Make a component of this package check its arguments against its own signature before it does anything.

        A program's own class, which adds to one of them or is made like them, has arguments of its own.
        """
        super().__init_subclass__(**options)
        package, *rooms = cls.__module__.split(".")
        if package == __name__.partition(".")[0] and "__init__" in vars(cls):
            platform = rooms[0]
            cls.__init__ = checked(cls.__init__, f"bluegreen:{platform}:{cls.__name__}")  # type: ignore[method-assign]

    def _show(self, swap: SwapResource, **more: Any) -> None:
        """Set the outputs; ``more`` are the component's own."""
        shown = {"live_color": swap.live_color, "weights": swap.weights, "history": swap.history, **more}
        for key, value in shown.items():
            setattr(self, key, value)
        self.register_outputs({camel(key): value for key, value in shown.items()} if hosted() else shown)
