"""What Pulumi needs on this machine: a home of its own, plugins in the official layout, a backend of files, stacks."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import shutil
import sys
from pathlib import Path

import yaml

from localcloud import paths
from localcloud.errors import LocalCloudError
from localcloud.processes import run
from localcloud.tools import pulumi as pulumi_tool

PLUGINS = Path(__file__).resolve().parent / "plugins"


class PulumiHome:
    """Pulumi's side of one local cloud."""

    def __init__(self, state_dir: Path) -> None:
        self.home = state_dir / "pulumi"
        self.backend = state_dir / "backend"
        self.bin = state_dir / "bin"

    def prepare(self, cli: Path) -> list[Path]:
        """Install the CLI's parts and the plugins; returns the directories that PATH must begin with."""
        for directory in (self.home / "plugins", self.backend, self.bin):
            directory.mkdir(parents=True, exist_ok=True)
        self.install_plugins()
        if (cli / pulumi_tool.LANGUAGE_HOST).is_file():
            return [cli]
        self.install_language_host(cli)
        return [self.bin]

    def install_language_host(self, cli: Path) -> None:
        """Put the stand-in beside the CLI: the engine looks for it there, and warns of one found elsewhere."""
        self.bin.mkdir(parents=True, exist_ok=True)
        for program in cli.iterdir():
            if program.name.startswith("pulumi"):
                _link(program, self.bin / program.name)
        (self.bin / pulumi_tool.LANGUAGE_HOST).unlink(missing_ok=True)  # may be a link to a file of somebody else's
        _write_program(self.bin / pulumi_tool.LANGUAGE_HOST, "localcloud.language_host")

    def install_plugins(self) -> None:
        """A stand-in a package in `localcloud/plugins`; a real plugin that is installed already is preferred."""
        for package in sorted(PLUGINS.iterdir()):
            if not (package / "__main__.py").is_file():
                continue
            try:
                version = importlib.metadata.version(f"pulumi_{package.name}")
            except importlib.metadata.PackageNotFoundError:
                continue  # no program can use it
            target = self.home / "plugins" / f"resource-{package.name}-v{version}"
            real = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi", "plugins", target.name)
            if real.is_dir() and self.home not in real.parents and not target.exists():
                target.symlink_to(real)
            elif not target.is_symlink():
                target.mkdir(exist_ok=True)
                _write_program(target / f"pulumi-resource-{package.name}", f"localcloud.plugins.{package.name}")

    def init_stacks(self, project_dir: Path, env: dict[str, str]) -> list[str]:
        """Make every stack that the project has a config file for and the backend does not know yet."""
        new = [name for name in self._configured(project_dir) if not self._known(project_dir, name)]
        for name in new:
            run(
                ["pulumi", "stack", "init", name, "--no-select"],
                what=f"pulumi stack init {name}",
                env=env,
                cwd=project_dir,
            )
        return new

    @staticmethod
    def _project(project_dir: Path) -> dict[str, str]:
        file = project_dir / "Pulumi.yaml"
        try:
            project = yaml.safe_load(file.read_text()) if file.is_file() else {}
        except yaml.YAMLError as error:
            raise LocalCloudError(f"{file} is not YAML: {error}") from error
        return project if isinstance(project, dict) else {}

    def _configured(self, project_dir: Path) -> list[str]:
        directory = project_dir / self._project(project_dir).get("stackConfigDir", ".")
        files = sorted(directory.glob("Pulumi.*.yaml"))
        return [file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files]

    def _known(self, project_dir: Path, name: str) -> bool:
        project = self._project(project_dir).get("name", "")
        return (self.backend / ".pulumi" / "stacks" / project / f"{name}.json").is_file()

    def forget(self) -> None:
        """Drop the state of every stack: what it describes is gone."""
        shutil.rmtree(self.backend, ignore_errors=True)
        self.backend.mkdir(parents=True)


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


def _write_program(path: Path, module: str) -> None:
    """A program that runs a module of this checkout with the interpreter that runs this."""
    python_path = f"{shlex.quote(str(paths.CHECKOUT))}${{PYTHONPATH:+:$PYTHONPATH}}"
    path.write_text(f'#!/bin/sh\nPYTHONPATH={python_path} exec {shlex.quote(sys.executable)} -m {module} "$@"\n')
    path.chmod(0o755)
