"""The program in `stacks` under the real engine: a release that fails, one that is promoted, a rollback, requests."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from localcloud.azure.cloud import OWNER, SUBSCRIPTION
from localcloud.azure.identity import TENANT
from localcloud.azure.local import LocalAzure, down
from localcloud.load import Load
from localcloud.progress import Silent
from localcloud.tools import languages
from tests.examples import building
from tests.localcloud.azure_cases import colors_at

STACKS = Path(__file__).resolve().parents[2] / "stacks"


@pytest.fixture
def azure(tmp_path):
    (tmp_path / "project").mkdir()
    yield LocalAzure.up(tmp_path / "state", project_dir=tmp_path / "project")
    down(tmp_path / "state")


class Stack:
    """One of the program in `stacks`."""

    def __init__(self, azure: LocalAzure, project: Path, name: str = "shop") -> None:
        self.azure, self.project, self.name = azure, project, name
        if name == "shop":
            (project / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\nmain: {STACKS}\n")
        path = os.pathsep.join([*azure.path, os.environ["PATH"]])
        self.env = {**os.environ, **azure.env(), "PATH": path}
        self.run("stack", "init", project.parent.name)

    def run(self, *words: str, fails: bool = False) -> str:
        command = ["pulumi", "--non-interactive", *words]
        done = subprocess.run(
            command, cwd=self.project, env=self.env, capture_output=True, text=True, timeout=240, check=False
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self, *, fails: bool = False, **config: object) -> str:
        """`pulumi up` with this config beside what there was."""
        file = self.project / f"Pulumi.{self.project.parent.name}.yaml"
        lines = dict(
            re.findall(rf"^  {self.name}:(\w+): (.*)$", file.read_text() if file.exists() else "", re.MULTILINE)
        )
        # A text of JSON is a text to Pulumi, too: an object would be one of its own structured values.
        told = {**lines, **{name: json.dumps(value) for name, value in config.items()}}
        file.write_text("config:\n" + "".join(f"  {self.name}:{key}: {value}\n" for key, value in told.items()))
        return self.run("up", "--yes", "--skip-preview", fails=fails)


class Cli:
    """Looks at the app as somebody with the CLI does."""

    def __init__(self, azure: LocalAzure) -> None:
        trust = ssl.create_default_context(cafile=str(azure.certificates))
        self.http = httpx.Client(base_url=azure.url, verify=trust, trust_env=False, timeout=30)
        form = {
            "grant_type": "client_credentials",
            "client_id": OWNER.client_id,
            "client_secret": OWNER.secret,
            "scope": "https://management.azure.com/.default",
        }
        token = self.http.post(f"/{TENANT}/oauth2/v2.0/token", data=form).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def app(self) -> dict:
        listed = self.http.get(f"/subscriptions/{SUBSCRIPTION}/resourcegroups", params={"api-version": "2025-04-01"})
        group = listed.json()["value"][0]["id"]
        self.path = f"{group}/providers/Microsoft.App/containerApps/web"
        return self.http.get(self.path, params={"api-version": "2026-07-01"}).json()

    def active(self) -> list[str]:
        """The colors whose revisions are active."""
        found = self.http.get(f"{self.path}/revisions", params={"api-version": "2026-07-01"}).json()["value"]
        return sorted(one["name"].split("--")[1].partition("-")[0] for one in found if one["properties"]["active"])


def test_a_container_app_is_released_promoted_and_rolled_back_by_pulumi_up(azure, tmp_path):
    stack = Stack(azure, tmp_path / "project")
    steps = json.dumps({"steps": [{"weight_percent": 10, "hold_seconds": 1}]})
    both = {"blueImage": "shop.azurecr.io/app:v1", "greenImage": "shop.azurecr.io/app:v1"}
    stack.up(platform="azure_container_app", activeColor="blue", strategy=steps, **both)
    cli = Cli(azure)
    host = cli.app()["properties"]["configuration"]["ingress"]["fqdn"]
    with Load(f"{azure.requests}/", rate_per_second=50, host_header=host) as load:
        said = stack.up(activeColor="green", greenImage="shop.azurecr.io/app:v77", fails=True)
        assert "cannot be pulled" in said, said
        assert "install green: image app:v77 as revision green-" in said, said
        assert colors_at(azure.requests, host) == {"blue"}
        stack.up(greenImage="shop.azurecr.io/app:v2")
        assert colors_at(azure.requests, host) == {"green"}
        stack.up(activeColor="blue", scaleDownDelaySeconds="0")
        assert colors_at(azure.requests, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    assert cli.active() == ["blue"]
    assert "bluegreen:owner" in cli.app()["tags"]
    stack.run("destroy", "--yes", "--skip-preview")


def test_the_yaml_example_is_promoted_by_the_plugin(azure, tmp_path):
    building.yaml_azure(tmp_path / "project")
    stack = Stack(azure, tmp_path / "project", "web-azure")
    del stack.env["PULUMI_IGNORE_AMBIENT_PLUGINS"]  # here the plugin is the program on PATH, as users have it
    stack.env["PATH"] = os.pathsep.join([str(languages.ensure(Silent())), stack.env["PATH"]])
    cli = Cli(azure)
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/example"
    environment = f"{group}/providers/Microsoft.App/managedEnvironments/example"
    for path, body, version in (
        (group, {"location": "westeurope"}, "2025-04-01"),
        (environment, {"location": "westeurope", "properties": {}}, "2026-07-01"),
    ):
        cli.http.put(path, params={"api-version": version}, json=body).raise_for_status()
    images = {"blueImage": "shop.azurecr.io/app:v1", "greenImage": "shop.azurecr.io/app:v2"}
    stack.up(activeColor="blue", resourceGroup="example", environmentId=environment, holdSeconds=1, **images)
    host = cli.app()["properties"]["configuration"]["ingress"]["fqdn"]
    assert colors_at(azure.requests, host) == {"blue"}
    said = stack.up(activeColor="green")
    assert "bluegreen:index:TrafficSwap web-swap updated" in said
    assert colors_at(azure.requests, host) == {"green"}
    stack.run("destroy", "--yes", "--skip-preview")
