"""The packages of a language host: it installs a project's, writes SDKs, and links them to a project.

The same as the official host of this version does with its default toolchain, pip; it offers uv and Poetry besides.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from localcloud.children import Children, chunks

INSTALL_LIMIT_SECONDS = 1800.0
"""How long one step of an install may take: a slow line has to carry some 150 MB."""
GENERATE_LIMIT_SECONDS = 120.0
REQUIREMENTS = "requirements.txt"

_TOOLCHAINS = ("", "auto", "pip")


class PackageError(Exception):
    """An error for the user; the engine shows its text as it is."""


def virtualenv(root_directory: str, options: Mapping[str, Any]) -> Path | None:
    """The directory that the `virtualenv` option names, whether it is there or not."""
    named = str(options.get("virtualenv") or "")
    return Path(os.path.abspath(Path(root_directory, named))) if named else None


def python_in(environment: Path) -> Path:
    """The interpreter of an environment."""
    return environment / "bin" / "python"


def install(
    root_directory: str, directory: str, options: Mapping[str, Any], children: Children
) -> Iterator[tuple[str, bytes]]:
    """Make the virtual environment and install `requirements.txt` of `directory` into it.

    Yields what is written, as (`stdout` or `stderr`, bytes), as it comes.

    Raises:
        PackageError: a step failed or took too long, or a toolchain is wanted that is not there.
    """
    toolchain = str(options.get("toolchain") or "").lower()
    if toolchain not in _TOOLCHAINS:
        raise PackageError(f"the `toolchain` option is {toolchain!r}: the stand-in language host knows `pip` alone")
    environment = virtualenv(root_directory, options)
    python, env = os.environ.get("PULUMI_PYTHON_CMD") or sys.executable, dict(os.environ)
    if environment is not None:
        yield _line("Creating virtual environment...")
        yield from _run(
            "creating the virtual environment", [python, "-m", "venv", str(environment)], directory, env, children
        )
        yield _line("Finished creating virtual environment")
        python, env = str(python_in(environment)), _activated(env, environment)
    pip = [python, "-m", "pip", "install"]
    yield _line("Updating pip, setuptools, and wheel in virtual environment...")
    tools = ["--upgrade", "pip", "setuptools", "wheel"]
    yield from _run("updating pip, setuptools, and wheel", [*pip, *tools], directory, env, children)
    yield _line("Finished updating")
    if not Path(directory, REQUIREMENTS).is_file():
        return
    yield _line("Installing dependencies in virtual environment...")
    yield from _run("installing dependencies", [*pip, "-r", REQUIREMENTS], directory, env, children)
    yield _line("Finished installing dependencies")


def _line(text: str) -> tuple[str, bytes]:
    return "stdout", text.encode() + b"\n"


def _activated(env: dict[str, str], environment: Path) -> dict[str, str]:
    path = f"{environment / 'bin'}{os.pathsep}{env.get('PATH', '')}"
    return {key: value for key, value in env.items() if key != "PYTHONHOME"} | {
        "PATH": path,
        "VIRTUAL_ENV": str(environment),
    }


def _run(
    what: str, command: Sequence[str], directory: str, env: Mapping[str, str], children: Children
) -> Iterator[tuple[str, bytes]]:
    child = children.start(list(command), cwd=directory, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    limit = threading.Timer(INSTALL_LIMIT_SECONDS, children.kill, [child])
    limit.daemon = True
    limit.start()
    said = b""
    try:
        for name, data in chunks(child):
            yield name, data
            said = (said + data)[-4000:] if name == "stderr" else said
        code = child.wait()
    finally:
        # Also where nobody asks for the rest: the engine was interrupted.
        in_time = limit.is_alive()
        limit.cancel()
        children.kill(child)
        children.finished(child)
    if code:
        ended = f"ended with status {code}" if in_time else f"took longer than {INSTALL_LIMIT_SECONDS:.0f} s"
        raise PackageError(
            f"{what}: `{' '.join(command)}` in {directory} {ended}\n{said.decode(errors='replace')}".rstrip()
        )


def generate(schema: str, directory: str) -> None:
    """Write the Python SDK of a package into `directory`.

    Raises:
        PackageError: the schema is refused, the generator could not be built, or it took too long.
    """
    from localcloud.errors import LocalCloudError  # noqa: PLC0415 - what it takes to build is loaded where it is wanted
    from localcloud.progress import for_terminal  # noqa: PLC0415
    from localcloud.tools import languages  # noqa: PLC0415

    try:
        generator = languages.ensure(for_terminal()) / languages.GENERATOR
    except LocalCloudError as error:
        raise PackageError(str(error)) from error
    limit = GENERATE_LIMIT_SECONDS
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(schema)
        file.flush()
        command = [str(generator), "python", file.name, directory]
        try:
            done = subprocess.run(command, text=True, capture_output=True, check=False, timeout=limit)
        except subprocess.TimeoutExpired as error:
            raise PackageError(f"the SDK was not written within {limit:.0f} s") from error
    if done.returncode:
        raise PackageError(f"the SDK could not be written: {done.stderr.strip()}")


def link(root_directory: str, paths: Sequence[str]) -> str:
    """Put SDKs, each at a path within the project, into its `requirements.txt`; returns how they are imported.

    Raises:
        PackageError: there is no `requirements.txt`, or a path has no SDK.
    """
    requirements = Path(root_directory, REQUIREMENTS)
    if not requirements.is_file():
        raise PackageError(f"linking needs {requirements}: make it, with a line `pulumi>=3.250,<4`")
    names = {_package(Path(root_directory, path)): path for path in paths}
    text = requirements.read_bytes().decode()
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").split("\n")
    at_end = [""] if not lines[-1].strip() else []
    kept = [line for line in lines[: len(lines) - len(at_end)] if not _replaced(line.strip(), names)]
    requirements.write_bytes(ending.join([*kept, *sorted(names.values()), *at_end]).encode())
    imports = "".join(f"  import {name}\n" for name in sorted(names))
    return f"You can then import the SDK in your Python code with:\n\n{imports}"


def _package(sdk: Path) -> str:
    """The name that an SDK is imported by: the folder with its metadata."""
    metadata = next(sdk.glob("*/pulumi-plugin.json"), None)
    if metadata is None:
        raise PackageError(f"{sdk} has no Python SDK: no folder of it has a pulumi-plugin.json")
    return metadata.parent.name


def _replaced(line: str, names: Mapping[str, str]) -> bool:
    """Whether a line of `requirements.txt` stands for one of the packages that are linked."""
    named = re.match(r"[A-Za-z0-9_-]+", line)
    return line in names.values() or (named is not None and named[0].replace("-", "_") in names)
