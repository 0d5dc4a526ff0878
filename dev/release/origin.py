"""Where releases come from: one URL, kept in one file, from which everything that names the repository is written."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
from pathlib import Path

from dev.release.changelog import NoRelease
from dev.release.schemas import SCHEMA

FILE = "components/bluegreen/_origin.py"
"""The place of the URL; ``[project.urls]`` of pyproject.toml and fields of the schema are written from it."""
PYPROJECT = "pyproject.toml"
_ALLOWED = "--repository names it, such as https://github.com/acme/bluegreen"
_SSH = re.compile(r"(?:ssh://)?git@(?P<host>[\w.-]+)[:/](?P<path>[\w.-]+/[\w.-]+)")


def recorded(repo: Path) -> str:
    """The repository that the checkout's releases come from; empty where there was none."""
    return str(runpy.run_path(str(repo / FILE))["REPOSITORY"])


def of_git(repo: Path) -> str:
    """The URL of the checkout's remote `origin` as a browser has it; empty where it is none, such as a folder."""
    words = ["git", "-C", str(repo), "config", "--get", "remote.origin.url"]
    remote = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    by_ssh = _SSH.fullmatch(remote)
    url = f"https://{by_ssh['host']}/{by_ssh['path']}" if by_ssh else remote
    url = url.rstrip("/").removesuffix(".git")
    return url if _is_one(url) else ""


def checked(repository: str) -> str:
    """A repository's URL, without a slash at its end.

    Raises:
        NoRelease: it is none.
    """
    url = repository.rstrip("/").removesuffix(".git")
    if not repository:
        raise NoRelease(f"nothing says which repository the release comes from: {_ALLOWED}")
    if not _is_one(url):
        raise NoRelease(f"{repository} is no repository that a release can come from: {_ALLOWED}")
    return url


def _is_one(url: str) -> bool:
    return re.fullmatch(r"https://[\w.-]+/[\w.-]+/[\w.-]+", url) is not None


def of_build(repo: Path, given: str) -> str:
    """The repository that what is built names; empty where none is known.

    Args:
        repo: the checkout.
        given: the one that the command was given, or nothing.

    Raises:
        NoRelease: the checkout's releases come from another one.
    """
    there = recorded(repo)
    if not given:
        return there
    wanted = checked(given)
    if there and wanted.lower() != there.lower():
        how = f"`python -m dev.release number VERSION --repository {wanted}` writes the other one"
        raise NoRelease(f"{FILE} says that releases come from {there}, and --repository says {wanted}: {how}")
    return there or wanted


def of_release(repo: Path) -> str:
    """The repository that a tagged checkout's release comes from.

    Raises:
        NoRelease: it names none: then neither its schema nor its archives lead to where they are kept.
    """
    there = recorded(repo)
    if not there:
        how = (
            "`python -m dev.release number VERSION --repository URL` writes it, the schema's fields and [project.urls]"
        )
        raise NoRelease(f"{FILE} names no repository, and a release has to say where it comes from: {how}")
    return there


def write(folder: Path, repository: str, version: str) -> None:
    """Write a repository's URL wherever it has to stand.

    Args:
        folder: a checkout, or a copy of one that is built.
        repository: its URL.
        version: the release's, at whose tag the logo is.
    """
    file, project, schema = folder / FILE, folder / PYPROJECT, folder / SCHEMA
    file.write_text(re.sub(r'^REPOSITORY = ".*"$', f'REPOSITORY = "{repository}"', file.read_text(), flags=re.M))
    project.write_text(with_urls(project.read_text(), repository))
    schema.write_text(in_schema(schema.read_text(), fields(folder, version)))


def fields(folder: Path, version: str) -> dict[str, str]:
    """The schema's fields that name a folder's repository; none where it names none."""
    there = runpy.run_path(str(folder / FILE))
    return dict(there["origin"](there["REPOSITORY"], version))


def in_schema(schema: str, named: dict[str, str]) -> str:
    """A schema's text with those fields, in the form that the file in Git has."""
    return json.dumps({**json.loads(schema), **named}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def urls(repository: str) -> dict[str, str]:
    """A project's links by their labels, as package indexes show them."""
    return {
        "Homepage": repository,
        "Repository": repository,
        "Documentation": f"{repository}/blob/main/docs/index.md",
        "Changelog": f"{repository}/blob/main/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }


def with_urls(pyproject: str, repository: str) -> str:
    """A project's settings with its URLs, in the place of those that it had."""
    before, _, rest = pyproject.partition("[project.urls]\n")
    after = rest.partition("\n\n")[2] if rest else ""
    if not rest:
        before, _, after = pyproject.partition("[project.scripts]\n")
        after = f"[project.scripts]\n{after}"
    lines = [f'{name} = "{url}"' for name, url in urls(repository).items()]
    return f"{before}[project.urls]\n" + "\n".join(lines) + f"\n\n{after}"
