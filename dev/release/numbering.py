"""The places in a checkout that have the version's number, and how they get another one."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

from dev.release import changelog, origin
from dev.release.schemas import SCHEMA, digest_of

VERSION = "components/bluegreen/_version.py"
NAMED_IN = ("policies/PulumiPolicy.yaml", "docs/install.md", "docs/plugin.md", "docs/policies.md")
"""Files that name the version as it is: commands to type, and what they print."""


def current(repo: Path) -> str:
    """The version that the checkout has."""
    found = re.search(r'^__version__ = "(.+)"$', (repo / VERSION).read_text(), re.MULTILINE)
    if found is None:
        raise changelog.NoRelease(f'{VERSION} has no line __version__ = "…"')
    return found[1]


def renumbered(text: str, former: str, version: str) -> str:
    """A text with one version in another's place, where it stands alone: not in 10.1.0 or 0.1.0.1."""
    return re.sub(rf"(?<![\d.]){re.escape(former)}(?![\d]|\.\d)", version, text)


def make(repo: Path, version: str, day: date, repository: str = "") -> list[str]:
    """Write a release's number, its origin, its schema and its entry in the changelog.

    Args:
        repo: the checkout.
        version: the release's.
        day: when it is made.
        repository: its URL on GitHub; when empty that of the last release, or else that of the remote `origin`.

    Returns:
        The files that changed.

    Raises:
        changelog.NoRelease: it cannot be one; nothing was written.
    """
    former, text = current(repo), (repo / "CHANGELOG.md").read_text()
    changelog.release(text, version, day, "0" * 64)
    if changelog.number(version) < changelog.number(former):
        raise changelog.NoRelease(f"{version} is older than {former}, which {VERSION} has")
    repository = origin.checked(repository or origin.recorded(repo) or origin.of_git(repo))
    for name in (VERSION, *NAMED_IN):
        file = repo / name
        file.write_text(renumbered(file.read_text(), former, version))
    # The schema has what was just written: a Python of its own reads it.
    origin.write(repo, repository, version)
    command = [sys.executable, "-m", "bluegreen.adapters.plugin.schema"]
    schema = subprocess.run(command, cwd=repo / "components", capture_output=True, check=True).stdout
    (repo / SCHEMA).write_bytes(schema)
    (repo / "CHANGELOG.md").write_text(changelog.release(text, version, day, digest_of(schema)))
    return [VERSION, origin.FILE, origin.PYPROJECT, *NAMED_IN, SCHEMA, "CHANGELOG.md"]
