"""The command `bluegreen` over stacks of the real engine: what it says before, while and after.

The adapters take turns.
"""

from __future__ import annotations

import json

import pytest

from localcloud import progress
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import pulumi as pulumi_tool
from tests.e2e.playground import Playground
from tests.e2e.stack import Background


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = PulumiHome(tmp_path_factory.mktemp("home"))
    made.prepare(pulumi_tool.ensure(progress.for_terminal()))
    return made


@pytest.fixture(scope="module")
def made(adapter_in_turn, home, tmp_path_factory):
    return Playground(home, tmp_path_factory.mktemp(adapter_in_turn), adapter_in_turn)


@pytest.fixture
def stack(made):
    """Blue is live."""
    made.reset()
    made.gate.write_text("exit 0")
    return made


FROM_CONFIG = """\
import json
import pulumi
from bluegreen.adapters import resource

config = pulumi.Config()
inputs = json.loads(config.require("inputs"))
inputs.update(active_color=config.require("activeColor"), config_key="activeColor")
resource.declare("web", inputs, pulumi.ResourceOptions(), provider=config.require("adapter"))
"""


def drifted(stack):
    with stack.world() as world:
        world["weights"] = {"blue": 70, "green": 30}


def test_a_preview_becomes_a_comment_and_a_plan(stack):
    stack.set("green")
    file = stack.folder / "preview.json"
    file.write_text(stack.pulumi("preview", "--json"))
    text = stack.bluegreen("comment", str(file)).stdout
    assert text.startswith("<!-- bluegreen:playground/test -->\n### Traffic: 1 service moves\n")
    assert "| `web` | blue 100 %, green 0 % → **blue 0 %, green 100 %** | `v2` | promotion | 0.6 s, " in text
    assert "1. `10 % green, 90 % blue for 0.2 s; gates: " in text
    assert "- `green is ready: 1 of 1 healthy`" in text
    plan = stack.bluegreen("plan")
    assert plan.returncode == 0, plan.stdout
    assert "web: promotion: blue 100 %, green 0 % -> blue 0 %, green 100 %" in plan.stdout


def test_drift_stands_on_top_of_the_comment(stack):
    drifted(stack)
    stack.set("blue")
    file = stack.folder / "preview.json"
    file.write_text(stack.pulumi("preview", "--json"))
    text = stack.bluegreen("comment", str(file)).stdout
    assert "> - `web`: `` drift: the live weights are blue 70 %, green 30 %" in text
    assert "**blue 100 %, green 0 %** | `v1` | heal" in text


def test_a_running_promotion_is_followed_to_its_end(stack):
    stack.gate.write_text('test "$BLUEGREEN_PHASE" != hold || exit 75')
    slow = {"strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 600}]}}
    stack.set("green", **slow)
    up = Background(stack)
    up.wait_for("blue 90 %, green 10 %")
    (row,) = [line for line in stack.bluegreen("list").stdout.splitlines() if line.startswith("web")]
    assert "moving" in row
    (one,) = json.loads(stack.bluegreen("status", "--json").stdout)["swaps"]
    assert (one["state"], one["weights"]) == ("moving", {"blue": 90, "green": 10})
    assert stack.bluegreen("status", "--until", "live", "--timeout", "0").returncode == 7
    assert stack.bluegreen("abort", "--reason", "too many errors").returncode == 0
    assert up.finish() != 0
    held = stack.bluegreen("status", "--until", "live")
    assert held.returncode == 6, held.stdout
    assert stack.bluegreen("retry").returncode == 0
    stack.gate.write_text("exit 0")
    stack.up("green")
    assert stack.bluegreen("status", "--until", "live").returncode == 0
    history = stack.bluegreen("history").stdout
    assert " promoted -> green, " in history
    assert " aborted -> green, " in history
    assert "too many errors" in history
    assert "gate target health (before) pass: 1 of 1 healthy" in history


def test_a_line_of_the_config_is_promoted_and_taken_back(stack):
    stack.set("blue")
    file = stack.folder / "Pulumi.test.yaml"
    file.write_text(file.read_text().replace("config:\n", "config:\n  playground:activeColor: blue  # live\n"))
    before = file.read_text()
    program = stack.folder / "__main__.py"
    former = program.read_text()
    program.write_text(FROM_CONFIG)
    try:
        stack.pulumi("up", "--yes", "--skip-preview")
        promoted = stack.bluegreen("promote", "--yes")
        assert promoted.returncode == 0, promoted.stdout
        assert "+  playground:activeColor: green  # live" in promoted.stdout
        assert file.read_text() == before.replace("activeColor: blue", "activeColor: green")
        assert (stack.outputs["live_color"], stack.outputs["config_key"]) == ("green", "activeColor")
        back = stack.bluegreen("rollback", "--yes")
        assert back.returncode == 0, back.stdout
        assert file.read_text() == before
        assert stack.outputs["history"][0]["outcome"] == "rolled_back"
        stack.gate.write_text("exit 1")
        refused = stack.bluegreen("promote", "--yes")
        assert refused.returncode in (4, 6), refused.stdout
        assert "`bluegreen rollback` takes that back" in refused.stdout
        assert "Traceback" not in refused.stdout
    finally:
        program.write_text(former)
