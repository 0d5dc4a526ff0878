"""Everything that a release hands out: wheel, sources, plugin, schema, bill of materials; made and looked through."""

from __future__ import annotations

import email
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from dev import plugin_archive
from dev.release import opinions, origin, readme, sbom
from dev.release.changelog import NoRelease
from dev.release.schemas import SCHEMA

MACHINES = ("darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64", "windows-arm64")
BILL = "bluegreen.cdx.json"
_LEFT = shutil.ignore_patterns("__pycache__", "*.pyc")
_NEVER = ("tests/", "localcloud/", "stacks/", "dev/", "demo/")
_IN_WHEEL = ("bluegreen/py.typed", "bluegreen/cli/report.html", "bluegreen/adapters/plugin/host.py")
_IN_SOURCES = ("CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", *(f"components/{name}" for name in _IN_WHEEL))
_BUILT_FROM = (
    *("CHANGELOG.md", "LICENSE", "MANIFEST.in", "pyproject.toml", SCHEMA),
    *(f"components/{name}" for name in plugin_archive.AT_ROOT),
)


def make(repo: Path, folder: Path, repository: str = "") -> list[Path]:
    """Build all of it into a folder.

    Args:
        repo: the checkout.
        folder: where to; it is empty, or is made.
        repository: the URL that all of it names; the recorded one when empty, and where there is none, none.

    Raises:
        NoRelease: something is missing in it, or too much.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = sorted(path.name for path in folder.iterdir())
    if there:
        raise NoRelease(f"{folder} is not empty: {', '.join(there)}")
    version, repository = plugin_archive.version(repo), origin.of_build(repo, repository)
    with tempfile.TemporaryDirectory() as temporary:
        # Nothing that a build before has left goes in.
        copy = Path(temporary) / "bluegreen"
        shutil.copytree(repo / "components" / "bluegreen", copy / "components" / "bluegreen", ignore=_LEFT)
        for name in _BUILT_FROM:
            shutil.copyfile(repo / name, copy / name)
        text = (repo / "README.md").read_text()
        (copy / "README.md").write_text(readme.absolute(text, repository, f"v{version}"))
        if repository:
            origin.write(copy, repository, version)
        subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(copy)], check=True)
        archive = plugin_archive.build(folder, copy)
        shutil.copyfile(copy / SCHEMA, folder / "schema.json")
        requirements = (copy / "components" / "requirements.txt").read_text()
    # The same for every machine: the engine asks for that of its own.
    for machine in MACHINES:
        shutil.copyfile(archive, folder / archive.name.replace(".tar.gz", f"-{machine}.tar.gz"))
    (folder / BILL).write_text(sbom.bill(requirements, version, repository))
    problems = [*problems_in(folder, version, repository), *opinions.problems_in(folder, version)]
    if problems:
        raise NoRelease("; ".join(problems))
    return sorted(folder.iterdir())


def problems_in(folder: Path, version: str, repository: str = "") -> list[str]:
    """Everything that is wrong with what was built; empty where nothing is.

    Args:
        folder: with all of it.
        version: the release's.
        repository: its URL, to which what it says of itself leads; empty where none is known.
    """
    wheel, sources = folder / f"bluegreen-{version}-py3-none-any.whl", folder / f"bluegreen-{version}.tar.gz"
    needed = (wheel, sources, *_plugins(folder, version), folder / "schema.json", folder / BILL)
    missing = [f"there is no {path.name}" for path in needed if not path.is_file()]
    if missing:
        return missing
    with tarfile.open(sources) as packed:
        inside = [name.partition("/")[2] for name in packed.getnames()]
    problems = _of_wheel(wheel, version, repository)
    problems += [f"{sources.name} lacks {name}" for name in _IN_SOURCES if name not in inside]
    problems += [problem for plugin in _plugins(folder, version) for problem in _of_plugin(plugin, repository)]
    return problems + _of_schema(folder / "schema.json", version, repository)


def _plugins(folder: Path, version: str) -> list[Path]:
    name = f"pulumi-resource-bluegreen-v{version}"
    return [folder / f"{name}{end}.tar.gz" for end in ("", *(f"-{machine}" for machine in MACHINES))]


def _of_wheel(wheel: Path, version: str, repository: str) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = email.message_from_bytes(archive.read(f"bluegreen-{version}.dist-info/METADATA"))
    problems = [f"{wheel.name} lacks {name}" for name in _IN_WHEEL if name not in names]
    problems += [f"{wheel.name} has {name}" for name in names if name.startswith(_NEVER)]
    problems += [f"{wheel.name} says nothing of {key}" for key in ("Summary", "Keywords") if not metadata[key]]
    if metadata["Version"] != version:
        problems.append(f"{wheel.name} says that it is {metadata['Version']}")
    if "# bluegreen" not in str(metadata.get_payload()):
        problems.append(f"{wheel.name} has no description")
    if repository:
        said = metadata.get_all("Project-URL") or []
        wanted = [f"{label}, {url}" for label, url in origin.urls(repository).items()]
        problems += [f"{wheel.name} has no Project-URL {url}" for url in wanted if url not in said]
        links = readme.relative_links(str(metadata.get_payload()))
        problems += [f"{wheel.name}: its description leads to {link}, beside it" for link in links]
    return problems


def _of_plugin(plugin: Path, repository: str) -> list[str]:
    module = origin.FILE.removeprefix("components/")
    with tarfile.open(plugin) as packed:
        names = packed.getnames()
        member = packed.extractfile(module) if module in names else None
        said = member.read().decode() if member else ""
    problems = [f"{plugin.name} lacks {name}" for name in (*plugin_archive.AT_ROOT, *_IN_WHEEL) if name not in names]
    if f'REPOSITORY = "{repository}"' not in said:
        problems.append(f"{plugin.name} does not come from {repository or 'nowhere'}: {module} says something else")
    return problems


def _of_schema(file: Path, version: str, repository: str) -> list[str]:
    schema = json.loads(file.read_text())
    problems = [f"schema.json is of version {schema.get('version')}"] if schema.get("version") != version else []
    if repository and schema.get("repository") != repository:
        problems.append(f"schema.json says that its repository is {schema.get('repository')}")
    asked = ("publisher", "homepage", "logoUrl", "pluginDownloadURL") if repository else ()
    return problems + [f"schema.json has no {key}" for key in asked if not schema.get(key)]
