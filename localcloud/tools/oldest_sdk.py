"""The oldest SDK for Python that is allowed, beside the pinned one, the newest, that the checkout's Python has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from localcloud import cache
from localcloud.errors import LocalCloudError
from localcloud.progress import Progress

NAME = "pulumi-sdk"
VERSION = "3.250.0"
_LIMIT_SECONDS = 300


def ensure(progress: Progress) -> Path:
    """The directory with the package `pulumi` in it, for PYTHONPATH: what it requires is the checkout's own."""

    def waiting() -> None:
        progress.say("Waiting for another process that is fetching Pulumi's oldest SDK")

    return cache.ensure(NAME, VERSION, lambda target: _fetch(target, progress), waiting)


def _fetch(target: Path, progress: Progress) -> None:
    with progress.step(f"Fetching Pulumi's SDK {VERSION}"):
        words = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check"]
        done = subprocess.run(
            [sys.executable, *words, "--target", str(target), f"pulumi=={VERSION}"],
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    if done.returncode:
        raise LocalCloudError(f"Pulumi's SDK {VERSION} could not be fetched: {done.stderr.strip()[-500:]}")
