"""The plugin without an engine: one resource's life by direct calls. For tests, and to look around.

``BLUEGREEN_KUBERNETES_PLUGIN`` says what is driven: nothing is the stand-in in this process, ``stand-in`` is the same
as a process of its own, ``real`` is Pulumi's own plugin. (The last two are called as the engine calls them.)
"""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

from localcloud import paths
from localcloud.plugins import driver
from localcloud.plugins.driver import CallFailed, Plan, Refused, Resource
from localcloud.plugins.kubernetes.checker import with_type
from localcloud.plugins.kubernetes.server import RELEASE, Provider
from localcloud.plugins.values import Props

__all__ = ["WHICH", "CallFailed", "Driver", "Plan", "Refused", "Resource"]

WHICH = os.environ.get("BLUEGREEN_KUBERNETES_PLUGIN", "")


class Driver(driver.Driver):
    """A configured plugin."""

    def __init__(self, kubeconfig: str, *, timeout_seconds: float = 60, **config: str) -> None:
        super().__init__(_plugin(), {"kubeconfig": kubeconfig, **config}, timeout_seconds, "kubernetes")

    def check(self, token: str, name: str, inputs: Props, old_inputs: Props | None = None) -> Resource:
        """Checked inputs as a resource that does not exist yet; the SDK sends an object's version and kind with it."""
        return super().check(token, name, inputs if token == RELEASE else with_type(token, inputs), old_inputs)

    @property
    def said(self) -> list[str]:
        """The messages that the engine would have shown."""
        return list(self.provider.engine.said)  # type: ignore[union-attr]


def _plugin() -> Any:
    return _process() if WHICH else Provider("4.34.2")


_running: list[Any] = []


def _process() -> Any:
    from localcloud.plugins.remote import Remote  # noqa: PLC0415 - only for tests of conformance

    made = Remote(_command(), {**os.environ, "PYTHONPATH": str(paths.CHECKOUT)})
    _running.append(made)
    return made


@functools.cache
def _command() -> list[str]:
    if WHICH == "stand-in":
        return [sys.executable, "-u", "-m", "localcloud.plugins.kubernetes"]
    from localcloud.progress import for_terminal  # noqa: PLC0415
    from localcloud.tools import kubernetes_plugin  # noqa: PLC0415

    return [str(kubernetes_plugin.program(kubernetes_plugin.ensure(for_terminal())))]


def end_processes() -> None:
    """End those that were started here."""
    while _running:
        _running.pop().end()
