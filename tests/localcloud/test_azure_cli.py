"""`python -m localcloud up azure` as a process: up, no-op, its environment, down."""

import os
import subprocess
import sys

import pytest

from localcloud import loopback, paths
from localcloud.azure.local import LocalAzure
from localcloud.errors import LocalCloudError
from localcloud.processes import Daemon

ASK = """
import os, httpx
from azure.identity import EnvironmentCredential
token = EnvironmentCredential(authority=os.environ["AZURE_AUTHORITY_HOST"], disable_instance_discovery=True).get_token(
    "https://management.azure.com/.default").token
url = f"{os.environ['ARM_ENDPOINT']}/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourcegroups/shop"
answer = httpx.put(url, params={"api-version": "2025-04-01"}, json={"location": "westeurope"},
                   headers={"Authorization": f"Bearer {token}"}, trust_env=True)
print(answer.status_code, answer.json()["name"])
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
    first = LocalAzure.up(state, project_dir=tmp_path / "project")
    assert LocalAzure.up(state, project_dir=tmp_path / "project").pid == first.pid
    assert f"Azure          {first.url}" in localcloud(state, "status").stdout

    script = f'eval "$({sys.executable} -m localcloud --state-dir {state} env)"; exec {sys.executable} -c "$ASK"'
    base = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "ASK": ASK}
    command = ["/bin/sh", "-ec", script]
    shell = subprocess.run(command, cwd=paths.CHECKOUT, env=base, capture_output=True, text=True, check=False)
    assert shell.stdout == "201 shop\n", shell.stderr
    assert loopback.get(first.requests).status_code == 404

    daemon = Daemon.of(first.pid)
    assert localcloud(state, "down").returncode == 0
    assert not daemon.alive()
    assert [one.name for one in tmp_path.iterdir()] == ["project"]
    with pytest.raises(LocalCloudError, match="not running here"):
        LocalAzure.current(state)
