"""The program in `stacks` under the real engine: a release that fails, one that is promoted, a rollback, requests."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from localcloud.cloudfoundry.cloud import CloudFoundry
from localcloud.cloudfoundry.uaa import OWNER
from localcloud.cloudfoundry.world import DOMAIN, ORGANIZATION, SPACE
from localcloud.hosts.local import LocalHost
from localcloud.load import Load
from tests.localcloud.azure_cases import colors_at

STACKS = Path(__file__).resolve().parents[2] / "stacks"
ROUTE = f"web.{DOMAIN}"


@pytest.fixture
def cloud():
    """Both apps run what the team has pushed, and the route leads to blue."""
    with CloudFoundry() as made:
        for color in ("blue", "green"):
            made.world.push(f"web-{color}", "registry.example.com/app:v1", 2, {"COLOR": color}, health="/healthz")
        made.world.create_route("web", "web-blue")
        yield made


@pytest.fixture
def host(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\nmain: {STACKS}\n")
    with LocalHost.running(tmp_path / "state", project_dir=project) as made:
        yield made


class Stack:
    """One of the program in `stacks`."""

    def __init__(self, cloud: CloudFoundry, host: LocalHost, project: Path) -> None:
        who = {"CF_API_URL": cloud.url, "CF_CLIENT_ID": OWNER.name, "CF_CLIENT_SECRET": OWNER.secret}
        self.project, self.env = project, {**host.process_env(), **who, "CF_HOME": str(project)}
        self.file = project / "Pulumi.test.yaml"
        self.run("stack", "init", "test")

    def run(self, *words: str, fails: bool = False) -> str:
        done = subprocess.run(
            ["pulumi", "--non-interactive", *words],
            cwd=self.project,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self, *, fails: bool = False, **config: object) -> str:
        """`pulumi up` with this config beside what there was."""
        there = self.file.read_text() if self.file.exists() else ""
        lines = dict(re.findall(r"^  shop:(\w+): (.*)$", there, re.MULTILINE))
        told = {**lines, **{name: json.dumps(value) for name, value in config.items()}}
        self.file.write_text("config:\n" + "".join(f"  shop:{key}: {value}\n" for key, value in told.items()))
        return self.run("up", "--yes", "--skip-preview", fails=fails)


def test_two_apps_are_released_promoted_and_rolled_back_by_pulumi_up(cloud, host, tmp_path):
    stack = Stack(cloud, host, tmp_path / "project")
    place = {"platform": "cloudfoundry", "space": f"{ORGANIZATION}/{SPACE}", "route": ROUTE}
    quick = {"overlapSeconds": "1", "propagationSeconds": "1", "scaleDownDelaySeconds": "3600"}
    steps = json.dumps({"steps": [{"weight_percent": 33, "hold_seconds": 1}]})
    images = {f"{color}Image": "registry.example.com/app:v1" for color in ("blue", "green")}
    stack.up(**place, **quick, **images, activeColor="blue", strategy=steps)
    with Load(f"{cloud.requests}/", rate_per_second=50, host_header=ROUTE) as load:
        said = stack.up(activeColor="green", greenImage="registry.example.com/app:v77", fails=True)
        assert "app:v77 cannot be staged for web-green: StagingError" in said, said
        assert colors_at(cloud.requests, ROUTE) == {"blue"}
        said = stack.up(greenImage="registry.example.com/app:v2")
        assert "(1 of 3 instances are green's, 33 % of the requests)" in said, said
        assert colors_at(cloud.requests, ROUTE) == {"green"}
        stack.up(activeColor="blue")
        assert colors_at(cloud.requests, ROUTE) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    state = stack.run("stack", "export")
    assert "blue" in state
    assert not re.search(rf"{OWNER.secret}|access-[0-9a-f]{{8}}|refresh-[0-9a-f]{{8}}", state)
    stack.run("destroy", "--yes", "--skip-preview")
    assert colors_at(cloud.requests, ROUTE) == {"blue"}
    assert not next(iter(cloud.world.routes.values())).annotations
