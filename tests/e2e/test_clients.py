"""Clients notice nothing of a swap, nor of its violent end.

The numbers are those of tests/swap/must_not_happen: requests that last longer than the swap, connections
that outlive it (12), the old color's tasks that go too early (6), an update killed with all that it started (14).
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import Any

import boto3
import httpx
import psutil
import pytest

from bluegreen.swap.lease import leases_in
from localcloud.load import Load
from tests.e2e import stack as stacks
from tests.e2e.killing import kill
from tests.e2e.stack import HEALTHZ, QUICK, Background, Rule, Stack, shift_began, shift_ended, without_secrets

MARK = "bluegreen:mark:"


@pytest.fixture(scope="module")
def made(cloud, aws_env, tmp_path_factory):
    yield from stacks.make(cloud, tmp_path_factory, "ecs", idleCapacityPercent="100")


@pytest.fixture
def stack(made: Stack) -> Stack:
    """Blue is live, green idle at full size, whatever the test before did."""
    made.set({"activeColor": "blue", "strategy": QUICK, "gates": HEALTHZ})
    made.pulumi("up", "--yes", "--skip-preview")
    assert made.colors() == {"blue"}
    return made


class Waiting(threading.Thread):
    """One request to production that takes its time."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.url = stack.url
        self.answer: httpx.Response | None = None
        self.ended_at = 0.0
        self.start()

    def run(self) -> None:
        self.answer = httpx.get(self.url, timeout=120)
        self.ended_at = time.time()


class Kept(threading.Thread):
    """Requests over one connection, which is never opened again: an end of it is an error."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        host, port = stack.url.removeprefix("http://").split(":")
        self.connection = http.client.HTTPConnection(host, int(port), timeout=120)
        self.connection.connect()
        self.connection.auto_open = 0
        self.colors: list[str | None] = []
        self.error: Exception | None = None
        self.done = threading.Event()
        self.start()

    def run(self) -> None:
        try:
            while not self.done.wait(0.05):
                self.connection.request("GET", "/")
                answer = self.connection.getresponse()
                answer.read()
                assert answer.status == 200
                self.colors.append(answer.getheader("X-Color"))
        except Exception as error:  # noqa: BLE001 - for the test, which runs elsewhere
            self.error = error

    def finish(self, after: str) -> None:
        """End once this color has answered: it may be at a slow request of its own."""
        deadline = time.monotonic() + 120
        while after not in self.colors and self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.done.set()
        self.join(timeout=120)
        self.connection.close()


def test_long_lived_clients_are_not_cut_off(stack, tmp_path):
    """containers-roadmap#969. The gate holds the swap up until the request has begun, so no time decides this."""
    go = tmp_path / "go"
    wait = {"kind": "command", "command": ["sh", "-c", f"test -e {go} || exit 75"], "interval_seconds": 0.2}
    stack.set({"activeColor": "green", "gates": [*HEALTHZ, {**wait, "phases": ["before"]}]})
    kept = Kept(stack)
    up = Background(stack)
    up.wait_for("gate command sh -c")
    stack.control("blue", slow_ms=27_000)  # its server gives a request 30 s
    waiting = Waiting(stack)
    time.sleep(5)  # until it has reached the task, which keeps what it got for this request
    stack.control("blue", slow_ms=0)
    go.touch()
    assert up.finish() == 0, up.output
    shifted_at = stack.output("history")[0]["steps"][0]["at_seconds"]
    waiting.join(timeout=120)
    kept.finish(after="green")
    assert waiting.answer is not None, "it was cut off"
    assert (waiting.answer.status_code, waiting.answer.headers["x-color"]) == (200, "blue")
    assert waiting.ended_at > shifted_at + 1, "it was still running when all traffic had gone to green"
    assert stack.colors() == {"green"}
    assert kept.error is None
    first_green = kept.colors.index("green")
    assert set(kept.colors[first_green:]) == {"green"}, "a connection from before the swap moves with it, for good"
    assert set(kept.colors[:first_green]) == {"blue"}


def kill_everything(up: Background) -> None:
    """SIGKILL to the engine and to every process that it started: programs, plugins, providers."""
    engine = psutil.Process(up.process.pid)
    tree = [engine, *engine.children(recursive=True)]
    for process in tree:
        kill(process)
    psutil.wait_procs(tree[1:], timeout=30)


def exported(stack: Stack) -> Any:
    return without_secrets(json.loads(stack.pulumi("stack", "export"))["deployment"])


def marks(stack: Stack) -> dict[str, str]:
    rule = Rule(stack)
    (found,) = rule.elb.describe_tags(ResourceArns=[rule.rule()["RuleArn"]])["TagDescriptions"]
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    return {key.removeprefix(MARK): value for key, value in tags.items() if key.startswith(MARK)}


def test_an_interruption_leaves_nothing_pending(stack):
    """pulumi#12259, #14054: the lock is the engine's own, and `pulumi cancel` what it tells its user to type."""
    stack.set({"activeColor": "green", "strategy": {"steps": [{"weight_percent": 50, "hold_seconds": 60}]}})
    with Load(stack.url, rate_per_second=50) as load:
        up = Background(stack)
        up.wait_for("blue 50 %, green 50 %")
        kill_everything(up)
        assert up.finish() != 0
        interrupted = exported(stack).get("pending_operations", [])
        assert stack.colors() == {"blue", "green"}, "a deliberate mix of two healthy colors, with nobody there"
        assert len(leases_in(marks(stack))) == 1
        said = stack.up_fails(activeColor="blue", strategy=QUICK)
        assert "pulumi cancel" in said
        stack.pulumi("cancel", "--yes")
        said = stack.up()
    assert load.result.failed == 0, load.result.errors
    assert [operation["type"] for operation in interrupted] in ([], ["updating"])
    assert stack.outcome() == "healed", said
    assert stack.colors() == {"blue"}
    assert exported(stack).get("pending_operations", []) == []
    assert set(marks(stack)) == {"incarnation"}, "no lease, and nothing pending"


def blue_service(stack: Stack) -> Any:
    """Blue's service, as ECS has it."""
    resources = exported(stack)["resources"]
    # By its whole name: "blue" is in the project's name, and so in every URN.
    (blue,) = [r["outputs"] for r in resources if r["urn"].endswith("aws:ecs/service:Service::web-blue")]
    ecs: Any = boto3.client("ecs")
    return ecs.describe_services(cluster=blue["cluster"], services=[blue["name"]])["services"][0]


def test_the_old_color_is_not_stopped_before_traffic_has_converged(stack):
    """argo-rollouts#3333, #2235. No delay at all, and load until the last task has gone."""
    stack.set({"idleCapacityPercent": None, "scaleDownDelaySeconds": "0"})
    with Load(stack.url, rate_per_second=200) as load:
        said = stack.up(activeColor="green")
        deadline = time.monotonic() + 180
        while (service := blue_service(stack))["runningCount"]:
            counts = {key: service[key] for key in ("desiredCount", "runningCount", "pendingCount")}
            told = [event["message"] for event in service["events"][:5]]
            assert time.monotonic() < deadline, f"blue was never stopped, so the test saw nothing: {counts} {told}"
            time.sleep(0.2)
    assert load.result.failed == 0, load.result.errors
    (shift,) = stack.output("history")[0]["steps"]
    assert load.result.within(0, shift_began(shift)).keys() == {"blue"}
    assert load.result.within(shift_ended(shift), 1e12).keys() == {"green"}
    assert "blue is scaled to 0" in said
