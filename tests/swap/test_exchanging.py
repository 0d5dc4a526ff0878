"""Platforms that can only exchange: once, never again on the strength of an answer, followed by whoever comes next."""

from __future__ import annotations

import copy
import functools
import itertools

import pytest

from bluegreen.memory.router import WORLDS, world
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout import calls, exchanging
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError, LeaseHeld, LeaseLost, PlatformError, SwapFailed
from bluegreen.rollout.exchanging import Standing, bring_live
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap import lease as leases
from bluegreen.swap.lease import lasting_seconds, leases_in
from bluegreen.testing.routers import RULES, RouterCase
from dev.matrix.engine import ADAPTERS, Stack
from tests.amounts import every_call
from tests.swap import toggling
from tests.swap.toggling import Places, TogglingRouter

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
METHODS = ("read", "marks", "mark", "standing", "exchange", "send_rule", "verify", "health", "try_on", "take_off")


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    monkeypatch.setitem(ROUTERS.entries, "toggling", toggling.KIND)


def inputs(active_color="blue", **more):
    router = {"kind": "toggling", "name": "slots", **more.pop("router", {})}
    return {
        "name": "web",
        "active_color": active_color,
        "releases": {"blue": "v1", "green": "v2"},
        "router": router,
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 5}]},
        "steady_state_timeout_seconds": 10,
        **more,
    }


def started(adapter="dynamic", **more):
    """The world and its stack with blue live."""
    clock = FakeClock()
    toggling.WORLDS["slots"] = Places(clock)
    stack = Stack(adapter, clock)
    stack.up(inputs(**more))
    here = toggling.WORLDS["slots"]
    here.mixes.clear()
    return here, stack


# -- the port alone


class Port:
    """Answers as the test says, and counts what is requested."""

    def __init__(self, *told, accepts=True):
        self.told, self.accepts, self.sent = list(told), accepts, 0

    def standing(self):
        return self.told.pop(0) if len(self.told) > 1 else self.told[0]

    def before_exchange(self, wanted):
        assert (wanted, self.sent) == ("green", 0)

    def exchange(self, _wanted):
        self.sent += 1
        if isinstance(self.accepts, Exception):
            raise self.accepts
        return self.accepts


@pytest.fixture
def waited(monkeypatch):
    """The pauses, which take no time here."""
    seconds = []
    monkeypatch.setattr(exchanging, "pause", seconds.append)
    return seconds


BEFORE, AFTER = Standing("blue", last="1"), Standing("green", last="2")
BUSY = Standing("blue", busy="swap 7", last="1")


def test_what_is_live_already_is_not_exchanged(waited):
    port = Port(AFTER)
    bring_live(port, "green", limit_seconds=60)
    assert (port.sent, waited) == (0, [])


def test_a_look_that_fails_undoes_nothing(waited):
    looks = iter([BEFORE, BEFORE, PlatformError("read", "throttled"), BUSY, PlatformError("read", "throttled"), AFTER])

    class Blind(Port):
        def standing(self):
            found = next(looks)
            if isinstance(found, Exception):
                raise found
            return found

    port = Blind()
    bring_live(port, "green", limit_seconds=60)
    assert port.sent == 1


@pytest.mark.parametrize("accepts", [True, False])
def test_one_request_whatever_the_answer_says(waited, accepts):
    port = Port(BEFORE, BEFORE, BEFORE, BUSY, BUSY, Standing("green", busy="swap 7", last="1"), AFTER, accepts=accepts)
    bring_live(port, "green", limit_seconds=600)
    assert port.sent == 1
    assert waited


def test_nothing_is_sent_while_something_is_open_or_nobody_knows_who_is_live(waited):
    for found, said in ((BUSY, "swap 7"), (Standing(None), "does not say which color")):
        for told in ((found,), (BEFORE, found)):  # also where it has come since the first look
            port = Port(*told)
            with pytest.raises(PlatformError, match=said):
                bring_live(port, "green", limit_seconds=60)
            assert (port.sent, waited) == (0, [])


def test_somebody_elses_exchange_since_the_look_is_not_undone(waited):
    port = Port(AFTER)
    bring_live(port, "green", limit_seconds=60, seen=BEFORE)
    assert port.sent == 0


@pytest.mark.parametrize(
    ("told", "accepts", "said"),
    [
        ([BEFORE], False, "the answer did not say whether it was accepted, and nothing of it was seen within 30 s"),
        ([BEFORE], True, "the platform accepted it, and nothing of it was seen within 30 s"),
        ([BEFORE, BEFORE, BUSY], True, r"green was not live after 60 s: the platform still works on it \(swap 7\)"),
        ([BEFORE, BEFORE, BUSY, BEFORE], True, "the platform ended it without making green live"),
        ([BEFORE, BEFORE, Standing("blue", last="1", failed="no ping")], True, "no ping"),
        ([BEFORE, BEFORE, Standing("blue", last="3")], True, "somebody else has exchanged, too"),
        ([BEFORE, BEFORE], PlatformError("swap", "forbidden"), "forbidden"),
    ],
)
def test_an_exchange_that_does_not_come_about_is_told_and_not_sent_again(waited, told, accepts, said):
    port = Port(*told, accepts=accepts)
    with pytest.raises(PlatformError, match=said):
        bring_live(port, "green", limit_seconds=60)
    assert port.sent == 1
    assert sum(waited) < 90


def test_the_lease_is_made_longer_before_the_request_and_nothing_is_sent_without_it(waited):
    port = Port(BEFORE, BEFORE, AFTER)
    asked = []

    class Lock:
        def __enter__(self):
            assert port.sent == 0

        def __exit__(self, *_):
            asked.append("over")

    def locking(seconds):
        asked.append(seconds)
        return Lock()

    with calls.guarded(lambda: None, locking=locking):
        bring_live(port, "green", limit_seconds=90)
    assert (port.sent, asked) == (1, [90, "over"])

    def lost(_seconds):
        raise LeaseLost("somebody took over")

    port = Port(BEFORE)
    with calls.guarded(lambda: None, locking=lost), pytest.raises(LeaseLost):
        bring_live(port, "green", limit_seconds=90)
    assert port.sent == 0


# -- whole swaps


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_promotion_and_its_rollback_exchange_once_each_and_never_mix_the_wrong_way(adapter):
    here, stack = started(adapter)
    stack.up(inputs("green"))
    assert here.weights == GREEN
    assert here.mixes == [Weights.split("green", 10), BLUE, GREEN]
    stack.up(inputs("blue"))
    assert (here.requests, here.exchanges) == (2, 2)
    assert here.mixes[3:] == [BLUE]
    assert not leases_in(here.marks)
    assert not stack.preview(inputs("blue"))


def test_the_first_write_is_not_rehearsed(monkeypatch):
    here, stack = started(strategy="BLUE_GREEN")
    written = []
    write = TogglingRouter.write
    monkeypatch.setattr(TogglingRouter, "write", lambda self, weights: (written.append(weights), write(self, weights)))
    stack.up(inputs("green", strategy="BLUE_GREEN"))
    assert written == [GREEN]
    assert here.requests == 1


def test_the_lease_covers_the_lock_and_is_short_again_afterwards(monkeypatch):
    here, stack = started()
    seen = []
    monkeypatch.setattr(
        TogglingRouter, "health", lambda self, color: seen.append(dict(self.here.marks)) or HEALTHY(self, color)
    )
    stack.up(inputs("green", bake_seconds=60, gates=[{"kind": "target_health"}]))
    (at_request,) = here.marked_at_request
    (held,) = leases_in(at_request).values()
    assert lasting_seconds(held) >= 120 + leases.LEASE_SECONDS
    (last,) = leases_in(seen[-1]).values()
    assert lasting_seconds(last) == leases.LEASE_SECONDS


HEALTHY = TogglingRouter.health


def test_another_swap_waits_for_the_lease_that_covers_the_lock(monkeypatch):
    """Killed in the middle of an exchange, on another machine: nobody can know whether that process lives."""
    here, stack = started(strategy="BLUE_GREEN")
    monkeypatch.setattr(leases.holders, "ended_here", lambda *_: False)
    _kill_at(monkeypatch, stack, "standing", 3, inputs("green", strategy="BLUE_GREEN"))
    assert here.began_seconds is not None
    began = here.clock.now_seconds
    stack.up(inputs("green", strategy="BLUE_GREEN"))
    assert here.clock.now_seconds - began >= 120
    assert (here.weights, here.requests) == (GREEN, 1)


def test_a_failed_exchange_leaves_the_former_color_live_and_says_why():
    here, stack = started(strategy="BLUE_GREEN")
    here.failing = "slot staging did not respond to http ping"
    with pytest.raises(SwapFailed, match="did not respond to http ping"):
        stack.up(inputs("green", strategy="BLUE_GREEN"))
    assert (here.weights, here.requests) == (BLUE, 1)
    assert not leases_in(here.marks)


def test_a_failing_gate_after_the_exchange_exchanges_back(monkeypatch):
    here, stack = started(strategy="BLUE_GREEN")
    real = TogglingRouter.health

    def health(self, color):
        if self.here.live == "green":
            self.here.broken = {"green"}
        return real(self, color)

    monkeypatch.setattr(TogglingRouter, "health", health)
    more = {"strategy": "BLUE_GREEN", "bake_seconds": 60, "gates": [{"kind": "target_health"}]}
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %"):
        stack.up(inputs("green", **more))
    assert (here.weights, here.requests, here.exchanges) == (BLUE, 2, 2)


def test_a_lost_answer_is_followed_and_not_sent_again(monkeypatch):
    here, stack = started(strategy="BLUE_GREEN")
    sent = TogglingRouter.exchange
    monkeypatch.setattr(TogglingRouter, "exchange", lambda self, wanted: sent(self, wanted) and False)
    stack.up(inputs("green", strategy="BLUE_GREEN"))
    assert (here.weights, here.requests) == (GREEN, 1)


def test_settings_are_tried_on_before_the_gates_and_taken_off_where_one_says_no():
    here, stack = started(strategy="BLUE_GREEN")
    more = {"strategy": "BLUE_GREEN", "router": {"tries": True}}
    failing = {**more, "gates": [{"kind": "command", "command": ["false"], "phases": ["before"]}]}
    with pytest.raises(SwapFailed):
        stack.up(inputs("green", **failing))
    assert (here.weights, here.requests, here.tried) == (BLUE, 0, None)
    stack.up(inputs("green", retry="1", **more))
    assert (here.weights, here.requests, here.tried) == (GREEN, 1, None)


@pytest.mark.parametrize("order", ["declared", "any"])
def test_beside_another_router_it_exchanges_once_too(order):
    clock = FakeClock()
    here = toggling.WORLDS["slots"] = Places(clock)
    WORLDS.pop("beside", None)
    stack = Stack("dynamic", clock)
    routers = [{"kind": "memory", "name": "beside"}, {"kind": "toggling", "name": "slots", "tries": True}]
    more = {"router": None, "routers": routers, "write_order": order, "bake_seconds": 60}

    def several(color):
        given = {**inputs(color), **more}
        del given["router"]
        return given

    stack.up(several("blue"))
    stack.up(several("green"))
    assert (here.weights, world("beside").weights, here.requests) == (GREEN, GREEN, 1)
    (held,) = leases_in(here.marked_at_request[0]).values()
    assert lasting_seconds(held) >= 120
    stack.up(several("blue"))
    assert (here.weights, world("beside").weights, here.requests) == (BLUE, BLUE, 2)


class Killed(BaseException):
    """As if the process ended."""


def _kill_at(monkeypatch, stack, method, at, wanted):
    counted = itertools.count(1)
    real = getattr(TogglingRouter, method)

    def call(self, *arguments):
        if next(counted) == at:
            raise Killed
        return real(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(TogglingRouter, method, call)
        with pytest.raises(Killed):
            stack.up(wanted)


WAYS = {
    "killed before": (Killed(), False),
    "killed after": (Killed(), True),
    "refused": (PlatformError("Call", "409"), False),
    "reply lost": (PlatformError("Call", "time-out"), True),
}


@pytest.mark.parametrize("reverted", [False, True], ids=["kept", "reverted"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", ["promotion", "rollback"])
def test_whatever_ends_it_at_any_call_the_next_update_takes_it_up(monkeypatch, operation, way, reverted):
    error, after = WAYS[way]
    more = {"router": {"tries": True}} if operation == "promotion" else {}
    every = 1 if isinstance(error, Killed) else 2  # what is no kill is tried with the two goals in turn
    begin = 1 + (reverted and every - 1)
    for number in every_call(list(WAYS).index(way)):
        at = begin + every * (number - 1)
        here, stack = started(ADAPTERS[at // every % 2], **copy.deepcopy(more))
        if operation == "rollback":
            stack.up(inputs("green", **copy.deepcopy(more)))
        requested = here.requests
        wanted = "green" if operation == "promotion" else "blue"
        former = here.live
        counted = itertools.count(1)

        def wrap(method, counted=counted, at=at):
            @functools.wraps(method)
            def call(*arguments, **options):
                strikes = next(counted) == at
                if strikes and not after:
                    raise error
                answer = method(*arguments, **options)
                if strikes:
                    raise error
                return answer

            return call

        where = f"{operation}, call {at}, {way}, {'reverted' if reverted else 'kept'}"
        ended = None
        with monkeypatch.context() as patched:
            for name in METHODS:
                patched.setattr(TogglingRouter, name, wrap(getattr(TogglingRouter, name)))
            try:
                stack.up(inputs(wanted, **copy.deepcopy(more)))
            except (Killed, BluegreenError) as error_now:
                ended = error_now
        if ended is None:
            assert here.weights == Weights.all_on(wanted), f"a success that is none: {where}"
            assert here.began_seconds is None, where
        goal = former if reverted else wanted
        for _ in range(3):  # while an exchange is open that somebody else seems to have begun, it is refused
            try:
                stack.up(inputs(goal, **copy.deepcopy(more)))
                break
            except (LeaseHeld, SwapFailed, PlatformError):
                here.clock.sleep(60)
        assert here.weights == Weights.all_on(goal), where
        assert (here.began_seconds, here.tried, here.percent) == (None, None, 0), where
        assert not leases_in(here.marks), f"a lease is left: {where}"
        assert not stack.preview(inputs(goal, **copy.deepcopy(more))), f"it does not settle: {where}"
        assert here.requests == here.exchanges <= requested + 3, where
        if next(counted) <= at:
            assert at > 8
            return


# -- the contract


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_router_that_exchanges_keeps_the_contract(monkeypatch, rule):
    clock = FakeClock()
    toggling.WORLDS["contract"] = Places(clock)
    made = RouterCase({"kind": "toggling", "name": "contract"})
    with calls.guarded(lambda: None, sleep=clock.sleep):
        rule(made)


def test_writing_what_is_there_sends_nothing():
    toggling.WORLDS["contract"] = Places(FakeClock())
    router = TogglingRouter("contract")
    for _ in range(3):
        router.write(BLUE)
    assert (toggling.WORLDS["contract"].requests, router.verify(BLUE)) == (0, Convergence.CONVERGED)
