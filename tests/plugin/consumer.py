"""Somebody who uses the plugin: a Pulumi home of their own, and projects in which no `bluegreen` can be imported."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import yaml

from dev import plugin_archive
from localcloud.pulumi_home import PulumiHome
from tests.e2e import keeper

DOCS = Path(__file__).resolve().parents[2] / "docs" / "plugin.md"
LIMIT_SECONDS = 450
EXECUTABLE = "pulumi-resource-bluegreen"
PROJECT = """\
name: {name}
runtime:
  name: python
  options:
    toolchain: pip
"""
PROGRAM = """\
import pulumi
import {package} as bluegreen
from {package} import aws

swap = bluegreen.TrafficSwap(
    "web",
    active_color="blue",
    releases={{"blue": "app:v1", "green": "app:v2"}},
    router={{"kind": "memory", "name": "web"}},
)
pulumi.export("liveColor", swap.live_color)
if pulumi.runtime.is_dry_run():  # making it takes an account
    orders = aws.LambdaAlias(
        "orders",
        active_color="blue",
        function_name="arn:aws:lambda:eu-west-1:123456789012:function:orders",
        blue={{"version": "1"}},
        green={{"version": "2"}},
    )
    pulumi.export("orders", orders.live_color)
"""


def documented(heading: str) -> tuple[list[list[str]], dict[str, str]]:
    """The `pulumi` commands that one section of the docs has, and what `Pulumi.yaml` has in it afterwards."""
    section = DOCS.read_text().split(f"### {heading}\n")[1].split("\n### ")[0]
    shell = "".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    commands = [shlex.split(line) for line in shell.splitlines() if line.startswith("pulumi ")]
    recorded = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    return [command[1:] for command in commands], yaml.safe_load(recorded[1])["packages"] if recorded else {}


def plugin_folder(target: Path) -> Path:
    """A copy of the plugin's folder, as a checkout has it."""
    for name, file in plugin_archive.contents().items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / name)
    return target


def use_environment(folder: Path, environment: Path) -> None:
    """Let a plugin's folder have an environment that is there already, instead of one of its own."""
    file = folder / "PulumiPlugin.yaml"
    own = file.read_text()
    assert own.count("virtualenv: .venv\n") == 1
    file.write_text(own.replace(".venv\n", f"{environment}\n"))


class Home:
    """A Pulumi home in which no plugin of this checkout is."""

    def __init__(self, directory: Path, cli: Path) -> None:
        home = PulumiHome(directory)
        home.prepare(cli)
        home.install_language_host(cli)  # also where an official one was found: what is tested is the same everywhere
        self.plugins = home.home / "plugins"
        for own in self.plugins.glob("resource-bluegreen-*"):
            shutil.rmtree(own)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "VIRTUAL_ENV"))}
        # An activated environment of this checkout has the plugin on PATH.
        search = [path for path in kept["PATH"].split(os.pathsep) if not Path(path, EXECUTABLE).exists()]
        self.path = [str(home.bin), *search]
        self.env = (
            kept
            | home.env()
            | {
                "PATH": os.pathsep.join(self.path),
                # Python compiles what is imported, which is a fraction of what an environment has.
                "PIP_COMPILE": "0",
            }
        )
        del self.env["PULUMI_IGNORE_AMBIENT_PLUGINS"]  # the local cloud's own: users have none


class Project:
    """A project whose program uses the SDK that Pulumi writes for the plugin.

    Its Python is that of an environment: one that is there, or one that its option `virtualenv` names and Pulumi makes.
    """

    def __init__(self, directory: Path, home: Home, environment: Path, package: str = "pulumi_bluegreen") -> None:
        self.directory = directory
        self.env = {**home.env, **keeper.env()}
        directory.mkdir()
        project = PROJECT.format(name=directory.name)
        if environment.is_dir():
            self.env["PULUMI_PYTHON_CMD"] = str(environment / "bin" / "python")
        else:
            project += f"    virtualenv: {environment}\n"
        (directory / "Pulumi.yaml").write_text(project)
        (directory / "requirements.txt").write_text("pulumi>=3.250,<4\n")
        (directory / "__main__.py").write_text(PROGRAM.format(package=package))
        self.pulumi("stack", "init", "test", *keeper.INIT)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the CLI; what it says, from both streams, is the result's `stdout`."""
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.directory,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )

    def pulumi(self, *arguments: str) -> str:
        """The same, for what has to succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    @property
    def packages(self) -> object:
        """The packages that `Pulumi.yaml` records."""
        return yaml.safe_load((self.directory / "Pulumi.yaml").read_text())["packages"]

    def sdk_version(self, package: str = "pulumi_bluegreen") -> str:
        """Of the SDK that was written, which is that of the plugin it asks for."""
        metadata = next(self.directory.glob(f"sdks/*/{package}/pulumi-plugin.json"))
        return str(json.loads(metadata.read_text())["version"])

    def previews(self) -> None:
        """A swap, and a component with its own."""
        shown = self.pulumi("preview")
        assert "bluegreen:aws:LambdaAlias orders create" in shown, shown
        assert "bluegreen:index:TrafficSwap orders-swap create" in shown, shown
        assert 'liveColor: "blue"' in shown, shown
