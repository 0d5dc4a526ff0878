"""The settings of every component on Cloud Foundry: where the swap calls."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from bluegreen.component import base as swapping
from bluegreen.component import swap_settings
from bluegreen.connections import CloudFoundryConnection


class SwapSettings(swap_settings.SwapSettings, total=False):
    """How a component's swaps go; every component takes these beside its own arguments.

    The others are the same on every platform: see ``bluegreen.component.swap_settings.SwapSettings``.

    Attributes:
        cloudfoundry_connection: ``api_url``, the address of Cloud Foundry's API; ``CF_API_URL`` by default, then what
            `cf api` has set. Who calls is the environment's: ``CF_CLIENT_ID`` and ``CF_CLIENT_SECRET``, or
            ``CF_USERNAME`` and ``CF_PASSWORD``, or what `cf login` has left.
    """

    cloudfoundry_connection: CloudFoundryConnection | Mapping[str, str] | None


def connection_of(settings: SwapSettings) -> dict[str, Any]:
    """The ``cloudfoundry`` section of router and capacity."""
    return dict(cast("Mapping[str, Any]", settings.get("cloudfoundry_connection") or {}))


draft = partial(swapping.draft, without=("cloudfoundry_connection",))
"""``bluegreen.component.base.draft`` for a component's settings."""
