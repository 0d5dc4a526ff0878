"""`python -m localcloud up CLOUD` as a process: up, a second time, its environment, down."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from localcloud import paths
from localcloud.errors import LocalCloudError
from localcloud.processes import Daemon


def localcloud(state, *arguments):
    command = [sys.executable, "-m", "localcloud", "--state-dir", str(state), *arguments]
    return subprocess.run(command, cwd=paths.CHECKOUT, capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def up_again_used_and_down(kind, folder, ask):
    """A cloud of this kind while it is up, and what a program prints that has its printed environment alone."""
    state, project = folder / "state", folder / "project"
    project.mkdir()
    try:
        first = kind.up(state, project_dir=project)
        assert kind.up(state, project_dir=project).pid == first.pid
        assert f"{kind.called:<15}{first.url}" in localcloud(state, "status").stdout

        script = f'eval "$({sys.executable} -m localcloud --state-dir {state} env)"; exec {sys.executable} -c "$ASK"'
        base = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "ASK": ask}
        command = ["/bin/sh", "-ec", script]
        shell = subprocess.run(command, cwd=paths.CHECKOUT, env=base, capture_output=True, text=True, check=False)
        assert shell.returncode == 0, shell.stderr
        yield first, shell.stdout

        daemon = Daemon.of(first.pid)
        assert localcloud(state, "down").returncode == 0
        assert not daemon.alive()
        assert [one.name for one in folder.iterdir()] == ["project"]
        with pytest.raises(LocalCloudError, match=f"{kind.called} is not running here"):
            kind.current(state)
    finally:
        localcloud(state, "down")
