"""The stand-in language host, driven by the real Pulumi CLI on programs that need no cloud."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud import progress
from localcloud.processes import Daemon, all_pids, command_line, environment
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import pulumi as pulumi_tool

LIMIT_SECONDS = 120
PROJECT = """\
name: tiny
runtime:
  name: python
  options: {options}
"""

DYNAMIC = '''\
"""In a module of its own: a provider class in `__main__` would be pickled with all of its code."""
import os, sys, time
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult

class Provider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        pulumi.log.info("creating")
        time.sleep(props["seconds"])
        return CreateResult("an-id", {**props, "python": sys.executable})

    def update(self, _id, _olds, news):
        return UpdateResult({**news, "python": sys.executable})

class Tiny(Resource, module="bluegreen", name="Tiny"):
    value: pulumi.Output[str]
    python: pulumi.Output[str]

    def __init__(self, name, value, seconds):
        super().__init__(Provider(), name, {"value": value, "seconds": seconds, "python": None})
'''

PROGRAM = """\
import sys
import pulumi
from dynamic import Tiny

config = pulumi.Config()
if config.get("fail"):
    raise pulumi.RunError("activeColor is 'purple': it must be blue or green")
if config.get("crash"):
    raise ValueError("a defect of the program")
print("printed by the program")
tiny = Tiny("tiny", config.get("value") or "first", config.get_int("seconds") or 0)
pulumi.export("value", tiny.value)
pulumi.export("provider", tiny.python)
pulumi.export("program", sys.executable)
pulumi.export("password", config.get_secret("password"))
"""

PACK = """\
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def check(args, report):
    if args.resource_type == "pulumi-python:dynamic/bluegreen:Tiny" and args.props["value"] == "forbidden":
        report("the value is forbidden")

PolicyPack("tiny", enforcement_level=EnforcementLevel.MANDATORY, policies=[
    ResourceValidationPolicy(name="no-forbidden-value", description="No forbidden value.", validate=check),
])
"""


class Project:
    """A small project with a stack, a home and a backend of its own."""

    def __init__(self, directory: Path, cli: Path) -> None:
        self.directory = directory
        home = PulumiHome(directory / "state")
        home.prepare(cli)
        home.install_language_host(cli)  # also where an official one was found: it is the stand-in that is tested
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "VIRTUAL_ENV"))}
        self.env = kept | {
            "PATH": os.pathsep.join([str(home.bin), kept["PATH"]]),
            "PULUMI_HOME": str(home.home),
            "PULUMI_BACKEND_URL": f"file://{home.backend}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_PYTHON_CMD": sys.executable,
        }
        (directory / "policies").mkdir()
        self.write("Pulumi.yaml", PROJECT.format(options="{}"))
        self.write("dynamic.py", DYNAMIC)
        self.write("__main__.py", PROGRAM)
        self.write("policies/PulumiPolicy.yaml", "runtime: python\n")
        self.write("policies/__main__.py", PACK)
        assert self.pulumi("stack", "init", "test").returncode == 0

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = ["pulumi", *arguments, "--non-interactive", "--color=never"]
        return subprocess.Popen(
            command,
            cwd=self.directory,
            env=self.env,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as process:
            output, _nothing = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    def config(self, name: str, value: str, *options: str) -> None:
        assert self.pulumi("config", "set", name, value, *options).returncode == 0

    def processes(self) -> list[int]:
        """Everything that was started with this project's environment."""
        mark = f"PULUMI_HOME={self.env['PULUMI_HOME']}\0".encode()
        return [pid for pid in all_pids() if mark in environment(pid)]

    def processes_of(self, program: bytes) -> list[int]:
        """Those of them whose command line names the program."""
        return [pid for pid in self.processes() if program in command_line(pid)]

    def left(self) -> list[int]:
        """Those that do not end by themselves."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.processes()


@pytest.fixture(scope="session")
def cli() -> Path:
    return pulumi_tool.ensure(progress.for_terminal())


@pytest.fixture
def project(tmp_path: Path, cli: Path) -> Iterator[Project]:
    made = Project(tmp_path, cli)
    yield made
    assert not made.left()


def test_a_program_from_creation_to_destruction(project: Project) -> None:
    created = project.pulumi("up", "--yes", "--skip-preview")
    assert created.returncode == 0, created.stdout
    assert "2 created" in created.stdout
    assert "printed by the program" in created.stdout
    assert "warning" not in created.stdout
    # The dynamic provider and the program are run by one and the same interpreter.
    assert re.search(rf'program *: "{re.escape(sys.executable)}"', created.stdout)
    assert re.search(rf'provider *: "{re.escape(sys.executable)}"', created.stdout)

    assert "2 unchanged" in project.pulumi("up", "--yes", "--skip-preview").stdout

    project.config("value", "second")
    project.config("password", "hunter2", "--secret")
    preview = project.pulumi("preview", "--diff").stdout
    assert '~ value   : "first" => "second"' in preview or '~ value: "first" => "second"' in preview
    updated = project.pulumi("up", "--yes", "--skip-preview").stdout
    assert "1 updated" in updated
    assert "hunter2" not in updated
    assert "[secret]" in updated

    assert project.pulumi("refresh", "--yes", "--skip-preview").returncode == 0
    destroyed = project.pulumi("destroy", "--yes", "--skip-preview")
    assert "2 deleted" in destroyed.stdout
    assert project.pulumi("about").returncode == 0


def test_a_run_error_shows_its_message_and_no_traceback(project: Project) -> None:
    project.config("fail", "yes")
    failed = project.pulumi("preview")
    assert failed.returncode != 0
    assert "activeColor is 'purple': it must be blue or green" in failed.stdout
    assert "Traceback" not in failed.stdout


def test_a_crash_shows_the_program_s_own_traceback_once(project: Project) -> None:
    project.config("crash", "yes")
    failed = project.pulumi("preview")
    assert failed.returncode != 0
    assert failed.stdout.count("ValueError: a defect of the program") == 1
    assert "non-zero exit code" not in failed.stdout  # status 32: the user has read it


def test_a_policy_pack_allows_and_refuses(project: Project) -> None:
    allowed = project.pulumi("preview", "--policy-pack", "policies")
    assert allowed.returncode == 0, allowed.stdout
    project.config("value", "forbidden")
    refused = project.pulumi("preview", "--policy-pack", "policies")
    assert refused.returncode != 0
    assert "the value is forbidden" in refused.stdout


def test_a_virtual_environment_named_in_the_project(project: Project) -> None:
    project.write("Pulumi.yaml", PROJECT.format(options="{virtualenv: missing}"))
    failed = project.pulumi("preview")
    assert failed.returncode != 0
    assert "the `virtualenv` option is 'missing'" in failed.stdout

    # Made without pip, on top of the packages that are here: it is the path of the interpreter that counts.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", project.directory / "venv"], check=True)
    here = next(path for path in sys.path if path.endswith("site-packages"))
    packages = next((project.directory / "venv").glob("lib/python*/site-packages"))
    (packages / "outer.pth").write_text(here)
    project.write("Pulumi.yaml", PROJECT.format(options="{virtualenv: venv}"))
    created = project.pulumi("up", "--yes", "--skip-preview")
    assert created.returncode == 0, created.stdout
    python = re.escape(str(project.directory / "venv" / "bin" / "python"))
    assert re.search(rf'program *: "{python}"', created.stdout)
    assert re.search(rf'provider *: "{python}"', created.stdout)


def wait_for_creation(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    seen = ""
    for line in running.stdout:
        seen += line
        if "info: creating" in line:
            return seen
    raise AssertionError(f"the update ended before it created anything:\n{seen}")


def test_ctrl_c_lets_what_runs_finish_and_ends_quietly(project: Project) -> None:
    project.config("seconds", "2")
    with project.start("up", "--yes", "--skip-preview") as running:
        seen = wait_for_creation(running)
        os.killpg(running.pid, signal.SIGINT)  # what a terminal does: everything in the group gets it
        rest, _nothing = running.communicate(timeout=LIMIT_SECONDS)
    assert "Traceback" not in seen + rest
    assert "KeyboardInterrupt" not in seen + rest
    assert not project.left()
    assert "Tiny" in project.pulumi("stack", "--show-urns").stdout  # the creation was recorded


def test_nothing_outlives_a_killed_engine(project: Project) -> None:
    project.config("seconds", "30")
    with project.start("up", "--yes", "--skip-preview") as running:
        wait_for_creation(running)
        (host,) = project.processes_of(b"language_host")
        # The engine and what it started, but not the program: it is the language host's to end.
        os.kill(running.pid, signal.SIGKILL)
        deadline = time.monotonic() + LIMIT_SECONDS
        while Daemon.of(host).alive() and time.monotonic() < deadline:
            time.sleep(0.05)
    assert not Daemon.of(host).alive()
    assert not project.processes_of(b"pulumi-language-python")
    for pid in project.processes():  # the dynamic provider, which is the SDK's own program, may sleep to its end
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
