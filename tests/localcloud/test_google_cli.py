"""`python -m localcloud up google` as a process: up, no-op, its environment, down."""

import os
import subprocess
import sys

import pytest

from localcloud import paths
from localcloud.errors import LocalCloudError
from localcloud.google.local import LocalGoogle
from localcloud.processes import Daemon

ASK = """
from bluegreen.google.client import GoogleConnection
session = GoogleConnection().session("run.googleapis.com")
print(session.get("/v2/projects/shop/locations/europe-west1/services/web", "run.services.get"))
"""


def localcloud(state, *arguments):
    command = [sys.executable, "-m", "localcloud", "--state-dir", str(state), *arguments]
    return subprocess.run(command, cwd=paths.CHECKOUT, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def state(tmp_path):
    yield tmp_path / "state"
    localcloud(tmp_path / "state", "down")


def test_up_again_use_and_down(state, tmp_path):
    (tmp_path / "project").mkdir()
    first = LocalGoogle.up(state, project_dir=tmp_path / "project")
    assert LocalGoogle.up(state, project_dir=tmp_path / "project").pid == first.pid
    assert f"Google Cloud   {first.url}" in localcloud(state, "status").stdout

    script = f'eval "$({sys.executable} -m localcloud --state-dir {state} env)"; exec {sys.executable} -c "$ASK"'
    base = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "ASK": ASK}
    command = ["/bin/sh", "-ec", script]
    shell = subprocess.run(command, cwd=paths.CHECKOUT, env=base, capture_output=True, text=True, check=False)
    assert shell.stdout == "None\n", shell.stderr  # there is none, says who may ask

    daemon = Daemon.of(first.pid)
    assert localcloud(state, "down").returncode == 0
    assert not daemon.alive()
    assert [one.name for one in tmp_path.iterdir()] == ["project"]
    with pytest.raises(LocalCloudError, match="Google Cloud is not running here"):
        LocalGoogle.current(state)
