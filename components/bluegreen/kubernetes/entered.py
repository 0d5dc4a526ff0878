"""The outputs of components with an entry, and the rules for their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from bluegreen.adapters.resource import SwapResource
from bluegreen.component.base import SwappedComponent
from bluegreen.kubernetes.entry import EntryResources
from bluegreen.kubernetes.service_swap import ServiceSwap
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

_LONGEST_NAME = 40
_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?\Z")


class EnteredComponent(SwappedComponent):
    """The outputs of a component with an entry.

    Attributes:
        url: where production requests go.
        preview_urls: a URL for each color; with ``preview_headers`` it reaches that color, live or idle.
        preview_headers: the request headers that select each color: a secret, where the stack has a token.
        services: the Services by what they are for: ``production`` and ``stage`` where there are any, each color's.
        workloads: the name of each color's Deployment or StatefulSet.
        entry_urls: where there are several entries, for each in its order: ``name``, ``url``, ``preview_urls`` and
            ``preview_headers``.
    """

    url: pulumi.Output[str]
    preview_urls: pulumi.Output[Mapping[str, str]]
    preview_headers: pulumi.Output[Mapping[Color, Mapping[str, str]]]
    services: pulumi.Output[Mapping[str, str]]
    workloads: pulumi.Output[Mapping[str, str]]
    entry_urls: pulumi.Output[Sequence[Mapping[str, Any]]] | None

    def _show_entered(self, checked: ServiceSwap, swap: SwapResource, entered: EntryResources) -> None:
        names = checked.workloads.names
        self._show(
            swap,
            url=entered.url,
            preview_urls=pulumi.Output.all(**{color: entered.preview_urls[color] for color in COLORS}),
            preview_headers=pulumi.Output.from_input(entered.preview_headers or checked.entry.preview_headers),
            services=pulumi.Output.from_input(dict(entered.services)),
            workloads=pulumi.Output.all(**{color: names[color] for color in COLORS}),
            entry_urls=pulumi.Output.from_input([dict(one) for one in entered.reached]) if entered.reached else None,
        )


def name_problems(name: str) -> list[Problem]:
    """The problems with a component's name: objects have names made of it."""
    if _NAME.match(name) and len(name) <= _LONGEST_NAME:
        return []
    return [Problem("name", name, f"small letters, digits and '-', a letter first, at most {_LONGEST_NAME} characters")]
