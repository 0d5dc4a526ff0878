"""Where an update comes from: who, which commit, pull request and run of a CI, for the history.

A CI says it by variables of its own: GitHub Actions' default ones, and GitLab's predefined ones. Elsewhere it is the
user and the machine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from bluegreen.printable import printable
from bluegreen.swap.marks import who

_PULL = re.compile(r"refs/pull/(\d+)/")


def origin(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Who updates: ``who``, and in a CI ``commit``, ``pull_request`` (its number) and ``run_url`` where it says so."""
    if environ.get("GITHUB_ACTIONS") == "true":
        pull = _PULL.match(environ.get("GITHUB_REF", ""))
        server, repository, run = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
        told = {
            "who": environ.get("GITHUB_ACTOR", ""),
            "commit": environ.get("GITHUB_SHA", ""),
            "pull_request": pull[1] if pull else "",
            "run_url": f"{server}/{repository}/actions/runs/{run}" if server and repository and run else "",
        }
    elif environ.get("GITLAB_CI") == "true":
        told = {
            "who": environ.get("GITLAB_USER_LOGIN", ""),
            "commit": environ.get("CI_COMMIT_SHA", ""),
            "pull_request": environ.get("CI_MERGE_REQUEST_IID", ""),
            "run_url": environ.get("CI_JOB_URL", ""),
        }
    else:
        told = {}
    return {key: printable(value) for key, value in {"who": who(), **_given(told)}.items()}


def _given(told: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in told.items() if value}
