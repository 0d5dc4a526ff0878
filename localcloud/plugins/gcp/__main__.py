"""Starts the plugin."""

from __future__ import annotations

from typing import Any

from localcloud.plugins import launch


def _provider() -> Any:
    from localcloud.plugins.gcp.server import Provider  # noqa: PLC0415

    return Provider(launch.sdk_version("pulumi_gcp", otherwise="10.0.0"))


if __name__ == "__main__":
    launch.serve(_provider, workers=32)
