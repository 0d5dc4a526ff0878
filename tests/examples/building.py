"""The examples made ready to run: each with the SDK that Pulumi's generator writes from the schema in git.

What is made is kept by content: with the schema and an example unchanged, there is nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud import cache
from localcloud.progress import Silent
from localcloud.tools import go as go_tool
from localcloud.tools import languages

REPO = Path(__file__).resolve().parents[2]
EXAMPLES = REPO / "examples"
SCHEMA = REPO / "components" / "schema.json"
LIMIT_SECONDS = 540
SDK = Path("sdks", "bluegreen")
"""Where `pulumi package add` writes it, in a program's folder."""
GO = {"CGO_ENABLED": "0", "GOFLAGS": " ".join(go_tool.FLAGS)}
"""As the CLI is built: otherwise nothing in Go's cache would do."""

_MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def tool(name: str) -> str:
    """A program that has to be there; without it a run in CI fails, and any other one skips."""
    program = shutil.which(name)
    if program is None:
        problem = f"`{name}` is not on PATH: the example cannot be built"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(problem)
    return program


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a build step, which must succeed; returns its output."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _digest(*contents: bytes) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:12]


def files(language: str) -> dict[str, bytes]:
    """The files of an example in git, by name."""
    folder = EXAMPLES / language
    listing = run("git", "ls-files", "--cached", "--others", "--exclude-standard", ".", cwd=folder)
    return {name: (folder / name).read_bytes() for name in sorted(listing.splitlines())}


def sdk(language: str) -> Path:
    """The generated SDK: ``dotnet``, ``go``, ``java``, ``nodejs`` or ``python``."""
    hosts = languages.ensure(Silent())

    def generate(target: Path) -> None:
        run(hosts / languages.GENERATOR, language, SCHEMA, target, cwd=target)

    return cache.ensure(f"example-sdk-{language}", _digest(SCHEMA.read_bytes(), languages.version().encode()), generate)


def project(language: str, target: Path, generated: str | None = None) -> None:
    """Copy an example, with its SDK where `pulumi package add` puts it."""
    for name, content in files(language).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
    # The plugin is the one on PATH.
    pulumi_yaml = target / "Pulumi.yaml"
    text, removed = re.subn(r"packages:\n  bluegreen: \.\./\.\./components\n", "", pulumi_yaml.read_text())
    assert removed == 1, f"{language}/Pulumi.yaml does not name the plugin"
    pulumi_yaml.write_text(text)
    if generated is not None:
        shutil.copytree(sdk(generated), target / SDK)


def _key(language: str, generated: str) -> str:
    contents = [part for name, content in files(language).items() for part in (name.encode(), content)]
    return _digest(sdk(generated).name.encode(), Path(__file__).read_bytes(), *contents)


def yaml(target: Path) -> None:
    """Nothing is generated for YAML."""
    project("yaml", target)


def yaml_kubernetes(target: Path) -> None:
    """The same."""
    project("yaml-kubernetes", target)


def yaml_azure(target: Path) -> None:
    """The same."""
    project("yaml-azure", target)


def yaml_google(target: Path) -> None:
    """The same."""
    project("yaml-google", target)


def yaml_google_function(target: Path) -> None:
    """The same."""
    project("yaml-google-function", target)


def python(target: Path) -> None:
    """With an environment that has what the SDK needs, and no `bluegreen`."""
    project("python", target)
    required = (REPO / "constraints.txt").read_bytes()
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target")

    def download(directory: Path) -> None:
        run(*pip, directory / "lib", "-c", REPO / "constraints.txt", "pulumi", "parver", cwd=directory)

    def install(directory: Path) -> None:
        source = directory / "source"
        shutil.copytree(sdk("python"), source)
        run(*pip, directory / "lib", "--no-deps", source, cwd=directory)

    parts = (
        cache.ensure("example-pulumi-python", _digest(required, sys.version.encode()), download),
        cache.ensure("example-python", _key("python", "python"), install),
    )
    run(sys.executable, "-m", "venv", "--without-pip", ".venv", cwd=target)
    (site,) = (target / ".venv" / "lib").glob("python*/site-packages")
    for part in parts:
        for path in (part / "lib").iterdir():
            (site / path.name).symlink_to(path)


def typescript(target: Path) -> None:
    """Checked by the compiler, with the packages that its `package.json` names in exactly those versions."""
    described = json.loads(files("typescript")["package.json"])
    ours = described["dependencies"].pop("@pulumi/bluegreen")
    assert ours == f"file:{SDK}"
    content = json.dumps(described).encode()

    def install(directory: Path) -> None:
        (directory / "package.json").write_bytes(content)
        quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
        run(tool("npm"), "install", *quiet, cwd=directory)

    def build(directory: Path) -> None:
        project("typescript", directory, "nodejs")
        packages = cache.ensure("example-node-modules", _digest(content), install) / "node_modules"
        linked = directory / "node_modules"
        (linked / "@pulumi").mkdir(parents=True)
        for name in ("typescript", "@types", "@pulumi/pulumi"):
            (linked / name).symlink_to(packages / name)
        (linked / "@pulumi" / "bluegreen").symlink_to(Path("..", "..", SDK))
        env = {"PATH": f"{packages / '.bin'}{os.pathsep}{os.environ['PATH']}"}
        run(tool("node"), Path("scripts", "postinstall.js"), cwd=directory / SDK, env=env)
        run("tsc", "--noEmit", cwd=directory, env=env)

    built = cache.ensure("example-typescript", _key("typescript", "nodejs"), build)
    shutil.copytree(built, target, symlinks=True, dirs_exist_ok=True)


def go(target: Path) -> None:
    """Compiled, against the CLI's versions of what the SDK requires: those are in Go's cache already."""

    def build(directory: Path) -> None:
        project("go", directory)
        module = directory / "go.mod"
        text = module.read_text()
        assert text.count(f"=> ./{SDK}\n") == 1
        # Where it stays, or Go would compile the whole SDK anew for each copy of the program.
        text = text.replace(f"=> ./{SDK}\n", f"=> {sdk('go')}\n")
        module.write_text(f"{text}\nrequire github.com/pulumi/pulumi/pkg/v3 v{languages.cli.VERSION}\n")
        run(tool("go"), "build", "-mod=mod", "-o", directory / "program", ".", cwd=directory, env=GO)
        (directory / "program").unlink()

    built = cache.ensure("example-go", _key("go", "go"), build)
    shutil.copytree(built, target, symlinks=True, dirs_exist_ok=True)


def java(target: Path) -> None:
    """Compiled; nothing here runs it."""
    pom = files("java")["pom.xml"]

    def download(directory: Path) -> None:
        (directory / "pom.xml").write_bytes(pom)
        run(tool("mvn"), "-B", "-ntp", "-q", _MAVEN_COPY, f"-DoutputDirectory={directory / 'jars'}", cwd=directory)

    def build(directory: Path) -> None:
        project("java", directory, "java")
        jars = cache.ensure("example-jars", _digest(pom), download) / "jars"
        sources = [directory / part / "src" / "main" / "java" for part in ("", SDK)]
        classes = directory / "target"
        options = ("-nowarn", "-d", classes, "-cp", f"{jars}/*", "-sourcepath", os.pathsep.join(map(str, sources)))
        # What the program names, and what that does: not every class of the SDK.
        run(tool("javac"), *options, sources[0] / "web" / "App.java", cwd=directory)

    shutil.copytree(cache.ensure("example-java", _key("java", "java"), build), target, dirs_exist_ok=True)
