"""The state directory of a local cloud: which one it is, and who may change it now."""

from __future__ import annotations

import shutil
import time
from contextlib import AbstractContextManager
from pathlib import Path

from localcloud import paths
from localcloud.cache import locked


def directory(state_dir: Path | None) -> Path:
    """The one that is meant: the checkout's own if none is named."""
    return (state_dir or paths.default_state_dir()).resolve()


def lock_file(state: Path) -> Path:
    """Beside the directory, not in it: `down` removes the directory while it holds the lock."""
    return state.parent / f".{state.name}.lock"


def lock(state: Path) -> AbstractContextManager[None]:
    """Nobody else starts or ends what is in there meanwhile."""
    return locked(lock_file(state))


def node_directory(state: Path) -> Path:
    """The folder with a Kubernetes node's files."""
    return state / "kubernetes"


def has_node(state: Path) -> bool:
    """Whether there is one, or what is left of one."""
    return node_directory(state).exists()


def has_aws(state: Path) -> bool:
    """Whether there is an AWS emulator, or what is left of one."""
    return (state / "podman").exists() or (state / "env.json").exists()


def remove(state: Path, seconds: float = 5.0) -> None:
    """Remove the directory, also while a process that has just been ended writes its last into it."""
    deadline = time.monotonic() + seconds
    while state.exists():
        try:
            shutil.rmtree(state)
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)
