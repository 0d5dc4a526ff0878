"""Pulumi's own Kubernetes plugin, built from its Go module: what the stand-in is held against.

A witness beside the stand-in and not in its place: the one version that is to be had as a module is older than the SDK
that programs use. Nothing else needs it, so `make setup` does not build it: see `make conformance`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from localcloud import cache
from localcloud.progress import Progress
from localcloud.tools import go

NAME = "kubernetes-plugin"
PROGRAM = "pulumi-resource-kubernetes"
MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4"
COMMIT = "v4.0.0-20260115033456-f47bc2d6f199"
"""The newest that is served: of this day, between two releases, with no number of its own."""
DATE = "2026-01-15"
VERSION = "4.34.2"
"""What it says it is: the engine compares that with the SDK's."""
SOURCE = Path(__file__).resolve().parent.parent / "kubernetes_plugin"

_SDK = "github.com/pulumi/pulumi-kubernetes/sdk/v4"
_PULUMI = "github.com/pulumi/pulumi/sdk/v3 v3.215.0"
"""What the plugin's own module asks for."""


def version() -> str:
    """Keyed by content, too: a change of the source makes another program."""
    digest = hashlib.sha256(_go_mod().encode() + _sdk_go_mod().encode())
    for path in sorted(SOURCE.rglob("*.go")):
        digest.update(str(path.relative_to(SOURCE)).encode() + b"\0" + path.read_bytes())
    return f"{COMMIT.rsplit('-', 1)[-1]}-{digest.hexdigest()[:12]}"


def cached() -> Path | None:
    """The result of `ensure`, if it was built."""
    return cache.cached(NAME, version())


def program(home: Path) -> Path:
    """The path of the plugin in the result of `ensure`, which is laid out as an official install."""
    return home / "plugins" / f"resource-kubernetes-v{VERSION}" / PROGRAM


def ensure(progress: Progress) -> Path:
    """A PULUMI_HOME with the plugin in it."""

    def waiting() -> None:
        progress.say("Waiting for another process that is building Pulumi's Kubernetes plugin")

    return cache.ensure(NAME, version(), lambda target: _build(target, progress), waiting)


def _build(target: Path, progress: Progress) -> None:
    command = go.require("Pulumi's Kubernetes plugin")
    work = target / "build"
    shutil.copytree(SOURCE, work)
    with progress.step(f"Building Pulumi's Kubernetes plugin of {DATE}, some 5 minutes") as note:
        note("fetching its module")
        source = go.download(command, MODULE, COMMIT)
        (work / "go.mod").write_text(_go_mod())
        (work / "sdk" / "go.mod").write_text(_sdk_go_mod())
        shutil.copyfile(source / "go.sum", work / "go.sum")
        for name, added in (("schema", {"version": VERSION}), ("terraform-mapping", {})):
            content = json.loads((source / "cmd" / PROGRAM / f"{name}.json").read_text())
            (work / f"{name}-embed.json").write_text(json.dumps(content | added, separators=(",", ":")))
        flags = f"-s -w -X {MODULE}/pkg/version.Version={VERSION}"
        # The module that is made here says nothing of what its requirements require: that is filled in.
        output = program(target).parent
        output.parent.mkdir()
        go.build(command, work, ["."], output, note, "-mod=mod", "-ldflags", flags)
    shutil.rmtree(work)


def _go_mod() -> str:
    """A module with the plugin's own versions of everything but the typed SDK."""
    first = f"module {PROGRAM}\n\ngo {go.MINIMUM[0]}.{go.MINIMUM[1]}\n"
    return f"{first}\nrequire {MODULE} {COMMIT}\n\nreplace {_SDK} => ./sdk\n"


def _sdk_go_mod() -> str:
    return f"module {_SDK}\n\ngo {go.MINIMUM[0]}.{go.MINIMUM[1]}\n\nrequire {_PULUMI}\n"
