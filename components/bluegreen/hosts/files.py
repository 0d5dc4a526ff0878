"""The files of a proxy: read together, and replaced only as they were read, so that two writers never undo each other.

A file is replaced whole, by another one that takes its name once it is on the disk: a proxy that reads it, and a
machine that loses its power, see the former file or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bluegreen.rollout.calls import before_write, note, pause
from bluegreen.rollout.errors import PlatformError

READ, WRITE = "hosts:read", "hosts:replace"
"""The calls' names."""
_LOCK_SECONDS, _LOOK_SECONDS = 10.0, 0.05
_MODE = 0o644

Contents = Mapping[str, bytes | None]
"""What stands in each file by its path; ``None``: there is none."""


class Files(Protocol):
    """Where the files are."""

    def read(self, *paths: str) -> dict[str, bytes | None]:
        """Each file's content, all as of one moment.

        Raises:
            PlatformError: one cannot be read.
        """
        ...

    def replace(self, changes: Contents, seen: Contents) -> bool:
        """Replace files in the order in which they are named; ``None`` removes one.

        Args:
            changes: by path.
            seen: what the files had when they were read.

        Returns:
            Whether that was done, and is on the disk. If not, somebody has changed one since it was read.

        Raises:
            PlatformError: one cannot be written; those before it are.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """Files of this machine, behind a lock that is a file beside the first of them."""

    def read(self, *paths: str) -> dict[str, bytes | None]:
        """Each file's content: one call. No lock: whoever replaces what was read compares it."""
        note(READ)
        return {path: _content(path) for path in paths}

    def replace(self, changes: Contents, seen: Contents) -> bool:
        """Replace them: one call."""
        before_write()
        note(WRITE)
        with _locked(f"{next(iter(seen))}.lock"):
            if any(_content(path) != content for path, content in seen.items()):
                return False
            for path, content in changes.items():
                _put(path, content)
        return True


def _content(path: str) -> bytes | None:
    try:
        if os.path.islink(path):
            raise PlatformError(READ, f"{path} is a symbolic link, which cannot be replaced in one step: name its file")
        return Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PlatformError(READ, f"{path}: {error.strerror}") from error


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    waited = 0.0
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _MODE)
    except OSError as error:
        raise PlatformError(WRITE, f"{path}: {error.strerror}") from error
    try:
        while not _lock(handle):
            if waited >= _LOCK_SECONDS:
                raise PlatformError(WRITE, f"another process has had the lock {path} for {_LOCK_SECONDS:g} s")
            pause(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise PlatformError(WRITE, f"the lock cannot be taken: {error.strerror}") from error
        return False
    return True


def _put(path: str, content: bytes | None) -> None:
    """One file: on the disk before this returns, under its name and in its folder."""
    try:
        if content is None:
            Path(path).unlink(missing_ok=True)
        else:
            _write(path, content)
        _sync_folder(os.path.dirname(path))
    except OSError as error:
        raise PlatformError(WRITE, f"{path}: {error.strerror}") from error


def _write(path: str, content: bytes) -> None:
    former = os.stat(path) if os.path.exists(path) else None
    handle, scratch = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            # The proxy has to be able to read it as it could before.
            os.fchmod(file.fileno(), _MODE if former is None else stat.S_IMODE(former.st_mode))
            made = os.fstat(file.fileno())
            if former is not None and (former.st_uid, former.st_gid) != (made.st_uid, made.st_gid):
                os.fchown(file.fileno(), former.st_uid, former.st_gid)
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(scratch)
        raise


def _sync_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
