"""The tool cache: a tool is there whole, or it is not there.

Whatever makes a tool works in a directory beside its final one; only a rename, at the end, makes it count. A lock for
each tool keeps two processes from making the same one twice.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from localcloud import paths


@contextlib.contextmanager
def locked(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file `path`; the kernel lets go of it if this process dies. `on_wait` is called before waiting.

    Whoever holds it may remove the file at the end, and its directory, too: those who wait lock one of their own then.
    """
    while True:
        with _opened(path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if on_wait is not None:
                    on_wait()
                fcntl.flock(file, fcntl.LOCK_EX)
            if _inode(path) == os.fstat(file.fileno()).st_ino:
                yield
                return


def _opened(path: Path) -> TextIO:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            return path.open("a")


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def location(name: str, version: str) -> Path:
    """The folder of a tool of this version."""
    return paths.cache_dir() / "tools" / f"{name}-{version}"


def cached(name: str, version: str) -> Path | None:
    """The tool, if it is there."""
    path = location(name, version)
    return path if path.is_dir() else None


def ensure(name: str, version: str, make: Callable[[Path], None], on_wait: Callable[[], None] | None = None) -> Path:
    """The tool's directory, filled by `make` in a scratch directory first if it is not there."""
    if directory := cached(name, version):
        return directory
    target = location(name, version)
    with locked(target.parent / f".{target.name}.lock", on_wait):
        if directory := cached(name, version):  # made by whoever held the lock
            return directory
        for left_over in target.parent.glob(f".{target.name}.making-*"):
            shutil.rmtree(left_over, ignore_errors=True)  # of one that was killed: nobody else holds the lock
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.making-", dir=target.parent))
        try:
            make(scratch)
            scratch.chmod(0o755)
            os.rename(scratch, target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return target
