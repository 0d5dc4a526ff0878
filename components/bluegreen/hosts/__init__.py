"""Components for hosts of one's own, each imported when it is first used: a stack pays for what it declares alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bluegreen.component.swap_settings import SwapSettings
    from bluegreen.hosts.route_files.entry import envoy
    from bluegreen.hosts.runtime_api.entry import haproxy
    from bluegreen.hosts.services.proxied_service import ProxiedRelease, ProxiedService

__all__ = [
    "ProxiedRelease",
    "ProxiedService",
    "SwapSettings",
    "envoy",
    "haproxy",
]

_HOMES = {
    "ProxiedRelease": "bluegreen.hosts.services.proxied_service",
    "ProxiedService": "bluegreen.hosts.services.proxied_service",
    "SwapSettings": "bluegreen.component.swap_settings",
    "envoy": "bluegreen.hosts.route_files.entry",
    "haproxy": "bluegreen.hosts.runtime_api.entry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
