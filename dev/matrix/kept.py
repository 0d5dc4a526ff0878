"""The points that an interrupted run has tried, in a folder: they count as long as no source has changed."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Tried = TypeVar("Tried")

_ROOT = Path(__file__).parents[2]
_SOURCES = ("components/bluegreen", "dev/matrix")
_SHOWS_ONLY = ("__main__.py", "report.py")
"""Of the matrix: nothing that is tried depends on these."""


def folder_for(folder: Path) -> Path:
    """The folder for the results of these very sources, in a folder for those of all."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        for path in sorted((_ROOT / name).rglob("*.py")):
            if name == _SOURCES[1] and path.name in _SHOWS_ONLY:
                continue
            digest.update(f"{path.relative_to(_ROOT)} {path.stat().st_size} ".encode() + path.read_bytes())
    made = folder / digest.hexdigest()[:16]
    made.mkdir(parents=True, exist_ok=True)
    return made


def kept(folder: Path | None, name: str, work: Callable[[], Tried]) -> Tried:
    """The results kept under a name, else those of ``work``, which are kept from then on.

    Args:
        folder: where; ``None`` keeps nothing.
        name: of this part of the run.
        work: tries it.
    """
    if folder is None:
        return work()
    path = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.pickle"
    if path.exists():
        found: Tried = pickle.loads(path.read_bytes())
        return found
    made = work()
    half = path.with_suffix(".part")
    half.write_bytes(pickle.dumps(made))
    half.rename(path)
    return made
