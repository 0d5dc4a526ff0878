"""An entry on Google Cloud: the way of requests to the colors, and the place where the swap moves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color


@dataclass(frozen=True, slots=True)
class Behind:
    """The targets of the backend services that an entry makes.

    Attributes:
        groups: the URLs of each color's instance groups or network endpoint groups.
        balancing: how the load balancer shares requests among them: of each backend, by the SDK's names.
        port_name: the name that instance groups have for the instances' port.
        probe: what its health checks ask for, by the SDK's names; ``None``: it has none, as before Cloud Run.
        noted: whether the swap writes into the backend services, so that the program declares them once.
    """

    groups: Mapping[Color, Sequence[pulumi.Input[str]]]
    balancing: Mapping[str, Any] = field(default_factory=dict)
    port_name: str | None = None
    probe: Mapping[str, Any] | None = None
    noted: bool = False


@dataclass(frozen=True, slots=True)
class EntryContext:
    """The context in which an entry declares its resources.

    Attributes:
        name: the component's.
        owner: ``project/stack/name``, written on what the swap owns.
        active_color: who carries production traffic; only for what is set once, when it is made.
        project: Google's; the provider's if absent.
        behind: what stands behind each color.
        connection: the swap's ``google`` section.
        parent: the component.
    """

    name: str
    owner: str
    active_color: str
    project: pulumi.Input[str] | None
    behind: Behind
    connection: Mapping[str, str]
    parent: pulumi.Resource


@dataclass(frozen=True, slots=True)
class EntryResources:
    """The resources that an entry has made, and where requests go.

    Attributes:
        router: the swap's ``router`` section, with outputs in it.
        url: where production requests go.
        preview_urls: a URL for each color, where there is a way; with the entry's ``preview_headers``.
        backend_services: the backend service before each color.
        made: what has to be there before traffic moves.
    """

    router: Mapping[str, Any]
    url: pulumi.Output[str]
    preview_urls: Mapping[Color, pulumi.Output[str]]
    backend_services: Mapping[Color, pulumi.Output[str]]
    made: Sequence[pulumi.Resource] = field(default_factory=tuple)


class Entry(Protocol):
    """Made by a function of ``bluegreen.google``, checked and declared by a component."""

    @property
    def is_there(self) -> bool:
        """Whether the load balancer is there already, with its backend services."""
        ...

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The request headers that select each color; nothing at all where there is no way to a color."""
        ...

    @property
    def region(self) -> str | None:
        """The region of a load balancer that is made; ``None`` for a global one, and for one that is there."""
        ...

    def problems(self) -> list[Problem]:
        """The problems with the options. Pure; values that only an update knows pass."""
        ...

    def problems_of_gates(self, gates: Any) -> list[Problem]:
        """The options that gates miss, which ask a color by itself. Pure."""
        ...

    def draft(self, owner: str, connection: Mapping[str, str]) -> dict[str, Any]:
        """The ``router`` section before anything is declared, ``UNKNOWN`` where only an update knows."""
        ...

    def declare(self, context: EntryContext) -> EntryResources:
        """Declare whatever is not there."""
        ...
