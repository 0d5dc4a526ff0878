"""What names a color to those who test it: by default a value that nobody guesses.

A stack keeps its token in its state, as a secret, from the first update on. A stack from before there were tokens keeps
naming its colors by their own names, until its config asks for a token.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

import pulumi

from bluegreen.declaration import refuse
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

PREVIEW_HEADER = "X-Bluegreen-Color"
"""A request with this header reaches the color that it names, live or idle, where an entry has such a rule."""

CONFIG = "previewToken"
"""Of the stack's config: ``bluegreen:previewToken``."""

OFF = "off"
_GENERATION = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_TOKEN_BYTES = 16
_ALLOWED = "off, or any letters and digits (another text makes another token)"
_RESOURCES = "pulumi:pulumi:readStackResourceOutputs"


def color_values(name: str, parent: pulumi.Resource) -> Mapping[Color, pulumi.Input[str]]:
    """The value that names each color in a header.

    Args:
        name: the component's.
        parent: the component.

    Returns:
        The colors' own names, or with a token behind each: secrets that stay the same over updates.

    Raises:
        pulumi.RunError: the stack's config says something else than is allowed.
    """
    chosen = pulumi.Config("bluegreen").get(CONFIG)
    if chosen == OFF:
        return {color: color for color in COLORS}
    if chosen is not None and not _GENERATION.match(chosen):
        refuse(name, [Problem(f"bluegreen:{CONFIG}", chosen, _ALLOWED)])
    first = pulumi.Output.from_input(_asked_for() if chosen is not None else _for_a_new_stack(name))
    kept = pulumi.Stash(
        f"{name}-preview-token" + ("" if chosen is None else f"-{chosen}"),
        input=pulumi.Output.secret(first),
        # What is kept is what was given first; what later updates would give is for nobody.
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["input"]),
    )
    return {color: _named(kept.output, color) for color in COLORS}


def _named(token: pulumi.Output[str], color: Color) -> pulumi.Output[str]:
    # A secret, as what was given was one.
    return token.apply(lambda found: f"{color}-{found}" if found else color)


async def _asked_for() -> str:
    return secrets.token_hex(_TOKEN_BYTES)


async def _for_a_new_stack(name: str) -> str:
    """A token, or nothing where the stack has such a swap already: its testers know the colors by their names."""
    place = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        found = await pulumi.runtime.invoke_async(_RESOURCES, {"stackName": place})
    except Exception:  # noqa: BLE001 - whatever the backend says: a door that is not there harms nobody
        return secrets.token_hex(_TOKEN_BYTES)
    known: Mapping[str, object] = (found or {}).get("outputs") or {}
    return "" if any(_is_swap(urn, name) for urn in known) else secrets.token_hex(_TOKEN_BYTES)


def _is_swap(urn: str, name: str) -> bool:
    type_, _, last = urn.rpartition("::")
    return last == f"{name}-swap" and type_.endswith("TrafficSwap")
