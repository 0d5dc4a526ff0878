"""A Pulumi stack of this checkout for one run: a program in git, a config of its own, gone afterwards.

    with Stack("demo", like="ecs") as stack:
        stack.pulumi("config", "set", "activeColor", "blue")
        stack.pulumi("up", "--yes", "--skip-preview")
        url = stack.output("url")

The stack's config is a copy of one in git, in a scratch directory: git sees no change. A local cloud that is up is
used, else one is started for this run. The end destroys the stack and ends whatever the beginning started, also after a
failure or a Ctrl-C.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, cast

import yaml

from localcloud import paths
from localcloud.cache import locked
from localcloud.errors import LocalCloudError
from localcloud.progress import Progress, Silent

if TYPE_CHECKING:
    from localcloud.cloud import LocalCloud
    from localcloud.hosts.local import LocalHost
    from localcloud.kubernetes.node import LocalNode
    from localcloud.played import Played

INTERRUPT_SECONDS = 60.0
"""How long an interrupted command may take: pulumi lets an update that runs come to its end."""


@dataclasses.dataclass(frozen=True)
class Ran:
    """A finished command: as typed, when it began (seconds since the epoch), what it took, what it said if quiet."""

    text: str
    began_at: float
    seconds: float
    output: str = ""

    @property
    def ended_at(self) -> float:
        """The time of its end, in seconds since the epoch."""
        return self.began_at + self.seconds


class Stack:
    """One stack, from `with` to its end.

    Args:
        name: the stack's name; two runs under one name exclude each other.
        like: the stack in git whose config is copied; ``None`` begins with no config.
        kubernetes: whether it is for the Kubernetes node instead of the AWS emulator.
        host: whether it is for this machine as it is, without any of the two.
        played: the name of a played cloud that it is for, such as ``azure``.
        project: the folder of the project, this checkout by default.
        state_dir: the local cloud's state, this checkout's by default.
        progress: where the start of the local cloud is shown.
        show: called with each command as a user would type it; its output then goes where this program's goes. When
            absent, all commands are quiet.
    """

    def __init__(
        self,
        name: str,
        like: str | None = "ecs",
        *,
        kubernetes: bool = False,
        host: bool = False,
        played: str = "",
        project: Path = paths.CHECKOUT,
        state_dir: Path | None = None,
        progress: Progress | None = None,
        show: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self._like = like
        self._kubernetes = kubernetes
        self._host, self._played = host, played
        self._project = project
        self._state_dir = state_dir
        self._progress = progress or Silent()
        self._show = show
        self._ending = contextlib.ExitStack()
        self._env: dict[str, str] = {}
        self._destroyed = True
        self._killed = False
        self._place: LocalCloud | LocalNode | LocalHost | Played
        self.config_file: Path
        self.started_cloud = False

    @property
    def cloud(self) -> LocalCloud:
        """The AWS emulator, where the stack is for that."""
        assert not self._host
        assert not self._kubernetes
        return cast("LocalCloud", self._place)

    # -- from start to end

    def __enter__(self) -> Stack:
        try:
            self._begin(self._ending)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def _begin(self, ending: contextlib.ExitStack) -> None:
        ending.enter_context(self._alone())
        scratch = self._beside_state("project")
        ending.callback(shutil.rmtree, scratch, ignore_errors=True)
        self._make_project(scratch)
        # Each is imported where it is used: one needs what the others go without.
        if self._host:
            from localcloud.hosts.local import LocalHost  # noqa: PLC0415

            self._place = ending.enter_context(LocalHost.running(self._state_dir, self._progress, scratch))
        elif self._played:
            from localcloud.played_clouds import PLAYED  # noqa: PLC0415

            cloud = PLAYED[self._played]
            self._place = ending.enter_context(cloud.running(self._state_dir, self._progress, scratch))
        elif self._kubernetes:
            from localcloud.kubernetes.node import LocalNode  # noqa: PLC0415

            self._place = ending.enter_context(LocalNode.running(self._state_dir, self._progress, scratch))
        else:
            from localcloud import cloud as clouds  # noqa: PLC0415

            self.started_cloud = not _is_up(self._state_dir)
            if self.started_cloud:
                ending.callback(clouds.down, self._state_dir)
            self._place = clouds.LocalCloud.up(self._state_dir, self._progress, project_dir=scratch)
        self._env = self._environment()
        ending.callback(self._remove)
        self._clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with deaf(self._progress.say):
                self._ending.close()
        except LocalCloudError as problem:
            if error is None:
                raise
            self._progress.say(f"while cleaning up: {problem}")  # the first error is the one to report

    def _alone(self) -> contextlib.AbstractContextManager[None]:
        def refuse() -> None:
            raise LocalCloudError(f"another run has the stack {self.name!r}: wait for its end, or end it")

        return locked(self._beside_state("lock"), refuse)

    def _beside_state(self, what: str) -> Path:
        """A place that is the same in every run: what a run that was killed left is found by the next one."""
        state = (self._state_dir or paths.default_state_dir()).resolve()
        return state.parent / f".{state.name}.{self.name}.{what}"

    def _make_project(self, scratch: Path) -> None:
        """Make the project of the stack: the project's own file and one config."""
        project = self._project / "Pulumi.yaml"
        folder = yaml.safe_load(project.read_text()).get("stackConfigDir", ".")
        shutil.rmtree(scratch, ignore_errors=True)
        (scratch / folder).mkdir(parents=True)
        shutil.copy(project, scratch)
        self.config_file = scratch / folder / f"Pulumi.{self.name}.yaml"
        if self._like is None:
            self.config_file.write_text("config: {}\n")
        else:
            shutil.copy(self._project / folder / f"Pulumi.{self._like}.yaml", self.config_file)

    def _environment(self) -> dict[str, str]:
        # Flags that the user has set for pulumi commands of their own are not meant for these.
        base = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_OPTION_")}
        return self._place.process_env(base) | {
            "PULUMI_STACK": self.name,
            "PULUMI_OPTION_CONFIG_FILE": str(self.config_file),
            "PULUMI_OPTION_SUPPRESS_OUTPUTS": "true",
            "PULUMI_OPTION_SUPPRESS_PROGRESS": "true",
        }

    def _clear(self) -> None:
        """A run that was killed may have left something."""
        stacks = json.loads(self.quiet("stack", "ls", "--json").output)
        if any(stack["name"] == self.name and stack.get("resourceCount") for stack in stacks):
            self._progress.say(f"The stack {self.name} has something left of a run that was killed: removing it")
            with contextlib.suppress(LocalCloudError):
                self.quiet("cancel", "--yes")  # it may have left a lock, too
            self.quiet("destroy", "--yes", "--skip-preview")

    def _remove(self) -> None:
        if self._killed:  # the lock of a command that was killed is still there
            self.quiet("cancel", "--yes")
        if not self._destroyed:
            self.destroy()
        self.quiet("stack", "rm", "--yes", "--preserve-config")

    # -- commands

    def pulumi(self, *arguments: str, timeout_seconds: float = 600, fails: bool = False) -> Ran:
        """Run a pulumi command in the project's folder as a user would; ``fails``: it has to fail."""
        if arguments[0] == "up":
            self._destroyed = False
        return self._run(arguments, self._show, timeout_seconds, fails)

    def quiet(self, *arguments: str, timeout_seconds: float = 600) -> Ran:
        """Run a command without showing its output."""
        return self._run(arguments, None, timeout_seconds)

    def up(self) -> Ran:
        """`pulumi up`, without a question. Without its own preview: there is a command for that."""
        return self.pulumi("up", "--yes", "--skip-preview")

    def up_fails(self) -> Ran:
        """The same, where it has to fail."""
        return self.pulumi("up", "--yes", "--skip-preview", fails=True)

    def config_set(self, key: str, value: str) -> Ran:
        """Change a config value."""
        return self.pulumi("config", "set", key, value)

    def config_set_all(self, values: Mapping[str, str]) -> Ran:
        """Change config values by one command."""
        pairs = [word for key, value in values.items() for word in ("--plaintext", f"{key}={value}")]
        return self.pulumi("config", "set-all", *pairs)

    def output(self, name: str) -> Any:
        """A stack output."""
        return json.loads(self.quiet("stack", "output", "--json", name).output)

    def destroy(self) -> Ran:
        """Remove every resource of the stack."""
        ran = self.pulumi("destroy", "--yes", "--skip-preview", timeout_seconds=300)
        self._destroyed = True
        return ran

    def _run(
        self,
        arguments: tuple[str, ...],
        show: Callable[[str], None] | None,
        timeout_seconds: float,
        fails: bool = False,
    ) -> Ran:
        text = shlex.join(["pulumi", *arguments])
        if show is not None:
            show(text)
        began_at, began = time.time(), time.perf_counter()
        pipe = None if show is not None else subprocess.PIPE
        process = subprocess.Popen(
            ["pulumi", *arguments],
            cwd=self._project,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
            errors="replace",
            start_new_session=True,  # a Ctrl-C in the terminal is for this program, which passes it on
        )
        try:
            output, errors = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired as error:
            self._killed = interrupt(process, self._progress.say)
            raise LocalCloudError(f"`{text}` was given up after {timeout_seconds:g} s") from error
        except BaseException:
            self._killed = interrupt(process, self._progress.say)
            raise
        if fails and not process.returncode:
            raise LocalCloudError(f"`{text}` succeeded, although it had to fail")
        if process.returncode and not fails:
            said = "\n".join((output + errors).rstrip().splitlines()[-15:]) if pipe else "see above"
            raise LocalCloudError(f"`{text}` ended with status {process.returncode}: {said}")
        return Ran(text, began_at, time.perf_counter() - began, output or "")


def _is_up(state_dir: Path | None) -> bool:
    from localcloud.cloud import LocalCloud  # noqa: PLC0415 - only for stacks that are there

    try:
        LocalCloud.current(state_dir)
    except LocalCloudError:
        return False
    return True


def interrupt(process: subprocess.Popen[str], say: Callable[[str], None]) -> bool:
    """End a command: one signal lets an update come to its end, two stop it, and nothing is left after three.

    Returns:
        Whether it had to be killed.
    """
    for number, seconds in ((signal.SIGINT, INTERRUPT_SECONDS), (signal.SIGINT, 15.0), (signal.SIGKILL, 5.0)):
        process.send_signal(number)
        say(f"waiting up to {seconds:g} s for pulumi to end (Ctrl-C: not so long)")
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.communicate(timeout=seconds)
            break
    for pid in _session(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return number is signal.SIGKILL


def _session(leader: int) -> list[int]:
    """The processes of a session: those that a command started, plugins in process groups of their own included."""
    processes = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if stat.read_text().rpartition(")")[2].split()[3] == str(leader):
                processes.append(int(stat.parent.name))
    return processes


@contextlib.contextmanager
def deaf(say: Callable[[str], None]) -> Iterator[None]:
    """Cleaning up is not interrupted: it ends by itself. The handlers are not inherited by what it starts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def tell(_number: int, _frame: FrameType | None) -> None:
        say("still cleaning up")

    former = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
