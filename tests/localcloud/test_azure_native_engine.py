"""The stand-in for Pulumi's Azure Native provider under the real engine: a small stack's whole life."""

import os
import re
import subprocess

import pytest

from localcloud.azure.local import LocalAzure, down
from tests.e2e import keeper
from tests.localcloud.azure_cases import colors_at

PROGRAM = """
import pulumi
from pulumi_azure_native import app, resources

config = pulumi.Config()
group = resources.ResourceGroup("shop", location="westeurope")
environment = app.ManagedEnvironment("shop", resource_group_name=group.name)
web = app.ContainerApp(
    "web",
    resource_group_name=group.name,
    environment_id=environment.id,
    configuration={
        "active_revisions_mode": "Multiple",
        "ingress": {"external": True, "target_port": 8080, "traffic": [{"latest_revision": True, "weight": 100}]},
        "secrets": [{"name": "color", "value": config.require_secret("color")}],
    },
    template={
        "containers": [
            {
                "name": "app",
                "image": config.get("image") or "app:v1",
                "env": [{"name": "COLOR", "secret_ref": "color"}],
            }
        ]
    },
)
pulumi.export("host", web.configuration.apply(lambda one: one.ingress.fqdn))
"""


@pytest.fixture
def stack(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    azure = LocalAzure.up(tmp_path / "state", project_dir=project)
    (project / "Pulumi.yaml").write_text("name: azureplugin\nruntime: python\n")
    (project / "__main__.py").write_text(PROGRAM)
    path = os.pathsep.join([*azure.path, os.environ["PATH"]])
    env = {**os.environ, **azure.env(), **keeper.env(), "PATH": path}

    def run(*words):
        done = subprocess.run(
            ["pulumi", "--non-interactive", *words],
            cwd=project,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        run("stack", "init", tmp_path.name, *keeper.INIT)
        run("config", "set", "--secret", "color", "violet")
        yield azure, run
    finally:
        down(tmp_path / "state")


def changes(said):
    return {what: int(number) for number, what in re.findall(r"(\d+) (\w+)", said.split("Resources:", 1)[1])}


def test_a_stack_through_its_changes(stack):
    """In one test, as every command costs seconds."""
    azure, run = stack
    up = ("up", "--yes", "--skip-preview")
    assert changes(run(*up))["created"] == 4
    host = run("stack", "output", "host", "--show-secrets").strip()
    assert colors_at(azure.requests, host) == {"violet"}
    run("config", "set", "image", "app:v2")
    said = run(*up, "--refresh")
    assert "warning" not in said
    assert "violet" not in said
    assert changes(said) == {"updated": 1, "unchanged": 3}
    assert changes(run("destroy", "--yes", "--skip-preview"))["deleted"] == 4
