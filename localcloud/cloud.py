"""The local cloud for programs: start it, ask it, end it.

cloud = LocalCloud.up()
subprocess.run(["pulumi", "up", "--yes"], env=cloud.process_env())
httpx.get(f"http://127.0.0.1:{cloud.alb_port('web')}/")
cloud.down()
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from localcloud import emulator, forwards, images, paths
from localcloud import state as states
from localcloud.bootstrap import bootstrap
from localcloud.errors import LocalCloudError
from localcloud.podman import Podman
from localcloud.processes import Daemon, no_proxy
from localcloud.progress import Progress, Silent
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import app

_LEADS_ELSEWHERE = {
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_STACK",
}


@dataclasses.dataclass(frozen=True)
class Record:
    """The record that `up` leaves behind for later commands, as `env.json` in the state directory."""

    pid: int
    started: str
    port: int
    app: str
    """Version of the sample app whose images were pushed; empty until they all are."""
    path: list[str]


class LocalCloud:
    """One local cloud that is up."""

    def __init__(self, state_dir: Path, record: Record) -> None:
        self.state_dir = state_dir
        self._record = record
        self.podman = Podman(state_dir)

    @classmethod
    def up(
        cls, state_dir: Path | None = None, progress: Progress | None = None, project_dir: Path = paths.CHECKOUT
    ) -> LocalCloud:
        """Start it, or find it running. Stacks are made for the config files of the project in `project_dir`."""
        state = states.directory(state_dir)
        progress = progress or Silent()
        with states.lock(state):
            record = _read(state)
            if record is not None and _running(record):
                cloud = cls(state, record)
                PulumiHome(state).install_plugins()
                if record.app != app.version():
                    cloud._publish(app.ensure(progress), progress)
            else:
                cloud = cls._start(state, record, progress)
            PulumiHome(state).init_stacks(project_dir, cloud.process_env())
            return cloud

    @classmethod
    def _start(cls, state: Path, old: Record | None, progress: Progress) -> LocalCloud:
        tools = bootstrap(progress)
        podman, home = Podman(state), PulumiHome(state)
        if state.exists():
            _end(state)
            if old is not None:
                progress.say(
                    "The AWS emulator had ended. Its resources are gone with it, so their Pulumi state is dropped"
                )
                home.forget("aws" if states.has_node(state) else None)
        state.mkdir(parents=True, exist_ok=True)
        with progress.step("Starting the AWS emulator"):
            forwards.remove_dead()  # what an emulator that was killed has left, of whichever state directory
            path = home.prepare(tools.pulumi)
            podman.prepare(tools.programs)
            log = state / "fakecloud.log"
            daemon, port = emulator.start(tools.fakecloud / "fakecloud", podman, log, old.port if old else 0)
            # Written before the images are there: whatever happens now, `down` finds the process. An app of no version
            # makes the next `up` push them.
            record = Record(daemon.pid, daemon.started, port, "", [str(directory) for directory in path])
            _write(state, record)
        cloud = cls(state, record)
        cloud._publish(tools.app, progress)
        return cloud

    def _publish(self, rootfs: Path, progress: Progress) -> None:
        with progress.step("Pushing the sample app to the emulator's registry"):
            images.publish(self.podman, rootfs, self.port)
        self._record = dataclasses.replace(self._record, app=app.version())
        _write(self.state_dir, self._record)

    @classmethod
    def current(cls, state_dir: Path | None = None) -> LocalCloud:
        """The one that is up; an error if it is not."""
        state = states.directory(state_dir)
        record = _read(state)
        if record is None or not _running(record):
            raise LocalCloudError("the local cloud is not running: start it with `python -m localcloud up`")
        return cls(state, record)

    @property
    def port(self) -> int:
        return self._record.port

    @property
    def pid(self) -> int:
        return self._record.pid

    @property
    def endpoint(self) -> str:
        """The URL that answers every AWS API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """The emulator's log."""
        return self.state_dir / "fakecloud.log"

    @property
    def path(self) -> list[str]:
        """The directories that PATH begins with for commands that use this cloud."""
        return [*self._record.path, str(Path(sys.executable).parent)]

    def image(self, tag: str) -> str:
        """The URI of one of the sample app's images: v1, v2, v3, or broken (never healthy)."""
        return images.uri(tag)

    def alb_port(self, arn_or_name: str, timeout_seconds: float = 10.0) -> int:
        """The port on 127.0.0.1 that a load balancer listens on."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            balancers = emulator.load_balancers(self.port)
            for balancer in balancers:
                if arn_or_name in (balancer.get("arn"), balancer.get("name")) and balancer.get("boundPort"):
                    return int(balancer["boundPort"])
            if time.monotonic() > deadline:
                names = ", ".join(str(balancer.get("name")) for balancer in balancers) or "none"
                raise LocalCloudError(f"no load balancer {arn_or_name!r} listens; the emulator has: {names}")
            time.sleep(0.1)

    def env(self) -> dict[str, str]:
        """The environment of commands that use this cloud, beside their PATH (see `path`)."""
        return PulumiHome(self.state_dir).env() | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": emulator.REGION,
            "AWS_DEFAULT_REGION": emulator.REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def process_env(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """A whole environment for a child process: `base` (else this one's), without what would lead elsewhere."""
        base = os.environ if base is None else base
        kept = {key: value for key, value in base.items() if key not in unset(base)}
        path = os.pathsep.join([*self.path, kept.get("PATH", os.defpath)])
        return kept | self.env() | {"PATH": path, **no_proxy(base)}

    def down(self) -> None:
        """End everything that `up` started and remove its state."""
        down(self.state_dir)


def down(state_dir: Path | None = None) -> bool:
    """End a local cloud's AWS side, whole or half started; returns whether there was one."""
    state = states.directory(state_dir)
    with states.lock(state):
        there = state.exists() and (states.has_aws(state) or not states.has_node(state))
        if there:
            _end(state)
            (state / "env.json").unlink(missing_ok=True)
            (state / "fakecloud.log").unlink(missing_ok=True)
            shutil.rmtree(state / emulator.TRUST, ignore_errors=True)
            if states.has_node(state):
                PulumiHome(state).forget("aws")
            else:
                states.remove(state)
        states.lock_file(state).unlink()
        return there


def unset(environment: Mapping[str, str]) -> list[str]:
    """Variables that would lead AWS clients away from the emulator, to a real account, or Pulumi to another secret."""
    return sorted(key for key in environment if key in _LEADS_ELSEWHERE or key.startswith("AWS_ENDPOINT_URL_"))


def _running(record: Record) -> bool:
    return Daemon(record.pid, record.started).alive() and emulator.healthy(record.port)


def _end(state: Path) -> None:
    podman = Podman(state)
    for daemon in emulator.running(podman):
        daemon.stop(grace_seconds=3)
    for command in emulator.under_way(podman):  # it would make anew what is removed here
        command.stop(grace_seconds=3)
    podman.clean()
    forwards.remove_dead()


def _read(state: Path) -> Record | None:
    try:
        return Record(**json.loads((state / "env.json").read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def _write(state: Path, record: Record) -> None:
    scratch = state / "env.json.new"
    scratch.write_text(json.dumps(dataclasses.asdict(record), indent=2) + "\n")
    scratch.replace(state / "env.json")
