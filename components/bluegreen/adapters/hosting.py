"""Whether this process is the plugin, which hosts components for programs in any language."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi


@dataclass(slots=True)
class _Host:
    hosted: bool = False
    provider: pulumi.ProviderResource | None = None


_host = _Host()


def hosted() -> bool:
    """Whether it is. Swaps are then the plugin's own, and outputs have the names that every language has."""
    return _host.hosted


def host() -> None:
    """Say, once and for the whole process, that it is."""
    _host.hosted = True


def provider() -> pulumi.ProviderResource | None:
    """What the engine knows this plugin as; ``None`` outside of it."""
    return _host.provider


def known_as(provider: pulumi.ProviderResource) -> None:
    """Say what the engine knows this plugin as."""
    _host.provider = provider
