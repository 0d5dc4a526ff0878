"""An entry on Azure: the way of requests to the colors, and the place where the swap moves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color


@dataclass(frozen=True, slots=True)
class EntryContext:
    """The context in which an entry declares its resources.

    Attributes:
        name: the component's.
        owner: ``project/stack/name``, written on what the swap owns.
        active_color: who carries production traffic; only for what is set once, when it is made.
        resource_group_name: where everything is.
        location: Azure's region; the resource group's if absent.
        port: the port that instances listen on.
        health_path: what answers there when an instance is well.
        connection: the swap's ``azure`` section.
        tags: for every resource that is made.
        parent: the component.
    """

    name: str
    owner: str
    active_color: str
    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str] | None
    port: int
    health_path: str
    connection: Mapping[str, str]
    tags: Mapping[str, pulumi.Input[str]]
    parent: pulumi.Resource


@dataclass(frozen=True, slots=True)
class EntryResources:
    """The resources that an entry has made, and where requests go.

    Attributes:
        router: the swap's ``router`` section, with outputs in it.
        url: where production requests go.
        preview_urls: a URL for each color, where there is a way; with the entry's ``preview_headers``.
        pools: the ids of the backend pools that a color's instances are in.
        made: what has to be there before instances are.
    """

    router: Mapping[str, Any]
    url: pulumi.Output[str]
    preview_urls: Mapping[Color, pulumi.Output[str]]
    pools: Mapping[Color, Sequence[pulumi.Input[str]]]
    made: Sequence[pulumi.Resource] = field(default_factory=tuple)


class Entry(Protocol):
    """Made by a function of ``bluegreen.azure``, checked and declared by a component."""

    @property
    def pool_key(self) -> str:
        """The name of the pools in an instance's network configuration."""
        ...

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The request headers that select each color; nothing at all where there is no way to a color."""
        ...

    def problems(self) -> list[Problem]:
        """The problems with the options. Pure; values that only an update knows pass."""
        ...

    def draft(self, owner: str, connection: Mapping[str, str]) -> dict[str, Any]:
        """The ``router`` section before anything is declared, ``UNKNOWN`` where only an update knows."""
        ...

    def declare(self, context: EntryContext) -> EntryResources:
        """Declare whatever is not there."""
        ...
