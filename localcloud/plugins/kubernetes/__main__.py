"""Starts the plugin."""

from __future__ import annotations

from typing import Any

from localcloud.plugins import launch


def _provider() -> Any:
    from localcloud.plugins.kubernetes.server import Provider  # noqa: PLC0415

    return Provider(launch.sdk_version("pulumi_kubernetes", otherwise="4.34.2"))


if __name__ == "__main__":
    # A call that waits for a resource keeps its thread, and a component's call keeps one beside those of its children.
    launch.serve(_provider, workers=128)
