"""Runs the steps of a CI job as its file has them, where somebody else's actions are left out.

What is played: ``uses:`` steps do nothing, ``pip install`` is not run (the package is there), and the few expressions
that the files use are filled in.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

CI = Path(__file__).resolve().parent.parent / "ci"
_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
_LIMIT_SECONDS = 300


def github(file: str, known: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each step of the file's one job: its command and its variables.

    Args:
        file: its name in ``ci/github``.
        known: what expressions stand for: ``inputs.color``.
    """
    (job,) = yaml.safe_load((CI / "github" / file).read_text())["jobs"].values()
    for step in job["steps"]:
        if "run" in step and _holds(step.get("if", ""), known):
            told = {**job.get("env", {}), **step.get("env", {})}
            yield step["run"], {name: _filled(str(value), known) for name, value in told.items()}


def gitlab(job: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The script of a job of ``ci/gitlab/.gitlab-ci.yml``: its commands, in one shell as GitLab has it."""
    found = yaml.safe_load((CI / "gitlab" / ".gitlab-ci.yml").read_text())
    base = found[found[job]["extends"]]
    yield "\n".join([*base["before_script"], *found[job]["script"]]), dict(found["variables"])


def run(
    steps: Iterator[tuple[str, dict[str, str]]], cwd: Path, env: Mapping[str, str], stack: str
) -> subprocess.CompletedProcess[str]:
    """Run the steps until one fails; the last one's result, with all that was said."""
    said, done = "", None
    for command, told in steps:
        script = re.sub(r"^pip install .*$", "true", command, flags=re.MULTILINE)
        variables = {**env, **told, "STACK": stack}
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=cwd,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
        said += f"$ {command}\n{done.stdout}"
        if done.returncode:
            break
    assert done is not None, "the job has no step that runs"
    return subprocess.CompletedProcess(done.args, done.returncode, said)


def _filled(text: str, known: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda match: known[match[1]], text)


def _holds(condition: Any, known: Mapping[str, str]) -> bool:
    if not condition:
        return True
    parts = [re.fullmatch(r"([\w.]+) != '([^']*)'", part) for part in str(condition).split(" && ")]
    assert all(parts), f"a condition that is not played here: {condition}"
    return all(known[part[1]] != part[2] for part in parts if part is not None)
