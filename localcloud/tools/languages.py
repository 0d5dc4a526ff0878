"""Tools for the languages beside Python: the hosts of YAML, Node.js and Go, and the SDK generator.

The YAML host is Pulumi's own. Those of Node.js and Go are no modules at the CLI's version: theirs is the program in
`localcloud/languages`, which is also the generator of SDKs. All is compiled against the CLI's own modules, whatever
versions the modules ask for themselves: so nearly all of it is in Go's cache when the CLI has been built.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from localcloud import cache
from localcloud.progress import Progress
from localcloud.tools import go
from localcloud.tools import pulumi as cli

YAML_HOST = "pulumi-language-yaml"
GENERATOR = "pulumi-sdk-generator"
OUR_HOSTS = ("pulumi-language-nodejs", "pulumi-language-go")
SOURCE = Path(__file__).resolve().parent.parent / "languages"

_YAML = ("github.com/pulumi/pulumi-yaml", "v1.38.1")
_DOTNET = ("github.com/pulumi/pulumi-dotnet/pulumi-language-dotnet/v3", "v3.110.0")
_REQUIRED = {
    "github.com/pulumi/pulumi/pkg/v3": f"v{cli.VERSION}",
    "github.com/pulumi/pulumi/sdk/v3": f"v{cli.VERSION}",
    "github.com/pulumi/pulumi-java": "v1.34.0",
    _YAML[0]: _YAML[1],
    _DOTNET[0]: _DOTNET[1],
}
_NOT_NEEDED = ("*_test.go", "testdata", "gen_program*.go")
"""Tests, and what converts programs: that alone needs a newer `pkg` than the CLI's."""


def version() -> str:
    """Keyed by content: a change of the source, or of a version, makes other programs."""
    digest = hashlib.sha256(_go_mod().encode())
    for path in sorted(SOURCE.glob("*.go")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def ensure(progress: Progress) -> Path:
    """The directory with `pulumi-language-{yaml,nodejs,go}` and `pulumi-sdk-generator` in it."""

    def waiting() -> None:
        progress.say("Waiting for another process that is building the language hosts")

    return cache.ensure("languages", version(), lambda target: _build(target, progress), waiting) / "bin"


def _build(target: Path, progress: Progress) -> None:
    command = go.require("the language hosts")
    work = target / "build"
    shutil.copytree(SOURCE, work)
    with progress.step("Building the language hosts") as note:
        note("fetching their modules")
        (work / "go.mod").write_text(_go_mod())
        _take(command, _YAML, work / "yaml", "cmd/pulumi-language-yaml", "pkg")
        _take(command, _DOTNET, work / "dotnet", "codegen")
        # The module that is made here says nothing of what its requirements require: that is filled in.
        options = ("-mod=mod", "-ldflags", "-s -w")
        go.build(command, work, [".", f"{_YAML[0]}/cmd/{YAML_HOST}"], target / "bin", note, *options)
    os.rename(target / "bin" / "languages", target / "bin" / GENERATOR)
    for name in OUR_HOSTS:
        os.link(target / "bin" / GENERATOR, target / "bin" / name)
    shutil.rmtree(work)


def _go_mod() -> str:
    """A module with the CLI's versions of everything."""
    required = "".join(f"require {module} {version}\n" for module, version in _REQUIRED.items())
    # Without their own requirements, which are newer.
    replaced = f"replace {_YAML[0]} => ./yaml\nreplace {_DOTNET[0]} => ./dotnet\n"
    return f"module languages\n\ngo {go.MINIMUM[0]}.{go.MINIMUM[1]}\n\n{required}\n{replaced}"


def _take(command: str, module: tuple[str, str], target: Path, *folders: str) -> None:
    """Copy some folders of a module, with a `go.mod` that requires nothing: what is built in says what there is."""
    source = go.download(command, *module)
    for folder in folders:
        shutil.copytree(
            source / folder,
            target / folder,
            ignore=shutil.ignore_patterns(*_NOT_NEEDED) if module is _DOTNET else None,
            copy_function=shutil.copyfile,
        )
    for directory, _directories, _files in os.walk(target):
        os.chmod(directory, 0o755)  # Go has them read-only
    (target / "go.mod").write_text(f"module {module[0]}\n\ngo {go.MINIMUM[0]}.{go.MINIMUM[1]}\n")
