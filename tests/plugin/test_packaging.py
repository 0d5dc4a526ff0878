"""Every way in which the plugin comes to its users, tried as they do it: with the Pulumi CLI, in projects of their own.

The plugin's environment is built once, as it is for everyone; the other ways use that one instead of one of their own.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import tomllib
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bluegreen._version import __version__
from dev import plugin_archive
from localcloud import progress
from localcloud.tools import languages
from localcloud.tools import pulumi as pulumi_tool
from tests.e2e import keeper
from tests.plugin import git_server
from tests.plugin.consumer import DOCS, EXECUTABLE, Home, Project, documented, plugin_folder, use_environment

REPO = Path(__file__).resolve().parents[2]
MISSING = f"no resource plugin '{EXECUTABLE}' found in the workspace at version v{__version__} or on your $PATH"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"), pulumi_tool.ensure(progress.for_terminal()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plugin_folder(tmp_path_factory.mktemp("work") / "bluegreen" / "components")


@pytest.fixture(scope="module")
def added(folder: Path, home: Home) -> Project:
    """A project to which the plugin's folder has been added: here the environment is made."""
    project = Project(folder.parents[1] / "from-folder", home, folder / ".venv")
    assert not (folder / ".venv").exists()
    (command,), _recorded = documented("From a folder")
    assert "import pulumi_bluegreen" in project.pulumi(*command)
    return project


@pytest.fixture(scope="module")
def environment(added: Project, folder: Path) -> Path:
    return folder / ".venv"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plugin_archive.build(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: the build leaves files beside the sources."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(REPO / name, source / name)
    plugin_folder(source / "components")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=300)
    return next(target.glob("*.whl"))


def test_a_folder(added: Project, folder: Path, environment: Path) -> None:
    assert added.packages == documented("From a folder")[1]
    assert "sdks/bluegreen" in (added.directory / "requirements.txt").read_text().splitlines()
    installed = {
        canonicalize_name(found.metadata["Name"]): found.version
        for found in importlib.metadata.distributions(path=[str(next(environment.glob("lib/*/site-packages")))])
    }
    assert pinned().items() <= installed.items()
    assert "bluegreen" not in installed  # what the program imports is the SDK
    added.previews()
    assert 'liveColor: "blue"' in added.pulumi("up", "--yes", "--skip-preview")
    assert "2 deleted" in added.pulumi("destroy", "--yes", "--skip-preview")


def test_pulumi_install_brings_a_checkout_to_what_it_needs(added: Project) -> None:
    shutil.rmtree(added.directory / "sdks")
    added.pulumi("install")
    assert added.sdk_version() == __version__
    added.previews()


def test_a_git_url(home: Home, environment: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    use_environment(plugin_folder(work / "components"), environment)
    git_server.git(work, "init", "--quiet", "--initial-branch=main")
    git_server.git(work, "add", ".")
    git_server.git(work, "commit", "--quiet", "--message=A release")
    git_server.git(work, "tag", f"v{__version__}")
    git_server.git(tmp_path, "clone", "--quiet", "--bare", str(work), str(tmp_path / "served/acme/bluegreen.git"))
    (command,), recorded = documented("From a Git URL")
    project = Project(tmp_path / "from-git", home, environment, "acme_bluegreen")
    with git_server.serve(tmp_path / "served", tmp_path / "certificates") as trusted:
        project.env |= trusted
        project.pulumi(*command)
    for name in trusted:
        project.env.pop(name)
    assert project.packages == recorded
    assert project.sdk_version("acme_bluegreen") == __version__
    project.previews()


YAML = f"""\
name: shop
runtime: yaml
resources:
  web:
    type: bluegreen:TrafficSwap
    options: {{ version: {__version__} }}
    properties:
      active_color: blue
      releases: {{ blue: app:v1, green: app:v2 }}
      router: {{ kind: memory, name: web }}
outputs:
  live: ${{web.live_color}}
"""


def preview_in_yaml(directory: Path, other: Project) -> str:
    """What a program without an SDK shows, with the plugins that another project has."""
    directory.mkdir()
    (directory / "Pulumi.yaml").write_text(YAML)
    own, _, rest = other.env["PATH"].partition(os.pathsep)
    hosts = languages.ensure(progress.for_terminal())
    env = {**other.env, "PATH": os.pathsep.join([own, str(hosts), rest])}
    for words in (["stack", "init", "test", *keeper.INIT], ["preview"]):
        command = ["pulumi", *words, "--non-interactive", "--color=never"]
        done = subprocess.run(
            command,
            cwd=directory,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_release_archive(home: Home, environment: Path, archive: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "from-archive", home, environment)
    unpacked = tmp_path / "unpacked"
    with tarfile.open(archive) as released:
        released.extractall(unpacked, filter="data")
    use_environment(unpacked, environment)
    (project.directory / "dist").mkdir()
    with tarfile.open(project.directory / "dist" / archive.name, "w:gz") as released:
        released.add(unpacked, arcname=".")
    install, add = documented("From a release archive")[0]
    project.pulumi(*install)
    try:
        project.pulumi(*add)
        assert project.packages == {"bluegreen": f"bluegreen@{__version__}"}
        project.previews()
        assert "+ 2 to create" in preview_in_yaml(tmp_path / "yaml", project)
        another = home.plugins / "resource-bluegreen-v9.9.9"
        (home.plugins / f"resource-bluegreen-v{__version__}").rename(another)
        refused = project.run("preview")  # by an SDK of the version before
        assert refused.returncode
        assert MISSING in refused.stdout
    finally:
        project.pulumi("plugin", "rm", "resource", "bluegreen", "--yes")


def test_an_executable_on_path(home: Home, environment: Path, wheel: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "from-path", home, environment)
    pip = [environment / "bin" / "python", "-m", "pip"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", wheel], check=True, capture_output=True, timeout=120)
    try:
        executable = environment / "bin" / EXECUTABLE
        shown = subprocess.run([executable, "--version"], capture_output=True, text=True, check=True, timeout=60)
        assert shown.stdout.strip() == __version__
        project.env["PATH"] = os.pathsep.join([*home.path, str(executable.parent)])
        ((*add, documented_path),) = documented("An executable on PATH")[0]
        assert documented_path == f"$HOME/bluegreen/bin/{EXECUTABLE}"
        project.pulumi(*add, str(executable))
        assert project.packages == {"bluegreen": f"bluegreen@{__version__}"}
        project.previews()
    finally:
        subprocess.run([*pip, "uninstall", "--yes", "bluegreen"], check=True, capture_output=True, timeout=60)


def test_without_the_plugin(home: Home, environment: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "without", home, environment)
    refused = project.run("preview")
    assert refused.returncode
    assert MISSING in refused.stdout
    assert MISSING in DOCS.read_text()


def test_the_archive_is_what_the_plugin_needs(archive: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as released:
        entries = released.getmembers()
    names = {entry.name for entry in entries}
    assert archive.name == f"{EXECUTABLE}-v{__version__}.tar.gz"
    assert {name for name in names if not name.startswith("bluegreen/")} == {
        "LICENSE",
        "PulumiPlugin.yaml",
        "__main__.py",
        "requirements.txt",
    }
    with zipfile.ZipFile(wheel) as built:
        assert {name for name in names if name.startswith("bluegreen/")} == {
            name for name in built.namelist() if name.startswith("bluegreen/")
        }
    assert all(entry.isfile() and entry.mtime == 0 and entry.uid == 0 and entry.mode == 0o644 for entry in entries)


def test_make_builds_the_same_archive_anywhere(tmp_path: Path) -> None:
    for name in ("Makefile", "LICENSE", "dev/plugin_archive.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(REPO / name, tmp_path / name)
    made = plugin_folder(tmp_path / "components")
    for left_over in (made / ".venv" / "lib" / "module.py", made / "bluegreen" / "__pycache__" / "cli.cpython-311.pyc"):
        left_over.parent.mkdir(parents=True)
        left_over.touch()
    command = ["make", "plugin", f"PYTHON={sys.executable}"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    archive = plugin_archive.build(tmp_path / "here")
    assert (tmp_path / "dist" / archive.name).read_bytes() == archive.read_bytes()


def test_the_wheel_carries_the_dynamic_path(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as built:
        names = set(built.namelist())
        metadata = built.read(f"bluegreen-{__version__}.dist-info/METADATA").decode()
        scripts = built.read(f"bluegreen-{__version__}.dist-info/entry_points.txt").decode()
    assert {"bluegreen/py.typed", "bluegreen/swap/dynamic.py", "bluegreen/adapters/plugin/host.py"} <= names
    assert "bluegreen/cli/report.html" in names
    assert "bluegreen = bluegreen.cli.main:main" in scripts
    assert f"\nVersion: {__version__}\n" in metadata
    assert f"{EXECUTABLE} = bluegreen.adapters.plugin.host:main" in scripts


def test_the_imported_package_needs_no_plugin(wheel: Path, tmp_path: Path) -> None:
    """Neither the plugin's modules nor its executable: a swap is declared with the dynamic provider."""
    with zipfile.ZipFile(wheel) as built:
        built.extractall(tmp_path)
    shutil.rmtree(tmp_path / "bluegreen" / "adapters" / "plugin")
    program = "import bluegreen, bluegreen.aws, bluegreen.kubernetes, bluegreen.swap.dynamic; print(bluegreen.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == str(tmp_path / "bluegreen" / "__init__.py"), done.stderr


# Language of the generator, a file of the SDK, and what it has of the SDK's name.
NAMED_IN = {
    "Python": ("python", "pyproject.toml", r'^ *name = "(.+)"'),
    "TypeScript": ("nodejs", "package.json", r'^ *"name": "(@.+)"'),
    "C#": ("dotnet", "Provider.cs", r"^namespace (.+)$"),
    "Java": ("java", "Provider.java", r"^package (.+);$"),
}


@pytest.mark.parametrize(("column", "namespace"), [(0, ""), (1, "acme")])
@pytest.mark.parametrize("language", NAMED_IN)
def test_an_sdk_is_called_what_the_docs_say(language: str, column: int, namespace: str, tmp_path: Path) -> None:
    schema = json.loads((REPO / "components" / "schema.json").read_text()) | {"namespace": namespace}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    generator, file, pattern = NAMED_IN[language]
    command = [languages.ensure(progress.for_terminal()) / languages.GENERATOR, generator, "schema.json", "sdk"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    text = "".join(path.read_text() for path in (tmp_path / "sdk").rglob(file))
    row = DOCS.read_text().split(f"| {language} | ")[1].splitlines()[0]
    assert re.findall(pattern, text, re.MULTILINE)[0] == re.findall(r"`([^`]+)`", row)[column]


def test_one_version_everywhere(added: Project) -> None:
    schema = json.loads((REPO / "components" / "schema.json").read_text())
    assert schema["version"] == plugin_archive.version() == added.sdk_version() == __version__


def test_the_pins_are_the_project_s_own() -> None:
    constraints = (REPO / "constraints.txt").read_text()
    assert pins(constraints).items() >= pinned().items()


def test_the_pins_are_whole() -> None:
    """Everything that anything pinned requires, with the extras that the package has for components and gates."""
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [
        *project["dependencies"],
        *(line for name, lines in extras.items() if name not in NOT_THE_PLUGINS for line in lines),
    ]
    assert set(extras) > NOT_THE_PLUGINS
    waiting, seen = [Requirement(line) for line in asked], set[str]()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in seen or not (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        assert name in pinned(), f"{name} is not pinned"
        assert wanted.specifier.contains(pinned()[name], prereleases=True), str(wanted)
        waiting.extend(Requirement(line) for line in importlib.metadata.requires(name) or [])
    assert seen == set(pinned())


NOT_THE_PLUGINS = {"demo", "dev", "history", "policies"}
"""Extras that components and gates do without; each other one is pinned for the plugin."""


def pinned() -> dict[str, str]:
    return pins((REPO / "components" / "requirements.txt").read_text())


def pins(text: str) -> dict[str, str]:
    """Names, normalized, and versions; any other line than a pin or a comment fails."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines), lines
    return {str(canonicalize_name(line.split("==")[0])): line.split("==")[1] for line in lines}
