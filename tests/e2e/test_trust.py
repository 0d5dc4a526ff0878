"""Guarantees for a team that is not there: pauses, aborts, two updates at once, the record."""

from __future__ import annotations

import json
import shutil

import pytest

from localcloud.load import Load
from tests.e2e import stack as stacks
from tests.e2e.stack import HEALTHZ, QUICK, Background, Rule, Stack, bluegreen
from tests.scenarios.adapters import in_turn

LONG = {"steps": [{"weight_percent": 50, "hold_seconds": 120}]}
CANARY = "canary-Z9x8-of-a-secret"


@pytest.fixture(scope="module")
def made(cloud, aws_env, tmp_path_factory):
    yield from stacks.make(cloud, tmp_path_factory, "ecs", idleCapacityPercent="100")


@pytest.fixture
def stack(made: Stack) -> Stack:
    """Blue is live, green idle at full size, whatever the test before did."""
    usual = {"activeColor": "blue", "strategy": QUICK, "gates": HEALTHZ}
    made.up(**usual, promoteTo=None, notifications=None, swapProvider=None)
    assert made.colors() == {"blue"}
    return made


@pytest.mark.parametrize("adapter_in_turn", in_turn(0), scope="module")
def test_ten_percent_today_and_the_rest_tomorrow(stack, adapter_in_turn):
    with Load(stack.url, rate_per_second=50) as load:
        stack.up(activeColor="green", promoteTo="10", swapProvider=adapter_in_turn)
        assert stack.outcome() == "paused"
        assert stack.output("weights") == {"blue": 90, "green": 10}
        assert stack.output("liveColor") == "blue"
        stack.pulumi("preview", "--expect-no-changes")
        assert stack.colors(300) == {"blue", "green"}, "while no process runs"
        preview = stack.pulumi("config", "set", "promoteTo", "100") + stack.pulumi("preview", "--diff")
        assert "promote_to_percent" in preview
        stack.up(promoteTo="100")
    assert stack.outcome() == "promoted"
    assert stack.colors() == {"green"}
    assert load.result.failed == 0, load.result.errors


def test_a_paused_promotion_is_reverted_by_one_write(stack):
    stack.up(activeColor="green", promoteTo="10")
    stack.up(activeColor="blue", promoteTo=None)
    newest = stack.output("history")[0]
    assert (newest["outcome"], len(newest["steps"])) == ("rolled_back", 1)
    assert stack.colors() == {"blue"}


@pytest.mark.parametrize("adapter_in_turn", in_turn(1), scope="module")
def test_an_abort_from_another_terminal_takes_the_traffic_back(stack, adapter_in_turn):
    stack.set({"activeColor": "green", "strategy": LONG, "swapProvider": adapter_in_turn})
    with Load(stack.url, rate_per_second=50) as load:
        up = Background(stack)
        up.wait_for("blue 50 %, green 50 %")
        status = bluegreen(stack, "status", "--stack", "test")
        assert "web: blue 50 %, green 50 %" in status.stdout
        assert "promotion to green" in status.stdout
        aborted = bluegreen(stack, "abort", "--stack", "test", "--reason", "too many errors")
        assert up.finish() != 0
    assert aborted.returncode == 0, aborted.stderr
    assert "web: aborted: the swap was aborted by" in aborted.stdout
    assert "Now: blue 100 %, green 0 %" in aborted.stdout
    assert "too many errors" in up.output
    assert "restored and verified: blue 100 %, green 0 %" in up.output
    assert "Traceback" not in up.output
    assert load.result.failed == 0, load.result.errors
    assert stack.colors() == {"blue"}
    assert "no swap is running" in bluegreen(stack, "abort", "--stack", "test").stderr

    stack.pulumi("refresh", "--yes", "--skip-preview")
    said = stack.up(activeColor="blue", strategy=QUICK)
    assert "healing" not in said
    assert stack.outcome() == "aborted", "what failed is in the history, too"


def test_a_second_update_of_the_same_swap_is_refused_with_the_holders_name(stack, tmp_path):
    """Two state backends, as after a copy of a project: the engine's own lock knows nothing of the other."""
    other = Stack.__new__(Stack)
    other.cloud, other.folder = stack.cloud, tmp_path / "copy"
    shutil.copytree(stack.folder, other.folder)
    other.env = {**stack.env, "PULUMI_BACKEND_URL": f"file://{other.folder}/state"}
    other._config = other.folder / "stacks" / "config" / "Pulumi.test.yaml"
    # Without the gate of every second, which a machine that is busy may answer late.
    endless = {"steps": [{"weight_percent": 50, "hold_seconds": 600}]}  # the abort ends it
    stack.set({"activeColor": "green", "strategy": endless, "gates": []})
    up = Background(stack)
    up.wait_for("blue 50 %, green 50 %")
    try:
        said = other.up_fails(activeColor="blue", strategy=QUICK)
        colors = stack.colors()
    finally:
        aborted = bluegreen(stack, "abort", "--stack", "test")
        assert up.finish() != 0
    assert "another swap of this service runs: " in said
    assert "promotion to green" in said
    assert "Traceback" not in said
    assert colors == {"blue", "green"}, f"the second one wrote nothing; the first one said:\n{up.output}"
    assert aborted.returncode == 0


def test_no_secret_is_in_state_output_log_or_error(stack, tmp_path):
    log = tmp_path / "events.jsonl"
    secrets = {"HOOK_URL": f"http://127.0.0.1:9/{CANARY}", "HOOK_KEY": CANARY, "TEAM_TOKEN": CANARY}
    stack.env.update(secrets)
    url = {"env": "HOOK_URL"}
    leaky = ["sh", "-c", "echo the token is $TEAM_TOKEN; exit 1"]
    try:
        said = stack.up_fails(
            activeColor="green",
            eventLog=str(log),
            notifications=[
                {"kind": "webhook", "url": url, "secret": {"env": "HOOK_KEY"}},
                {"kind": "slack", "url": url},
            ],
            gates=[
                {"kind": "webhook", "url": url, "secret": {"env": "HOOK_KEY"}, "failure_limit": 3},
                {"kind": "command", "command": leaky, "phases": ["confirm"]},
            ],
            strategy={"steps": [{"weight_percent": 50, "hold_seconds": 2}]},
        )
        said += stack.pulumi("preview", "--diff")
    finally:
        for name in secrets:
            stack.env.pop(name)
        stack.set({"eventLog": None})
    assert "gate command sh -c" in said
    assert "the token is ***" in said
    assert "could not be notified" in said
    state = stack.pulumi("stack", "export", "--show-secrets")
    marks = json.dumps(Rule(stack).elb.describe_tags(ResourceArns=[Rule(stack).rule()["RuleArn"]]), default=str)
    for place in (said, state, marks, log.read_text()):
        assert place
        assert CANARY not in place
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"promotion", "failed"} <= {event["kind"] for event in events}
