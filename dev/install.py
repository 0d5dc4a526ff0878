"""Install the package and its pins into the environment whose Python runs this: by uv if that can be had, else by pip.

pip unpacks a gigabyte of SDKs anew for each checkout; uv unpacks a package once and links its files. pip's settings of
indexes and certificates hold for uv as well. Where uv is not to be had, or fails, pip installs. Standard
library only.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

UV = "uv>=0.9,<1"
_TOLD = {
    "cert": "SSL_CERT_FILE",
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
}
"""pip's settings, and the variables by which uv gets the same."""


def told_to_uv(settings: str) -> dict[str, str]:
    """pip's settings as uv's variables.

    Args:
        settings: what `pip config list` prints; of two lines for one setting the environment's counts.
    """
    told: dict[str, str] = {}
    for line in sorted(settings.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        variable = _TOLD.get(name.rpartition(".")[2])
        if variable is not None and name.partition(".")[0] in ("global", "install", ":env:"):
            several = str(ast.literal_eval(value)).split()
            told[variable] = (" " if variable == "UV_INDEX" else ",").join(several)
    return told


def wanted(extra: str) -> list[str]:
    """The arguments of an installation: the package with one of its extras, and the pins."""
    return ["-e", f".[{extra}]", "-c", "constraints.txt"]


def by_uv(program: str, env: Mapping[str, str], extra: str) -> bool:
    """Whether uv has installed it."""
    words = ("pip", "install", "--quiet", "--python", sys.executable, "--link-mode", "hardlink")
    done = subprocess.run([program, *words, *wanted(extra)], env=env, capture_output=True, check=False)
    return done.returncode == 0


def found_uv(pip: list[str]) -> str | None:
    """uv's program: the one on PATH, or one that is installed here."""
    there = shutil.which("uv")
    if there is not None:
        return there
    got = subprocess.run([*pip, "install", "--quiet", UV], capture_output=True, check=False)
    own = Path(sys.executable).with_name("uv")
    return str(own) if got.returncode == 0 and own.is_file() else None


def main(extra: str = "dev") -> int:
    """Install it with one of its extras; the exit status is pip's where pip had to."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    uv = found_uv(pip)
    if uv is not None:
        settings = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False).stdout
        # What somebody has set for uv itself comes first.
        if by_uv(uv, {**told_to_uv(settings), **os.environ}, extra):
            return 0
    print("uv is not to be had, or does not reach the packages: pip installs them, which takes a minute or two")
    return subprocess.run([*pip, "install", "--quiet", "--no-compile", *wanted(extra)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
