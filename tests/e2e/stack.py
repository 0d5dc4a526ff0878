"""A stack of the repo's own programs on the local cloud, driven by the real `pulumi` as a user drives it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import yaml

from localcloud import loopback
from localcloud.cloud import LocalCloud
from tests.e2e import keeper, warm

REPO = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 300
_INITIALIZED: dict[str, bytes] = {}


class Stack:
    """A copy of the project in a folder of its own, with its own state; ``config`` is set key by key."""

    def __init__(self, cloud: LocalCloud, folder: Path, platform: str) -> None:
        self.cloud = cloud
        self.folder = folder
        shutil.copy(REPO / "Pulumi.yaml", folder)
        shutil.copytree(REPO / "stacks", folder / "stacks", ignore=shutil.ignore_patterns("__pycache__", "config"))
        (folder / "stacks" / "config").mkdir()
        (folder / "state").mkdir()
        self.env = {**cloud.process_env(), **warm.env(), "PULUMI_BACKEND_URL": f"file://{folder}/state"}
        self.env["PULUMI_STACK"] = "test"
        self._init()
        self._config = folder / "stacks" / "config" / "Pulumi.test.yaml"
        self.set({"platform": platform, "aws:region": "us-east-1"})

    def _init(self) -> None:
        """`pulumi stack init`, whose files every later stack gets as they are: they do not depend on the folder."""
        if not _INITIALIZED:
            self.pulumi("stack", "init", "test", *keeper.INIT)
            written = [*(self.folder / "state").rglob("*"), *(self.folder / "stacks" / "config").iterdir()]
            files = [path for path in written if path.is_file()]
            _INITIALIZED.update({str(path.relative_to(self.folder)): path.read_bytes() for path in files})
        for name, content in _INITIALIZED.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` and return what came of it, success or not."""
        return subprocess.run(
            ["pulumi", *words, "--non-interactive"],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )

    def pulumi(self, *words: str) -> str:
        """Run `pulumi`, which must succeed, and return its output."""
        done = self.command(*words)
        assert done.returncode == 0, f"pulumi {' '.join(words)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def fails(self, *words: str) -> str:
        """Run `pulumi`, which must fail, and return all that it said."""
        done = self.command(*words)
        assert done.returncode != 0, f"pulumi {' '.join(words)} was to fail:\n{done.stdout}"
        return done.stdout + done.stderr

    def set(self, values: Mapping[str, Any]) -> None:
        """Change config keys in the stack's file, as an editor or a pull request does; ``None`` removes a key."""
        content = yaml.safe_load(self._config.read_text())
        config = content.setdefault("config", {})
        for key, value in values.items():
            name = key if ":" in key else f"bluegreen:{key}"
            if value is None:
                config.pop(name, None)
            else:
                config[name] = value
        self._config.write_text(yaml.safe_dump(content))

    def up(self, **config: Any) -> str:
        """`pulumi up` after setting config."""
        self.set(config)
        return self.pulumi("up", "--yes", "--skip-preview")

    def up_fails(self, **config: Any) -> str:
        """The same, when it must fail."""
        self.set(config)
        return self.fails("up", "--yes", "--skip-preview")

    def state(self) -> dict[str, Any]:
        """The state, from its file: a `pulumi stack output` or `export` each would be a good part of all tests."""
        (state,) = (self.folder / "state" / ".pulumi" / "stacks").rglob("test.json")
        checkpoint: dict[str, Any] = without_secrets(json.loads(state.read_text())["checkpoint"]["latest"])
        return checkpoint

    def output(self, name: str) -> Any:
        """A stack output."""
        root = next(resource for resource in self.state()["resources"] if resource["type"] == "pulumi:pulumi:Stack")
        return root["outputs"][name]

    def swap(self) -> dict[str, Any]:
        """The one swap's resource, as the state has it."""
        (swap,) = [one for one in self.state()["resources"] if one["type"].endswith(":TrafficSwap")]
        return dict(swap)

    def outcome(self) -> str:
        """How the newest swap ended."""
        return str(self.output("history")[0]["outcome"])

    @cached_property
    def url(self) -> str:
        """Where production requests go; the load balancer stays, so this is read once."""
        return str(self.output("url"))

    @cached_property
    def preview_headers(self) -> dict[str, dict[str, str]]:
        """The headers that reach each color, with a secret of the stack that stays the same."""
        shown = self.pulumi("stack", "output", "previewHeaders", "--json", "--show-secrets")
        return dict(json.loads(shown))

    def get(self, path: str = "/", color: str | None = None) -> httpx.Response:
        """Ask production, or one color by its header."""
        headers = self.preview_headers[color] if color else {}
        return loopback.get(f"{self.url}{path}", headers=headers)

    def colors(self, requests: int = 50) -> set[str]:
        """The colors that answer some production requests."""
        with loopback.client(base_url=self.url) as client:
            return {client.get("/").headers["x-color"] for _ in range(requests)}

    def control(self, color: str, **behavior: Any) -> None:
        """Tell the tasks of a color how to behave, often enough to reach each of them."""
        with one_by_one(self.url) as client:
            for _ in range(6):
                client.post("/control", json=behavior, headers=self.preview_headers[color]).raise_for_status()

    def destroy(self) -> None:
        """`pulumi destroy`, also where a test failed while an update of its own ran."""
        if end_updates(self.folder):
            self.command("cancel", "--yes")  # the lock of the one that was ended
        self.pulumi("destroy", "--yes", "--skip-preview")


def without_secrets(state: Any) -> Any:
    """A state without what stands for a secret in it: that is another text each time that it is written."""
    if isinstance(state, list):
        return [without_secrets(one) for one in state]
    if not isinstance(state, dict):
        return state
    return "a secret" if "ciphertext" in state else {key: without_secrets(one) for key, one in state.items()}


def bluegreen(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, as it is typed in another terminal."""
    command = [str(Path(sys.executable).parent / "bluegreen"), *words]
    return subprocess.run(
        command, cwd=stack.folder, env=stack.env, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )


def one_by_one(url: str) -> httpx.Client:
    """A client that opens a connection for each request."""
    return loopback.client(base_url=url, headers={"Connection": "close"})


_UPDATES: dict[Path, list[subprocess.Popen[str]]] = {}
"""What was begun in the background, by the stack's folder."""


def end_updates(folder: Path) -> bool:
    """Kill the updates that still run in the background; whether there was one."""
    going_on = [process for process in _UPDATES.pop(folder, []) if process.poll() is None]
    for process in going_on:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return bool(going_on)


class Background:
    """A `pulumi up` that continues while the test does something else; ``output`` grows line by line."""

    def __init__(self, stack: Stack) -> None:
        self.output = ""
        self.process = subprocess.Popen(
            ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
            cwd=stack.folder,
            env=stack.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,  # as a shell runs it
        )
        _UPDATES.setdefault(stack.folder, []).append(self.process)
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.output += line
                self._changed.notify_all()

    def wait_for(self, text: str) -> None:
        """Until the output has ``text``."""
        with self._changed:
            has_come = self._changed.wait_for(lambda: text in self.output, timeout=LIMIT_SECONDS)
        assert has_come, f"{text!r} did not come:\n{self.output}"

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal sends it: to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def interrupted_alone(self) -> None:
        """SIGINT to `pulumi` itself, as some CI runners send it."""
        self.process.send_signal(signal.SIGINT)

    def terminated(self) -> None:
        """SIGTERM to `pulumi` itself, as others do."""
        self.process.send_signal(signal.SIGTERM)

    def finish(self) -> int:
        """Its exit status."""
        status = self.process.wait(timeout=LIMIT_SECONDS)
        self._reader.join(timeout=60)
        return status


class Rule:
    """The production rule of a stack's load balancer, as somebody with a console sees it."""

    def __init__(self, stack: Stack) -> None:
        port = int(stack.url.rsplit(":", 1)[1])
        answer = loopback.get(f"{stack.cloud.endpoint}/_fakecloud/elbv2/load-balancers").json()
        balancers = answer["loadBalancers"] if isinstance(answer, dict) else answer
        self.balancer_arn = next(balancer["arn"] for balancer in balancers if balancer.get("boundPort") == port)
        self.elb: Any = boto3.client("elbv2")
        (listener,) = self.elb.describe_listeners(LoadBalancerArn=self.balancer_arn)["Listeners"]
        self.listener_arn = listener["ListenerArn"]
        tags = stack.output("targetGroups")
        self.groups = {color: tags[color] for color in ("blue", "green")}

    def weights(self) -> dict[str, int]:
        """The share of each color that it names."""
        names = {arn: color for color, arn in self.groups.items()}
        groups = self.rule()["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {names[group["TargetGroupArn"]]: group["Weight"] for group in groups}

    def rule(self) -> Any:
        """The rule itself."""
        rules = self.elb.describe_rules(ListenerArn=self.listener_arn)["Rules"]
        return next(rule for rule in rules if rule["Priority"] == "100")

    def shift_by_hand(self, blue: int, green: int) -> None:
        """Move weights behind Pulumi's back."""
        groups = [
            {"TargetGroupArn": self.groups["blue"], "Weight": blue},
            {"TargetGroupArn": self.groups["green"], "Weight": green},
        ]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        self.elb.modify_rule(RuleArn=self.rule()["RuleArn"], Actions=[action])


def shift_began(step: Mapping[str, Any]) -> float:
    """When the shift of a step in a history was written at the earliest: what was answered until then is as before."""
    return float(step["at_seconds"]) - float(step["took_seconds"]) - _ROUNDED_SECONDS


def shift_ended(step: Mapping[str, Any]) -> float:
    """When it had taken effect at the latest: what is sent since then follows it."""
    return float(step["at_seconds"]) + _ROUNDED_SECONDS


_ROUNDED_SECONDS = 0.002
"""A history has milliseconds."""

QUICK = {"name": "all_at_once", "steps": []}
HEALTHZ = [{"kind": "http", "path": "/healthz", "interval_seconds": 1}]


def make(
    cloud: LocalCloud,
    tmp_path_factory: pytest.TempPathFactory,
    platform: str,
    endpoint: str | None = None,
    **config: Any,
) -> Iterator[Stack]:
    """A stack for a fixture, up with blue live as v1 and green idle with v2; destroyed at the end.

    ``endpoint`` takes the place of the emulator's own; ``config`` is set beside what is set here.
    """
    stack = Stack(cloud, tmp_path_factory.mktemp(platform), platform)
    if endpoint is not None:
        stack.env["AWS_ENDPOINT_URL"] = endpoint
    images = {"blueImage": cloud.image("v1"), "greenImage": cloud.image("v2")}
    quick = {"desiredCount": "1", "steadyStateTimeoutSeconds": "120", "strategy": QUICK, "gates": HEALTHZ}
    try:
        stack.up(activeColor="blue", **{**images, **quick, **config})
        yield stack
    finally:
        stack.destroy()
