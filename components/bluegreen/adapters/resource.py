"""The choice between the two adapters with which a swap is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union

import pulumi

from bluegreen.adapters.hosting import hosted
from bluegreen.rollout.errors import Problem

if TYPE_CHECKING:
    from bluegreen.adapters.native import NativeTrafficSwap
    from bluegreen.swap.dynamic import TrafficSwap

PROVIDERS = ("dynamic", "native")

SwapResource = Union["TrafficSwap", "NativeTrafficSwap"]
"""A declared swap."""


def problems_in(provider: object) -> list[Problem]:
    """The problems with the ``swap_provider`` that a component was given."""
    return [] if provider in PROVIDERS else [Problem("swap_provider", provider, ", ".join(PROVIDERS))]


def declare(
    name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions, *, provider: str = "dynamic"
) -> SwapResource:
    """Declare a swap.

    Args:
        name: the resource's name.
        inputs: see ``bluegreen.swap.contract``; values may be outputs of other resources.
        options: the resource's.
        provider: ``dynamic`` runs in the program's own Python, ``native`` in the plugin; in the plugin it always does.
    """
    if hosted() or provider == "native":
        from bluegreen.adapters.native import NativeTrafficSwap  # noqa: PLC0415 - each stack pays for its own alone

        return NativeTrafficSwap(name, inputs, options)
    from bluegreen.swap.dynamic import TrafficSwap  # noqa: PLC0415 - the same

    return TrafficSwap(name, inputs, options)
