"""The value that names a color to its testers: by default one that nobody guesses.

A stack keeps its token in its state, as a secret, from the first update on. A stack from before there were tokens keeps
naming its colors by their own names, until its config asks for a token.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.proto.resource_pb2 import ResourceInvokeRequest
from pulumi.runtime.settings import get_monitor

from bluegreen import stack_config
from bluegreen.component.declaration import refuse
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

PREVIEW_HEADER = "X-Bluegreen-Color"
"""A request with this header reaches the color that it names, live or idle, where an entry has such a rule."""


OFF = "off"
_GENERATION = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_TOKEN_BYTES = 16
_ALLOWED = "off, or any letters and digits (another text makes another token)"
_RESOURCES = "pulumi:pulumi:readStackResourceOutputs"


@dataclass(frozen=True, slots=True)
class Named:
    """The values that name the colors of a stack to its testers.

    Attributes:
        values: of a header, by color: the colors' own names, or with a token behind each.
        suffix: of a header's name, where a platform's words for the colors are fixed: the token, or nothing.
    """

    values: Mapping[Color, pulumi.Input[str]]
    suffix: pulumi.Input[str] = ""

    def fill(self, thing: Any) -> Any:
        """A value with the colors' names in the place of their marks, in every text in lists and objects."""
        if isinstance(thing, str):
            return self._filled(thing)
        if isinstance(thing, Mapping):
            return {key: self.fill(value) for key, value in thing.items()}
        return [self.fill(one) for one in thing] if isinstance(thing, (list, tuple)) else thing

    def _filled(self, text: str) -> pulumi.Input[str]:
        marks = {**{MARKS[color]: self.values[color] for color in COLORS}, SUFFIX_MARK: self.suffix}
        present = {mark: value for mark, value in marks.items() if mark in text}
        if not present:
            return text

        def fill(tokens: Sequence[str]) -> str:
            filled = text
            for mark, value in zip(present, tokens, strict=True):
                filled = filled.replace(mark, value)
            return filled

        return pulumi.Output.all(*present.values()).apply(fill)


MARKS: Mapping[Color, str] = {color: f"bluegreen-value-of-{color}" for color in COLORS}
"""Stand in texts for what names a color, until that is known."""

SUFFIX_MARK = "-bluegreen-suffix"
"""The same for the end of a header's name."""


def named(name: str, parent: pulumi.Resource | None) -> Named:
    """The values that name the colors of a component.

    Args:
        name: the component's.
        parent: the component.

    Returns:
        The colors' own names, or with a token behind each: secrets that stay the same over updates.

    Raises:
        pulumi.RunError: the stack's config says something else than is allowed.
    """
    chosen = pulumi.Config(stack_config.NAMESPACE).get(stack_config.PREVIEW_TOKEN)
    if chosen == OFF:
        return Named({color: color for color in COLORS})
    if chosen is not None and not _GENERATION.match(chosen):
        refuse(name, [Problem(f"{stack_config.NAMESPACE}:{stack_config.PREVIEW_TOKEN}", chosen, _ALLOWED)])
    first: pulumi.Output[str] = pulumi.Output.from_input(
        asyncio.ensure_future(_for_a_new_stack(name) if chosen is None else _asked_for())
    )
    kept = pulumi.Stash(
        f"{name}-preview-token" + ("" if chosen is None else f"-{chosen}"),
        input=pulumi.Output.secret(first),  # type: ignore[arg-type]
        # What is kept is what was given first; what later updates would give is for nobody.
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["input"]),
    )
    # A secret, as what was given was one.
    suffix = kept.output.apply(lambda token: f"-{token}" if token else "")
    return Named({color: pulumi.Output.concat(color, suffix) for color in COLORS}, suffix)


async def _asked_for() -> str:
    return secrets.token_hex(_TOKEN_BYTES)


async def _for_a_new_stack(name: str) -> str:
    """A token, or nothing where the stack has such a swap already: its testers know the colors by their names."""
    place = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        known = await asyncio.to_thread(_resources_of, place, get_monitor())
    except Exception:  # noqa: BLE001 - whatever the backend says: a door that is not there harms nobody
        return secrets.token_hex(_TOKEN_BYTES)
    return "" if any(_is_swap(urn, name) for urn in known) else secrets.token_hex(_TOKEN_BYTES)


def _resources_of(stack: str, monitor: Any) -> list[str]:
    """The URNs of what a stack's state has.

    The SDK's own function would make a resource of every reference in an output (a Helm chart, a cluster of EKS have
    some) and look it up. In a program that has not come to it yet it is unknown, which ends the program, or hangs it.
    """
    request = ResourceInvokeRequest(tok=_RESOURCES, args={"stackName": stack})
    reply = getattr(monitor.Invoke(request), "return")
    return list(reply.fields["outputs"].struct_value.fields)


def _is_swap(urn: str, name: str) -> bool:
    type_, _, last = urn.rpartition("::")
    return last == f"{name}-swap" and type_.endswith("TrafficSwap")
