"""The failures that are a verdict on a promotion, and those that are an accident."""

from __future__ import annotations

import pytest

from bluegreen.rollout.analysis import GateFailed
from bluegreen.rollout.errors import LeaseLost, PlatformError, PlatformRefused, SwapFailed
from bluegreen.rollout.model import Recorded, Strategy, Weights
from bluegreen.rollout.plan import make_plan
from bluegreen.rollout.stopping import Aborted, NotReady, Stopped, judged

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
RELEASES = {"blue": "v1", "green": "v2"}
PROMOTION = make_plan(BLUE, Recorded("blue", RELEASES), "green", "v2", Strategy(), 0, warm=False)
RESUMED = make_plan(Weights.split("green", 10), Recorded("blue", RELEASES), "green", "v2", Strategy(), 0, warm=False)
ROLLBACK = make_plan(GREEN, Recorded("green", RELEASES, "blue", "v1"), "blue", "v1", Strategy(), 0, warm=False)
HEAL = make_plan(Weights.split("green", 10), Recorded("blue", RELEASES), "blue", "v1", Strategy(), 0, warm=False)
FIRST = make_plan(Weights(), None, "blue", "v1", Strategy(), 0, warm=False)


def verdict(error, plan=PROMOTION, *, confirmed=True):
    failed = SwapFailed("no", weights=BLUE, restored="", next_step="")
    assert judged(failed, plan, error, confirmed=confirmed) is failed
    return failed.verdict


@pytest.mark.parametrize("plan", [PROMOTION, RESUMED], ids=["a promotion", "a resumed one"])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (GateFailed("no"), "gate"),
        (PlatformRefused("Deploy", "an alarm"), "gate"),
        (Aborted("by ops"), "abort"),
        (NotReady("green"), "steady-state"),
    ],
)
def test_a_promotion_is_judged(plan, error, expected):
    assert verdict(error, plan) == expected


@pytest.mark.parametrize("plan", [ROLLBACK, HEAL, FIRST], ids=["a rollback", "a heal", "a first start"])
@pytest.mark.parametrize("error", [GateFailed("no"), Aborted("by ops"), NotReady("blue")])
def test_nothing_else_is(plan, error):
    assert verdict(error, plan) == ""


@pytest.mark.parametrize(
    "error",
    [
        GateFailed("no answer", unasked=True),
        Stopped("had not taken effect"),
        PlatformError("Write", "no"),
        ValueError(),
    ],
)
def test_an_accident_is_none(error):
    assert verdict(error) == ""


def test_what_confirm_refuses_is_the_moment_and_who_aborts_it_means_the_promotion():
    assert verdict(GateFailed("a freeze"), confirmed=False) == ""
    assert verdict(Aborted("by ops"), confirmed=False) == "abort"


def test_a_lost_lease_says_nothing():
    lost = LeaseLost("gone")
    assert judged(lost, PROMOTION, GateFailed("no"), confirmed=True) is lost
