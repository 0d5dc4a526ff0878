"""An entry: the way of requests to the colors, and the object with the fields that the swap owns.

A component brings what runs in the colors and takes any entry in front of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from bluegreen.component.previewing import Named
from bluegreen.kubernetes.component import Place
from bluegreen.kubernetes.workloads.retire import Condition
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color


@dataclass(frozen=True, slots=True)
class EntryContext:
    """The context in which an entry declares its resources.

    Attributes:
        name: the component's.
        owner: ``project/stack/name``, written on what the swap owns.
        place: the namespace and the cluster.
        port: the port that pods listen on, or its name.
        selectors: the labels that select each color's pods.
        labels: for every object.
        parent: the component.
        named: what names the colors to their testers; ``None``: their own names.
        service_suffix: of the colors' own Services, where what runs in the colors brings Services of like names.
    """

    name: str
    owner: str
    place: Place
    port: int | str
    selectors: Mapping[Color, Mapping[str, Any]]
    labels: Mapping[str, Any]
    parent: pulumi.Resource
    service_suffix: str = ""
    named: Named | None = None


@dataclass(frozen=True, slots=True)
class EntryResources:
    """The resources that an entry has made, and where requests go.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color; with the entry's ``preview_headers`` it reaches that color.
        services: the Services by what they are for: ``production``, ``stage``, ``blue``, ``green``.
        made: what has to be there before traffic moves.
        reached: where there are several entries: each one's name, ``url``, ``preview_urls`` and ``preview_headers``.
        preview_headers: the request headers that select each color, where these are the stack's own secrets.
    """

    url: pulumi.Output[str]
    preview_urls: Mapping[Color, pulumi.Output[str]]
    services: Mapping[str, str]
    made: Sequence[pulumi.Resource] = field(default=())
    reached: Sequence[Mapping[str, Any]] = ()
    preview_headers: Mapping[Color, pulumi.Input[Mapping[str, str]]] = field(default_factory=dict)


class Entry(Protocol):
    """Made by a function of ``bluegreen.kubernetes`` (``service()``, ``gateway_route()``, ...)."""

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The request headers that select each color; empty where its preview URL alone does."""
        ...

    @property
    def converge_timeout_seconds(self) -> float:
        """The limit, in seconds, within which a written weight takes effect here."""
        ...

    def problems(self, context: EntryContext) -> list[Problem]:
        """The problems with the options. Pure; values that only an update knows pass."""
        ...

    def router(self, context: EntryContext) -> Any:
        """The swap's ``router`` section; outputs in it are for an update to know. Several as one have a list."""
        ...

    def retire_conditions(self, context: EntryContext) -> Mapping[Color, Condition]:
        """The conditions for a color to be scaled down: production is the other one's. Empty where nobody can say."""
        ...

    def declare(self, context: EntryContext) -> EntryResources:
        """Declare the resources."""
        ...
