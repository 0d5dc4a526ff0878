"""The opinion of other tools on what is built: twine, check-wheel-contents, CycloneDX' own schema."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from dev.release.sbom import SPEC


def problems_in(folder: Path, version: str) -> list[str]:
    """Everything that they find wrong; empty where nothing is.

    Args:
        folder: with all that was built.
        version: the release's.
    """
    wheel, sources = folder / f"bluegreen-{version}-py3-none-any.whl", folder / f"bluegreen-{version}.tar.gz"
    commands = (["twine", "check", "--strict", str(wheel), str(sources)], ["check_wheel_contents", str(wheel)])
    said = [problem for command in commands for problem in _said(command)]
    return said + [problem for bill in sorted(folder.glob("*.cdx.json")) for problem in of_bill(bill)]


def _said(command: list[str]) -> list[str]:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    return [f"{command[0]} says: {(done.stdout + done.stderr).strip()}"] if done.returncode else []


def of_bill(file: Path) -> list[str]:
    """The first thing in a bill of materials that CycloneDX' schema does not allow."""
    error = JsonStrictValidator(SchemaVersion.from_version(SPEC)).validate_str(file.read_text())
    return [f"{file.name} is not CycloneDX {SPEC}: {error.data.message}"] if error else []
