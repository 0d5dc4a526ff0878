"""The runner on a fake clock and the memory world: order, waits, restores."""

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import WORLDS, MemoryRouter, world
from bluegreen.rollout.analysis import GatedCheck, GatePolicy
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import GateUnavailable, LeaseLost, PlatformError, RestoreFailed, SwapAborted, SwapFailed
from bluegreen.rollout.limits import Limits
from bluegreen.rollout.model import Convergence, Decision, Kind, Plan, Step, Traffic, Verdict, Weights
from bluegreen.rollout.ports import THROUGHOUT
from bluegreen.rollout.runner import Runner
from bluegreen.rollout.subject import Subject


class ScriptedGate:
    """Answers from a list; the last answer stays."""

    label = "scripted"
    needs_preview = False
    offline = False

    def __init__(self, *answers, phases=THROUGHOUT):
        self.phases = phases
        self.answers = list(answers)
        self.asked = 0

    def evaluate(self, context):
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return Verdict(answer, "0.5", "0.99")


@pytest.fixture
def here():
    WORLDS.pop("runner", None)
    made = world("runner")
    made.weights = Weights.all_on("blue")
    made.desired = {"blue": 3, "green": 0}
    return made


class Watch:
    """No request comes, until ``after`` questions have come."""

    def __init__(self, after=10**9):
        self.left = after

    def check(self):
        self.left -= 1
        return "a test" if self.left < 0 else None

    def judge(self, marks):
        return None


class Bench:
    def __init__(self, *gates, limits=None, watch=None, router=None, policy=None):
        self.clock = FakeClock()
        self.events = []
        checks = [GatedCheck(gate, policy or GatePolicy(interval_seconds=5)) for gate in gates]
        self.router = router or MemoryRouter("runner")
        self.runner = Runner(
            self.router,
            MemoryCapacity("runner"),
            checks,
            Subject(),
            self.clock,
            self.events.append,
            watch or Watch(),
            limits or Limits(),
        )

    def run(self, steps=((10, 60), (100, 0)), kind=Kind.PROMOTION, bake=0, start=None):
        start = start or Weights.all_on("blue")
        self.runner.run(
            Plan(
                kind,
                "green",
                start,
                tuple(Step(*step) for step in steps),
                bake,
                Weights.all_on("blue"),
                analysis=kind in (Kind.PROMOTION, Kind.RESUME),
                goal=Weights.all_on("green"),
            )
        )

    def told(self, kind):
        return [event.text for event in self.events if event.kind == kind]


def test_the_new_color_is_scaled_to_the_live_color_before_any_traffic(here):
    bench = Bench()
    bench.run()
    assert here.desired["green"] == 3
    assert here.calls.index("capacity.prepare") < here.calls.index("router.verify")
    assert here.weights == Weights.all_on("green")


def test_holds_take_their_time_and_gates_are_asked_at_their_interval(here):
    gate = ScriptedGate(Decision.PASS)
    bench = Bench(gate)
    began = bench.clock.now_seconds
    bench.run(steps=((10, 60), (100, 0)), bake=30)
    assert bench.clock.now_seconds - began == pytest.approx(90, abs=2)
    assert gate.asked == 1 + (60 / 5 + 1) + (30 / 5 + 1), "before traffic, each interval, and at the end of each"


def test_a_color_that_is_never_healthy_gets_no_traffic(here):
    here.broken.add("green")
    bench = Bench(limits=Limits(steady_state_timeout_seconds=30))
    with pytest.raises(SwapFailed) as failed:
        bench.run()
    assert here.moves == []
    assert "green is not ready for traffic after 30 s" in str(failed.value)
    assert "its health check fails" in str(failed.value)
    assert failed.value.live_color == "blue"
    assert "set activeColor back to blue" in failed.value.next_step


def test_a_gate_that_fails_before_traffic_moves_nothing(here):
    with pytest.raises(SwapFailed, match=r"gate scripted failed: 0.5 against 0.99"):
        Bench(ScriptedGate(Decision.FAIL)).run()
    assert here.moves == []


def test_a_gate_that_fails_in_a_hold_restores(here):
    bench = Bench(ScriptedGate(Decision.PASS, Decision.PASS, Decision.FAIL))
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %, green 0 %"):
        bench.run()
    assert here.weights == Weights.all_on("blue")


def test_a_gate_that_fails_in_the_bake_restores(here):
    bench = Bench(ScriptedGate(*[Decision.PASS] * 15, Decision.FAIL))
    with pytest.raises(SwapFailed):
        bench.run(bake=600)
    assert here.weights == Weights.all_on("blue")


def test_a_gate_that_is_still_pending_at_the_end_of_a_hold_is_a_no(here):
    with pytest.raises(SwapFailed, match="did not pass in time"):
        Bench(ScriptedGate(Decision.PASS, Decision.PENDING)).run()
    assert here.weights == Weights.all_on("blue")


def test_failures_up_to_the_limit_are_forgiven(here):
    gate = ScriptedGate(Decision.PASS, Decision.FAIL, Decision.PASS)
    Bench(gate, policy=GatePolicy(interval_seconds=5, failure_limit=1)).run()
    assert here.weights == Weights.all_on("green")


def test_a_gate_that_cannot_be_asked_fails_closed(here):
    gate = ScriptedGate(Decision.PASS, GateUnavailable("no route"))
    with pytest.raises(SwapFailed, match="5 times in a row"):
        Bench(gate).run()
    assert here.weights == Weights.all_on("blue")


def test_an_abort_restores_within_one_poll(here):
    bench = Bench(watch=Watch(after=12))
    with pytest.raises(SwapAborted, match="aborted by a test"):
        bench.run()
    assert here.weights == Weights.all_on("blue")


def test_weights_moved_by_somebody_else_stop_the_swap(here):
    class Meddled(MemoryRouter):
        def read(self):
            return Traffic(Weights.split("green", 33))

    with pytest.raises(SwapFailed, match="somebody else moved them"):
        Bench(router=Meddled("runner")).run()
    assert here.weights == Weights.all_on("blue")


class Meddling(ScriptedGate):
    """Says no, after something has happened."""

    def __init__(self, happens):
        super().__init__(Decision.FAIL)
        self.happens = happens

    def evaluate(self, context):
        self.happens()
        return super().evaluate(context)


def moved_to(here, weights):
    here.weights = weights


@pytest.mark.parametrize("weights", [Weights.all_on("green"), Weights(90, 10), Weights(99, 1), Weights(50, 0)])
def test_what_somebody_else_moved_before_the_swap_did_goes_back_when_it_fails(here, weights):
    bench = Bench(Meddling(lambda: moved_to(here, weights)))
    with pytest.raises(SwapFailed) as failed:
        bench.run()
    assert f"somebody else moved traffic meanwhile: {weights} instead of blue 100 %" in failed.value.reason
    assert failed.value.restored == "restored and verified: blue 100 %, green 0 %"
    assert failed.value.moved
    assert here.weights == Weights.all_on("blue")


def test_what_a_platform_has_only_begun_is_not_moved_traffic(here):
    class AllAtOnce(MemoryRouter):
        capabilities = frozenset()

    bench = Bench(Meddling(lambda: moved_to(here, Weights(99, 1))), router=AllAtOnce("runner"))
    with pytest.raises(SwapFailed, match="traffic was not moved: blue 100 %, green 0 %"):
        bench.run()


def test_where_traffic_cannot_be_read_again_it_is_not_said_to_be_known(here):
    class Unreadable(MemoryRouter):
        def read(self):
            raise PlatformError("read", "no network")

    bench = Bench(ScriptedGate(Decision.FAIL), router=Unreadable("runner"))
    with pytest.raises(SwapFailed, match=r"as far as this swap knows: it could not be read again \(read: no network\)"):
        bench.run()


def test_a_swap_that_lost_its_lease_puts_nothing_back(here):
    class Lost(Watch):
        def judge(self, marks):
            raise LeaseLost("taken over")

    bench = Bench(Meddling(lambda: moved_to(here, Weights.all_on("green"))), watch=Lost())
    with pytest.raises(LeaseLost):
        bench.run()
    assert here.weights == Weights.all_on("green")


def test_a_write_that_never_takes_effect_restores(here):
    class Stuck(MemoryRouter):
        def verify(self, weights):
            return Convergence.PENDING if weights.of("green") else Convergence.CONVERGED

    with pytest.raises(SwapFailed, match="had not taken effect after 60 s"):
        Bench(router=Stuck("runner")).run()
    assert here.weights == Weights.all_on("blue")


def test_a_restore_is_tried_again_until_it_is_through(here):
    class Flaky(MemoryRouter):
        left = 3

        def write(self, weights):
            if weights.of("blue") == 100 and here.weights.of("green") and Flaky.left:
                Flaky.left -= 1
                raise PlatformError("Write", "throttled")
            MemoryRouter.write(self, weights)

    bench = Bench(ScriptedGate(Decision.PASS, Decision.FAIL), router=Flaky("runner"))
    with pytest.raises(SwapFailed, match="restored and verified"):
        bench.run()
    assert here.weights == Weights.all_on("blue")
    assert len([text for text in bench.told("restore") if "not restored yet" in text]) == 3


def test_a_restore_that_never_gets_through_says_so_loudly(here):
    class Dead(MemoryRouter):
        def write(self, weights):
            if weights.of("blue") == 100 and here.weights.of("green"):
                raise PlatformError("Write", "refused")
            MemoryRouter.write(self, weights)

    bench = Bench(ScriptedGate(Decision.PASS, Decision.FAIL), router=Dead("runner"))
    with pytest.raises(RestoreFailed, match="could NOT be confirmed: Write: refused"):
        bench.run()


def test_a_resumed_swap_does_not_restore_to_a_dead_color(here):
    here.weights = Weights.split("green", 50)
    here.desired = {"blue": 3, "green": 3}
    here.broken.add("blue")
    with pytest.raises(RestoreFailed, match="traffic was left where it is"):
        Bench(ScriptedGate(Decision.FAIL)).run(kind=Kind.RESUME, start=here.weights)
    assert here.weights == Weights.split("green", 50)


def test_a_bug_in_a_gate_restores_too(here):
    with pytest.raises(SwapFailed, match="ZeroDivisionError"):
        Bench(ScriptedGate(Decision.PASS, ZeroDivisionError("x"))).run()
    assert here.weights == Weights.all_on("blue")


@pytest.mark.parametrize(
    ("count", "said"), [(1, "before: running 1 gate on green"), (2, "before: running 2 gates on green")]
)
def test_it_is_said_how_many_gates_run(here, count, said):
    bench = Bench(*(ScriptedGate(Decision.PASS) for _ in range(count)))
    bench.run()
    assert bench.told("verify")[0] == said
