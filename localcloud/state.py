"""The state directory of a local cloud: which one it is, and who may change it now."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from localcloud import paths
from localcloud.cache import locked
from localcloud.errors import LocalCloudError

_T = TypeVar("_T")


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


@contextmanager
def used(current: Callable[[], object], up: Callable[[], _T], down: Callable[[], object]) -> Iterator[_T]:
    """One that is up is used, else one is started, and ended in the end, also half-way.

    Args:
        current: raises a `LocalCloudError` where none is up.
        up: finds it or starts it.
        down: ends it.
    """
    try:
        current()
        was_up = True
    except LocalCloudError:
        was_up = False
    try:
        yield up()
    finally:
        if not was_up:
            down()


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
