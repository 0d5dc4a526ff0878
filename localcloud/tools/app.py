"""The sample app: one static binary, built with Go from the source in `localcloud/app`."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

from localcloud import cache
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
        go.build(command, SOURCE, ["."], target, note, "-ldflags", "-s -w")
    binary = target / "app"
    with tarfile.open(target / "rootfs.tar", "w") as archive:
        archive.add(binary, arcname="app")
    binary.unlink()
