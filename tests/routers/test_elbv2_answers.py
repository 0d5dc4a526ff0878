"""The answer to a write of a rule or listener is a read of it, for the very next question alone."""

from __future__ import annotations

from contextlib import closing

import pytest

from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Convergence, Traffic, Weights
from tests.routers import alb_workshop
from tests.routers.elb_echo import GROUPS, RULE, Elb, router

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
SECTIONS = {
    "a rule of its own": alb_workshop.section,
    "a rule": alb_workshop.section_of_a_rule,
    "a listener": alb_workshop.section_of_a_listener,
    "two rules of its own": alb_workshop.pair_section,
    "a rule and a listener": alb_workshop.pair_section_of_what_is_there,
}


@pytest.fixture(params=SECTIONS.values(), ids=SECTIONS)
def live_blue(request, alb):
    """Production leads to blue, and that was looked at."""
    parsed = ROUTERS.parse(Fields(request.param(alb), "router"))
    assert parsed is not None
    made = ROUTERS.build(parsed)
    made.write(BLUE)
    made.read()
    made.verify(BLUE)
    yield made
    for rule in alb.rules():
        alb.elb.delete_rule(RuleArn=rule["RuleArn"])
    for listener in alb.elb.describe_listeners(LoadBalancerArn=alb.arn)["Listeners"]:
        if listener["ListenerArn"] != alb.listener_arn:  # the emulator serves one of them
            alb.elb.delete_listener(ListenerArn=listener["ListenerArn"])


def calls_of(operation):
    calls = []
    with counted(calls.append):
        operation()
    return [call.partition(":")[2] for call in calls]


def test_whether_a_write_has_taken_effect_is_told_by_its_answer_and_once(live_blue):
    live_blue.write(GREEN)
    found = []
    assert calls_of(lambda: found.append(live_blue.verify(GREEN))) == []
    assert calls_of(lambda: found.append(live_blue.verify(GREEN))) != []
    assert found == [Convergence.CONVERGED] * 2


@pytest.mark.parametrize("between", ["read", "glance", "marks", "mark"])
def test_whatever_comes_in_between_has_it_asked_for(live_blue, between):
    live_blue.write(GREEN)
    operation = getattr(live_blue, between)
    operation({"lease.1": None}) if between == "mark" else operation()
    assert calls_of(lambda: live_blue.verify(GREEN)) != []


def test_a_write_that_failed_tells_nothing_by_the_answer_to_the_one_before(live_blue, monkeypatch):
    live_blue.write(GREEN)

    def refused(**_):
        raise PlatformError("elasticloadbalancing:ModifyRule", "the reply was lost")

    client = live_blue.aws.client("elbv2")
    for name in ("modify_rule", "modify_listener"):
        monkeypatch.setattr(client, name, refused)
    with pytest.raises(PlatformError):
        live_blue.write(BLUE)
    assert calls_of(lambda: live_blue.verify(GREEN)) != []


def test_an_answer_that_leaves_the_rule_out_is_no_read():
    with closing(Elb(RULE, [{"Type": "forward", "TargetGroupArn": GROUPS["blue"]}])) as elb:
        made = router(rule_arn=RULE)
        made.write(BLUE)
        elb.actions = [{"Type": "forward", "TargetGroupArn": GROUPS["green"]}]
        assert made.verify(BLUE) is Convergence.PENDING


@pytest.mark.parametrize("fresh", [False, True])
def test_what_is_somebody_elses_by_now_is_seen_by_the_look_right_before_a_write(live_blue, fresh):
    live_blue.mark({"lease.1": "ours"})
    place = getattr(live_blue, "_place", None) or live_blue._production
    if fresh:  # by the call right before it
        taken_by_shop(live_blue, place.name)
        assert live_blue.marks() == {}
    else:
        assert live_blue.marks() == {"lease.1": "ours"}
        taken_by_shop(live_blue, place.name)
    with pytest.raises(NotOwned, match="shop"):
        live_blue.glance(fresh=fresh)


def test_a_look_tells_marks_and_weights_and_asks_for_no_tags_that_were_just_told(live_blue):
    live_blue.mark({"lease.1": "ours"})
    assert live_blue.glance() == Traffic(BLUE, {"lease.1": "ours"})
    assert "DescribeTags" in calls_of(live_blue.glance)
    live_blue.marks()
    assert "DescribeTags" not in calls_of(lambda: live_blue.glance(fresh=True))


def taken_by_shop(router, arn):
    tags = [{"Key": "bluegreen:owner", "Value": "elsewhere/prod/shop"}]
    router.aws.client("elbv2").add_tags(ResourceArns=[arn], Tags=tags)
