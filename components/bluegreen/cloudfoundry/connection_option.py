"""The option ``cloudfoundry`` of whatever calls Cloud Foundry: where."""

from __future__ import annotations

from typing import Any

from bluegreen.cloudfoundry.client import CloudFoundryConnection
from bluegreen.options.declared import option
from bluegreen.options.kinds import Nested

CLOUD_FOUNDRY = Nested(CloudFoundryConnection, "CloudFoundryConnection | Mapping[str, Any]")
"""Its kind."""


def cloudfoundry_option() -> Any:
    """The option as routers and capacities have it."""
    return option("where to call", CLOUD_FOUNDRY, default=CloudFoundryConnection())
