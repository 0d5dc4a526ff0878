"""The stand-in language host and packages, where it is not the plugin's tests that show it."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import pytest

from localcloud import language_packages
from localcloud.children import Children
from localcloud.language_packages import PackageError, install, link
from localcloud.processes import Daemon


@pytest.fixture
def sdk(tmp_path: Path) -> str:
    package = tmp_path / "sdks" / "bluegreen" / "pulumi_bluegreen"
    package.mkdir(parents=True)
    (package / "pulumi-plugin.json").write_text("{}")
    return "sdks/bluegreen"


@pytest.fixture
def children() -> Children:
    return Children()


def python_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    """An interpreter whose every run does one thing of ours, and is given what pip would be given."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PULUMI_PYTHON_CMD", str(program))


def said(root: Path, children: Children, **options: str) -> str:
    return b"".join(data for _name, data in install(str(root), str(root), options, children)).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pulumi>=3\n", "pulumi>=3\nsdks/bluegreen\n"),
        ("pulumi>=3", "pulumi>=3\nsdks/bluegreen"),
        ("pulumi>=3\r\n", "pulumi>=3\r\nsdks/bluegreen\r\n"),
        ("sdks/bluegreen\npulumi>=3\n", "pulumi>=3\nsdks/bluegreen\n"),
        ("pulumi-bluegreen==0.0.9\n\n# ours\npulumi>=3\n", "\n# ours\npulumi>=3\nsdks/bluegreen\n"),
        ("pulumi_bluegreen_extras==1\n", "pulumi_bluegreen_extras==1\nsdks/bluegreen\n"),
        ("", "sdks/bluegreen\n"),
    ],
)
def test_an_sdk_is_linked_once(before: str, after: str, sdk: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(before.encode())
    assert "import pulumi_bluegreen" in link(str(tmp_path), [sdk])
    assert (tmp_path / "requirements.txt").read_bytes() == after.encode()


def test_what_cannot_be_linked_is_said(sdk: str, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"requirements\.txt: make it"):
        link(str(tmp_path), [sdk])
    (tmp_path / "requirements.txt").write_text("pulumi>=3\n")
    with pytest.raises(PackageError, match="has no Python SDK"):
        link(str(tmp_path), ["sdks/other"])
    assert (tmp_path / "requirements.txt").read_text() == "pulumi>=3\n"


def test_another_toolchain_is_refused(tmp_path: Path, children: Children) -> None:
    with pytest.raises(PackageError, match=r"`toolchain` option is 'uv'"):
        said(tmp_path, children, toolchain="uv", virtualenv="venv")
    assert not (tmp_path / "venv").exists()


def test_what_pip_says_of_a_failure_is_handed_on(
    tmp_path: Path, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real pip, and a requirement that is nowhere; only its own update is left out."""
    real = shlex.quote(sys.executable)
    python_that(tmp_path, monkeypatch, f'case "$*" in *--upgrade*) exit 0;; esac\nexec {real} "$@"')
    (tmp_path / "requirements.txt").write_text("./nowhere\n")
    with pytest.raises(PackageError, match=r"(?s)installing dependencies: .* ended with status 1\n.*nowhere"):
        said(tmp_path, children)


def test_without_requirements_nothing_more_is_installed(
    tmp_path: Path, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    python_that(tmp_path, monkeypatch, 'echo "$@"')
    assert "-m pip install --upgrade pip setuptools wheel\nFinished updating\n" in said(tmp_path, children)
    assert "requirements.txt" not in said(tmp_path, children)


def test_an_install_that_takes_too_long_is_ended(
    tmp_path: Path, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    python_that(tmp_path, monkeypatch, f"echo $$ > {shlex.quote(str(tmp_path))}/pid\nexec sleep 600")
    monkeypatch.setattr(language_packages, "INSTALL_LIMIT_SECONDS", 0.5)
    with pytest.raises(PackageError, match=r"took longer than"):
        said(tmp_path, children)
    assert ended(tmp_path)


def test_an_install_ends_with_the_engine_that_asked(
    tmp_path: Path, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    python_that(tmp_path, monkeypatch, f"echo $$ > {shlex.quote(str(tmp_path))}/pid\necho started\nexec sleep 600")
    running = install(str(tmp_path), str(tmp_path), {}, children)
    while next(running)[1] != b"started\n":
        pass
    running.close()
    assert ended(tmp_path)


def ended(tmp_path: Path) -> bool:
    """Whether what was started is gone, or is so within a few seconds."""
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not Daemon.of(pid).alive():
            return True
        time.sleep(0.02)
    return False
