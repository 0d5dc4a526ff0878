"""Components for Azure, each imported when it is first used: a stack pays for its own platform alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bluegreen.azure.component import SwapSettings
    from bluegreen.azure.container_apps.container_app import ContainerApp
    from bluegreen.azure.container_apps.release import ContainerAppRelease
    from bluegreen.azure.web_apps.release import WebAppRelease
    from bluegreen.azure.web_apps.web_app_slots import WebAppSlots

__all__ = ["ContainerApp", "ContainerAppRelease", "SwapSettings", "WebAppRelease", "WebAppSlots"]

_HOMES = {
    "ContainerApp": "container_apps.container_app",
    "ContainerAppRelease": "container_apps.release",
    "SwapSettings": "component",
    "WebAppRelease": "web_apps.release",
    "WebAppSlots": "web_apps.web_app_slots",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
