"""A listener rule is found by its marks, wherever people have moved it; what others added to it stays."""

from __future__ import annotations

import pytest

from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Weights
from tests.routers import alb_workshop

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
SIGN_IN = {
    "Type": "authenticate-cognito",
    "Order": 1,
    "AuthenticateCognitoConfig": {"UserPoolArn": "arn:aws:cognito-idp:us-east-1:1:userpool/x", "UserPoolClientId": "c"},
}
SIGN_IN["AuthenticateCognitoConfig"]["UserPoolDomain"] = "d"


@pytest.fixture
def build(alb):
    def made(kind=alb_workshop.section, former=None, **more):
        known = {key: more.pop(key) for key in ("incarnation", "former_owner") if key in more}
        fields = Fields({**kind(alb), **more}, "router")
        parsed = ROUTERS.parse(fields)
        assert parsed is not None, fields.problems
        name, arguments = parsed
        return ROUTERS.build((name, {**arguments, **known, **({"former": former} if former else {})}))

    yield made
    for rule in alb.rules():
        alb.elb.delete_rule(RuleArn=rule["RuleArn"])


@pytest.fixture
def live_blue(build):
    """A rule that has the incarnation ``aa``."""
    router = build()
    router.write(BLUE)
    router.mark({"incarnation": "aa"})


def move(alb, priority, of=100):
    (rule,) = (rule for rule in alb.rules() if rule["Priority"] == str(of))
    alb.elb.set_rule_priorities(RulePriorities=[{"RuleArn": rule["RuleArn"], "Priority": priority}])
    return rule["RuleArn"]


def priorities(alb):
    return sorted(int(rule["Priority"]) for rule in alb.rules())


def another(alb, priority, color="blue", **tags):
    rule = alb.elb.create_rule(
        ListenerArn=alb.listener_arn,
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": alb.groups[color]}],
    )["Rules"][0]["RuleArn"]
    if tags:
        pairs = [{"Key": f"bluegreen:{key.replace('_', ':')}", "Value": value} for key, value in tags.items()]
        alb.elb.add_tags(ResourceArns=[rule], Tags=pairs)
    return rule


@pytest.mark.usefixtures("live_blue")
def test_a_rule_that_was_moved_is_the_one_that_is_written(alb, build):
    move(alb, 50)
    router = build(incarnation="aa")
    assert router.read().weights == BLUE
    assert "stands at priority 50 instead of 100" in router.stands_elsewhere
    router.write(GREEN)
    assert priorities(alb) == [50], "it stays where people put it, and there is no second one"
    assert build(incarnation="aa").read().weights == GREEN
    build(incarnation="aa").delete()
    assert priorities(alb) == []


@pytest.mark.usefixtures("live_blue")
def test_it_is_found_though_somebody_elses_rule_stands_in_its_place_now(alb, build):
    move(alb, 50)
    stranger = another(alb, 100)
    build(incarnation="aa").write(GREEN)
    assert [group["TargetGroupArn"] for group in alb.actions(50)] == [alb.groups["green"]]
    (rule,) = alb.elb.describe_rules(RuleArns=[stranger])["Rules"]
    assert rule["Actions"][0]["TargetGroupArn"] == alb.groups["blue"]


@pytest.mark.usefixtures("live_blue")
def test_it_is_found_though_it_was_moved_and_led_elsewhere(alb, build):
    stranger = [{"Type": "forward", "TargetGroupArn": alb.groups["stranger"]}]
    alb.elb.modify_rule(RuleArn=move(alb, 50), Actions=stranger)
    router = build(incarnation="aa")
    assert router.read().weights == Weights()
    assert router.marks()["incarnation"] == "aa"
    router.write(BLUE)
    assert priorities(alb) == [50]


@pytest.mark.usefixtures("live_blue")
@pytest.mark.parametrize("known", [{"incarnation": "aa"}, {}])
def test_two_rules_of_one_incarnation_are_an_error_that_names_both(alb, build, known):
    first = alb.rules()[0]["RuleArn"]
    second = another(alb, 50, owner="project/stack/web", mark_incarnation="aa")
    for call in (lambda router: router.read(), lambda router: router.write(GREEN), lambda router: router.delete()):
        with pytest.raises(PlatformError, match="nothing was written") as refused:
            call(build(**known))
        assert first in str(refused.value)
        assert second in str(refused.value)
    assert priorities(alb) == [50, 100]


@pytest.mark.usefixtures("live_blue")
def test_a_new_resource_takes_the_rule_of_its_owner_to_the_place_that_it_declares(alb, build):
    arn = alb.rules()[0]["RuleArn"]
    new = build(priority=200)
    assert new.read().weights == BLUE
    new.mark({"incarnation": "bb"})
    new.write(BLUE)
    assert [(rule["RuleArn"], rule["Priority"]) for rule in alb.rules()] == [(arn, "200")]
    assert build(incarnation="aa").read().marks["incarnation"] == "bb", "and the old one's delete sees that"


def test_another_swap_of_the_same_name_for_other_groups_is_another_swap(alb, build):
    build().write(BLUE)
    others = {"target_groups": {"blue": alb.groups["stranger"], "green": alb.groups["green"]}, "priority": 50}
    router = build(**others)
    assert router.read().weights == Weights()
    router.write(BLUE)
    assert priorities(alb) == [50, 100]


@pytest.mark.usefixtures("live_blue")
def test_actions_and_conditions_that_others_added_stay(alb, build):
    (rule,) = alb.rules()
    source = {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}
    conditions = [{"Field": "path-pattern", "Values": ["/*"]}, source]
    alb.elb.modify_rule(RuleArn=rule["RuleArn"], Conditions=conditions, Actions=[SIGN_IN, *rule["Actions"]])
    build(incarnation="aa").write(GREEN)
    (rule,) = alb.rules()
    assert [action["Type"] for action in rule["Actions"]] == ["authenticate-cognito", "forward"]
    assert {condition["Field"] for condition in rule["Conditions"]} == {"path-pattern", "source-ip"}
    assert build(incarnation="aa").read().weights == GREEN


def test_a_condition_that_is_not_declared_any_more_goes(alb, build):
    build(host_headers=["a.example.com"]).write(BLUE)
    build(former={"host_headers": ["a.example.com"]}).write(BLUE)
    assert [condition["Field"] for condition in alb.rules()[0]["Conditions"]] == ["path-pattern"]


@pytest.mark.parametrize(
    "kind", [alb_workshop.section, alb_workshop.section_of_a_rule, alb_workshop.section_of_a_listener]
)
def test_what_comes_after_a_look_is_seen_by_the_write(alb, build, kind):
    section = kind(alb)
    router = build(lambda _: section)
    router.write(BLUE)
    router.read()
    router.marks()  # whatever comes between makes the read an old one
    arn = section.get("rule_arn") or section["listener_arn"]
    if "priority" in section:
        (arn,) = (rule["RuleArn"] for rule in alb.rules() if rule["Priority"] == "100")
    forward = {"Type": "forward", "TargetGroupArn": alb.groups["blue"]}
    if ":listener-rule/" in arn:
        alb.elb.modify_rule(RuleArn=arn, Actions=[SIGN_IN, {**forward, "Order": 2}])
        actions = lambda: alb.elb.describe_rules(RuleArns=[arn])["Rules"][0]["Actions"]  # noqa: E731
    else:
        alb.elb.modify_listener(ListenerArn=arn, DefaultActions=[SIGN_IN, {**forward, "Order": 2}])
        actions = lambda: alb.elb.describe_listeners(ListenerArns=[arn])["Listeners"][0]["DefaultActions"]  # noqa: E731
    router.write(GREEN)
    assert [action["Type"] for action in actions()] == ["authenticate-cognito", "forward"]


def test_a_look_right_before_the_write_is_not_made_twice(build):
    router, calls = build(), []
    router.write(BLUE)
    with counted(calls.append):
        router.read()
        router.write(GREEN)
    assert [call.partition(":")[2] for call in calls] == ["DescribeRules", "DescribeTags", "ModifyRule"]


def test_a_pairs_test_rule_is_never_taken_for_production(alb, build):
    pair = alb_workshop.pair_section
    build(pair).write(BLUE)
    build(pair).mark({"incarnation": "aa"})
    move(alb, 55, of=101)
    router = build(pair, incarnation="aa")
    assert router.read().weights == BLUE
    router.write(GREEN)
    assert priorities(alb) == [55, 102]
    assert [group["TargetGroupArn"] for group in alb.actions(55)] == [alb.groups["green"]]
    assert [group["TargetGroupArn"] for group in alb.actions(102)] == [alb.groups["blue"]]


def test_a_pairs_test_rule_that_was_moved_is_found_too(alb, build):
    pair = alb_workshop.pair_section
    build(pair).write(BLUE)
    build(pair).mark({"incarnation": "aa"})
    move(alb, 60, of=102)
    router = build(pair, incarnation="aa")
    router.write(GREEN)
    assert priorities(alb) == [60, 101]
    assert [group["TargetGroupArn"] for group in alb.actions(60)] == [alb.groups["blue"]]


def test_a_stranger_in_the_place_of_a_rule_that_was_never_made_is_refused(alb, build):
    another(alb, 100)
    with pytest.raises(NotOwned, match="was not made by bluegreen"):
        build(incarnation="aa").read()


@pytest.mark.usefixtures("live_blue")
def test_what_somebody_has_made_his_own_meanwhile_bears_no_marks_of_ours(alb, build):
    router = build(incarnation="aa")
    assert router.read().weights == BLUE
    (rule,) = alb.rules()
    theirs = {"bluegreen:owner": "other/stack/web", "bluegreen:mark:incarnation": "cc"}
    tags = [{"Key": key, "Value": value} for key, value in theirs.items()]
    alb.elb.add_tags(ResourceArns=[rule["RuleArn"]], Tags=tags)
    assert router.marks() == {}, "so that the lease is lost, and nothing more is written"
    with pytest.raises(NotOwned):
        router.write(GREEN)
