"""12. Long-lived requests and sticky clients are cut off."""

from __future__ import annotations

import json
import shlex

import pytest

from bluegreen.aws.elb.alb_router import AlbRouter
from bluegreen.fields import Fields
from bluegreen.rollout.errors import SwapFailed
from bluegreen.rollout.model import COLORS, Decision, Phase, Weights
from tests.swap.bench import Swap
from tests.swap.must_not_happen.situations import scripted, watched


@pytest.mark.parametrize("outcome", ["promoted", "failed"])
def test_long_lived_clients_are_not_cut_off(monkeypatch, script, outcome):
    """containers-roadmap#969, long-lived requests: who has left traffic may finish those that it still has."""
    swap = Swap("clients", scale_down_delay_seconds=900, gates=[scripted(Phase.HOLD)])
    script.always(Decision.PASS if outcome == "promoted" else Decision.FAIL)
    left, served = ("blue", "green") if outcome == "promoted" else ("green", "blue")
    watch = watched(monkeypatch, swap)
    try:
        swap.up("green")
    except SwapFailed:
        assert outcome == "failed"
    assert [seen.arguments for seen in watch.named("capacity.retire")] == [(left, 0, 900)]
    assert swap.here.desired == {"blue": 3, "green": 3}, "it keeps its size until then"
    had_traffic = [seen for seen in watch.seen if seen.weights.of(left)]
    assert {seen.desired[left] for seen in had_traffic} == {3}
    assert served not in swap.here.retiring


def test_sticky_clients_are_not_cut_off_and_not_kept_from_the_new_color(monkeypatch):
    """flagger#1647, sticky clients: they stay while traffic is split, and on nothing that has no traffic any more."""
    groups = {color: f"arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/{color}/1" for color in COLORS}
    where = {"listener_arn": "arn:listener", "priority": 100, "target_groups": groups, "owner": "project/stack/web"}
    router = AlbRouter(**AlbRouter.parse(Fields({**where, "stickiness_seconds": 60})))

    def forward(weights):
        (command,) = router.commands(weights)
        (action,) = json.loads(shlex.split(command)[-1])
        return action["ForwardConfig"]

    for percent in (1, 50, 99):
        sticky = forward(Weights.split("green", percent))["TargetGroupStickinessConfig"]
        assert sticky == {"Enabled": True, "DurationSeconds": 60}, "while traffic is split"
    for color in COLORS:
        whole = forward(Weights.all_on(color))
        assert "TargetGroupStickinessConfig" not in whole
        assert [group["TargetGroupArn"] for group in whole["TargetGroups"]] == [groups[color]]
