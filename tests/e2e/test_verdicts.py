"""Each row of the table in docs/deploy.md, "What the next update does", through the real engine.

Over both adapters: tests/swap/test_verdicts.py. What the engine adds is a state, previews, a lost state, Ctrl-C, a kill
and the command: `make test` has a row for each of these, and `make scenarios` all rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil
import pytest

from localcloud import progress
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import pulumi as pulumi_tool
from tests.e2e.killing import is_provider, kill
from tests.e2e.playground import Playground
from tests.e2e.stack import Background
from tests.scenarios.adapters import in_full

BLUE, GREEN = {"blue": 100, "green": 0}, {"blue": 0, "green": 100}
NO = 'test "$BLUEGREEN_PHASE" != {} || exit 1'
ELSEWHERE = in_full("tests/swap/test_verdicts.py")
WAITS = 'test "$BLUEGREEN_PHASE" != hold || exit 75'


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
    """Blue is live, and green has still to prove itself."""
    made.reset()
    return made


def held(stack: Playground, color: str = "green", **more: Any) -> str:
    """`pulumi up` succeeds, nothing moves, and the preview after it has nothing to do but to warn."""
    with stack.world() as world:
        world["moves"].clear()
    said = stack.up(color, **more)
    with stack.world() as world:
        assert (world["moves"], world["weights"]) == ([], BLUE)
    assert (stack.outputs["active_color"], stack.outputs["live_color"]) == ("green", "blue")
    assert stack.outputs["weights"] == BLUE
    assert stack.outputs["held"]["color"] == "green"
    preview = stack.pulumi("preview", "--expect-no-changes")
    assert "held: the promotion to green was stopped by" in preview
    assert "set activeColor back to blue" in preview
    return said


def tried(stack: Playground, **more: Any) -> None:
    """`pulumi up` does the promotion, and forgets what held it."""
    stack.up("green", **more)
    with stack.world() as world:
        assert world["weights"] == GREEN
        assert "verdict" not in world["marks"]
    assert stack.outputs["live_color"] == "green"
    assert not stack.outputs["held"]


def refused(stack: Playground, phase: str = "hold", **more: Any) -> str:
    """A promotion that a gate refuses in one phase; from then on it says yes."""
    stack.gate.write_text(NO.format(phase))
    said = stack.up_fails("green", **more)
    stack.gate.write_text("exit 0")
    assert "gate command sh" in said
    assert "Traceback" not in said
    with stack.world() as world:
        assert world["weights"] == BLUE
    return said


# -- what happened


@pytest.mark.parametrize("phase", ["before", pytest.param("bake", marks=ELSEWHERE)])
def test_a_gate_that_said_no_is_held(stack, phase):
    assert "`bluegreen retry`" in refused(stack, phase)
    held(stack)


def test_an_abort_is_held(stack):
    stack.gate.write_text(WAITS)
    slow = {"strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 600}]}}
    stack.set("green", **slow)
    up = Background(stack)
    up.wait_for("blue 90 %, green 10 %")
    aborted = stack.bluegreen("abort", "--reason", "too many errors")
    assert aborted.returncode == 0, aborted.stdout
    assert up.finish() != 0, up.output
    stack.gate.write_text("exit 0")
    held(stack, **slow)
    assert "too many errors" in stack.outputs["held"]["reason"]


@ELSEWHERE
def test_a_color_that_was_not_ready_in_time_is_held(stack):
    with stack.world() as world:
        world["broken"] = ["green"]
    assert "green is not ready for traffic" in stack.up_fails("green")
    with stack.world() as world:
        world["broken"] = []
    held(stack)


@ELSEWHERE
def test_a_pause_that_could_not_be_raised_is_held_also_at_its_old_percent(stack):
    stack.up("green", promote_to_percent=10)
    refused(stack)
    held(stack)
    held(stack, promote_to_percent=10)


@ELSEWHERE
def test_weights_moved_towards_it_by_hand_are_put_back(stack):
    refused(stack)
    held(stack)
    with stack.world() as world:
        world["weights"] = {"blue": 60, "green": 40}
    assert "`pulumi up` puts blue at 100 %" in stack.up("green")
    with stack.world() as world:
        assert world["weights"] == BLUE
    held(stack)


@ELSEWHERE
def test_other_settings_take_effect_while_it_is_held(stack):
    refused(stack)
    held(stack, router={"kind": "memory", "name": "web", "note": "other hosts"})
    assert stack.outputs["router"]["note"] == "other hosts"


def state_lost(stack: Playground) -> str:
    stack.pulumi("state", "delete", stack.urn, "--yes")
    return held(stack)


def replaced(stack: Playground) -> str:
    stack.set("green")
    stack.pulumi("up", "--yes", "--skip-preview", "--replace", stack.urn)
    return held(stack)


@pytest.mark.parametrize("lose", [state_lost, replaced])
def test_it_is_held_where_the_state_is_lost_or_the_resource_replaced(stack, lose):
    refused(stack)
    lose(stack)


@ELSEWHERE
def test_what_confirm_refused_is_tried_again(stack):
    refused(stack, "confirm")
    tried(stack)


def not_asked(stack: Playground) -> Callable[[], None]:
    stack.gate.write_text('test "$BLUEGREEN_PHASE" != hold || exec sleep 30')

    def mend() -> None:
        stack.gate.write_text("exit 0")

    return mend


def call_failed(stack: Playground) -> Callable[[], None]:
    return in_the_world(stack, "refused")


def not_converged(stack: Playground) -> Callable[[], None]:
    return in_the_world(stack, "unverified")


def in_the_world(stack: Playground, what: str) -> Callable[[], None]:
    """It goes wrong at 50 %, until it is mended."""
    with stack.world() as world:
        world[what] = [50]

    def mend() -> None:
        with stack.world() as world:
            world[what] = []

    return mend


@pytest.mark.parametrize(
    "accident", [pytest.param(not_asked, marks=ELSEWHERE), call_failed, pytest.param(not_converged, marks=ELSEWHERE)]
)
def test_an_accident_is_tried_again(stack, accident):
    gate = {"kind": "command", "command": ["sh", str(stack.gate)], "interval_seconds": 0.05, "run_timeout_seconds": 5}
    more = {"gates": [{**gate, "consecutive_error_limit": 0, "phases": ["before", "hold"]}]}
    mend = accident(stack)
    said = stack.up_fails("green", **more)
    assert "restored and verified: blue 100 %" in said
    mend()
    tried(stack, **more)


def in_a_hold(stack: Playground) -> Background:
    stack.set("green", strategy={"steps": [{"weight_percent": 10, "hold_seconds": 600}]})
    up = Background(stack)
    up.wait_for("blue 90 %, green 10 %")
    return up


def test_ctrl_c_is_tried_again(stack):
    up = in_a_hold(stack)
    up.interrupt()
    assert up.finish() != 0, up.output
    with stack.world() as world:
        assert world["weights"] == BLUE
    tried(stack)


def test_a_kill_is_tried_again(stack):
    up = in_a_hold(stack)
    providers = [one for one in psutil.Process(up.process.pid).children(recursive=True) if is_provider(one)]
    assert providers
    for process in providers:
        kill(process)
    up.process.kill()
    up.finish()
    psutil.wait_procs(providers, timeout=60)
    stack.command("cancel", "--yes")
    with stack.world() as world:
        assert world["weights"] == {"blue": 90, "green": 10}
    tried(stack)


def test_a_lost_lease_is_tried_again(stack):
    up = in_a_hold(stack)
    with stack.world() as world:
        for name in [name for name in world["marks"] if name.startswith("lease.")]:
            del world["marks"][name]
    assert up.finish() != 0, up.output
    tried(stack)


def test_weights_that_could_not_be_confirmed_are_tried_again(stack):
    stack.gate.write_text(WAITS)
    up = in_a_hold(stack)
    with stack.world() as world:
        world["broken"] = ["blue"]  # nothing healthy to go back to
    stack.gate.write_text(NO.format("hold"))
    assert up.finish() != 0
    assert "could NOT be confirmed" in up.output
    stack.gate.write_text("exit 0")
    with stack.world() as world:
        world["broken"] = []
        assert "verdict" not in world["marks"]
    tried(stack)


# -- what is changed after it


@ELSEWHERE
@pytest.mark.parametrize(
    "more", [{"releases": {"blue": "v1", "green": "v3"}}, {"retry": "mended"}], ids=["release", "retry"]
)
def test_another_release_or_retry_is_tried(stack, more):
    refused(stack)
    held(stack)
    tried(stack, **more)


def test_bluegreen_retry_lets_it_be_tried(stack):
    refused(stack)
    held(stack)
    status = stack.bluegreen("status").stdout
    assert "held: the promotion to green was stopped by a gate" in status
    retried = stack.bluegreen("retry")
    assert retried.returncode == 0, retried.stdout
    tried(stack)


@pytest.mark.parametrize(
    "held_once", [pytest.param(False, marks=ELSEWHERE), True], ids=["at once", "after it was held"]
)
def test_set_back_the_verdict_goes_and_green_once_more_is_a_new_try(stack, held_once):
    refused(stack)
    if held_once:
        held(stack)
    with stack.world() as world:
        world["moves"].clear()
    stack.up("blue")
    with stack.world() as world:
        assert (world["moves"], world["weights"]) == ([], BLUE)
        assert "verdict" not in world["marks"]
    assert not stack.outputs.get("held")
    stack.pulumi("preview", "--expect-no-changes")
    tried(stack)


# -- the options


def test_for_a_promotion_job_it_fails_until_it_may_be_tried(stack):
    refused(stack)
    for _ in range(2):
        said = stack.up_fails("green", on_held="fail")
        assert "the promotion to green was stopped by a gate" in said
        assert "Traceback" not in said
    retried = stack.bluegreen("retry")
    assert retried.returncode == 0, retried.stdout
    tried(stack, on_held="fail")


@ELSEWHERE
def test_with_always_nothing_is_held(stack):
    refused(stack, retry_after_verdict="always")
    tried(stack, retry_after_verdict="always")
