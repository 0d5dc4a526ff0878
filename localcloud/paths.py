"""The places of things: tools in a cache that all checkouts share, state in a directory of each checkout's own."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from localcloud.errors import LocalCloudError

CHECKOUT = Path(__file__).resolve().parent.parent


def _xdg(variable: str, fallback: str) -> Path:
    # The XDG specification tells programs to ignore a value that is not absolute.
    value = os.environ.get(variable, "")
    return Path(value) if os.path.isabs(value) else Path.home() / fallback


def cache_dir() -> Path:
    """Tools built or downloaded, keyed by name and version."""
    return _xdg("XDG_CACHE_HOME", ".cache") / "bluegreen"


def short_hash(text: str, length: int = 10) -> str:
    """A stable short name for a path."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def default_state_dir() -> Path:
    """The state of the local cloud of this checkout: two clones never share one."""
    return _xdg("XDG_STATE_HOME", ".local/state") / "bluegreen" / short_hash(str(CHECKOUT))


def run_dir(state_dir: Path) -> Path:
    """A short directory for podman's runtime state: it refuses one whose path is longer than 50 characters."""
    name = f"bluegreen-{os.getuid()}-{short_hash(str(state_dir))}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    for base in (runtime, tempfile.gettempdir(), "/tmp"):
        if os.path.isabs(base) and os.access(base, os.W_OK) and len(base) + len(name) < 40:
            return Path(base) / name
    raise LocalCloudError("no writable directory with a short path for podman: set XDG_RUNTIME_DIR to one")


def ports_file() -> Path:
    """The file by which all local clouds of this user take turns at the ports of their containers."""
    return private_dir(run_dir(Path("ports"))) / "last"


def private_dir(path: Path) -> Path:
    """Make `path`, readable by this user only; one that somebody else made is refused."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    info = path.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
        raise LocalCloudError(
            f"{path} belongs to somebody else: remove it, or set XDG_RUNTIME_DIR to a directory of yours"
        )
    return path
