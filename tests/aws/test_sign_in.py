"""Sign-in on the rule that the swap makes: declared as the provider has it, written before the forward, and kept."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest

from bluegreen.aws import EcsService, alb
from bluegreen.aws.elb import elbv2
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import Readiness, Weights
from bluegreen.swap.service import SwapService
from tests.aws import mocked
from tests.aws.test_entries import COLORS, NETWORK, swap_of
from tests.routers import alb_workshop

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc"
COGNITO = {
    "Type": "authenticate-cognito",
    "AuthenticateCognitoConfig": {
        "UserPoolArn": POOL,
        "UserPoolClientId": "client",
        "UserPoolDomain": "shop",
        "SessionTimeout": 3600,
    },
}
DECLARED = {
    "type": "authenticate-cognito",
    "authenticate_cognito": {
        "user_pool_arn": POOL,
        "user_pool_client_id": "client",
        "user_pool_domain": "shop",
        "session_timeout": 3600,
    },
}
TOKEN = {
    "type": "jwt-validation",
    "jwt_validation": {
        "issuer": "https://id.example.com",
        "jwks_endpoint": "https://id.example.com/keys",
        "additional_claims": [{"format": "single-string", "name": "aud", "values": ["shop"]}],
    },
}
BEHIND = {"certificate_arns": ["arn:cert"], "preview_cidrs": ["10.0.0.0/8"]}


def declared(**options):
    entry = alb(**{**BEHIND, **options})
    return swap_of(mocked.run(lambda: EcsService("web", entry=entry, **COLORS, **NETWORK))[0].resources)


def refusal(**options):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**options)
    return str(refused.value)


def test_it_goes_into_the_swaps_section_as_elbs_api_has_it():
    given = aws.lb.ListenerRuleActionArgs(type="jwt-validation", jwt_validation=TOKEN["jwt_validation"])
    first, second = declared(sign_in=[DECLARED, given])["router"]["sign_in"]
    assert first == COGNITO
    assert second["JwtValidationConfig"] == {
        "Issuer": "https://id.example.com",
        "JwksEndpoint": "https://id.example.com/keys",
        "AdditionalClaims": [{"Format": "single-string", "Name": "aud", "Values": ["shop"]}],
    }


def test_parameters_of_the_users_own_keep_their_names():
    more = {**DECLARED["authenticate_cognito"], "authentication_request_extra_params": {"login_hint": "a_b"}}
    (action,) = declared(sign_in=[{**DECLARED, "authenticate_cognito": more}])["router"]["sign_in"]
    assert action["AuthenticateCognitoConfig"]["AuthenticationRequestExtraParams"] == {"login_hint": "a_b"}


def test_what_only_an_update_knows_is_taken():
    def program():
        config = {**DECLARED["authenticate_cognito"], "user_pool_arn": pulumi.Output.from_input(POOL)}
        EcsService(
            "web", entry=alb(**BEHIND, sign_in=[{**DECLARED, "authenticate_cognito": config}]), **COLORS, **NETWORK
        )

    (action,) = swap_of(mocked.run(program)[0].resources)["router"]["sign_in"]
    assert action["AuthenticateCognitoConfig"]["UserPoolArn"] == POOL


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"sign_in": [DECLARED], "preview_cidrs": []},
            "preview_cidrs: [] is not allowed; allowed: one at least, where",
        ),
        ({"sign_in": [DECLARED], "certificate_arns": []}, "certificate_arns: [] is not allowed"),
        (
            {"sign_in": [{"type": "forward"}]},
            "sign_in[0].type: 'forward' is not allowed; allowed: authenticate-cognito",
        ),
        ({"sign_in": [{"type": "jwt-validation"}]}, "sign_in[0].jwt_validation: None is not allowed"),
        ({"sign_in": [{**DECLARED, "order": 1}]}, "sign_in[0].order: 1 is not allowed"),
        ({"sign_in": [{"type": "authenticate-oidc"}]}, "sign_in[0].authenticate_oidc: None is not allowed"),
        (
            {"sign_in": [{**DECLARED, "authenticate_cognito": {"user_pool": "x"}}]},
            "sign_in[0].authenticate_cognito.user_pool: ",
        ),
        (
            {"sign_in": [DECLARED], "certificate_arns": [], "rule_arn": "arn:rule"},
            "sign_in: 1 is not allowed; allowed: none, where a rule or a whole listener is given",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(options, said):
    assert said in refusal(**options)


# -- the router


@pytest.fixture(scope="module")
def shop(aws_env):
    return alb_workshop.build()


@pytest.fixture
def section(shop):
    yield {**alb_workshop.section(shop), "owner": "project/stack/sign-in"}
    for rule in shop.rules():
        shop.elb.delete_rule(RuleArn=rule["RuleArn"])


def build(section, former=None):
    fields = Fields(section, "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, fields.problems
    given = {} if former is None else {"former": former}
    kind, values = parsed
    return ROUTERS.build((kind, {**values, **given}))


def kinds(shop):
    (rule,) = shop.rules()
    return [action["Type"] for action in rule["Actions"]]


def weights(shop):
    (rule,) = shop.rules()
    groups = rule["Actions"][-1]["ForwardConfig"]["TargetGroups"]
    return {one["TargetGroupArn"]: one["Weight"] for one in groups}


def test_a_rule_is_made_with_it_and_every_step_keeps_it(shop, section):
    asked = {**section, "sign_in": [COGNITO]}
    build(asked).write(Weights.all_on("blue"))
    assert kinds(shop) == ["authenticate-cognito", "forward"]
    build(asked).write(Weights.split("green", 10))
    assert kinds(shop) == ["authenticate-cognito", "forward"]
    assert weights(shop) == {shop.groups["blue"]: 90, shop.groups["green"]: 10}
    (command,) = build(asked).commands(Weights.all_on("green"))
    assert "authenticate-cognito" in command


def test_it_comes_and_goes_with_its_declaration(shop, section):
    blue = Weights.all_on("blue")
    build(section).write(blue)
    assert kinds(shop) == ["forward"]
    asked = {**section, "sign_in": [COGNITO]}
    build(asked, former=section).write(blue)
    assert kinds(shop) == ["authenticate-cognito", "forward"]
    build(section, former=asked).write(blue)
    assert kinds(shop) == ["forward"]


def test_what_somebody_put_there_by_hand_stays_where_none_is_declared(shop, section):
    blue = Weights.all_on("blue")
    build(section).write(blue)
    (rule,) = shop.rules()
    actions = [{**COGNITO, "Order": 1}, {**rule["Actions"][0], "Order": 2}]
    shop.elb.modify_rule(RuleArn=rule["RuleArn"], Actions=actions)
    build(section, former=section).write(Weights.all_on("green"))
    assert kinds(shop) == ["authenticate-cognito", "forward"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"sign_in": "cognito"}, "router.sign_in"),
        ({"sign_in": [{"Type": "authenticate-oidc"}]}, "router.sign_in[0]"),
        ({"sign_in": [{"Type": "jwt-validation"}]}, "router.sign_in[0]"),
        ({"sign_in": [COGNITO], "priority": None}, "router.sign_in"),
    ],
)
def test_a_section_that_cannot_be_is_refused_by_name(section, changes, named):
    fields = Fields({**section, **changes}, "router")
    assert ROUTERS.parse(fields) is None
    assert named in [problem.field for problem in fields.problems]


def test_an_update_writes_it_when_it_is_declared_and_takes_it_away_when_it_is_not(shop, section, monkeypatch):
    """Traffic stays where it is meanwhile: nothing but the declaration has changed."""
    monkeypatch.setattr(elbv2, "target_health", lambda *_: Readiness(True, 1, 1))
    inputs = {
        "active_color": "blue",
        "releases": {"blue": "app:v1", "green": "app:v2"},
        "router": section,
        "poll_interval_seconds": 0.1,
    }
    service = SwapService()
    _, first = service.create(inputs)
    asked = {**inputs, "router": {**section, "sign_in": [COGNITO]}}
    second = service.update(first, asked)
    assert kinds(shop) == ["authenticate-cognito", "forward"]
    assert weights(shop).keys() == {shop.groups["blue"]}
    service.update(second, inputs)
    assert kinds(shop) == ["forward"]
