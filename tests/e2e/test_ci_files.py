"""The jobs of ci/, run as the files have them against a stack of the real engine."""

from __future__ import annotations

import os
import sys

import pytest

from dev.matrix.engine import DYNAMIC
from localcloud import progress
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import pulumi as pulumi_tool
from tests import ci_jobs
from tests.cli.test_comment import Forge
from tests.e2e.playground import Playground
from tests.e2e.test_command import FROM_CONFIG

NOTHING_CHOSEN = {"inputs.color": ""}


@pytest.fixture
def forge():
    made = Forge()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def stack(tmp_path):
    """A program that reads its color from the config; blue is live."""
    home = PulumiHome(tmp_path / "home")
    home.prepare(pulumi_tool.ensure(progress.for_terminal()))
    (tmp_path / "stack").mkdir()
    made = Playground(home, tmp_path / "stack", DYNAMIC)
    made.set("blue")
    (made.folder / "__main__.py").write_text(FROM_CONFIG)
    commands = made.folder / "bin"
    commands.mkdir()
    (commands / "bluegreen").write_text(f'#!/bin/sh\nexec {sys.executable} -m bluegreen.cli "$@"\n')
    (commands / "bluegreen").chmod(0o755)
    made.env["PATH"] = f"{commands}{os.pathsep}{made.env['PATH']}"
    (made.folder / ".gitignore").write_text("*")
    asked(made, "blue")
    return made


def asked(stack, color):
    """The config line that a merged pull request has."""
    stack.set(color)
    file = stack.folder / "Pulumi.test.yaml"
    file.write_text(file.read_text().replace("config:\n", f"config:\n  playground:activeColor: {color}\n"))


def live(stack):
    with stack.world() as world:
        return world["weights"]


def test_github_s_jobs_preview_promote_find_drift_and_roll_back(stack, forge):
    env = {
        **stack.env,
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": forge.url,
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_REF": "refs/pull/17/merge",
        "GITHUB_ACTOR": "ada",
    }
    asked(stack, "green")
    token = {"github.token": "secret-token", **NOTHING_CHOSEN}

    def job(file, **known):
        return ci_jobs.run(ci_jobs.github(file, {**token, **known}), stack.folder, env, "test")

    for _ in range(2):
        previewed = job("preview.yml")
        assert previewed.returncode == 0, previewed.stdout
    (comment,) = forge.comments.values()
    assert "| `web` | blue 100 %, green 0 % → **blue 0 %, green 100 %** | `v2` | promotion |" in comment
    stack.gate.write_text('test "$BLUEGREEN_PHASE" != hold || exit 1')
    refused = job("promote.yml")
    assert refused.returncode != 0, refused.stdout
    stack.gate.write_text("exit 0")
    held = job("promote.yml")
    assert held.returncode == 6, "pulumi up succeeds, and nothing is live"
    assert stack.bluegreen("retry").returncode == 0
    promoted = job("promote.yml", **{"inputs.color": "green"})
    assert promoted.returncode == 0, promoted.stdout
    assert live(stack) == {"blue": 0, "green": 100}
    assert stack.outputs["history"][0]["by"]["who"] == "ada"
    assert job("drift.yml").returncode == 0
    with stack.world() as world:
        world["weights"] = {"blue": 20, "green": 80}
    drift = job("drift.yml")
    assert drift.returncode == 9, drift.stdout
    asked(stack, "green")
    assert job("promote.yml").returncode == 0, "it is put right"
    back = job("rollback.yml")
    assert back.returncode == 0, back.stdout
    assert live(stack) == {"blue": 100, "green": 0}


def test_gitlab_s_jobs_preview_promote_and_roll_back(stack, forge):
    env = {
        **stack.env,
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{forge.url}/api/v4",
        "CI_PROJECT_ID": "42",
        "CI_PROJECT_DIR": str(stack.folder),
        "CI_MERGE_REQUEST_IID": "17",
        "GITLAB_TOKEN": "secret-token",
        "GITLAB_USER_LOGIN": "ada",
        "OIDC_TOKEN": "x",
        "ROLE_ARN": "arn:aws:iam::123456789012:role/promote",
    }
    asked(stack, "green")

    def job(name):
        return ci_jobs.run(ci_jobs.gitlab(name), stack.folder, env, "test")

    previewed = job("preview")
    assert previewed.returncode == 0, previewed.stdout
    assert "promotion" in next(iter(forge.comments.values()))
    promoted = job("promote")
    assert promoted.returncode == 0, promoted.stdout
    assert live(stack) == {"blue": 0, "green": 100}
    assert job("drift").returncode == 0
    back = job("rollback")
    assert back.returncode == 0, back.stdout
    assert live(stack) == {"blue": 100, "green": 0}
    assert stack.outputs["history"][0]["by"]["who"] == "ada"
