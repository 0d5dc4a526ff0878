"""Ends a node, whole or half started, and puts the machine back as it was."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from localcloud.kubernetes import accounting, machine, network, sharing
from localcloud.kubernetes.layout import Layout
from localcloud.kubernetes.sandbox import BOUND, Sandbox

CGROUPS_GONE_SECONDS = 5.0

_CGROUPS = Path("/sys/fs/cgroup")
_ROOT = "k8s.io"


def clean(claim: machine.Claim) -> None:
    """Everything that this claim stands for goes; the claim itself last, so that what was interrupted is done again.

    What nodes in other network namespaces use, too, stays for the last of them.
    """
    containers = _containers(Path(claim.state_dir))
    end(Path(claim.state_dir))
    network.clean()
    accounting.clean()
    others = sharing.others()
    claim = sharing.to_put_back(claim, others)
    network.restore(claim.kernel_settings)
    _remove_cgroups([f"{_ROOT}/{one}" for one in containers] if others else [_ROOT])
    for place in claim.directories:
        with contextlib.suppress(OSError):  # somebody else has put something there since
            Path(place).rmdir()
    machine.forget()


def end(state: Path) -> None:
    """End a node's processes and remove its files; the machine's network is left alone."""
    directory = Layout.of(state).directory
    Sandbox(directory).end()
    shutil.rmtree(directory, ignore_errors=True)


def _containers(state: Path) -> list[str]:
    """The identities of a node's containers, from containerd's files."""
    tasks = Layout.of(state).directory / BOUND["/run/containerd"] / "io.containerd.runtime.v2.task" / _ROOT
    return [path.name for path in tasks.glob("*")]


def _remove_cgroups(names: Sequence[str]) -> None:
    """Remove cgroups, and all below them, that are empty: the kernel refuses to remove any other.

    One that another node has just made is empty, too, for a moment: where others run, these are this node's alone.
    """
    deadline = time.monotonic() + CGROUPS_GONE_SECONDS
    while True:
        paths = (path for name in names for path in (*_CGROUPS.glob(name), *_CGROUPS.glob(f"*/{name}")))
        roots = [path for path in paths if not path.is_symlink()]
        left = [path for root in roots for path in _innermost_first(root) if not _removed(path)]
        # A process that has ended leaves its group a moment later; those of other nodes stay in theirs.
        leaving = [path for path in left if not any(_occupied(other) for other in left if other.is_relative_to(path))]
        if not leaving or time.monotonic() > deadline:
            return
        time.sleep(0.05)


def _innermost_first(root: Path) -> list[Path]:
    below = [path for path in root.rglob("*") if path.is_dir()]
    return sorted([root, *below], key=lambda path: len(path.parts), reverse=True)


def _removed(path: Path) -> bool:
    try:
        path.rmdir()
    except OSError:
        return not path.exists()
    return True


def _occupied(path: Path) -> bool:
    try:
        return bool((path / "cgroup.procs").read_text())
    except OSError:
        return False
