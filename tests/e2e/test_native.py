"""A Ctrl-C with either adapter, and what the plugin promises beyond the dynamic one: drift, previews, failures kept.

Through the real engine. The stack was begun with the dynamic adapter, and moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import psutil
import pytest

from localcloud.fault_proxy import Fault, FaultProxy
from tests.e2e import stack as stacks
from tests.e2e.killing import is_provider
from tests.e2e.stack import HEALTHZ, QUICK, Background, Rule, Stack
from tests.scenarios.adapters import in_full
from tests.scenarios.variant import load

TEN_PERCENT = {"weight_percent": 10}
DRIFT = r"~ weights: \{\s+~ blue : 70 => 100\s+~ green: 30 => 0\s+\}"
SECONDS_TO_END = 60


@pytest.fixture(scope="module")
def proxy(cloud):
    with FaultProxy(cloud.endpoint) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def made(cloud, aws_env, tmp_path_factory, proxy):
    yield from stacks.make(cloud, tmp_path_factory, "ecs", proxy.url, idleCapacityPercent="100")


@pytest.fixture
def stack(made: Stack, proxy: FaultProxy) -> Stack:
    """Blue is live, green idle at full size, whatever the test before did."""
    proxy.reset()
    made.up(swapProvider="native", activeColor="blue", strategy=QUICK, gates=HEALTHZ, bakeSeconds=None)
    assert Rule(made).weights() == {"blue": 100}
    proxy.reset()
    return made


def writes(calls: Iterable[str]) -> list[str]:
    """Those of the calls that change something."""
    return [call for call in calls if not call.partition(":")[2].startswith("Describe")]


def newest(stack: Stack) -> tuple[str, str]:
    """How the newest swap ended, and why, as its resource has it: what failed is in no stack output yet."""
    entry = stack.swap()["outputs"]["history"][0]
    return entry["outcome"], entry.get("reason", "")


@pytest.mark.parametrize(("adapter", "how"), [
    ("native", Background.interrupt),
    pytest.param("dynamic", Background.interrupt, marks=in_full("tests/swap/test_dynamic_host.py")),
    ("dynamic", Background.interrupted_alone),
    ("dynamic", Background.terminated),
], ids=["native-terminal", "dynamic-terminal", "dynamic-sigint", "dynamic-sigterm"])  # fmt: skip
def test_ctrl_c_in_a_canary_takes_the_traffic_back_and_the_same_config_promotes_later(stack, tmp_path, adapter, how):
    decided = tmp_path / "decided"
    stack.up(swapProvider=adapter)
    # 75 is "not yet": the canary stays at 10 % until somebody decides.
    gate = {"kind": "command", "command": ["sh", "-c", f"test -e {decided} || exit 75"], "phases": ["promote"]}
    stack.set({"activeColor": "green", "strategy": {"steps": [TEN_PERCENT]}, "gates": [*HEALTHZ, gate]})
    with load(stack.url) as requests:
        up = Background(stack)
        up.wait_for("promote: running 1 gate on green")
        assert Rule(stack).weights() == {"blue": 90, "green": 10}
        how(up)
        assert up.finish() != 0, up.output
        assert Rule(stack).weights() == {"blue": 100}
        assert "restored and verified: blue 100 %, green 0 %" in up.output
        assert "prematurely" not in up.output
        assert "Traceback" not in up.output
        assert not stack.state().get("pending_operations")
        kept = stack.swap()["outputs"]
        assert (kept["live_color"], kept["weights"]) == ("blue", {"blue": 100, "green": 0})
        if adapter == "native":
            outcome, reason = newest(stack)
            assert outcome == "aborted"
            assert "aborted by the one who runs this update" in reason

        decided.touch()
        stack.up()
    assert requests.failed == 0, requests.errors
    assert requests.made > 0
    assert Rule(stack).weights() == {"green": 100}
    assert [entry["outcome"] for entry in stack.output("history")[:2]] == ["promoted", "aborted"]


def test_drift_is_a_difference_of_the_weights_and_a_preview_writes_nothing(stack, proxy):
    Rule(stack).shift_by_hand(70, 30)
    preview = stack.pulumi("preview", "--diff")
    assert re.search(DRIFT, preview), preview
    assert not writes(proxy.calls)
    assert Rule(stack).weights() == {"blue": 70, "green": 30}
    said = stack.up()
    assert "drift: the live weights are blue 70 %, green 30 %" in said
    assert "prematurely" not in said
    assert stack.outcome() == "healed"
    assert Rule(stack).weights() == {"blue": 100}


def test_a_preview_knows_the_outputs_and_does_without_the_platform(stack, proxy):
    stack.set({"activeColor": "green"})
    preview = stack.pulumi("preview", "--diff")
    assert not writes(proxy.calls)
    outputs = preview.partition("--outputs:--")[2]
    assert '~ liveColor     : "blue" => "green"' in outputs
    assert re.search(r"~ weights +: \{\s+~ blue : 100 => 0\s+~ green: 0 => 100\s+\}", outputs), preview

    proxy.fault = Fault("refused", 1, lasting=True)
    done = stack.command("preview", "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning: the live weights could not be looked at: elasticloadbalancing:DescribeRules" in done.stderr
    assert '~ active_color: "blue" => "green"' in done.stdout


def test_a_gate_that_fails_after_the_cut_over_leaves_a_state_that_is_true(stack, proxy):
    gate = {"kind": "command", "command": ["false"], "phases": ["bake"], "interval_seconds": 1}
    said = stack.up_fails(activeColor="green", gates=[*HEALTHZ, gate], bakeSeconds="60")
    assert "bake 60 s at green 100 %" in said
    assert "gate command false failed: exit status 1" in said
    assert "restored and verified: blue 100 %, green 0 %" in said
    assert Rule(stack).weights() == {"blue": 100}
    swap = stack.swap()
    assert swap["outputs"]["weights"] == {"blue": 100, "green": 0}
    assert newest(stack) == ("restored", "gate command false failed: exit status 1 against exit status 0")
    assert swap["inputs"]["active_color"] == "blue", "those of the last update that was finished"
    assert swap["inputs"]["gates"] == HEALTHZ
    assert "gate command false failed" in swap["initErrors"][0]

    proxy.reset()
    stack.up(activeColor="blue", gates=HEALTHZ, bakeSeconds=None)
    only_marks = {"elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"}
    assert set(writes(proxy.calls)) == only_marks, "the gate's verdict goes, under a lease, and nothing moves"
    assert "initErrors" not in stack.swap()
    assert stack.outcome() == "restored", "what failed stays in the history"
    stack.pulumi("preview", "--expect-no-changes")


def test_where_the_engine_is_killed_the_plugin_takes_the_traffic_back_and_ends(stack, monkeypatch):
    monkeypatch.delitem(stack.env, "LOCALCLOUD_PYTHON")  # a fork of the warm Python would be killed with the engine
    stack.set({"activeColor": "green", "strategy": {"steps": [{**TEN_PERCENT, "hold_seconds": 600}]}})
    with load(stack.url) as requests:
        up = Background(stack)
        up.wait_for("blue 90 %, green 10 %")
        (plugin,) = filter(is_provider, psutil.Process(up.process.pid).children(recursive=True))
        up.process.kill()
        _, alive = psutil.wait_procs([plugin], timeout=SECONDS_TO_END)
        assert not alive
        assert Rule(stack).weights() == {"blue": 100}
        assert "is currently locked" in stack.up_fails(strategy=QUICK)
        stack.pulumi("cancel", "--yes")
        said = stack.up()
    assert requests.failed == 0, requests.errors
    assert "resuming" not in said
    assert Rule(stack).weights() == {"green": 100}
    assert not stack.state().get("pending_operations")
    assert [entry["outcome"] for entry in stack.output("history")[:2]] == ["promoted", "aborted"]
