"""The world in which swaps of many services are measured: their stack, the load on two of them, the rules."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3

from bluegreen.aws.elb.elbv2 import weights_of
from bluegreen.rollout.model import COLORS, Color, Weights, other
from localcloud import emulator, paths
from localcloud.app_processes import AppProcesses
from localcloud.errors import LocalCloudError
from localcloud.load import Load, Result
from localcloud.progress import Progress
from localcloud.stack import Ran, Stack, interrupt

PROJECT = paths.CHECKOUT / "dev" / "benchmarks" / "programs" / "swaps"
_UP = ("up", "--yes", "--skip-preview", "--parallel", "64")
RATE_PER_SECOND = 50.0
"""Of each load; one is on the first service, one on the last."""
DOMAIN = "example.com"
MAX_SECONDS, MAX_REQUESTS = 900, 200_000


@dataclasses.dataclass(frozen=True)
class State:
    """A stack's state.

    Attributes:
        pending: operations that it calls unfinished.
        weights: where it says that each service's traffic goes, by host name.
    """

    pending: int
    weights: dict[str, Weights]


class Running:
    """A `pulumi up` that runs beside this program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        #: When it was first seen to have ended, by the monotonic clock.
        self.ended_at = math.inf

    @property
    def ended(self) -> bool:
        """Whether it has."""
        if self._process.poll() is None:
            return False
        self.ended_at = min(self.ended_at, time.monotonic())
        return True

    def interrupt(self) -> None:
        """Ctrl-C: as a terminal does it, to the whole process group."""
        os.killpg(self._process.pid, signal.SIGINT)


class SwapsStack(Stack):
    """The stack, whose `pulumi up` can be interrupted."""

    @contextlib.contextmanager
    def beside(self) -> Iterator[Running]:
        """`pulumi up` until it ends; leaving by an error ends it."""
        self._destroyed = False
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                ["pulumi", *_UP],
                cwd=self._project,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            try:
                yield Running(process)
                if process.poll() is None:
                    raise LocalCloudError("`pulumi up` was given up: it did not end")
            except BaseException:
                if process.poll() is None:
                    self._killed = interrupt(process, self._progress.say)
                raise

    def state(self) -> State:
        """The state that Pulumi has written."""
        deployment = json.loads(self.quiet("stack", "export").output)["deployment"]
        swaps = [
            resource["outputs"] for resource in deployment["resources"] if resource["type"].endswith(":TrafficSwap")
        ]
        weights = {f"{swap['name']}.{DOMAIN}": Weights(**swap["weights"]) for swap in swaps}
        return State(len(deployment.get("pending_operations") or ()), weights)


class Rules:
    """The production rules, as the emulator has them: no word but its own."""

    def __init__(self, endpoint: str, listener_arn: str, target_groups: Mapping[Color, str]) -> None:
        self._elb: Any = boto3.client(
            "elbv2",
            endpoint_url=endpoint,
            region_name=emulator.REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self._listener = listener_arn
        self._target_groups = target_groups

    def weights(self) -> dict[str, Weights]:
        """The weights of each service, by its host name."""
        by_host = {}
        for rule in self._elb.describe_rules(ListenerArn=self._listener)["Rules"]:
            for condition in rule["Conditions"]:
                if condition["Field"] == "host-header":
                    host = condition.get("HostHeaderConfig", condition)["Values"][0]
                    by_host[host] = weights_of(rule["Actions"], self._groups_of(host))
        return by_host

    def _groups_of(self, _host: str) -> Mapping[Color, str]:
        return self._target_groups


@dataclasses.dataclass
class World:
    """All services on one color, and the way to have them all on the other.

    Attributes:
        stack: theirs.
        live: the color with all traffic.
    """

    stack: SwapsStack
    live: Color = "blue"
    services: int = 0
    _releases: dict[str, str] = dataclasses.field(default_factory=lambda: dict.fromkeys(COLORS, "app:0"))
    _number: int = 0
    _settings: dict[str, str] = dataclasses.field(default_factory=dict)

    def place(self, services: int, provider: str) -> None:
        """Have that many services, each with all of its traffic on the live color, and that adapter."""
        self.services = services
        self.configure({"swaps": str(services), "provider": provider})
        self._declare(self.live, weight_percent=50, hold_seconds=0)
        self.stack.pulumi(*_UP)
        weights = self.rules().weights()
        if len(weights) != services or set(weights.values()) != {Weights.all_on(self.live)}:
            raise LocalCloudError(f"expected {services} services on {self.live}; the emulator has {weights}")

    def declare_promotion(self, weight_percent: int, hold_seconds: int) -> None:
        """Write into the config what the next `up` should do: a release that was never live, so no rollback."""
        target = other(self.live)
        self._number += 1
        self._releases[target] = f"app:{self._number}"
        self._declare(target, weight_percent, hold_seconds)

    def _declare(self, active_color: Color, weight_percent: int, hold_seconds: int) -> None:
        self.configure(
            {
                "activeColor": active_color,
                "releases": json.dumps(self._releases),
                "weightPercent": str(weight_percent),
                "holdSeconds": str(hold_seconds),
            }
        )

    def promote(self) -> Ran:
        """Do it; all of the traffic is on the other color then."""
        ran = self.stack.pulumi(*_UP)
        self.live = other(self.live)
        weights = self.rules().weights()
        if set(weights.values()) != {Weights.all_on(self.live)}:
            raise LocalCloudError(f"expected every service on {self.live}; the emulator has {weights}")
        return ran

    def rules(self) -> Rules:
        """The emulator's."""
        return Rules(self.stack.cloud.endpoint, self.stack.output("listenerArn"), self.stack.output("targetGroupArns"))

    @contextlib.contextmanager
    def loaded(self) -> Iterator[list[Load]]:
        """Requests to the first service and to the last one."""
        url = f"http://{self.stack.output('url')}/"
        with contextlib.ExitStack() as ending:
            yield [
                ending.enter_context(
                    Load(
                        url,
                        rate_per_second=RATE_PER_SECOND,
                        max_seconds=MAX_SECONDS,
                        max_requests=MAX_REQUESTS,
                        host_header=f"s{number:02}.{DOMAIN}",
                    )
                )
                for number in sorted({0, self.services - 1})
            ]

    def configure(self, settings: Mapping[str, str]) -> None:
        """Set what differs, in one command."""
        changed = {key: value for key, value in settings.items() if self._settings.get(key) != value}
        pairs = [part for key, value in changed.items() for part in ("--plaintext", f"{key}={value}")]
        if pairs:
            self.stack.quiet("config", "set-all", *pairs)
        self._settings.update(changed)


@contextlib.contextmanager
def world(progress: Progress, state_dir: Path | None) -> Iterator[World]:
    """The stack and a process a color, from nothing to nothing."""
    with contextlib.ExitStack() as ending:
        apps = ending.enter_context(AppProcesses())
        ports = {}
        for color in COLORS:
            app = apps.start({"COLOR": color, "VERSION": "v1"})
            ending.callback(app.end)
            ports[color] = app.port
        stack = SwapsStack("swaps", None, project=PROJECT, state_dir=state_dir, progress=progress)
        ending.enter_context(stack)
        built = World(stack)
        built.configure({"aws:region": emulator.REGION, "targetPorts": json.dumps(ports)})
        yield built
        with progress.step("Removing the swaps"):
            stack.destroy()


def results(loads: list[Load]) -> list[Result]:
    """The results of the loads.

    Raises:
        LocalCloudError: one of them had ended too early.
    """
    seen = [load.result for load in loads]
    for result in seen:
        if result.stopped_by != "asked":
            raise LocalCloudError(f"the load ended before the swaps did: {result.stopped_by}")
    return seen


def wait_until(ready: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until it is.

    Raises:
        LocalCloudError: it never was.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise LocalCloudError(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)
