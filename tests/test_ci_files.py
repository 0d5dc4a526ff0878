"""The CI files for users: valid by GitHub's and GitLab's own schemas, with what a promotion needs of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from localcloud.errors import LocalCloudError
from localcloud.progress import Silent
from localcloud.tools import actionlint
from tests.ci_jobs import CI

GITHUB = sorted((CI / "github").glob("*.yml"))
OWN = sorted((CI.parent / ".github" / "workflows").glob("*.yml"))
"""The project's."""


def valid(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_files_are_what_their_vendors_read(tmp_path):
    for schema, files in (
        ("vendor.github-workflows", [*GITHUB, *OWN]),
        ("vendor.renovate", [CI.parent / "renovate.json"]),
        ("vendor.gitlab-ci", [CI / "gitlab" / ".gitlab-ci.yml"]),
    ):
        done = valid(schema, *files)
        assert done.returncode == 0, done.stdout + done.stderr
    broken = tmp_path / "broken.yml"
    broken.write_text(GITHUB[0].read_text().replace("runs-on:", "runs-at:"))
    assert valid("vendor.github-workflows", broken).returncode != 0


def test_actionlint_finds_nothing_to_complain_of(tmp_path):
    """Expressions, contexts, events and shells, which no schema knows."""
    try:
        program = actionlint.ensure(Silent()) / "actionlint"
    except LocalCloudError as error:
        pytest.skip(f"actionlint cannot be built here: {error}")
    done = subprocess.run([program, "-no-color", *GITHUB, *OWN], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    broken = tmp_path / "broken.yml"
    broken.write_text(GITHUB[0].read_text().replace("${{ vars.", "${{ variables."))
    assert broken.read_text() != GITHUB[0].read_text()
    assert subprocess.run([program, broken], capture_output=True, check=False).returncode != 0


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


def test_the_projects_workflows_read_alone_but_where_a_right_is_named():
    assert [file.name for file in OWN] == ["ci.yml", "release.yml"]
    for file in OWN:
        found = yaml.safe_load(file.read_text())
        assert found["permissions"] == {"contents": "read"}
        assert "secrets." not in file.read_text()
    publish = yaml.safe_load(OWN[1].read_text())["jobs"]["publish"]
    assert publish["environment"] == "release"
    assert not any("checkout" in step.get("uses", "") or "make " in step.get("run", "") for step in publish["steps"])


def test_the_projects_workflows_call_targets_that_there_are():
    targets = set(re.findall(r"^([a-z-]+):", (CI.parent / "Makefile").read_text(), re.MULTILINE))
    called = {name for file in OWN for name in re.findall(r"\bmake ([a-z-]+)", file.read_text())}
    assert called <= targets
    assert {"lint", "lint-workflows", "site", "check", "check-oldest", "coverage", "test"} <= called


def test_every_python_that_the_package_allows_is_tried():
    text = OWN[0].read_text()
    matrix = yaml.safe_load(text)["jobs"]["units"]["strategy"]["matrix"]["python"]
    tried = {*matrix, *re.findall(r'python-version: "([\d.]+)"', text)}
    assert {f"3.{minor}" for minor in range(10, 15)} <= tried
