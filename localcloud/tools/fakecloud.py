"""fakecloud, the AWS emulator with a data plane: one on PATH of the pinned version, else built with cargo."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from localcloud import cache
from localcloud.errors import LocalCloudError
from localcloud.processes import run
from localcloud.progress import Progress

VERSION = "0.51.0"

# A debug-like build: 8 minutes instead of half an hour, and the emulator is fast enough with it.
_PROFILE = {
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_DEBUG": "0",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
}


def ensure(progress: Progress) -> Path:
    """The directory with `fakecloud` in it."""
    if directory := cache.cached("fakecloud", VERSION):
        return directory / "bin"
    if on_path := find_on_path():
        return on_path

    def waiting() -> None:
        progress.say(f"Waiting for another process that is building fakecloud {VERSION}")

    return cache.ensure("fakecloud", VERSION, lambda target: build(target, progress), waiting) / "bin"


def find_on_path() -> Path | None:
    """An install of exactly this version: the emulation differs from release to release."""
    program = shutil.which("fakecloud")
    if program is None:
        return None
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.split()
    return Path(program).resolve().parent if output[-1:] == [VERSION] else None


def build(target: Path, progress: Progress) -> None:
    """Build it from its crate."""
    cargo = shutil.which("cargo")
    if cargo is None:
        raise LocalCloudError(
            f"Rust is needed to build fakecloud {VERSION}, and there is no `cargo` on PATH: "
            f"install it (https://rustup.rs/), or put fakecloud {VERSION} on PATH"
        )
    command = [cargo, "install", "fakecloud", "--version", VERSION, "--locked", "--root", str(target)]
    with progress.step(f"Building fakecloud {VERSION}, some 8 minutes") as note:
        env = os.environ | _PROFILE | {"CARGO_TARGET_DIR": str(target / "build")}
        run(
            command, what="cargo install fakecloud", env=env, on_line=lambda line: note(line.removeprefix("Compiling "))
        )
    shutil.rmtree(target / "build")
