"""The option ``azure`` of whatever calls Azure: where and as whom."""

from __future__ import annotations

from typing import Any

from bluegreen.azure.client import AzureConnection
from bluegreen.options.declared import option
from bluegreen.options.kinds import Nested

AZURE = Nested(AzureConnection, "AzureConnection | Mapping[str, Any]")
"""Its kind."""


def azure_option() -> Any:
    """The option as routers and capacities have it."""
    return option("where to call, with which credentials", AZURE, default=AzureConnection())
