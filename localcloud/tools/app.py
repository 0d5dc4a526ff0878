"""The sample app: one static binary, built with Go from the source in `localcloud/app`."""

from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path

from localcloud import cache
from localcloud.processes import run
from localcloud.progress import Progress
from localcloud.tools import go

SOURCE = Path(__file__).resolve().parent.parent / "app"


def version() -> str:
    """Keyed by content: a change of the source is another app."""
    digest = hashlib.sha256()
    for path in sorted(SOURCE.iterdir()):
        if path.suffix in {".go", ".mod"}:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def ensure(progress: Progress) -> Path:
    """An archive with `/app` alone in it: the root file system of the sample image."""
    return cache.ensure("app", version(), lambda target: _build(target, progress)) / "rootfs.tar"


def _build(target: Path, progress: Progress) -> None:
    command = go.require("the sample app")
    with progress.step("Building the sample app") as note:
        binary = target / "app"
        arguments: list[str | Path] = [
            command,
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags",
            "-s -w",
            "-o",
            binary,
            ".",
        ]
        run(arguments, what="go build", cwd=SOURCE, env=os.environ | {"CGO_ENABLED": "0"}, on_line=note)
    with tarfile.open(target / "rootfs.tar", "w") as archive:
        archive.add(binary, arcname="app")
    binary.unlink()
