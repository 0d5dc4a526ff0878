"""An entry: the way of requests to the colors, and the place where the swap moves them.

A component brings what runs in the colors (the units: tasks, instances, clusters) and takes any entry in front of them.
"""

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
        vpc_id: where everything runs.
        subnet_ids: of the load balancer and the units.
        port: the port that units listen on.
        target_type: how units register: ``ip`` or ``instance``.
        connection: the swap's ``aws`` section.
        tags: for what both colors share.
        color_tags: for what belongs to a color.
        parent: the component.
        target_groups: groups that are there already, by color; the entry makes the others.
    """

    name: str
    owner: str
    active_color: str
    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    port: int
    target_type: str
    connection: Mapping[str, str]
    tags: Mapping[str, str]
    color_tags: Mapping[Color, Mapping[str, str]]
    parent: pulumi.Resource
    target_groups: Mapping[Color, pulumi.Input[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntryResources:
    """The resources that an entry has made, and where requests go.

    Attributes:
        router: the swap's ``router`` section, with outputs in it.
        url: where production requests go.
        preview_urls: a URL for each color; with the ``preview_headers`` it reaches that color.
        preview_headers: the request headers that select each color, where these are the stack's own secrets.
        target_group_arns: where units register, by color; none with Cloud Map.
        service_registry_arns: the Cloud Map services that units register in, by color.
        attachments: what has to exist before units register: rules, listeners.
        security_group_ids: security groups whose requests the units must let in.
        source_cidrs: networks whose requests the units must let in.
        transports: by which requests come to them: ``tcp``, ``udp``.
        listener_arn: names the load balancer in CloudWatch metrics.
        all_target_group_arns: where there are several entries: all groups in which a color's units register, by the
            entry's name, which is empty for the one with the component's own.
        reached: the same: each entry's name, ``url`` and ``preview_urls``.
        ports: the units' port that an entry sends requests to, by the entry's name, where it is not the component's.
    """

    router: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    url: pulumi.Output[str]
    preview_urls: Mapping[Color, pulumi.Output[str]]
    preview_headers: Mapping[Color, Mapping[str, pulumi.Input[str]]] = field(default_factory=dict)
    target_group_arns: Mapping[Color, pulumi.Output[str]] = field(default_factory=dict)
    service_registry_arns: Mapping[Color, pulumi.Output[str]] = field(default_factory=dict)
    attachments: Mapping[Color, Sequence[pulumi.Resource]] = field(default_factory=dict)
    security_group_ids: pulumi.Input[Sequence[str]] = ()
    source_cidrs: Sequence[str] = ()
    transports: Sequence[str] = ("tcp",)
    listener_arn: pulumi.Output[str] | None = None
    all_target_group_arns: Mapping[Color, Mapping[str, pulumi.Output[str]]] = field(default_factory=dict)
    reached: Sequence[Mapping[str, Any]] = ()
    ports: Mapping[str, int] = field(default_factory=dict)

    def groups_of(self, color: Color) -> list[pulumi.Output[str]]:
        """The target groups in which a color's units register."""
        return list(self.named_groups_of(color).values())

    def named_groups_of(self, color: Color) -> dict[str, pulumi.Output[str]]:
        """The target groups in which a color's units register, by the entry's name."""
        if self.all_target_group_arns:
            return dict(self.all_target_group_arns.get(color, {}))
        return {"": self.target_group_arns[color]} if color in self.target_group_arns else {}


def named_port(target_groups: Mapping[str, Any]) -> dict[str, int]:
    """``EntryResources.ports`` of an entry with such target groups."""
    return {"": target_groups["unit_port"]} if "unit_port" in target_groups else {}


def ports_of(entry: Entry) -> list[int]:
    """The units' ports that an entry, or each of several, sends requests to, where these are not the component's."""
    several = getattr(entry, "entries", None)
    entries = [entry] if several is None else [one for _, one in several]
    options = [getattr(one, "target_groups", {}) for one in entries]
    ports = [one.get("unit_port") for one in options if isinstance(one, Mapping)]
    return list(dict.fromkeys(port for port in ports if isinstance(port, int) and not isinstance(port, bool)))


class Entry(Protocol):
    """Made by a function of ``bluegreen.aws`` (``alb()``, ``nlb()``, ...), checked and declared by a component."""

    @property
    def preview_headers(self) -> Mapping[Color, Mapping[str, str]]:
        """The request headers that select each color; empty where its preview URL alone does."""
        ...

    @property
    def converge_timeout_seconds(self) -> float:
        """The limit, in seconds, within which a written weight takes effect here."""
        ...

    def problems(self, settings: Mapping[str, Any]) -> list[Problem]:
        """The problems with the options. Pure; values that only an update knows pass.

        Args:
            settings: the component's ``SwapSettings``, where an option goes with some of them alone.
        """
        ...

    def draft(self, owner: str, connection: Mapping[str, str]) -> Any:
        """The ``router`` section before anything is declared, ``UNKNOWN`` where only an update knows.

        Several entries as one have a list of them.
        """
        ...

    def declare(self, context: EntryContext) -> EntryResources:
        """Declare the resources."""
        ...
