"""Rules and listeners that somebody else made, richer than the swap's own: kept whole, or refused before any write."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from bluegreen.rollout.errors import NotOwned
from bluegreen.rollout.model import Weights
from tests.routers.elb_echo import GROUPS, LISTENER, NETWORK_LISTENER, RULE, Elb, options_of, router

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
FORWARD = {"Type": "forward", "Order": 2, "TargetGroupArn": GROUPS["blue"]}
JWT = {"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": {"JwksEndpoint": "https://i/j", "Issuer": "i"}}
OIDC = {
    "Type": "authenticate-oidc",
    "Order": 1,
    "AuthenticateOidcConfig": {
        "Issuer": "https://i",
        "AuthorizationEndpoint": "https://i/a",
        "TokenEndpoint": "https://i/t",
        "UserInfoEndpoint": "https://i/u",
        "ClientId": "it's",
    },
}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
PAGE = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "closed today"}}
STICKY = {"Enabled": True, "DurationSeconds": 86_400}
PLACES = {
    "rule": {"rule_arn": RULE},
    "listener": {"listener_arn": LISTENER},
    "production of two": {"kind": "alb_listeners", "rule_arn": RULE},
    "network": {"kind": "nlb", "listener_arn": NETWORK_LISTENER},
}


@pytest.fixture(params=PLACES)
def where(request):
    return PLACES[request.param]


def standing(where, actions):
    arn = where.get("rule_arn") or where["listener_arn"]
    return closing(Elb(arn, actions))


def sticky_forward(**groups):
    found = [{"TargetGroupArn": GROUPS[color], "Weight": weight} for color, weight in groups.items()]
    return {
        "Type": "forward",
        "Order": 1,
        "ForwardConfig": {"TargetGroups": found, "TargetGroupStickinessConfig": STICKY},
    }


@pytest.mark.parametrize("first", [JWT, OIDC], ids=lambda action: action["Type"])
def test_what_requests_have_to_pass_before_the_forward_stays(where, first):
    with standing(where, [first, FORWARD]) as elb:
        made = router(**where)
        made.read()
        for weights in (BLUE, GREEN, BLUE):
            made.write(weights)
            assert [action["Type"] for action in elb.actions] == [first["Type"], "forward"]


@pytest.mark.parametrize("action", [REDIRECT, PAGE], ids=["redirect", "page"])
def test_what_serves_somebody_without_a_forward_is_refused_by_name_and_left_alone(where, action):
    with standing(where, [action]) as elb:
        made = router(**where)
        made.read()
        with pytest.raises(NotOwned, match=rf"Actions of {elb.arn} end with {action['Type']}"):
            made.write(BLUE)
        assert (elb.actions, elb.tags) == ([action], {})


def test_an_action_that_nobody_here_knows_is_refused_where_it_ends_the_list(where):
    with standing(where, [{"Type": "answer-by-lot", "Order": 1}]) as elb:
        made = router(**where)
        made.read()
        with pytest.raises(NotOwned, match="end with answer-by-lot"):
            made.write(BLUE)
        assert elb.tags == {}


def test_an_error_for_everybody_stands_for_nobody(where):
    nobody = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    with standing(where, [nobody]) as elb:
        made = router(**where)
        made.read()
        made.write(BLUE)
        assert [action["Type"] for action in elb.actions] == ["forward"]


def test_stickiness_that_was_found_stays_through_every_write(where):
    with standing(where, [sticky_forward(blue=100, green=0)]) as elb:
        made = router(**where)
        made.read()
        steps = [Weights.split("green", 10)] if where.get("kind") is None else []
        for weights in (BLUE, *steps, GREEN):
            made.write(weights)
            assert elb.actions[-1]["ForwardConfig"]["TargetGroupStickinessConfig"] == STICKY, weights


def test_stickiness_of_the_swaps_own_goes_with_its_split():
    where = {"rule_arn": RULE, "stickiness_seconds": 60}
    with standing(where, [FORWARD]) as elb:
        made = router(**where)
        made.read()
        made.write(BLUE)
        made.write(Weights.split("green", 10))
        assert elb.actions[-1]["ForwardConfig"]["TargetGroupStickinessConfig"]["DurationSeconds"] == 60
        made.write(GREEN)
        assert "TargetGroupStickinessConfig" not in elb.actions[-1]["ForwardConfig"]


def test_the_command_by_hand_is_the_write_with_all_that_was_found(where):
    with standing(where, [OIDC, {**sticky_forward(blue=1), "Order": 2}]) as elb:
        made = router(**where)
        made.read()
        made.write(BLUE)
        command = made.commands(GREEN)[0]
        made.write(GREEN)
        given = options_of(command)
        actions = given.get("--actions") or given["--default-actions"]
        assert json.loads(actions) == (elb.wrote.get("Actions") or elb.wrote["DefaultActions"])
        assert json.loads(actions)[0]["AuthenticateOidcConfig"]["UseExistingClientSecret"] is True


def test_the_command_that_gives_a_place_up_takes_all_of_the_swaps_tags(where):
    with standing(where, [FORWARD]) as elb:
        made = router(**where)
        made.read()
        made.write(BLUE)
        made.mark({"lease.1": "x"})
        made.read()
        words = made.commands(Weights())[0].split()
        assert set(words[words.index("--tag-keys") + 1 :]) == set(elb.tags)


def test_what_has_no_room_for_a_swaps_tags_is_refused_before_any_write(where):
    with standing(where, [FORWARD]) as elb:
        elb.tags = {f"k{number}": "v" for number in range(38)}
        before = dict(elb.tags)
        made = router(**where)
        made.read()
        with pytest.raises(NotOwned, match="has 38 tags, 1 too many for the 13 that a swap needs"):
            made.write(BLUE)
        assert (elb.tags, elb.wrote) == (before, {})
