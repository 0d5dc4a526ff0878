"""The environment is installed by uv with what pip gets; without uv by pip."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev import install

SETTINGS = """\
:env:.cert='/etc/ours.pem'
:env:.find-links='/wheels /more'
:env:.default-timeout='60'
global.cert='/etc/other.pem'
global.extra-index-url='\\nhttps://a.example/simple\\nhttps://b.example/simple'
install.no-index='1'
download.index-url='https://not-ours.example'
"""


def test_uv_is_told_what_pip_is_told():
    assert install.told_to_uv(SETTINGS) == {
        "SSL_CERT_FILE": "/etc/ours.pem",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_NO_INDEX": "1",
    }
    assert install.told_to_uv("") == {}


def programs(folder: Path, **statuses: int) -> dict[str, str]:
    """Programs that write down how they are called, and end with a status."""
    for name, status in statuses.items():
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {folder}/calls\nexit {status}\n')
        program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(("status", "extra"), [(0, "dev"), (1, "dev"), (0, "demo")])
def test_pip_installs_only_where_uv_does_not(tmp_path, monkeypatch, capsys, status, extra):
    monkeypatch.setattr(os, "environ", programs(tmp_path, uv=status))
    called = []
    run = subprocess.run

    def played(command, **more):
        if command[0] != sys.executable:
            return run(command, **more)
        called.append(command[4:])
        return subprocess.CompletedProcess(command, 3, stdout="")

    monkeypatch.setattr(install.subprocess, "run", played)
    assert install.main(extra) == (3 if status else 0)
    (line,) = (tmp_path / "calls").read_text().splitlines()
    wanted = f"-e .[{extra}] -c constraints.txt"
    assert line == f"uv pip install --quiet --python {sys.executable} --link-mode hardlink {wanted}"
    installed = [["install", "--quiet", "--no-compile", *wanted.split()]] if status else []
    assert called == [["config", "list"], *installed]
    assert ("pip installs them" in capsys.readouterr().out) == bool(status)
