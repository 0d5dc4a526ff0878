"""One node a network namespace, since two would share its iptables: who has it is on record for all users.

Nodes in several network namespaces share the rest of the machine: see ``sharing``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path

from localcloud.cache import locked

RECORDS = Path("/run/bluegreen")


@dataclasses.dataclass(frozen=True)
class Claim:
    """The changes of the machine by a node, and its place."""

    state_dir: str
    kernel_settings: dict[str, str]
    """Their former values."""
    directories: list[str]
    """Those that were not there before."""


def _path() -> Path:
    # By network namespace: whoever has one of their own has iptables of their own, too.
    return RECORDS / f"node-{os.stat('/proc/self/ns/net').st_ino}.json"


def _all() -> list[Path]:
    return sorted(RECORDS.glob("node-*.json"))


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """Nobody else starts or ends a node meanwhile, in whatever network namespace."""
    path = RECORDS / "nodes.lock"
    with locked(path):
        try:
            yield
        finally:
            if not _all():
                path.unlink()
                with contextlib.suppress(OSError):  # others are in there
                    RECORDS.rmdir()


def read() -> Claim | None:
    """The claim of the node that has this network namespace."""
    return _read(_path())


def _read(path: Path) -> Claim | None:
    try:
        return Claim(**json.loads(path.read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def of_others() -> list[Claim]:
    """The claims of nodes that have, or had, the other network namespaces of this machine."""
    return [claim for path in _all() if path != _path() and (claim := _read(path)) is not None]


def write(claim: Claim) -> None:
    """Take it."""
    scratch = _path().with_suffix(".new")
    scratch.write_text(json.dumps(dataclasses.asdict(claim), indent=2) + "\n")
    scratch.replace(_path())


def forget() -> None:
    """Give it back."""
    _path().unlink(missing_ok=True)
