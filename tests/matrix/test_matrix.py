"""Kills of `make matrix` on the emulator, and a sample of its faults; and that what is wrong would be found."""

from __future__ import annotations

import itertools

import pytest

from dev.matrix import report
from dev.matrix.checks import after_the_recovery, after_the_strike
from dev.matrix.engine import ADAPTERS, DYNAMIC, NATIVE, State
from dev.matrix.points import AUTOSCALED_PROMOTION, PROMOTION, ROLLBACK, UNREADY, Point, all_points
from dev.matrix.run import Choice, Matrix, WorkerFailed, run
from dev.matrix.sampling import MOST_MORE, sample
from dev.matrix.strikes import Outcome
from dev.matrix.worker import Tried
from dev.matrix.world import Look
from localcloud.fault_api import WAYS
from localcloud.progress import Silent
from tests import amounts

MIX = {"blue": 10, "green": 90}
MOST_CALLS = {"promotion": 37, "rollback": 17, "autoscaled promotion": 45, "autoscaled rollback": 18}
"""With the look of the check before the update, and a renewal of the lease."""
GOOD = Look({"green": 100}, frozenset({"green"}), {"blue": 1, "green": 1}, frozenset({"blue"}), frozenset({"blue"}))


AUTOSCALED = ("autoscaled promotion", "autoscaled rollback")
"""Those with a user's own autoscaling are half of all: `make matrix` has them, and this test with TESTS_IN_FULL=1."""


@pytest.mark.timeout(1800)
def test_no_kill_and_no_fault_is_unsafe_and_the_next_update_converges(cloud, aws_env):
    without = () if amounts.ALL else AUTOSCALED
    matrix = run(cloud, Silent(), Choice(sampled=True, without=without))
    figures = report.figures(matrix)
    assert (figures["unconverged"], figures["unsafe"]) == (0, 0), report.troubles(matrix)
    assert matrix.calls["promotion"] > 20
    assert matrix.calls["rollback"] > 8
    assert matrix.calls["never healthy"] > 8
    assert without or matrix.calls["autoscaled promotion"] > matrix.calls["promotion"]
    calls = {name: matrix.calls[name] for name in MOST_CALLS if name not in without}
    too_many = {name: number for name, number in calls.items() if number > MOST_CALLS[name]}
    assert not too_many, f"more calls than {MOST_CALLS}"
    assert matrix.calls["from no task"] == 1
    struck = [tried.point for tried in matrix.tried]
    for name, calls in matrix.calls.items():
        if name in without:
            continue
        crashes = {point.number for point in struck if point.operation.name == name and point.crash}
        assert len(crashes) >= calls / 2, "there are two ways to be killed between two calls"
        goals = {point.reverted for point in struck if point.operation.name == name and point.crash}
        assert len(goals) == len({point.reverted for point in struck if point.operation.name == name}), "both"
        faults = {point.number for point in struck if point.operation.name == name and not point.crash}
        assert len(faults) == calls
        for adapter in ADAPTERS:
            with_it = {point.number for point in struck if point.operation.name == name and point.adapter == adapter}
            assert len(with_it) == calls, f"each call goes wrong with the {adapter} adapter"
    failed = {(point.call, point.way) for point in struck if not point.crash}
    names = {point.call for point in struck if point.operation in (PROMOTION, ROLLBACK)}
    assert failed >= set(itertools.product(names, WAYS)), "calls of each name in each way"


CALLS = {
    PROMOTION: ["elb:Read", "ecs:Read", "elb:Read", "elb:Write", "ecs:Read", "elb:Write", "elb:Read"],
    AUTOSCALED_PROMOTION: ["elb:Read", "ecs:Read", "ecs:Write"],
    UNREADY: ["elb:Read", "ecs:Read"],
}


def moment(point):
    return (point.operation, point.number - (point.way == "killed before"))


@pytest.mark.parametrize(("crash", "kind"), [
    (True, moment),
    (True, lambda point: (point.operation, point.reverted)),
    (True, lambda point: point.way),
    (False, lambda point: (point.operation, point.number)),
    (False, lambda point: (point.call, point.way)),
    (False, lambda point: (point.operation, point.way, point.attempts, point.lasting, point.reverted)),
])  # fmt: skip
def test_a_sample_has_something_of_all_that_there_is(crash, kind):
    every = [point for point in all_points(CALLS) if point.crash == crash]
    chosen = [point for point in sample(all_points(CALLS)) if point.crash == crash]
    assert {kind(point) for point in chosen} == {kind(point) for point in every}
    assert len(chosen) < 2 / 3 * len(every)


@pytest.mark.parametrize("kind", [
    lambda point: (point.operation, point.number),
    lambda point: (point.operation, point.way),
])  # fmt: skip
def test_a_sample_has_it_with_both_adapters_and_is_hardly_larger_for_that(kind):
    lengths = {PROMOTION: 36, ROLLBACK: 16, AUTOSCALED_PROMOTION: 44, UNREADY: 26}
    calls = {operation: [f"elb:{number % 12}" for number in range(length)] for operation, length in lengths.items()}
    every = all_points(calls)
    chosen, alone = sample(every), sample(all_points(calls, [NATIVE]))
    assert {(point.adapter, kind(point)) for point in chosen} == {(point.adapter, kind(point)) for point in every}
    assert len(alone) <= len(chosen) <= (1 + MOST_MORE) * len(alone)


@pytest.mark.timeout(600)
def test_an_update_that_does_nothing_is_found_out(cloud, aws_env):
    choice = Choice("rollback", crashes_only=True, sampled=True, recover_with="tests.matrix.idle:make")
    matrix = run(cloud, Silent(), choice, workers=1)
    assert report.figures(matrix)["unconverged"] > matrix.calls["rollback"] / 2
    assert any("the rule has" in line for line in report.troubles(matrix))


def test_a_worker_that_fails_is_no_result(cloud, aws_env):
    with pytest.raises(WorkerFailed, match="has no attribute 'nothing'"):
        run(cloud, Silent(), Choice(recover_with="tests.matrix.idle:nothing"))


def look(**changes):
    return Look(**{name: changes.get(name, getattr(GOOD, name)) for name in Look.__dataclass_fields__})


def ended(failed=False, outputs=None, **more):
    return Outcome(State({}, outputs or {}, NATIVE, read_first=True, failed=failed), **more)


FALSE = {"weights": {"blue": 100.0, "green": 0.0}}


@pytest.mark.parametrize(("outcome", "seen", "kind"), [
    (ended(), look(weights={}), "both colors are at 0"),
    (ended(), look(healthy=frozenset()), "100 % of production is on green, which is not healthy"),
    (ended(), look(desired={"blue": 1, "green": 0}), "on green, which is scaled to 0"),
    (ended(outputs={"live_color": "green"}, succeeded=True), look(weights=MIX), "a success that is none"),
    (ended(outputs={"live_color": "blue"}, succeeded=True), GOOD, "a success that is none"),
    (ended(claim={"blue": 100}), GOOD, "it said that {'blue': 100} is live"),
    (ended(failed=True, outputs=FALSE, claim={"green": 100}), GOOD, "the state says that {'blue': 100.0} is live"),
    (ended(wrong_error="KeyError: 'x'"), GOOD, "not its own error"),
])  # fmt: skip
def test_what_is_unsafe_after_an_interruption(outcome, seen, kind):
    found = after_the_strike(PROMOTION, outcome, look(healthy=seen.healthy, weights=seen.weights, desired=seen.desired))
    assert ["unsafe"] * len(found) == [each for each, _ in found]
    assert any(kind in text for _, text in found), found
    assert after_the_strike(PROMOTION, ended(outputs={"live_color": "green"}, succeeded=True), GOOD) == []


def test_a_single_write_to_what_is_never_healthy_is_unsafe():
    blue = look(weights={"blue": 100}, healthy=frozenset({"blue"}))
    assert after_the_strike(UNREADY, ended(written=[{"blue": 100}]), blue) == []
    assert after_the_strike(UNREADY, ended(written=[{"blue": 90, "lame": 10}, {"blue": 100}]), blue)


@pytest.mark.parametrize(("outputs", "seen", "expected"), [
    ({"live_color": "green"}, GOOD, []),
    ({"live_color": "blue"}, GOOD, ["unsafe"]),
    ({"live_color": "green"}, look(retiring=frozenset({"green"})), ["unsafe"]),
    ({"live_color": "green"}, look(held=frozenset({"green"})), ["unconverged"]),
    ({"live_color": "green"}, look(ranges={"green": (1, 3)}), []),
    ({"live_color": "green"}, look(weights=MIX, healthy=frozenset(MIX)), ["unconverged"]),
])  # fmt: skip
def test_what_must_hold_after_the_update_that_follows(outputs, seen, expected):
    assert [kind for kind, _ in after_the_recovery(PROMOTION, "green", outputs, seen)] == expected


def test_a_range_of_the_users_own_is_given_back():
    outputs = {"live_color": "green"}
    assert after_the_recovery(AUTOSCALED_PROMOTION, "green", outputs, look(ranges={"green": (1, 3)})) == []
    ((kind, text),) = after_the_recovery(AUTOSCALED_PROMOTION, "green", outputs, look(ranges={"green": (0, 0)}))
    assert (kind, text) == ("unconverged", "green is live and autoscaled within (0, 0)")


def test_a_point_counts_once_however_much_went_wrong_and_the_table_stands_between_its_markers():
    killed = Point(PROMOTION, 1, "ecs:DescribeServices", "killed before", 0, False, False, DYNAMIC)
    failed = Point(PROMOTION, 1, "ecs:DescribeServices", "throttled", 1, True, True, NATIVE)
    matrix = Matrix(
        {"promotion": 1},
        [Tried(killed, (("unsafe", "a"), ("unsafe", "b"), ("unconverged", "c"))), Tried(failed, ())],
    )
    assert report.figures(matrix) == {"crash_points": 1, "fault_points": 1, "unconverged": 1, "unsafe": 1}
    text = report.in_docs(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", matrix)
    assert text.startswith(
        f"before\n{report.BEGIN}\n1 crash points and 1 fault points: 1 did not converge, 1 were unsafe."
    )
    assert text.endswith(f"{report.END}\nafter\n")
    assert "\n- dynamic: 1 crash points, 0 fault points, 1 unconverged, 1 unsafe\n" in text
    assert "\n- native: 0 crash points, 1 fault points, 0 unconverged, 0 unsafe\n\n|" in text
    assert "| throttled | 1 | 0 | 0 |" in text
    assert "old" not in text
    with pytest.raises(ValueError, match="matrix:begin"):
        report.in_docs("nothing", matrix)
