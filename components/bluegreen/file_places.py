"""Paths that users write, on this machine: whatever they say, asking about them never fails."""

from __future__ import annotations

import os
from pathlib import Path


def path_of(text: str | Path) -> Path:
    """The path that a text names; one below the home of nobody who is known here stays as it is."""
    # Not `Path.expanduser`, which fails there.
    return Path(os.path.expanduser(text))


def is_file(path: Path) -> bool:
    """Whether a file is there. A name that no file can have is none's."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
