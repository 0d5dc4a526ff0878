"""A node for the length of a `with`: one that is up is used and left up."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from localcloud import paths
from localcloud.errors import LocalCloudError
from localcloud.kubernetes import node as nodes
from localcloud.kubernetes.node import LocalNode
from localcloud.progress import Progress


def is_up(state_dir: Path | None) -> bool:
    """Whether the node of this state directory runs."""
    try:
        LocalNode.current(state_dir)
    except LocalCloudError:
        return False
    return True


@contextlib.contextmanager
def running(state_dir: Path | None, progress: Progress, project_dir: Path = paths.CHECKOUT) -> Iterator[LocalNode]:
    """The node; ended at the end if it was started here, also half-way."""
    was_up = is_up(state_dir)
    try:
        yield LocalNode.up(state_dir, progress, project_dir)
    finally:
        if not was_up:
            nodes.down(state_dir)
