"""Shared by every component on Google Cloud: where and as whom the swap calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import pulumi

from bluegreen.component import base as swapping
from bluegreen.component import swap_settings
from bluegreen.component.provider_keys import warn_of_keys
from bluegreen.connections import GoogleConnection
from bluegreen.rollout.errors import Problem

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?\Z")
_PROVIDER = "gcp"
# What a provider is by means that do not reach the swap, which keeps no keys.
_KEYS = ("accessToken", "credentials")
_INSTEAD = "GOOGLE_APPLICATION_CREDENTIALS, a workload's identity, or gcloud auth application-default login"


class SwapSettings(swap_settings.SwapSettings, total=False):
    """How a component's swaps go; every component takes these beside its own arguments.

    The others are the same on every platform: see ``bluegreen.component.swap_settings.SwapSettings``.

    Attributes:
        google_connection: ``impersonate`` and ``endpoint_url`` for the swap; the stack's
            ``gcp:impersonateServiceAccount`` by default, then Application Default Credentials. A provider's secrets do
            not reach the swap.
    """

    google_connection: GoogleConnection | Mapping[str, str] | None


def connection_of(settings: SwapSettings) -> dict[str, Any]:
    """The ``google`` section of router and capacity."""
    account = pulumi.Config(_PROVIDER).get("impersonateServiceAccount")
    given = cast("Mapping[str, Any]", settings.get("google_connection") or {})
    return {**({"impersonate": account} if account else {}), **given}


def problems_of_a_name(name: object) -> list[Problem]:
    """The problems with the name of a component with a load balancer, whose parts are called like it."""
    if isinstance(name, str) and _NAME.match(name):
        return []
    return [Problem("name", name, "1 to 40 lower-case letters, digits and dashes, the first one a letter")]


def warn_of_the_provider(name: str, parent: pulumi.Resource) -> None:
    """Tell whoever gives the provider a secret of its own that the swap does not have it."""
    warn_of_keys(name, parent, _PROVIDER, _KEYS, _INSTEAD)


draft = partial(swapping.draft, without=("google_connection",))
"""``bluegreen.component.base.draft`` for a component's settings."""
