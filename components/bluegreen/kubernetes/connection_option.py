"""The option ``cluster`` of whatever calls a Kubernetes API server: the server, and the user."""

from __future__ import annotations

from typing import Any

from bluegreen.kubernetes.client import KubernetesConnection
from bluegreen.options.declared import option
from bluegreen.options.kinds import Nested

CLUSTER = Nested(KubernetesConnection, "KubernetesConnection | Mapping[str, Any]")
"""Its kind."""


def cluster_option() -> Any:
    """The option as routers and capacities have it."""
    return option("which cluster, and as whom", CLUSTER, default=KubernetesConnection())
