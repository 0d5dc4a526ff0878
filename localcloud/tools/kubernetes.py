"""Kubernetes' own programs, built from its Go module: the API server, its controllers, the kubelet, kubectl."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from localcloud import cache
from localcloud.errors import LocalCloudError
from localcloud.progress import Progress
from localcloud.tools import go

VERSION = "1.34.4"
PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubectl",
)

_MODULE = "k8s.io/kubernetes"
# The parts that are modules of their own are published as 0.x where Kubernetes is 1.x.
_PARTS_VERSION = "v0." + VERSION.split(".", 1)[1]


def ensure(progress: Progress) -> Path:
    """The directory with all programs in it."""

    def waiting() -> None:
        progress.say(f"Waiting for another process that is building Kubernetes {VERSION}")

    return cache.ensure("kubernetes", VERSION, lambda target: _build(target, progress), waiting) / "bin"


def _build(target: Path, progress: Progress) -> None:
    command = go.require(f"Kubernetes {VERSION}")
    work = target / "build"
    work.mkdir()
    with progress.step(f"Building Kubernetes {VERSION}, some 5 minutes") as note:
        note("fetching its module")
        source = go.download(command, _MODULE, f"v{VERSION}")
        (work / "go.mod").write_text(_go_mod((source / "go.mod").read_text()))
        shutil.copyfile(source / "go.sum", work / "go.sum")
        packages = [f"{_MODULE}/cmd/{name}" for name in PROGRAMS]
        # Without its version, clients cannot make sense of what the server says it is.
        flags = f"-s -w -X k8s.io/component-base/version.gitVersion=v{VERSION}"
        # The module that is made here says nothing of what its requirements require: that is filled in.
        go.build(command, work, packages, target / "bin", note, "-mod=mod", "-ldflags", flags)
    shutil.rmtree(work)
    missing = [name for name in PROGRAMS if not (target / "bin" / name).is_file()]
    if missing:
        raise LocalCloudError(f"building Kubernetes {VERSION} made no {', '.join(missing)}")


def _go_mod(original: str) -> str:
    """A module that requires Kubernetes, whose parts (directories beside it, in its repository) come as modules."""
    version = re.search(r"^go (\S+)$", original, re.MULTILINE)
    parts = re.findall(r"^\s*(\S+) => \./staging/\S+$", original, re.MULTILINE)
    if version is None or not parts:
        raise LocalCloudError(f"the Go module {_MODULE}@v{VERSION} does not look as expected: no parts in its go.mod")
    replaced = "".join(f"\t{part} => {part} {_PARTS_VERSION}\n" for part in parts)
    return f"module tools\n\ngo {version[1]}\n\nrequire {_MODULE} v{VERSION}\n\nreplace (\n{replaced})\n"
