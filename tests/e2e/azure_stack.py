"""A stack on what stands in for Azure, driven by the real `pulumi`, and somebody with the CLI beside it."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from localcloud.azure.cloud import OWNER, SUBSCRIPTION
from localcloud.azure.identity import TENANT
from localcloud.azure.local import LocalAzure, down
from tests.e2e import keeper, warm

STACKS = Path(__file__).resolve().parents[2] / "stacks"
LIMIT_SECONDS = 240
GROUPS_VERSION = "2025-04-01"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    """What stands in for Azure; the folder `project` is for one of the test's own."""
    (tmp_path / "project").mkdir()
    yield LocalAzure.up(tmp_path / "state", project_dir=tmp_path / "project")
    down(tmp_path / "state")


class Stack:
    """One stack of a project, named as the folder around it.

    Args:
        azure: where its `pulumi` works.
        project: the project's folder; where it has none, that of `stacks` is taken.
        name: the project's name.
    """

    def __init__(self, azure: LocalAzure, project: Path, name: str = "shop") -> None:
        self.project, self._name = project, name
        if not (project / "Pulumi.yaml").exists():
            (project / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\nmain: {STACKS}\n")
        path = os.pathsep.join([*azure.path, os.environ["PATH"]])
        self.env = {**os.environ, **azure.env(), **warm.env(), "PATH": path}
        self._file = project / f"Pulumi.{project.parent.name}.yaml"
        self.run("stack", "init", project.parent.name, *keeper.INIT)

    def run(self, *words: str, fails: bool = False) -> str:
        """Run `pulumi`, which must do as expected; returns all that it said."""
        command = ["pulumi", "--non-interactive", *words]
        done = subprocess.run(
            command, cwd=self.project, env=self.env, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self, *, fails: bool = False, **config: object) -> str:
        """`pulumi up` with this config beside what there was; what is no text or number is a text of JSON."""
        content = yaml.safe_load(self._file.read_text())
        told = content.setdefault("config", {})
        for key, value in config.items():
            told[f"{self._name}:{key}"] = value if isinstance(value, str | int) else json.dumps(value)
        self._file.write_text(yaml.safe_dump(content))
        return self.run("up", "--yes", "--skip-preview", fails=fails)


class Owner:
    """Whoever may do all in the account, with the CLI or in a pipeline."""

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

    def group(self) -> str:
        """The identifier of the one resource group."""
        path = f"/subscriptions/{SUBSCRIPTION}/resourcegroups"
        listed = self.http.get(path, params={"api-version": GROUPS_VERSION}).json()["value"]
        return str(listed[0]["id"])
