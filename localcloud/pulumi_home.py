"""Pulumi's installation on this machine: a home of its own, plugins in the official layout, a backend of files."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import shutil
import sys
from pathlib import Path

import yaml

from bluegreen._version import __version__
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
        self._path_file = self.home / "cli"

    def prepare(self, cli: Path) -> list[Path]:
        """Install the CLI's parts and the plugins; returns the directories that PATH must begin with."""
        for directory in (self.home / "plugins", self.backend, self.bin):
            directory.mkdir(parents=True, exist_ok=True)
        self.install_plugins()
        programs = cli
        if not (cli / pulumi_tool.LANGUAGE_HOST).is_file():
            self.install_language_host(cli)
            programs = self.bin
        self._path_file.write_text(str(programs))
        return [programs]

    def prepared(self) -> bool:
        """Whether `prepare` was here; what it made may be in use."""
        return self._path_file.is_file() and (Path(self.path[0]) / "pulumi").is_file()

    @property
    def path(self) -> list[str]:
        """The directories that PATH must begin with, as `prepare` has found them."""
        return [self._path_file.read_text()]

    def env(self) -> dict[str, str]:
        """The environment of `pulumi`, beside its PATH."""
        return {
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_PYTHON_CMD": sys.executable,
            # This checkout's plugin is installed in the home: one on PATH would be preferred, with a warning each time.
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        }

    def install_language_host(self, cli: Path) -> None:
        """Put the stand-in beside the CLI: the engine looks for it there, and warns of one found elsewhere."""
        self.bin.mkdir(parents=True, exist_ok=True)
        for program in cli.iterdir():
            if program.name.startswith("pulumi"):
                _link(program, self.bin / program.name)
        (self.bin / pulumi_tool.LANGUAGE_HOST).unlink(missing_ok=True)  # may be a link to a file of somebody else's
        _write_program(self.bin / pulumi_tool.LANGUAGE_HOST, "localcloud.language_host")

    def install_plugins(self, official: Path | None = None) -> None:
        """A stand-in a package in `localcloud/plugins`; a real plugin that is installed already is preferred.

        Beside them the plugin of this checkout. `official` is where real ones are looked for, Pulumi's home if absent.
        """
        installed = official or Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        own = self.home / "plugins" / f"resource-bluegreen-v{__version__}"
        own.mkdir(parents=True, exist_ok=True)
        _write_program(own / "pulumi-resource-bluegreen", "bluegreen.adapters.plugin")
        for package in sorted(PLUGINS.iterdir()):
            if not (package / "__main__.py").is_file():
                continue
            try:
                version = importlib.metadata.version(f"pulumi_{package.name}")
            except importlib.metadata.PackageNotFoundError:
                continue  # no program can use it
            name = package.name.replace("_", "-")
            target = self.home / "plugins" / f"resource-{name}-v{version}"
            real = installed / "plugins" / target.name
            program = f"pulumi-resource-{name}"
            if self.home in real.parents or not _real_plugin(real, target, program):
                target.mkdir(exist_ok=True)
                _write_program(target / program, f"localcloud.plugins.{package.name}")

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

    def forget(self, package: str | None = None) -> None:
        """Drop the state of every stack, or of those with resources of one package: what it describes is gone."""
        if package is None:
            shutil.rmtree(self.backend, ignore_errors=True)
            self.backend.mkdir(parents=True)
            return
        for state in self.backend.glob(".pulumi/stacks/*/*.json"):
            if f'"type": "{package}:' not in state.read_text():
                continue
            state.unlink()
            for kind in ("stacks", "history", "backups", "locks"):
                for left in self.backend.glob(f".pulumi/{kind}/{state.parent.name}/{state.stem}*"):
                    if left.is_dir() and left.name == state.stem:
                        shutil.rmtree(left)
                    elif left.name.startswith(f"{state.stem}."):
                        left.unlink()


def _real_plugin(real: Path, target: Path, program: str) -> bool:
    """Whether the folder has a real plugin's files: links to them, as Pulumi ignores a folder that is a link itself."""
    if target.is_symlink():
        target.unlink()
    if (target / program).is_symlink():
        if (target / program).exists():
            return True
        shutil.rmtree(target)  # it was uninstalled; only the links go
    if target.exists() or not (real / program).is_file():
        return False
    target.mkdir()
    for entry in real.iterdir():
        (target / entry.name).symlink_to(entry)
    return True


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)


def _write_program(path: Path, module: str) -> None:
    """A program that runs a module of this checkout with the interpreter that runs this, or with a test's own."""
    python_path = f"{shlex.quote(str(paths.CHECKOUT))}${{PYTHONPATH:+:$PYTHONPATH}}"
    program = (
        f"#!/bin/sh\npython={shlex.quote(sys.executable)}\n"
        f'PYTHONPATH={python_path} exec "${{LOCALCLOUD_PYTHON:-$python}}" -u -m {module} "$@"\n'
    )
    if path.is_file() and path.read_text(errors="replace") == program:
        return  # it may be starting now
    path.write_text(program)
    path.chmod(0o755)
