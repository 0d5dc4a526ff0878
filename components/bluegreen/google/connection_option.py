"""The option ``google`` of whatever calls Google Cloud: where and as whom."""

from __future__ import annotations

from typing import Any

from bluegreen.google.client import GoogleConnection
from bluegreen.options.declared import option
from bluegreen.options.kinds import Nested

GOOGLE = Nested(GoogleConnection, "GoogleConnection | Mapping[str, Any]")
"""Its kind."""


def google_option() -> Any:
    """The option as routers have it."""
    return option("where to call, with which credentials", GOOGLE, default=GoogleConnection())
