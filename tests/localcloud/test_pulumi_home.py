"""Which plugins a local cloud's Pulumi finds: real ones that are installed, the stand-ins otherwise."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from localcloud.pulumi_home import PulumiHome

FOLDER = f"resource-kubernetes-v{importlib.metadata.version('pulumi_kubernetes')}"
PROGRAM = "pulumi-resource-kubernetes"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The plugin's folder as Pulumi itself installs it, without anything in it."""
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "theirs"))
    folder = tmp_path / "theirs" / "plugins" / FOLDER
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> PulumiHome:
    found = PulumiHome(tmp_path / "state")
    (found.home / "plugins").mkdir(parents=True)
    return found


def install(folder: Path, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / PROGRAM).write_text(says)
    (folder / "PulumiPlugin.yaml").write_text("runtime: go\n")


def found_by(home: PulumiHome) -> dict[str, str]:
    """The plugins that Pulumi finds: it looks into folders, and ignores links to folders."""
    home.install_plugins()
    folder = home.home / "plugins" / FOLDER
    assert folder.is_dir()
    assert not folder.is_symlink()
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_a_real_plugin_is_found_in_a_folder_of_its_own(home: PulumiHome, installed: Path) -> None:
    install(installed, "real")
    for _ in range(2):
        assert found_by(home) == {PROGRAM: "real", "PulumiPlugin.yaml": "runtime: go\n"}
    install(installed, "real, and newer")
    assert found_by(home)[PROGRAM] == "real, and newer"


def test_a_link_of_before_becomes_a_folder(home: PulumiHome, installed: Path) -> None:
    install(installed, "real")
    (home.home / "plugins" / FOLDER).symlink_to(installed)
    assert found_by(home)[PROGRAM] == "real"
    assert not (installed / PROGRAM).is_symlink(), "what is installed stays as it is"


def test_without_a_real_one_there_is_the_stand_in(home: PulumiHome, installed: Path) -> None:
    """An installation that was broken off has a folder, too."""
    assert "localcloud.plugins.kubernetes" in found_by(home)[PROGRAM]
    install(installed, "real, and later")
    assert "localcloud.plugins.kubernetes" in found_by(home)[PROGRAM], "what runs by now keeps its plugin"


def test_a_real_one_that_is_gone_is_followed_by_the_stand_in(home: PulumiHome, installed: Path) -> None:
    install(installed, "real")
    found_by(home)
    for file in installed.iterdir():
        file.unlink()
    assert list(found_by(home)) == [PROGRAM]
    assert "localcloud.plugins.kubernetes" in found_by(home)[PROGRAM]
    assert not any(installed.iterdir()), "nothing is written through a link"
