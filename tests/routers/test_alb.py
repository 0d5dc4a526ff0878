"""Particular to the Application Load Balancer, against the emulator's API and data plane."""

import collections
import json
import shlex

import pytest

from bluegreen.aws.elb import elbv2
from bluegreen.aws.elb.alb_router import AlbRouter
from bluegreen.fields import Fields
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Weights
from localcloud import loopback
from tests.routers import alb_workshop


@pytest.fixture
def router(alb):
    def made(**more):
        fields = Fields({**alb_workshop.section(alb), **more}, "router")
        fields.text("kind")
        arguments = AlbRouter.parse(fields)
        assert not fields.problems
        return AlbRouter(**arguments)

    yield made
    for rule in alb.rules():
        alb.elb.delete_rule(RuleArn=rule["RuleArn"])


def test_at_the_end_the_rule_forwards_to_one_group_alone(alb, router):
    made = router()
    made.write(Weights.split("green", 10))
    assert {group["TargetGroupArn"]: group["Weight"] for group in alb.actions()} == {
        alb.groups["blue"]: 90,
        alb.groups["green"]: 10,
    }
    made.write(Weights.all_on("green"))
    assert [group["TargetGroupArn"] for group in alb.actions()] == [alb.groups["green"]], "a weight of 0 is a leak"


def test_a_rule_of_somebody_else_is_refused_by_name_and_left_alone(alb, router):
    router(owner="other/stack/web").write(Weights.all_on("green"))
    with pytest.raises(NotOwned, match="is owned by other/stack/web; this swap is project/stack/web"):
        router().read()
    with pytest.raises(NotOwned):
        router().write(Weights.all_on("blue"))
    with pytest.raises(NotOwned):
        router().delete()
    assert [group["TargetGroupArn"] for group in alb.actions()] == [alb.groups["green"]]


def test_traffic_to_a_stranger_is_neither_color(alb, router):
    made = router()
    made.write(Weights.all_on("blue"))
    groups = [
        {"TargetGroupArn": alb.groups["blue"], "Weight": 1},
        {"TargetGroupArn": alb.groups["stranger"], "Weight": 3},
    ]
    rule = alb.rules()[0]["RuleArn"]
    alb.elb.modify_rule(RuleArn=rule, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])
    assert router().read().weights == Weights(25, 0)
    alb.elb.modify_rule(RuleArn=rule, Actions=[{"Type": "forward", "TargetGroupArn": alb.groups["stranger"]}])
    assert router().read().weights == Weights()


def test_uneven_weights_by_hand_never_round_to_a_leak_or_to_nothing(alb, router):
    made = router()
    made.write(Weights.all_on("blue"))
    for blue, green, expected in ((999, 1, Weights(99, 1)), (1, 2, Weights(33, 67)), (1, 1, Weights(50, 50))):
        groups = [
            {"TargetGroupArn": alb.groups["blue"], "Weight": blue},
            {"TargetGroupArn": alb.groups["green"], "Weight": green},
        ]
        alb.elb.modify_rule(
            RuleArn=alb.rules()[0]["RuleArn"],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        )
        assert router().read().weights == expected


def test_hosts_paths_and_stickiness_are_written_with_the_weights(alb, router):
    made = router(host_headers=["a.example.com"], path_patterns=["/api/*"], stickiness_seconds=60)
    made.write(Weights.split("green", 10))
    (rule,) = alb.rules()
    assert {item["Field"]: item["Values"] for item in rule["Conditions"]} == {
        "host-header": ["a.example.com"],
        "path-pattern": ["/api/*"],
    }
    sticky = rule["Actions"][0]["ForwardConfig"]["TargetGroupStickinessConfig"]
    assert sticky == {"Enabled": True, "DurationSeconds": 60}


def test_each_operation_makes_as_few_calls_as_it_can(alb, router):
    made = router()
    counts = {}
    for name, operation in {
        "first read": made.read,
        "first write": lambda: made.write(Weights.all_on("blue")),
        "read": made.read,
        "write": lambda: made.write(Weights.split("green", 10)),
        "verify": lambda: made.verify(Weights.split("green", 10)),
        "verify again": lambda: made.verify(Weights.split("green", 10)),
        "health": lambda: made.health("green"),
        "marks": made.marks,
        "mark": lambda: made.mark({"lease.1": "x"}),
        "mark and unmark": lambda: made.mark({"lease.1": None, "abort": None, "outcome.1": "x"}),
    }.items():
        calls = []
        with counted(calls.append):
            operation()
        counts[name] = calls
    assert counts == {
        "first read": ["elasticloadbalancing:DescribeRules"],
        "first write": ["elasticloadbalancing:CreateRule"],
        "read": ["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags"],
        "write": ["elasticloadbalancing:ModifyRule"],
        "verify": [],
        "verify again": ["elasticloadbalancing:DescribeRules"],
        "health": ["elasticloadbalancing:DescribeTargetHealth"],
        "marks": ["elasticloadbalancing:DescribeTags"],
        "mark": ["elasticloadbalancing:AddTags"],
        "mark and unmark": ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
    }


def test_a_rule_that_somebody_removed_in_mid_swap_is_made_anew(alb, router):
    made = router()
    made.write(Weights.all_on("blue"))
    (rule,) = alb.rules()
    alb.elb.delete_rule(RuleArn=rule["RuleArn"])
    made.write(Weights.split("green", 10))
    assert router().read().weights == Weights.split("green", 10)


def test_the_commands_by_hand_do_what_they_say(alb, router):
    made = router()
    made.write(Weights.split("green", 10))
    (command,) = made.commands(Weights.all_on("blue"))
    words = shlex.split(command)
    assert words[:3] == ["aws", "elbv2", "modify-rule"]
    alb.elb.modify_rule(RuleArn=words[4], Actions=json.loads(words[6]))
    assert router().read().weights == Weights.all_on("blue")


def test_an_api_error_names_the_call_and_the_reason(alb, router):
    made = router(target_groups={"blue": alb.groups["blue"], "green": alb.groups["green"] + "x"})
    with pytest.raises(PlatformError, match="elasticloadbalancing:DescribeTargetHealth: TargetGroupNotFound"):
        made.health("green")


def test_nobody_to_talk_to_is_an_error_with_the_address(alb, router):
    made = router(aws={"endpoint_url": "http://127.0.0.1:9", "region": "us-east-1"})
    with pytest.raises(PlatformError, match=r"DescribeRules: Could not connect to the endpoint URL"):
        made.read()


def test_the_data_plane_follows_the_weights(alb, router, cloud, target_servers):
    for color, port in target_servers.items():
        alb.elb.register_targets(TargetGroupArn=alb.groups[color], Targets=[{"Id": "127.0.0.1", "Port": port}])
    made = router()
    made.write(Weights.split("green", 10))
    with loopback.client(base_url=f"http://127.0.0.1:{cloud.alb_port(alb.arn)}") as client:
        seen = collections.Counter(client.get("/").headers["x-color"] for _ in range(400))
        assert abs(seen["green"] / 400 - 0.10) < 0.06
        made.write(Weights.all_on("green"))
        assert {client.get("/").headers["x-color"] for _ in range(100)} == {"green"}
        made.delete()
        assert client.get("/").status_code == 503


BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


def forward(alb, color):
    return [{"Type": "forward", "TargetGroupArn": alb.groups[color]}]


@pytest.fixture(params=["rule", "listener"])
def handed_in(request, alb):
    """Routers of a place that is there already, and what it does now; it forwards to the colors that are given."""

    def made(*colors, **more):
        if request.param == "rule":
            section = alb_workshop.section_of_a_rule(alb, **more)
            arn = section["rule_arn"]
        else:
            section = alb_workshop.section_of_a_listener(alb, **more)
            arn = section["listener_arn"]
        groups = [{"TargetGroupArn": alb.groups[color], "Weight": 1} for color in colors]
        if groups:
            write(arn, [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])
        return Handed(alb, section, arn)

    def write(arn, actions):
        if request.param == "rule":
            alb.elb.modify_rule(RuleArn=arn, Actions=actions)
        else:
            alb.elb.modify_listener(ListenerArn=arn, DefaultActions=actions)

    return made


class Handed:
    def __init__(self, alb, section, arn):
        self.alb, self.section, self.arn = alb, section, arn

    def router(self, **more):
        fields = Fields({**self.section, **more}, "router")
        fields.text("kind")
        arguments = AlbRouter.parse(fields)
        assert not fields.problems
        return AlbRouter(**arguments)

    def actions(self):
        if ":listener-rule/" in self.arn:
            return self.alb.elb.describe_rules(RuleArns=[self.arn])["Rules"][0]["Actions"]
        return self.alb.elb.describe_listeners(ListenerArns=[self.arn])["Listeners"][0]["DefaultActions"]

    def tags(self):
        found = self.alb.elb.describe_tags(ResourceArns=[self.arn])["TagDescriptions"][0]["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}


def test_what_is_handed_in_is_nobodys_until_the_first_write_and_that_moves_nothing(alb, handed_in):
    place = handed_in("blue")
    assert place.router().read().weights == Weights()
    with pytest.raises(NotOwned, match="must not move traffic: set activeColor to the color that it forwards to"):
        place.router().write(GREEN)
    assert "bluegreen:owner" not in place.tags()
    place.router().write(BLUE)
    assert place.router().read().weights == BLUE
    assert place.tags()["bluegreen:owner"] == "project/stack/web"
    place.router().write(GREEN)
    assert place.router().read().weights == GREEN, "from then on it is the swap's"


@pytest.mark.parametrize("colors", [("stranger",), ("blue", "stranger")])
def test_a_third_target_group_is_no_place_to_adopt(handed_in, colors):
    place = handed_in(*colors)
    before = place.actions()
    with pytest.raises(NotOwned, match="hand in that target group as a color's"):
        place.router().write(BLUE)
    assert place.actions() == before


def test_a_mix_is_adopted_as_no_single_color(handed_in):
    place = handed_in("blue", "green")
    with pytest.raises(NotOwned):
        place.router().write(BLUE)


def test_what_was_handed_in_stays_at_the_end_without_our_tags(alb, handed_in):
    place = handed_in("blue")
    alb.elb.add_tags(ResourceArns=[place.arn], Tags=[{"Key": "team", "Value": "payments"}])
    router = place.router()
    router.write(BLUE)
    router.mark({"lease.1": "x"})
    before = place.actions()
    place.router().delete()
    assert place.tags() == {"team": "payments"}
    assert place.actions() == before


def test_what_another_stack_owns_is_not_adopted(handed_in):
    place = handed_in("blue")
    place.router(owner="other/stack/web").write(BLUE)
    for call in (lambda router: router.read(), lambda router: router.write(BLUE), lambda router: router.delete()):
        with pytest.raises(NotOwned, match="is owned by other/stack/web; this swap is project/stack/web"):
            call(place.router())


def test_a_place_that_is_gone_is_named_and_needs_no_tidying_up(handed_in):
    place = handed_in()
    key = "rule_arn" if "rule_arn" in place.section else "listener_arn"
    gone = place.router(**{key: place.arn + "0"})
    assert gone.read().weights == Weights()
    with pytest.raises(PlatformError, match=r"elasticloadbalancing:Describe(Rules|Listeners): there is no .*0"):
        gone.write(BLUE)
    gone.delete()


def test_a_rule_went_with_its_listener(alb, router):
    gone = router(listener_arn=alb.listener_arn + "0")
    assert gone.read().weights == Weights()
    gone.delete()


def test_signing_in_before_the_forward_stays():
    oidc = {
        "Type": "authenticate-oidc",
        "Order": 7,
        "AuthenticateOidcConfig": {"ClientId": "web", "Issuer": "https://i"},
    }
    kept = elbv2.with_forward([oidc, {"Type": "forward", "TargetGroupArn": "old"}], {"TargetGroups": []})
    assert [(action["Type"], action["Order"]) for action in kept] == [("authenticate-oidc", 1), ("forward", 2)]
    assert kept[0]["AuthenticateOidcConfig"]["UseExistingClientSecret"] is True, "it is never read back"


def test_kept_sticky_clients_stay_at_a_weight_of_0(alb, router):
    made = router(stickiness_seconds=60, sticky_clients="kept")
    made.write(GREEN)
    found = {group["TargetGroupArn"]: group["Weight"] for group in alb.actions()}
    assert found == {alb.groups["blue"]: 0, alb.groups["green"]: 100}
    assert router().read().weights == GREEN, "new clients all go there"
