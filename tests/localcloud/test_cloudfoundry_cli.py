"""`python -m localcloud up cloudfoundry` as a process: up, no-op, its environment, requests, down."""

import os
import subprocess
import sys

import pytest

from localcloud import loopback, paths
from localcloud.cloudfoundry.local import LocalCloudFoundry
from localcloud.cloudfoundry.world import DOMAIN, ORGANIZATION, SPACE
from localcloud.errors import LocalCloudError
from localcloud.processes import Daemon

ASK = f"""
from bluegreen.cloudfoundry import places
from bluegreen.cloudfoundry.client import CloudFoundryConnection
session = CloudFoundryConnection().session()
space = places.space_guid(session, "{ORGANIZATION}/{SPACE}")
apps = places.apps_of(session, space, {{"blue": "web-blue", "green": "web-green"}})
route = places.route_of(session, space, "web.{DOMAIN}")
print(sorted(apps), [one["app"]["guid"] == apps["blue"].guid for one in route["destinations"]])
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
    first = LocalCloudFoundry.up(state, project_dir=tmp_path / "project")
    assert LocalCloudFoundry.up(state, project_dir=tmp_path / "project").pid == first.pid
    assert f"Cloud Foundry  {first.url}" in localcloud(state, "status").stdout

    script = f'eval "$({sys.executable} -m localcloud --state-dir {state} env)"; exec {sys.executable} -c "$ASK"'
    base = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "ASK": ASK}
    command = ["/bin/sh", "-ec", script]
    shell = subprocess.run(command, cwd=paths.CHECKOUT, env=base, capture_output=True, text=True, check=False)
    assert shell.stdout == "['blue', 'green'] [True]\n", shell.stderr

    def answers():
        return loopback.get(first.requests, headers={"Host": f"web.{DOMAIN}"})

    # Its instances begin with the process, and get requests once they have passed their health check.
    while answers().status_code != 200 and Daemon.of(first.pid).alive():
        pass
    assert answers().json()["color"] == "blue"

    daemon = Daemon.of(first.pid)
    assert localcloud(state, "down").returncode == 0
    assert not daemon.alive()
    assert [one.name for one in tmp_path.iterdir()] == ["project"]
    with pytest.raises(LocalCloudError, match="Cloud Foundry is not running here"):
        LocalCloudFoundry.current(state)
