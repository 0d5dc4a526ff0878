"""One node a machine, since two would share its iptables: who has it is on record for all users and checkouts."""

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
    """What a node has changed on the machine, and where it lives."""

    state_dir: str
    kernel_settings: dict[str, str]
    """Their former values."""
    directories: list[str]
    """Those that were not there before."""


def _path() -> Path:
    # By network namespace: whoever has one of their own has iptables of their own, too.
    return RECORDS / f"node-{os.stat('/proc/self/ns/net').st_ino}.json"


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """Nobody else starts or ends a node meanwhile."""
    with locked(_path().with_suffix(".lock")):
        try:
            yield
        finally:
            if not _path().exists():
                _path().with_suffix(".lock").unlink()
                with contextlib.suppress(OSError):  # others are in there
                    RECORDS.rmdir()


def read() -> Claim | None:
    """Who has the machine."""
    try:
        return Claim(**json.loads(_path().read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def write(claim: Claim) -> None:
    """Take it."""
    scratch = _path().with_suffix(".new")
    scratch.write_text(json.dumps(dataclasses.asdict(claim), indent=2) + "\n")
    scratch.replace(_path())


def forget() -> None:
    """Give it back."""
    _path().unlink(missing_ok=True)
