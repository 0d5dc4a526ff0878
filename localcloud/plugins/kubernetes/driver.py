"""The plugin without an engine: one resource's life by direct calls in this process. For tests, and to look around."""

from __future__ import annotations

from localcloud.plugins import driver
from localcloud.plugins.driver import CallFailed, Plan, Refused, Resource
from localcloud.plugins.kubernetes.server import Provider

__all__ = ["CallFailed", "Driver", "Plan", "Refused", "Resource"]


class Driver(driver.Driver):
    """A configured plugin."""

    provider: Provider

    def __init__(self, kubeconfig: str, *, timeout_seconds: float = 60, **config: str) -> None:
        super().__init__(Provider("4.34.2"), {"kubeconfig": kubeconfig, **config}, timeout_seconds)

    @property
    def said(self) -> list[str]:
        """What the engine would have shown."""
        return self.provider.engine.said
