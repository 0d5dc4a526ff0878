"""The program of docs/azure.md under the real engine: a release, its promotion and its rollback, with real requests."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from bluegreen.azure.container_apps.router import ContainerAppRouter
from localcloud.azure.cloud import OWNER, SUBSCRIPTION
from localcloud.azure.identity import TENANT
from localcloud.azure.local import LocalAzure, down
from localcloud.load import Load
from tests.localcloud.azure_cases import colors_at

DOCS = Path(__file__).resolve().parents[2] / "docs" / "azure.md"
PROGRAM = re.compile(r"<!-- program:azure -->\n```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def azure(tmp_path):
    (tmp_path / "project").mkdir()
    yield LocalAzure.up(tmp_path / "state", project_dir=tmp_path / "project")
    down(tmp_path / "state")


class Stack:
    """One of the documented program."""

    def __init__(self, azure: LocalAzure, project: Path) -> None:
        self.azure, self.project = azure, project
        (project / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        program = PROGRAM.search(DOCS.read_text())[1]
        # The sample app says its color; two revisions of it have one each.
        env = '"env": [{"name": "COLOR", "value": "blue"}]'
        program = program.replace('"image": "shop.azurecr.io/app:v1"', f'"image": "shop.azurecr.io/app:v1", {env}')
        (project / "__main__.py").write_text(program)
        path = os.pathsep.join([*azure.path, os.environ["PATH"]])
        self.env = {**os.environ, **azure.env(), "PATH": path}
        self.run("stack", "init", project.parent.name)
        self.set(activeColor="blue", blueRevision="web--v1", greenRevision="web--v1b", holdSeconds="1")

    def run(self, *words: str) -> str:
        command = ["pulumi", "--non-interactive", *words]
        done = subprocess.run(
            command, cwd=self.project, env=self.env, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def set(self, **config: str) -> None:
        file = self.project / f"Pulumi.{self.project.parent.name}.yaml"
        lines = dict(re.findall(r"^  shop:(\w+): (.*)$", file.read_text() if file.exists() else "", re.MULTILINE))
        told = {**lines, **{name: json.dumps(value) for name, value in config.items()}}
        file.write_text("config:\n" + "".join(f"  shop:{name}: {value}\n" for name, value in told.items()))

    def up(self) -> str:
        return self.run("up", "--yes", "--skip-preview")


class Cli:
    """The requests of `az containerapp update --revision-suffix`."""

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

    def release(self, suffix: str, color: str) -> None:
        self.app()
        container = {"name": "app", "image": "shop.azurecr.io/app:v2", "env": [{"name": "COLOR", "value": color}]}
        body = {"properties": {"template": {"revisionSuffix": suffix, "containers": [container]}}}
        answer = self.http.patch(self.path, params={"api-version": "2026-07-01"}, json=body)
        assert answer.status_code == 202, answer.text
        while self.http.get(answer.headers["Azure-AsyncOperation"]).json()["status"] == "InProgress":
            pass


def test_a_container_app_is_promoted_and_rolled_back_by_pulumi_up(azure, tmp_path):
    stack = Stack(azure, tmp_path / "project")
    stack.up()
    cli = Cli(azure)
    host = cli.app()["properties"]["configuration"]["ingress"]["fqdn"]
    with Load(f"{azure.requests}/", rate_per_second=100, host_header=host) as load:
        cli.release("v2", "green")
        assert colors_at(azure.requests, host) == {"blue"}
        stack.set(greenRevision="web--v2", activeColor="green")
        stack.up()
        assert colors_at(azure.requests, host) == {"green"}
        stack.set(activeColor="blue")
        stack.up()
        assert colors_at(azure.requests, host) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    assert "bluegreen:owner" in cli.app()["tags"]
    stack.run("destroy", "--yes", "--skip-preview")


def test_the_documented_role_has_just_the_declared_actions():
    role = json.loads(DOCS.read_text().split("```json\n")[1].split("```")[0])
    assert role["Actions"] == sorted({permission.action for permission in ContainerAppRouter.permissions})
