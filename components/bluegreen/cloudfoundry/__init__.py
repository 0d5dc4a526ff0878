"""Components for Cloud Foundry, each imported when it is first used: a stack pays for what it declares alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bluegreen.cloudfoundry.apps.release import AppRelease
    from bluegreen.cloudfoundry.apps.routed_apps import RoutedApps
    from bluegreen.cloudfoundry.component import SwapSettings

__all__ = ["AppRelease", "RoutedApps", "SwapSettings"]

_HOMES = {"AppRelease": "apps.release", "RoutedApps": "apps.routed_apps", "SwapSettings": "component"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
