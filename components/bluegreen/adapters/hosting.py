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
    """Whether this process is the plugin. Swaps are then its own, and outputs have every language's names."""
    return _host.hosted


def host() -> None:
    """Note, once and for the whole process, that it is the plugin."""
    _host.hosted = True


def provider() -> pulumi.ProviderResource | None:
    """The provider resource by which the engine knows this plugin; ``None`` outside of it."""
    return _host.provider


def known_as(provider: pulumi.ProviderResource) -> None:
    """Set the provider resource by which the engine knows this plugin."""
    _host.provider = provider
