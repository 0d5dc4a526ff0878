"""The places in a checkout that have the version's number, and how they get another one."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

from dev.release import changelog
from dev.release.schemas import SCHEMA, digest_of

VERSION = "components/bluegreen/_version.py"
ORIGIN = "components/bluegreen/_origin.py"
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


def repository_of(repo: Path) -> str:
    """The repository that the checkout's releases come from; empty where there was none."""
    found = re.search(r'^REPOSITORY = "(.*)"$', (repo / ORIGIN).read_text(), re.MULTILINE)
    return found[1] if found else ""


def with_urls(pyproject: str, repository: str) -> str:
    """A project's settings with its URLs, in the place of those that it had."""
    before, _, rest = pyproject.partition("[project.urls]\n")
    after = rest.partition("\n\n")[2] if rest else ""
    if not rest:
        before, _, after = pyproject.partition("[project.scripts]\n")
        after = f"[project.scripts]\n{after}"
    places = {
        "Homepage": repository,
        "Documentation": f"{repository}/blob/main/docs/index.md",
        "Changelog": f"{repository}/blob/main/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }
    lines = [f'{name} = "{url}"' for name, url in places.items()]
    return f"{before}[project.urls]\n" + "\n".join(lines) + f"\n\n{after}"


def make(repo: Path, version: str, day: date, repository: str = "") -> list[str]:
    """Write a release's number, its origin, its schema and its entry in the changelog.

    Args:
        repo: the checkout.
        version: the release's.
        day: when it is made.
        repository: its URL on GitHub; that of the last release when empty.

    Returns:
        The files that changed.

    Raises:
        changelog.NoRelease: it cannot be one; nothing was written.
    """
    former, text = current(repo), (repo / "CHANGELOG.md").read_text()
    changelog.release(text, version, day, "0" * 64)
    if changelog.number(version) < changelog.number(former):
        raise changelog.NoRelease(f"{version} is older than {former}, which {VERSION} has")
    repository = (repository or repository_of(repo)).rstrip("/")
    if re.fullmatch(r"https://[\w.-]+/[\w.-]+/[\w.-]+", repository) is None:
        allowed = "--repository names it, such as https://github.com/acme/bluegreen"
        raise changelog.NoRelease(f"{repository or 'nothing'} is no repository that a release can come from: {allowed}")
    origin, project = repo / ORIGIN, repo / "pyproject.toml"
    origin.write_text(re.sub(r'^REPOSITORY = ".*"$', f'REPOSITORY = "{repository}"', origin.read_text(), flags=re.M))
    project.write_text(with_urls(project.read_text(), repository))
    for name in (VERSION, *NAMED_IN):
        file = repo / name
        file.write_text(renumbered(file.read_text(), former, version))
    # The schema has the version that was just written: a Python of its own reads it.
    command = [sys.executable, "-m", "bluegreen.adapters.plugin.schema"]
    schema = subprocess.run(command, cwd=repo / "components", capture_output=True, check=True).stdout
    (repo / SCHEMA).write_bytes(schema)
    (repo / "CHANGELOG.md").write_text(changelog.release(text, version, day, digest_of(schema)))
    return [VERSION, ORIGIN, "pyproject.toml", *NAMED_IN, SCHEMA, "CHANGELOG.md"]
