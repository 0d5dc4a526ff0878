"""Each text of the reference of errors is raised here as a user meets it, and matched as a whole."""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path

import pytest

from bluegreen.cli.stack import Found, chosen
from bluegreen.component import guarding
from bluegreen.gates.registry import GATES
from bluegreen.hosts.route_files.router import EnvoyRouter
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError, PlatformError
from bluegreen.rollout.model import Decision, Phase, Weights
from bluegreen.swap import contract
from bluegreen.swap.lease import ABORT, Lease, leases_in
from tests.swap import bench
from tests.swap.must_not_happen.situations import AT_ONCE, BLUE, GREEN, Script, ScriptedGate, scripted

REPO = Path(__file__).resolve().parents[1]
PAGE, STACKS = REPO / "docs" / "errors.md", REPO / "stacks"
TEXTS = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text().partition("## Pulumi's own")[0], re.MULTILINE)
IN_STEPS = {"strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 20}]}, "bake_seconds": 0}


class Scene:
    """What an error needs to be raised."""

    def __init__(self, folder, monkeypatch):
        self.routes_file = folder / "routes.json"
        self.monkeypatch = monkeypatch
        self.script = Script()
        monkeypatch.setitem(GATES.entries, "scripted", f"{ScriptedGate.__module__}:{ScriptedGate.__name__}")
        monkeypatch.setattr(ScriptedGate, "script", self.script)

    def swap(self, *phases, **more):
        """A service whose blue color is live, with a gate that answers by the script."""
        return bench.Swap("reference", gates=[scripted(*phases)] if phases else [], **more)

    def envoy(self, owner="shop/prod/web", **more):
        clusters = {"blue": "web-blue", "green": "web-green"}
        return EnvoyRouter(str(self.routes_file), "web", clusters, "http://127.0.0.1:1", owner=owner, **more)


def a_field_that_cannot_be(scene):
    raise ValueError(str(contract.problems_in({**bench.inputs("reference"), "bake_seconds": -1})[0]))


def a_key_that_no_program_reads(scene):
    scene.monkeypatch.syspath_prepend(STACKS)
    for name in ("keys", "settings"):
        scene.monkeypatch.delitem(sys.modules, name, raising=False)
    keys = runpy.run_path(str(STACKS / "keys.py"))
    raise ValueError(next(keys["unread"](["activeColour"], {"activeColor", "blueImage"})))


def another_release_in_the_live_color(scene):
    raise ValueError(f"web-blue {guarding.refusal('blue', 100, 'the image')}")


def an_update_beside_another_one(scene):
    swap = scene.swap()
    Lease(MemoryRouter(swap.name), swap.clock, "promotion to green", 1, lambda _: None).take(swap.here.marks)
    swap.up("green")


def an_object_of_another_stack(scene):
    scene.envoy("shop/prod/other").write(BLUE)
    scene.envoy().write(GREEN)


def an_adoption_that_would_move_traffic(scene):
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "web-blue"}}]
    hosts = [{"name": "web", "domains": ["*"], "routes": routes}]
    kind = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
    scene.routes_file.write_text(json.dumps({"resources": [{"@type": kind, "name": "web", "virtual_hosts": hosts}]}))
    scene.envoy(adopt=True).write(GREEN)


def a_swap_that_stood_still(scene):
    here = scene.swap().here
    held = Lease(MemoryRouter("reference"), FakeClock(), "promotion to green", 1, lambda _: None)
    held.take({})
    here.marks.clear()
    here.marks["lease.00000001"] = "2026-11-21T11:00:00Z ada@desk pid 1 on 00000000 promotion to blue"
    held.clock.sleep(3600)
    held.fence()


def weights_that_changed_after_a_look(scene):
    scene.envoy().write(BLUE)
    late = scene.envoy()
    late.glance()
    scene.envoy().write(Weights.split("green", 30))
    late.write(GREEN)


def a_gate_that_says_no(scene):
    scene.script.always(Decision.FAIL)
    scene.swap(Phase.BEFORE).up("green")


def a_gate_without_an_answer(scene):
    scene.script.always(PlatformError("GET", "connection refused"))
    scene.swap(Phase.BEFORE).up("green")


def a_color_that_is_not_healthy(scene):
    swap = scene.swap()
    swap.here.broken.add("green")
    swap.up("green")


def an_abort(scene):
    swap = scene.swap(Phase.HOLD, **IN_STEPS)

    def somebody_aborts(context):
        (running,) = leases_in(swap.here.marks)
        swap.here.marks[ABORT] = f"{running} ops@desk at 2026-11-21 too many errors"
        return Decision.PASS

    scene.script.answer = somebody_aborts
    swap.up("green")


def a_no_in_a_hold(scene):
    scene.script.always(Decision.FAIL)
    scene.swap(Phase.HOLD, **IN_STEPS).up("green")


def a_way_back_that_is_refused(scene):
    write = MemoryRouter.write

    def one_way(router, weights):
        if weights == BLUE and swap.here.weights != BLUE:
            raise PlatformError("Write", "refused")
        write(router, weights)

    swap = scene.swap(Phase.HOLD, **IN_STEPS)
    scene.script.always(Decision.FAIL)
    scene.monkeypatch.setattr(MemoryRouter, "write", one_way)
    swap.up("green")


def a_job_whose_promotion_is_held(scene):
    swap = scene.swap(**AT_ONCE)
    swap.here.broken.add("green")
    with pytest.raises(BluegreenError):
        swap.up("green")
    swap.up("green", on_held="fail")


def a_command_for_another_stack(scene):
    chosen([Found("web", {}, None, "urn")], "api")


CASES = (
    a_field_that_cannot_be,
    a_key_that_no_program_reads,
    another_release_in_the_live_color,
    an_update_beside_another_one,
    an_object_of_another_stack,
    an_adoption_that_would_move_traffic,
    a_swap_that_stood_still,
    weights_that_changed_after_a_look,
    a_gate_that_says_no,
    a_gate_without_an_answer,
    a_color_that_is_not_healthy,
    an_abort,
    a_no_in_a_hold,
    a_way_back_that_is_refused,
    a_job_whose_promotion_is_held,
    a_command_for_another_stack,
)


@pytest.fixture(scope="module")
def raised(tmp_path_factory):
    """The message of each case."""
    messages = []
    for case in CASES:
        with pytest.MonkeyPatch.context() as patched, pytest.raises((BluegreenError, ValueError)) as error:
            case(Scene(tmp_path_factory.mktemp("case"), patched))
        messages.append(str(error.value))
    return messages


def pattern(text):
    """A text as the page has it; `…` is anything."""
    return ".+".join(re.escape(part) for part in text.split("…"))


def test_the_reference_has_texts():
    assert len(TEXTS) > 15


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_of_the_reference_is_raised(text, raised):
    """A new text has a new case."""
    assert any(re.search(pattern(text), message) for message in raised), "\n\n".join(raised)


def test_each_case_is_in_the_reference(raised):
    texts = [pattern(text) for text in TEXTS]
    strangers = [message for message in raised if not any(re.search(text, message) for text in texts)]
    assert not strangers, "\n\n".join(strangers)
