"""Inputs that are unknown, damaged or of another version: what a swap makes of them without an error of its own."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import PlatformError, SwapFailed
from bluegreen.rollout.model import Event, Recorded, Weights
from bluegreen.swap import contract, dynamic, installing, previewed, releases, reporting, sections, skipping, verdicts
from bluegreen.swap.journal import GATES_LIMIT, Journal
from bluegreen.swap.messages import Messages
from bluegreen.swap.properties import Property
from bluegreen.swap.service import SwapService
from bluegreen.swap.states import UnreadableState
from bluegreen.swap.states import read as read_state
from tests.aws import mocked
from tests.swap.bench import Swap, inputs

HELD = {
    "id": "0123456789abcdef",
    "color": "green",
    "digest": "0" * 16,
    "retry": "-",
    "by": "gate",
    "at": "2026-11-30T08:00:00Z",
    "reason": "status 500",
    "weights": {"blue": 100, "green": 0},
}


def test_a_plan_of_values_that_only_the_update_knows_says_so():
    assert contract.plan_of({"active_color": UNKNOWN}) == ["known once its inputs are"]


def test_a_place_that_is_not_known_yet_is_none():
    assert previewed.place_of({"router": {"kind": "memory", "name": UNKNOWN}}) == ""
    assert previewed.place_of({"router": {"kind": "memory", "name": "web"}})
    assert previewed.place_of({"router": {"name": "web"}}) == "", "of no kind"
    assert previewed.place_of({}) == ""


def test_the_engine_s_unknowns_go_back_as_they_came():
    unknown = pulumi.output.Unknown()
    news = {**inputs("unusual", "green"), "releases": {"blue": "v1", "green": unknown}}
    checked = dynamic.TrafficSwapProvider().check({}, news)
    assert checked.failures == []
    assert checked.inputs["releases"]["green"] is unknown


def test_a_plan_that_a_verdict_holds_is_the_one_that_people_see():
    swap = Swap("held plan")
    refused = {"gates": [{"kind": "command", "command": ["false"], "phases": ["before"]}]}
    with pytest.raises(SwapFailed, match="gate command false failed"):
        swap.up("green", **refused)
    news = {**swap.inputs("green", **refused), "plan": ["as the program has made it"]}
    checked = dynamic.TrafficSwapProvider().check(swap.outputs, news)
    assert checked.inputs["plan"] != news["plan"]


def test_a_swap_in_a_program_is_declared_with_its_outputs_and_not_imported():
    recorder, swap = mocked.run(lambda: dynamic.TrafficSwap("web", inputs("declared")))
    assert isinstance(swap, dynamic.TrafficSwap)
    assert [one.inputs["active_color"] for one in recorder.resources] == ["blue"]
    with pytest.raises(pulumi.RunError, match="a swap is not imported"):
        dynamic.TrafficSwap("web", {}, pulumi.ResourceOptions(import_="web"))


@pytest.mark.parametrize("strategy", [5, ["canary"], {"steps": 5}, {"steps": [5]}])
def test_a_strategy_of_another_kind_is_refused_by_its_field(strategy):
    assert any(
        problem.field.startswith("strategy") for problem in contract.problems_in(inputs("unusual", strategy=strategy))
    )


def test_a_state_with_more_wrong_than_can_be_left_out_is_not_read():
    """Each wrong field is left out, so that the traffic is read all the same; what is wrong at its root is not."""
    router = {"kind": "memory", "name": "web", **{f"of_another_version_{number}": 1 for number in range(40)}}
    with pytest.raises(UnreadableState):
        read_state({"name": "web", "active_color": "blue", "releases": {"blue": "1", "green": "2"}, "router": router})


@pytest.mark.parametrize("weights", [{"blue": 100}, {"blue": "all", "green": 0}, {"blue": None, "green": 1}])
def test_a_verdict_with_damaged_weights_holds_all_the_same(weights):
    held = verdicts.in_outputs({"held": {**HELD, "weights": weights}})
    assert held is not None
    assert (held.color, held.weights) == ("green", Weights())


@pytest.mark.parametrize("more", [{"color": "red"}, {"by": "nobody"}])
def test_a_verdict_that_makes_no_sense_is_none(more):
    assert verdicts.in_outputs({"held": {**HELD, **more}}) is None


def test_a_verdict_about_the_color_that_is_live_by_now_holds_nothing():
    swap = Swap("live by now")
    swap.up("green")
    digest = contract.fingerprint(swap.inputs("green"), "green")
    outputs = {**swap.outputs, "held": {**HELD, "digest": digest}}
    assert verdicts.held(None, outputs, swap.inputs("green")) is None


def test_a_wish_with_a_time_that_there_is_not_is_none():
    marks = {skipping.MARK: f"green {'0' * 16} 2026-13-45T00:00:00Z ada the gate is wrong"}
    assert skipping.wished(marks, "green", ("0" * 16,), 0) is None


def test_secrets_are_taken_out_of_an_error_and_of_its_cause(monkeypatch):
    monkeypatch.setenv("DEPLOY_PASSWORD", "tiger-tiger-tiger")
    error = PlatformError("Write", "refused for tiger-tiger-tiger")
    error.__cause__ = ValueError("tiger-tiger-tiger is wrong")
    with pytest.raises(PlatformError) as failed, reporting.without_secrets():
        raise error
    assert "tiger" not in str(failed.value)
    assert "tiger" not in str(failed.value.__cause__)


def test_a_history_keeps_so_many_gates_and_the_newest_answer_of_each():
    journal = Journal(FakeClock(), lambda _event: None)
    for number in range(GATES_LIMIT + 5):
        journal.report(Event(0, "gate", "asked", {"gate": f"g{number}", "phase": "hold", "value": "1"}))
    journal.report(Event(0, "gate", "asked", {"gate": "g0", "phase": "hold", "value": "2"}))
    assert len(journal._gates) == GATES_LIMIT
    assert journal._gates["hold", "g0"]["value"] == "2"


class Wrong:
    def __init__(self, **_options):
        raise ValueError("no such channel")


def messages(notifications, told):
    return Messages("web", notifications, FakeClock(), lambda event: told.append(event.text))


def test_a_notifier_that_cannot_be_made_is_reported_and_ends_nothing(monkeypatch):
    monkeypatch.setitem(NOTIFIERS.entries, "wrong", f"{__name__}:Wrong")
    told = []
    messages([("wrong", {})], told).send({"outcome": "promoted"})
    assert told == ["no notification was sent: no such channel"]
    messages([], told).send({"outcome": "promoted"})
    assert len(told) == 1, "nobody wants it"


def test_where_no_thread_can_be_started_a_message_is_left_out(monkeypatch):
    monkeypatch.setattr("threading.Thread.start", lambda _self: (_ for _ in ()).throw(RuntimeError("no more threads")))
    made = messages([("wrong", {})], [])
    made._send_beside("begun", {"outcome": "begun"})
    assert made._beside == []


def test_a_preview_with_problems_says_nothing_of_what_an_update_would_do():
    wrong = {**inputs("unusual"), "router": {"kind": "memory"}}
    recorded = Recorded("blue", "v1", Weights.all_on("blue"))
    assert installing.told({}, wrong, recorded, Weights.all_on("blue")) == ([], ())
    assert SwapService._unreached(recorded, wrong) is False
    assert SwapService._predicted_weights(Weights(), recorded, wrong, None) == "`pulumi up` heals it"
    assert SwapService()._offline(wrong) == []
    assert SwapService()._ahead(wrong) == []


def test_without_a_router_nothing_is_kept_for_the_move():
    assert releases.moving({"live_color": "blue", "active_color": "blue"}, {"active_color": "green"}) == {
        "active_color": "green"
    }


@pytest.mark.parametrize("kind", ["azure_scale_sets", "memory", "", None, 5])
def test_a_capacity_that_brings_releases_is_known_by_its_kind(kind):
    known = sections.capacity_brings_releases({"capacity": {"kind": kind}})
    assert known is (kind == "azure_scale_sets")
    assert sections.capacity_brings_releases({}) is False


def test_a_release_that_says_nothing_of_a_way_back_from_before_is_none():
    swap = Swap("another way back")
    swap.up("green")
    olds = {**swap.outputs, "previous": {"color": "blue", "release": "v1", "digest": "f" * 16}}
    assert releases.caught_up(olds, swap.inputs("green"))["previous"]["digest"] == "f" * 16


def test_a_property_says_its_unit_and_its_default_after_what_it_is():
    told = Property("bake_seconds", "time at 100 %", default=0, unit="seconds").text
    assert told == "Time at 100 %. In seconds. Default: 0."
    assert Property("name", "the service's").text == "The service's."
