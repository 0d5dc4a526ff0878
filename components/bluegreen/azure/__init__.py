"""Components for Azure, each imported when it is first used: a stack pays for its own platform alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bluegreen.azure.application_gateways.entry import application_gateway
    from bluegreen.azure.component import SwapSettings
    from bluegreen.azure.container_apps.container_app import ContainerApp
    from bluegreen.azure.container_apps.release import ContainerAppRelease
    from bluegreen.azure.load_balancers.entry import load_balancer
    from bluegreen.azure.scale_sets.release import VmRelease
    from bluegreen.azure.scale_sets.vm_scale_sets import VmScaleSets
    from bluegreen.azure.traffic_profiles.entry import traffic_manager
    from bluegreen.azure.traffic_profiles.two_apps import AppTarget, TwoApps
    from bluegreen.azure.web_apps.release import WebAppRelease
    from bluegreen.azure.web_apps.web_app_slots import WebAppSlots

__all__ = [
    "AppTarget",
    "ContainerApp",
    "ContainerAppRelease",
    "SwapSettings",
    "TwoApps",
    "VmRelease",
    "VmScaleSets",
    "WebAppRelease",
    "WebAppSlots",
    "application_gateway",
    "load_balancer",
    "traffic_manager",
]

_HOMES = {
    "AppTarget": "traffic_profiles.two_apps",
    "ContainerApp": "container_apps.container_app",
    "ContainerAppRelease": "container_apps.release",
    "SwapSettings": "component",
    "TwoApps": "traffic_profiles.two_apps",
    "VmRelease": "scale_sets.release",
    "VmScaleSets": "scale_sets.vm_scale_sets",
    "WebAppRelease": "web_apps.release",
    "WebAppSlots": "web_apps.web_app_slots",
    "application_gateway": "application_gateways.entry",
    "load_balancer": "load_balancers.entry",
    "traffic_manager": "traffic_profiles.entry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
