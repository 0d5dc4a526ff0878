"""The program for an app with slots under the real engine: a release that is not there, one that is, the way back."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from localcloud.azure.cloud import OWNER, SUBSCRIPTION
from localcloud.azure.identity import TENANT
from localcloud.azure.local import LocalAzure, down
from localcloud.load import Load
from tests.localcloud.azure_cases import WEB, colors_at

STACKS = Path(__file__).resolve().parents[2] / "stacks"
HOST, SLOT_HOST = "orders.azurewebsites.net", "orders-staging.azurewebsites.net"
GATES = [{"kind": "target_health"}]
STEPS = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 1}]}


@pytest.fixture
def azure(tmp_path):
    (tmp_path / "project").mkdir()
    yield LocalAzure.up(tmp_path / "state", project_dir=tmp_path / "project")
    down(tmp_path / "state")


class Stack:
    """One of the program in `stacks`."""

    def __init__(self, azure: LocalAzure, project: Path) -> None:
        self.project, self.config = project, {}
        (project / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        shutil.copy(STACKS / "azure_slots.py", project / "__main__.py")
        shutil.copy(STACKS / "settings.py", project)
        self.env = {**os.environ, **azure.env(), "PATH": os.pathsep.join([*azure.path, os.environ["PATH"]])}
        self.name = project.parent.name
        self.run("stack", "init", self.name)

    def run(self, *words: str, fails: bool = False) -> str:
        command = ["pulumi", "--non-interactive", *words]
        done = subprocess.run(
            command, cwd=self.project, env=self.env, capture_output=True, text=True, timeout=240, check=False
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self, *, fails: bool = False, **config: object) -> str:
        self.config |= config
        lines = [f"  shop:{key}: {json.dumps(json.dumps(value) if not isinstance(value, str) else value)}\n"
                 for key, value in self.config.items()]  # fmt: skip
        (self.project / f"Pulumi.{self.name}.yaml").write_text("config:\n" + "".join(lines))
        return self.run("up", "--yes", "--skip-preview", fails=fails)


class Pipeline:
    """What `az webapp config container set --slot staging` sends."""

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
        listed = self.http.get(f"/subscriptions/{SUBSCRIPTION}/resourcegroups", params={"api-version": "2025-04-01"})
        self.app = f"{listed.json()['value'][0]['id']}/providers/Microsoft.Web/sites/orders"

    def deploy(self, azure: LocalAzure, tag: str) -> None:
        body = {"properties": {"linuxFxVersion": f"DOCKER|shop.azurecr.io/app:{tag}"}}
        url = f"{self.app}/slots/staging/config/web"
        assert self.http.patch(url, params={"api-version": WEB}, json=body).is_success
        for _ in range(1200):
            answer = httpx.get(azure.requests, headers={"Host": SLOT_HOST}, trust_env=False)
            if answer.status_code == 200 and answer.json().get("version") == tag:
                return
            time.sleep(0.05)
        pytest.fail(f"{tag} does not run in the slot: {answer.status_code} {answer.text}")

    def tags(self) -> dict[str, str]:
        return self.http.get(self.app, params={"api-version": WEB}).json().get("tags") or {}


def image(tag: str) -> str:
    return f"shop.azurecr.io/app:{tag}"


def test_slots_are_promoted_and_rolled_back_by_pulumi_up(azure, tmp_path):
    stack = Stack(azure, tmp_path / "project")
    stack.up(
        activeColor="blue",
        blueImage=image("v1"),
        greenImage=image("v2"),
        blueSettings={"COLOR": "blue"},
        greenSettings={"COLOR": "green"},
        productionSettings={"WHERE": "production"},
        slotSettings={"WHERE": "slot"},
        strategy=STEPS,
        gates=GATES,
        bakeSeconds=1,
    )
    pipeline = Pipeline(azure)
    with Load(f"{azure.requests}/", rate_per_second=100, host_header=HOST) as load:
        said = stack.up(activeColor="green", greenImage=image("v3"), fails=True)
        assert "staging runs DOCKER|shop.azurecr.io/app:v2, and green is declared as" in said
        pipeline.deploy(azure, "v3")
        stack.up()  # what was not there is no verdict
        assert colors_at(azure.requests, HOST) == {"green"}
        assert colors_at(azure.requests, SLOT_HOST) == {"blue"}
        stack.up(activeColor="blue")
        assert colors_at(azure.requests, HOST) == {"blue"}
    assert (load.result.failed, load.result.errors) == (0, {})
    assert "bluegreen:owner" in pipeline.tags()
    stack.run("destroy", "--yes", "--skip-preview")
