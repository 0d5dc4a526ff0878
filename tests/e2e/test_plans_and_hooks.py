"""What Pulumi's own ways of being careful do with a swap: update plans, a target, resource hooks, the Automation API.

docs/ci.md says of each what this file shows. The adapters take turns.
"""

from __future__ import annotations

import os

import pytest

from localcloud import progress
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import pulumi as pulumi_tool
from tests.e2e.playground import Playground

FULL = os.environ.get("BLUEGREEN_SCENARIOS") == "full"
in_full = pytest.mark.skipif(not FULL, reason="`make scenarios` runs it")


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


HOOKED = """\
import json
import pathlib
import pulumi
from bluegreen.adapters import resource

config = pulumi.Config()


def freeze(args):
    if pathlib.Path("frozen").exists():
        raise Exception("changes are frozen until Monday")


def once_more(args):
    asked = pathlib.Path("asked")
    if asked.exists():
        return False
    asked.touch()
    return True


hooks = pulumi.ResourceHookBinding(
    before_update=[pulumi.ResourceHook("freeze", freeze)], on_error=[pulumi.ErrorHook("once-more", once_more)]
)
options = pulumi.ResourceOptions(hooks=hooks)
resource.declare("web", json.loads(config.require("inputs")), options, provider=config.require("adapter"))
"""


def moves(stack):
    with stack.world() as world:
        return list(world["moves"])


def test_a_plan_is_carried_out_and_another_color_than_it_has_is_refused_before_any_write(stack):
    stack.set("green")
    stack.pulumi("preview", "--save-plan", "plan.json")
    before = moves(stack)
    stack.set("blue", promote_to_percent=50)
    other = stack.command("up", "--yes", "--skip-preview", "--plan", "plan.json")
    assert other.returncode != 0
    assert moves(stack) == before
    with stack.world() as world:
        world["weights"] = {"blue": 70, "green": 30}
    stack.set("green")
    moved = stack.command("up", "--yes", "--skip-preview", "--plan", "plan.json")
    assert moved.returncode != 0, moved.stdout
    assert "violates plan" in moved.stdout
    assert moves(stack) == before
    with stack.world() as world:
        world["weights"] = {"blue": 100, "green": 0}
    stack.pulumi("up", "--yes", "--skip-preview", "--plan", "plan.json")
    assert stack.outputs["live_color"] == "green"


@in_full
def test_an_update_that_keeps_to_its_own_plan_is_a_promotion_like_any_other(stack):
    stack.set("green")
    stack.pulumi("up", "--yes", "--strict")
    assert stack.outputs["live_color"] == "green"


@in_full
def test_a_target_moves_the_swap_alone(stack):
    stack.set("green")
    stack.pulumi("up", "--yes", "--skip-preview", "--target", stack.urn)
    assert stack.outputs["live_color"] == "green"


@pytest.fixture
def hooked(stack):
    program = stack.folder / "__main__.py"
    former = program.read_text()
    program.write_text(HOOKED)
    yield stack
    program.write_text(former)
    for name in ("frozen", "asked"):
        (stack.folder / name).unlink(missing_ok=True)


@in_full
def test_a_hook_that_raises_before_the_update_lets_nothing_be_written(hooked):
    before = moves(hooked)
    (hooked.folder / "frozen").touch()
    assert "changes are frozen until Monday" in hooked.up_fails("green")
    with hooked.world() as world:
        assert world["moves"] == before
        assert world["weights"] == {"blue": 100, "green": 0}
        assert not [name for name in world["marks"] if name.startswith("lease")]
    (hooked.folder / "frozen").unlink()
    hooked.up("green")
    assert hooked.outputs["live_color"] == "green"


@in_full
def test_a_hook_that_tries_again_after_a_failed_gate_shifts_no_second_time(hooked):
    before = len(moves(hooked))
    hooked.gate.write_text('test "$BLUEGREEN_PHASE" != hold')
    said = hooked.up_fails("green", on_held="fail")
    assert (hooked.folder / "asked").exists(), said
    assert moves(hooked)[before:] == [{"blue": 90, "green": 10}, {"blue": 100, "green": 0}]
