"""The Go toolchain: only looked for, never installed."""

from __future__ import annotations

import re
import shutil
import subprocess

from localcloud.errors import LocalCloudError

MINIMUM = (1, 25)


def require(purpose: str, otherwise: str = "") -> str:
    """The `go` program, or an error that says what it was wanted for."""
    wanted = f"Go {MINIMUM[0]}.{MINIMUM[1]} or newer is needed to build {purpose}"
    advice = "install it (https://go.dev/dl/) and put `go` on PATH" + (f", or {otherwise}" if otherwise else "")
    go = shutil.which("go")
    if go is None:
        raise LocalCloudError(f"{wanted}, and there is no `go` on PATH: {advice}")
    output = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout.strip()
    match = re.match(r"go(\d+)\.(\d+)", output)
    # A development version has no number; it is taken at its word.
    if match and (int(match[1]), int(match[2])) < MINIMUM:
        raise LocalCloudError(f"{wanted}, and {go} is {output}: {advice}")
    return go
