"""Shared by every component on Azure: where and as whom the swap calls."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import pulumi

from bluegreen.component import base as swapping
from bluegreen.component import swap_settings
from bluegreen.component.provider_keys import warn_of_keys
from bluegreen.connections import AzureConnection

_PROVIDER = "azure-native"
# What a provider is by means that do not reach the swap, which keeps no keys.
_KEYS = ("clientSecret", "clientCertificatePath", "oidcToken")
_INSTEAD = "AZURE_CLIENT_ID with AZURE_CLIENT_SECRET or a federated token, or a managed identity"


class SwapSettings(swap_settings.SwapSettings, total=False):
    """How a component's swaps go; every component takes these beside its own arguments.

    The others are the same on every platform: see ``bluegreen.component.swap_settings.SwapSettings``.

    Attributes:
        azure_connection: ``tenant_id``, ``client_id`` and ``endpoint_url`` for the swap; the stack's
            ``azure-native:tenantId`` by default, then what ``azure-identity`` finds: the environment's, a workload's or
            managed identity's credentials, or those of the Azure CLI. A provider's secrets do not reach the swap.
    """

    azure_connection: AzureConnection | Mapping[str, str] | None


def connection_of(settings: SwapSettings) -> dict[str, Any]:
    """The ``azure`` section of router and capacity."""
    tenant = pulumi.Config(_PROVIDER).get("tenantId")
    given = cast("Mapping[str, Any]", settings.get("azure_connection") or {})
    return {**({"tenant_id": tenant} if tenant else {}), **given}


def warn_of_the_provider(name: str, parent: pulumi.Resource) -> None:
    """Tell whoever gives the provider a secret of its own that the swap does not have it."""
    warn_of_keys(name, parent, _PROVIDER, _KEYS, _INSTEAD)


draft = partial(swapping.draft, without=("azure_connection",))
"""``bluegreen.component.base.draft`` for a component's settings."""
