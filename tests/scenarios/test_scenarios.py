"""The duties of every platform, through the real engine: promotion, rollback, failed gate, abort, drift, kill.

One stack a platform; its tests follow each other in the order in which they stand here, and each of them runs by itself
as well. What carries requests, and what is looked at where nothing does, is said by each variant's `data_plane`. Both
adapters take turns, see `adapters`: where the one before did the last swap, a scenario's first update moves the swap to
the other as well.
"""

from __future__ import annotations

import contextlib
import re
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from localcloud.fault_proxy import FaultProxy
from tests import pulumis_plugin
from tests.e2e.killing import Killing
from tests.e2e.stack import Background, Stack, bluegreen
from tests.scenarios.adapters import Adapter, Run, runs
from tests.scenarios.variant import Requests, Variant
from tests.scenarios.variants import variant

NO = [{"kind": "command", "command": ["false"], "phases": ["before"]}]
# Called again and again while nobody has decided: 75 is "not yet".
UNDECIDED = [{"kind": "command", "command": ["sh", "-c", "exit 75"], "phases": ["before"], "interval_seconds": 1}]


@dataclass
class Scene:
    """A stack of a variant, the proxy between it and the emulator, and who does the swaps now."""

    run: Run
    variant: Variant
    stack: Stack
    proxy: FaultProxy
    adapter: Adapter
    writes: int = 0
    gates: Any = field(default=None)

    def up(self, color: str, **config: Any) -> str:
        """`pulumi up` under requests, none of which may fail."""
        with self.undisturbed():
            return self.stack.up(activeColor=color, **config)

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Requests continue meanwhile, and none fails."""
        found: Requests | None
        with self.variant.requests(self.stack) as found:
            yield
        if found is not None:
            assert found.failed == 0, found.errors
            assert found.made > 0, "there were requests"

    def promote(self) -> None:
        """Green is live after this, and what that wrote is known; once for a stack."""
        if self.writes:
            return
        assert self.is_live("blue")
        self.proxy.reset()
        self.up("green")
        made = Counter(self.proxy.calls)
        self.writes = made[self.variant.write_call]
        assert self.is_live("green")
        entry = self.stack.output("history")[0]
        assert entry["outcome"] == "promoted"
        assert entry["calls"] <= self.variant.promotion_calls, made
        assert self.writes >= self.variant.writes

    def declared(self) -> dict[str, Any]:
        """The object of which the swap owns a field, as the state has it."""
        kind, _, name = self.variant.resource.partition("/")
        kind = kind.partition(".")[0]
        for found in self.stack.state()["resources"]:
            singular = found["type"].rpartition(":")[2].lower()
            named = found.get("outputs", {}).get("metadata", {}).get("name") == name
            if named and kind in (singular, f"{singular}s", f"{singular[:-1]}ies"):
                return dict(found)
        raise AssertionError(f"the stack declares no {self.variant.resource}")

    def is_live(self, color: str) -> bool:
        """Whether the color, and nothing else, has production traffic."""
        assert self.variant.live(self.stack) == {color: 100}
        deadline = time.monotonic() + self.variant.follows_seconds
        while (answering := self.variant.colors(self.stack)) not in (None, {color}) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert answering in (None, {color})
        return True


class OthersWrite:
    """For a proxy's ``before``: somebody else writes before the first call of a name, which then comes too late."""

    def __init__(self, scene: Scene, name: str) -> None:
        self._scene = scene
        self._name = name
        self.wrote = False
        self.error = ""

    def __call__(self, call: str, _number: int) -> None:
        if not self.wrote and call == self._scene.variant.write_call:
            self.wrote = True
            try:
                self._scene.variant.others_write(self._scene.stack, self._name)
            except Exception:
                self.error = traceback.format_exc()
                raise


class FirstRefused:
    """For a proxy's ``judge``: the first call of a name is not allowed; what puts things right after it is."""

    def __init__(self, call: str) -> None:
        self._call = call
        self._left = 1

    def __call__(self, name: str, _body: bytes) -> bool:
        if name.partition("/")[0] != self._call:
            return True
        self._left -= 1
        return self._left < 0


def scenarios() -> list[str]:
    """The tests of this file in their order."""
    return [name for name in globals() if name.startswith("test_")]


@pytest.fixture(scope="module")
def stage(request, cloud, aws_env, tmp_path_factory) -> Iterator[Scene]:
    run: Run = request.param
    made = variant(run.variant)
    made.prepare(request)
    with made.proxy(cloud) as proxy:
        stack = Stack(cloud, tmp_path_factory.mktemp(made.platform), made.platform)
        if run.plugin:
            pulumis_plugin.use(stack.env, stack.folder)
        made.through(stack, proxy)
        config = made.config(cloud)
        with made.around(cloud, stack):
            try:
                first = run.adapter_of(0)
                stack.up(activeColor="blue", swapProvider=first, **config)
                yield Scene(run, made, stack, proxy, first, gates=config.get("gates"))
            finally:
                stack.destroy()


@pytest.fixture
def scene(request, stage: Scene) -> Scene:
    """The stage, set for the test whose turn it is: its updates are done by its adapter."""
    stage.adapter = stage.run.adapter_of(scenarios().index(request.function.__name__))
    stage.stack.set({"swapProvider": stage.adapter})
    return stage


def pytest_generate_tests(metafunc):
    """Each scenario on the stages that play it."""
    number = scenarios().index(metafunc.function.__name__)
    played = [run for run in runs() if run.plays(number)]
    metafunc.parametrize("stage", played, ids=str, indirect=True, scope="module")


def test_a_promotion_moves_all_traffic(scene):
    scene.promote()


def test_a_rollback_moves_it_back(scene):
    scene.promote()
    scene.proxy.reset()
    scene.up("blue")
    assert scene.is_live("blue")
    entry = scene.stack.output("history")[0]
    assert entry["outcome"] == "rolled_back"
    assert entry["calls"] <= scene.variant.rollback_calls, Counter(scene.proxy.calls)


def test_a_gate_that_fails_keeps_it_where_it_is(scene):
    with scene.undisturbed():
        said = scene.stack.up_fails(activeColor="green", gates=NO)
    assert "gate command false failed" in said
    assert "traffic was not moved: blue 100 %" in said
    assert "Traceback" not in said
    assert scene.is_live("blue")
    kept = scene.stack.swap()["outputs"]["history"][0]["outcome"]
    assert kept == ("restored" if scene.adapter == "native" else "rolled_back"), "the plugin alone can keep a failure"
    if scene.run.scenarios is None:  # else it was the last one of this stack, and each other variant shows this
        scene.up("blue", gates=scene.gates)
        assert not scene.stack.swap()["outputs"]["held"], "set back, the verdict goes"


def test_a_promotion_that_is_aborted_keeps_it_where_it_is(scene):
    if not scene.variant.can_abort:
        pytest.skip("an abort of a running swap is tried elsewhere: on AWS in tests/e2e/test_trust.py")
    with scene.undisturbed():
        scene.stack.set({"activeColor": "green", "gates": UNDECIDED})
        up = Background(scene.stack)
        up.wait_for("before: running")  # … 1 gate on green
        aborted = bluegreen(scene.stack, "abort", "--stack", "test", "--reason", "too early")
        assert up.finish() != 0, up.output
    assert "too early" in up.output
    assert "aborted" in aborted.stdout
    assert aborted.returncode == 0, aborted.stdout + aborted.stderr
    assert scene.is_live("blue")
    scene.stack.set({"activeColor": "blue", "gates": scene.gates})


def test_traffic_moved_by_hand_is_shown_and_put_back(scene):
    scene.variant.drift(scene.stack)
    assert scene.variant.live(scene.stack) != {"blue": 100}
    said = scene.stack.up()
    assert "drift: the live weights are" in said, "as a preview says it, which looks in the same way"
    assert scene.adapter == "dynamic" or "[diff: ~weights]" in said
    assert scene.is_live("blue")
    assert scene.stack.outcome() == "healed"


def test_traffic_moved_by_hand_outlives_a_change_of_the_same_object_also_where_no_swap_puts_it_back(scene):
    """The Kubernetes plugin makes what kubectl wrote the stack's, and removes what the stack does not declare of it."""
    if not scene.variant.resource:
        pytest.skip("the swap owns the objects whole: nothing of the stack's changes them")
    scene.stack.up()  # an update of one object alone cannot move the swap from one adapter to the other
    declared = scene.declared()
    scene.variant.drift(scene.stack)
    moved = scene.variant.live(scene.stack)
    assert moved != {"blue": 100}
    with scene.undisturbed():
        scene.stack.set({"scenario:team": "shop"})
        scene.stack.pulumi("up", "--yes", "--skip-preview", "--target", declared["urn"])
        assert scene.variant.live(scene.stack) == moved, "it is never without, also where the swap does not run"
        scene.proxy.judge = FirstRefused(scene.variant.write_call.partition("/")[0])
        scene.stack.up_fails(**{"scenario:team": "crab"})
        kept = scene.variant.live(scene.stack)
        assert kept in (moved, {"blue": 100}), "nor where it runs and fails: several entries it leaves as they belong"
        assert scene.declared()["outputs"]["metadata"]["labels"]["team"] == "crab"
        scene.proxy.reset()
        scene.variant.drift(scene.stack)
        scene.stack.set({"scenario:team": "fish"})
        preview = scene.stack.pulumi("preview")
        scene.stack.up()
    assert "drift: the live weights are" in preview
    kind, name = declared["type"].rpartition(":")[2], declared["urn"].rpartition("::")[2]
    assert re.search(rf"~ .*\b{kind} +{name} +update", preview), preview
    assert scene.is_live("blue")
    assert scene.declared()["outputs"]["metadata"]["labels"]["team"] == "fish"
    assert scene.stack.outcome() == "healed"


def test_a_swap_that_is_killed_is_brought_to_its_end_by_the_next_update(scene):
    if not scene.writes:  # nobody has counted them yet
        scene.promote()
        scene.up("blue")
    scene.proxy.reset()
    # After the first write of the shift itself: where it takes several, the others were not made.
    killing = Killing(scene.variant.write_call, scene.writes - scene.variant.writes + 1)
    scene.proxy.after = killing
    with scene.undisturbed():
        scene.stack.set({"activeColor": "green"})
        up = Background(scene.stack)
        killing.ups.append(up)
        status = up.finish()
        assert killing.killed, f"{killing.call} was called {killing.seen} times, not {killing.nth}:\n{up.output}"
        assert status != 0, up.output
        scene.proxy.reset()
        scene.stack.up()
    assert scene.is_live("green")
    assert scene.stack.output("liveColor") == "green"
    assert scene.stack.output("history")[0]["outcome"] in ("promoted", "resumed", "healed")


def test_what_somebody_else_writes_in_mid_swap_stays_also_where_the_swap_is_killed_then(scene):
    """The write that is on its way is refused, as it goes by what was there before; the next one is the last."""
    if not scene.variant.beside_others:
        pytest.skip("somebody else acts between any two calls in dev/matrix/somebody_else")
    live = scene.stack.output("liveColor")
    wanted = "blue" if live == "green" else "green"
    scene.proxy.reset()
    others = OthersWrite(scene, "theirs-1")
    killing = Killing(scene.variant.write_call, 2)
    scene.proxy.before, scene.proxy.after = others, killing
    with scene.undisturbed():
        scene.stack.set({"activeColor": wanted})
        up = Background(scene.stack)
        killing.ups.append(up)
        status = up.finish()
        assert not others.error, others.error
        assert killing.killed, f"{killing.call} was called {killing.seen} times:\n{up.output}"
        assert status != 0, up.output
        scene.proxy.reset()
        scene.variant.others_write(scene.stack, "theirs-2")
        scene.stack.up()
    assert scene.is_live(wanted)
    assert scene.variant.others_wrote(scene.stack) == {"theirs-1", "theirs-2"}
    assert scene.stack.output("history")[0]["outcome"] in ("promoted", "rolled_back", "resumed", "healed")
