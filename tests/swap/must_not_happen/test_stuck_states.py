"""8. Stuck states that only a deletion gets anybody out of."""

from __future__ import annotations

import pytest

from bluegreen.memory.capacity import MemoryCapacity
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.errors import PlatformError, RestoreFailed, SwapAborted, SwapFailed
from bluegreen.rollout.model import COLORS, Readiness, Size, Weights
from bluegreen.swap.lease import ABORT
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import BLUE, ELSEWHERE, is_settled, killed_at


def after_a_failed_promotion(swap, patched):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.here.broken.clear()


def after_a_restore_that_failed(swap, patched):
    write = MemoryRouter.write

    def one_way(router, weights):
        if weights == BLUE and swap.here.weights.of("green"):
            raise PlatformError("Write", "refused")
        write(router, weights)
        swap.here.broken.update({"green"} if weights.of("green") else ())

    patched.setattr(MemoryRouter, "write", one_way)
    with pytest.raises(RestoreFailed):
        swap.up("green")
    swap.here.broken.clear()


def after_an_abort(swap, patched):
    with pytest.raises(SwapAborted):
        swap.service(cancelled=lambda: swap.here.weights.of("green") > 0).update(swap.outputs, swap.inputs("green"))


def after_a_kill(swap, patched):
    killed_at(swap, 50)


def after_a_kill_and_a_refresh(swap, patched):
    killed_at(swap, 50)
    swap.refresh()


def with_the_lease_of_a_machine_that_is_gone(swap, patched):
    swap.here.marks |= {"lease.aaaaaaaa": ELSEWHERE, ABORT: "aaaaaaaa ops@desk", "outcome.aaaaaaaa": "no such text"}


def with_the_rule_deleted_by_hand(swap, patched):
    swap.here.weights = Weights()
    swap.here.marks.clear()


def with_half_of_the_traffic_elsewhere(swap, patched):
    swap.here.weights = Weights(50, 0)


def with_weights_moved_by_hand(swap, patched):
    swap.here.desired["green"] = 3
    swap.here.weights = Weights.split("green", 37)


def with_a_pause_that_nobody_ended(swap, patched):
    swap.up("green", promote_to_percent=10)


def with_a_paused_color_that_failed(swap, patched):
    swap.up("green", promote_to_percent=10)
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.here.broken.clear()


def with_both_colors_scaled_to_nothing(swap, patched):
    swap.here.desired = {"blue": 0, "green": 0}


def with_a_start_that_the_platform_gave_up(swap, patched):
    """Its circuit breaker: nothing more happens until somebody asks for it again."""
    given_up = set()
    read, ready, prepare = MemoryCapacity.read, MemoryCapacity.ready, MemoryCapacity.prepare

    def reading(capacity):
        return {
            color: Size(size.desired, 0 if color in given_up else size.running, stuck=color in given_up)
            for color, size in read(capacity).items()
        }

    def asking(capacity, color):
        return Readiness(False, 0, 3, "gave up", fatal=True) if color in given_up else ready(capacity, color)

    def preparing(capacity, color, size):
        prepare(capacity, color, size)
        if color in swap.here.broken:
            given_up.add(color)
        else:
            given_up.discard(color)

    for name, method in {"read": reading, "ready": asking, "prepare": preparing}.items():
        patched.setattr(MemoryCapacity, name, method)
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed, match="gave up"):
        swap.up("green")
    swap.here.broken.clear()


STATES = [
    (after_a_failed_promotion, False),
    (after_a_restore_that_failed, False),
    (after_an_abort, False),
    (after_a_kill, False),
    (after_a_kill_and_a_refresh, False),
    (with_the_lease_of_a_machine_that_is_gone, False),
    (with_the_rule_deleted_by_hand, False),
    (with_half_of_the_traffic_elsewhere, False),
    (with_weights_moved_by_hand, False),
    (with_a_pause_that_nobody_ended, False),
    (with_a_paused_color_that_failed, False),
    (with_both_colors_scaled_to_nothing, False),
    (with_a_start_that_the_platform_gave_up, True),
]


@pytest.mark.parametrize("wanted", COLORS)
@pytest.mark.parametrize(("state", "lasts"), STATES, ids=[state.__name__ for state, _ in STATES])
def test_no_state_needs_a_deletion_to_get_out_of_it(monkeypatch, state, lasts, wanted):
    """argo-rollouts#4294, #2823, #3843, containers-roadmap#2664: only deleting and making it anew helped."""
    swap = Swap("stuck")
    with monkeypatch.context() as patched:
        state(swap, patched if not lasts else monkeypatch)
    monkeypatch.setattr(MemoryRouter, "delete", pytest.fail)
    monkeypatch.setattr(MemoryCapacity, "delete", pytest.fail)
    assert swap.service().diff(swap.outputs, swap.inputs(wanted)).replaces == (), "a replacement deletes, too"
    swap.retry()
    swap.up(wanted)
    if state is with_both_colors_scaled_to_nothing and wanted == "blue":
        return  # the stack owns the size of a color that is live and stays live
    is_settled(swap, wanted)
    assert swap.here.desired[wanted] > 0


def test_no_first_start_that_failed_needs_a_deletion():
    """argo-rollouts#3843, #2823: stuck until it was deleted; here one that never came up the first time."""
    swap = Swap("first", started=False)
    swap.here.desired = {"blue": 0, "green": 0}
    swap.here.broken.add("blue")
    with pytest.raises(SwapFailed):
        swap.up("blue")
    assert swap.here.weights == Weights()
    swap.here.broken.clear()
    swap.up("blue")
    is_settled(swap, "blue")
