"""The Go toolchain: only looked for, never installed. What it builds comes from Go modules of pinned versions."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from localcloud import cache
from localcloud.errors import LocalCloudError
from localcloud.processes import run
from localcloud.progress import Note, Progress

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


def download(go: str, module: str, version: str) -> Path:
    """The directory in which Go keeps a module, downloaded if it is not there; nobody may write in it."""
    # In a directory without a module: what is requested there depends on nothing else.
    with tempfile.TemporaryDirectory() as nowhere:
        what = f"go mod download {module}@{version}"
        # What Go downloads on the way to the answer (a toolchain) it says on the same stream.
        listing = run([go, "mod", "download", "-json", f"{module}@{version}"], what=what, cwd=Path(nowhere))
    return Path(json.loads(listing[listing.index("{") :])["Dir"])


# Nobody debugs these programs: a twelfth of the compiler's time. The same for all of them, so that what several of them
# are made of, from Go's own packages on, is compiled once.
FLAGS = ("-buildvcs=false", "-gcflags=all=-dwarf=false")
# The compiler collects its garbage later: a seventh of its time, for some hundred megabytes more.
_ENV = {"CGO_ENABLED": "0", "GOGC": "400"}


def build(go: str, where: Path, packages: Sequence[str], output: Path, note: Note, *options: str) -> None:
    """Compile the packages of the module in `where` into programs in the directory `output`."""
    output.mkdir(exist_ok=True)
    # -v names each package as it is compiled.
    command = [go, "build", "-v", *FLAGS, *options, "-o", f"{output}{os.sep}", *packages]
    run(command, what="go build", cwd=where, env=os.environ | _ENV, on_line=note)


@dataclasses.dataclass(frozen=True)
class Program:
    """One that is built within its own module, so that the module's own `replace` lines hold."""

    name: str
    title: str
    version: str
    module: str
    package: str
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Of which packages, and what they are set to."""
    edits: Sequence[tuple[str, str, str]] = ()
    """A file, a text that stands there once, and what stands there in its place."""

    def ensure(self, progress: Progress) -> Path:
        """The directory with the program in it."""

        def waiting() -> None:
            progress.say(f"Waiting for another process that is building {self.title} {self.version}")

        return cache.ensure(self.name, self.version, lambda target: self._make(target, progress), waiting) / "bin"

    def _make(self, target: Path, progress: Progress) -> None:
        go = require(f"{self.title} {self.version}")
        with progress.step(f"Building {self.title} {self.version}") as note:
            note("fetching its module")
            source = download(go, self.module, f"v{self.version}")
            if self.edits:
                source = self._edited(source, target / "source")
            variables = " ".join(f"-X {name}={value}" for name, value in self.variables.items())
            build(go, source, [self.package], target / "bin", note, "-ldflags", f"-s -w {variables}".strip())
        shutil.rmtree(target / "source", ignore_errors=True)

    def _edited(self, source: Path, copy: Path) -> Path:
        """A copy: Go lets nobody change, or replace, what it keeps of a module."""
        shutil.copytree(source, copy)
        for directory, _directories, _files in os.walk(copy):
            os.chmod(directory, 0o755)  # Go has them read-only
        for name, old, new in self.edits:
            content = (copy / name).read_text()
            if content.count(old) != 1:
                raise LocalCloudError(f"{name} of {self.module}@v{self.version} does not have {old!r} once")
            (copy / name).chmod(0o644)
            (copy / name).write_text(content.replace(old, new))
        return copy
