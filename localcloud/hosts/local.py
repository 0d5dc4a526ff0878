"""Pulumi on a machine of one's own: its home and its backend in a directory, and nothing else that runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from localcloud import paths
from localcloud import state as states
from localcloud.processes import no_proxy
from localcloud.progress import Progress, Silent
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import pulumi


class LocalHost:
    """One that is prepared. Its directory is beside those of the clouds."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self._home = PulumiHome(state_dir)

    @classmethod
    @contextlib.contextmanager
    def running(
        cls, state_dir: Path | None = None, progress: Progress | None = None, project_dir: Path = paths.CHECKOUT
    ) -> Iterator[LocalHost]:
        """Prepare it anew, for as long as the context lasts. Stacks are made for the config files of the project."""
        state = states.directory(state_dir)
        state = state.with_name(f"{state.name}-hosts")
        shutil.rmtree(state, ignore_errors=True)  # of a run that was killed: what it describes is gone
        state.mkdir(parents=True)
        try:
            made = cls(state)
            made._home.prepare(pulumi.ensure(progress or Silent()))
            made._home.init_stacks(project_dir, made.process_env())
            yield made
        finally:
            states.remove(state)

    def process_env(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """A whole environment for a child process: `base` (else this one's), with Pulumi in it."""
        base = os.environ if base is None else base
        path = [*self._home.path, str(Path(sys.executable).parent), base.get("PATH", os.defpath)]
        return {**base, **self._home.env(), "PATH": os.pathsep.join(path), **no_proxy(base)}
