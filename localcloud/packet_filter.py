"""The rules of this machine's packet filter, read and changed."""

from __future__ import annotations

import subprocess

from localcloud.errors import LocalCloudError
from localcloud.tools import system


def saved(program: str, table: str) -> str:
    """A table's rules, as `iptables-save` or `ip6tables-save` shows them."""
    done = subprocess.run(
        [_find(f"{program}-save"), "-t", table], capture_output=True, text=True, check=False
    )  # its complaints (a machine without IPv6) go to the other stream
    return done.stdout


def change(program: str, rules: str) -> None:
    """Apply these lines to what is there, all or none."""
    command = [_find(f"{program}-restore"), "--noflush", "--wait", "10"]
    done = subprocess.run(command, input=rules, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LocalCloudError(f"{program}-restore: {done.stderr.strip()}")


def _find(program: str) -> str:
    path = system.find(program)
    if path is None:
        raise LocalCloudError(f"{program} not found: it comes with the Debian package iptables")
    return str(path)
