"""Everything that a release hands out: wheel, sources, plugin, bill of materials; made and looked through."""

from __future__ import annotations

import email
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from dev import plugin_archive
from dev.release import numbering, readme, sbom
from dev.release.changelog import NoRelease

MACHINES = ("darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64")
_LEFT = shutil.ignore_patterns("__pycache__", "*.pyc")
_NEVER = ("tests/", "localcloud/", "stacks/", "dev/", "demo/")
_IN_WHEEL = ("bluegreen/py.typed", "bluegreen/cli/report.html", "bluegreen/adapters/plugin/host.py")
_IN_SOURCES = ("CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", *(f"components/{name}" for name in _IN_WHEEL))


def make(repo: Path, folder: Path) -> list[Path]:
    """Build all of it into a folder.

    Raises:
        NoRelease: something is missing in it, or too much.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = sorted(path.name for path in folder.iterdir())
    if there:
        raise NoRelease(f"{folder} is not empty: {', '.join(there)}")
    version, repository = plugin_archive.version(), numbering.repository_of(repo)
    with tempfile.TemporaryDirectory() as temporary:
        # Nothing that a build before has left goes in.
        copy = Path(temporary) / "bluegreen"
        shutil.copytree(repo / "components" / "bluegreen", copy / "components" / "bluegreen", ignore=_LEFT)
        for name in ("CHANGELOG.md", "LICENSE", "MANIFEST.in", "pyproject.toml"):
            shutil.copyfile(repo / name, copy / name)
        text = (repo / "README.md").read_text()
        (copy / "README.md").write_text(readme.absolute(text, repository, f"v{version}"))
        subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(copy)], check=True)
    archive = plugin_archive.build(folder)
    # The same for every machine: the engine asks for that of its own.
    for machine in MACHINES:
        shutil.copyfile(archive, folder / archive.name.replace(".tar.gz", f"-{machine}.tar.gz"))
    requirements = (plugin_archive.COMPONENTS / "requirements.txt").read_text()
    (folder / "bluegreen.cdx.json").write_text(sbom.bill(requirements, version))
    if problems := problems_in(folder, version, published=bool(repository)):
        raise NoRelease("; ".join(problems))
    return sorted(folder.iterdir())


def problems_in(folder: Path, version: str, *, published: bool = False) -> list[str]:
    """Everything that is wrong with what was built; empty where nothing is.

    Args:
        folder: with all of it.
        version: the release's.
        published: its repository is known, so that what it says of itself leads there.
    """
    wheel, sources = folder / f"bluegreen-{version}-py3-none-any.whl", folder / f"bluegreen-{version}.tar.gz"
    missing = [f"there is no {path.name}" for path in (wheel, sources) if not path.is_file()]
    if missing:
        return missing
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = email.message_from_bytes(archive.read(f"bluegreen-{version}.dist-info/METADATA"))
    with tarfile.open(sources) as packed:
        inside = [name.partition("/")[2] for name in packed.getnames()]
    problems = [f"{wheel.name} lacks {name}" for name in _IN_WHEEL if name not in names]
    problems += [f"{sources.name} lacks {name}" for name in _IN_SOURCES if name not in inside]
    problems += [f"{wheel.name} has {name}" for name in names if name.startswith(_NEVER)]
    problems += [f"{wheel.name} says nothing of {key}" for key in ("Summary", "Keywords") if not metadata[key]]
    if metadata["Version"] != version:
        problems.append(f"{wheel.name} says that it is {metadata['Version']}")
    if "# bluegreen" not in str(metadata.get_payload()):
        problems.append(f"{wheel.name} has no description")
    if published:
        problems += [] if metadata["Project-URL"] else [f"{wheel.name} says nothing of Project-URL"]
        links = readme.relative_links(str(metadata.get_payload()))
        problems += [f"{wheel.name}: its description leads to {link}, beside it" for link in links]
    return problems
