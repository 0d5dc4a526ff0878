"""The CI files for users: valid by GitHub's and GitLab's own schemas, with what a promotion needs of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.ci_jobs import CI

GITHUB = sorted((CI / "github").glob("*.yml"))


def valid(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_files_are_what_their_vendors_read(tmp_path):
    for schema, files in (
        ("vendor.github-workflows", GITHUB),
        ("vendor.gitlab-ci", [CI / "gitlab" / ".gitlab-ci.yml"]),
    ):
        done = valid(schema, *files)
        assert done.returncode == 0, done.stdout + done.stderr
    broken = tmp_path / "broken.yml"
    broken.write_text(GITHUB[0].read_text().replace("runs-on:", "runs-at:"))
    assert valid("vendor.github-workflows", broken).returncode != 0


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.name)
def test_no_job_has_stored_keys_and_each_right_is_named(file):
    text = file.read_text()
    found = yaml.safe_load(text)
    assert found["permissions"]["id-token"] == "write"
    assert "secrets." not in text
    (job,) = found["jobs"].values()
    updates = any("pulumi up" in step.get("run", "") or "rollback" in step.get("run", "") for step in job["steps"])
    assert (job.get("environment") == "production") is updates, "approvals are the environment's"
    assert not updates or found["concurrency"] == {"group": "production", "cancel-in-progress": False}


def test_updates_on_gitlab_go_one_at_a_time():
    found = yaml.safe_load((CI / "gitlab" / ".gitlab-ci.yml").read_text())
    for job in ("promote", "rollback"):
        assert found[job]["resource_group"] == "production"
        assert found[job]["interruptible"] is False
        assert found[job]["environment"] == "production"
