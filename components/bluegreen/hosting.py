"""Whether this process is the plugin, which hosts components for programs in any language."""

from __future__ import annotations

_hosted: list[bool] = []


def hosted() -> bool:
    """Whether it is. Swaps are then the plugin's own, and outputs have the names that every language has."""
    return bool(_hosted)


def host() -> None:
    """Say, once and for the whole process, that it is."""
    _hosted.append(True)
