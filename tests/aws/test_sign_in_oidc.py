"""Sign-in by OpenID Connect on the rule that a swap makes: its client secret goes from its place to ELB alone."""

from __future__ import annotations

import json

import boto3
import pulumi
import pytest
from moto import mock_aws

from bluegreen import secrets
from bluegreen.aws import EcsService, alb
from bluegreen.aws.elb import elbv2
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import BluegreenError, PlatformError
from bluegreen.rollout.model import Readiness, Weights
from bluegreen.swap.service import SwapService
from tests.aws import mocked
from tests.aws.test_entries import COLORS, NETWORK, swap_of
from tests.aws.test_sign_in import BEHIND
from tests.routers import alb_workshop

# Of no other test's: clients are kept by their connection.
REGION = "eu-south-1"
VALUE = "s3cr3t-of-the-client-9f1c"
CONFIG = {
    "Issuer": "https://id.example.com",
    "AuthorizationEndpoint": "https://id.example.com/authorize",
    "TokenEndpoint": "https://id.example.com/token",
    "UserInfoEndpoint": "https://id.example.com/me",
    "ClientId": "shop",
}
OIDC = {"Type": "authenticate-oidc", "AuthenticateOidcConfig": CONFIG}
DECLARED = {
    "type": "authenticate-oidc",
    "authenticate_oidc": {
        "issuer": CONFIG["Issuer"],
        "authorization_endpoint": CONFIG["AuthorizationEndpoint"],
        "token_endpoint": CONFIG["TokenEndpoint"],
        "user_info_endpoint": CONFIG["UserInfoEndpoint"],
        "client_id": "shop",
    },
}
BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


def declared(**options):
    entry = alb(**{**BEHIND, **options})
    return swap_of(mocked.run(lambda: EcsService("web", entry=entry, **COLORS, **NETWORK))[0].resources)


def test_the_swaps_section_has_the_place_of_the_secret_alone():
    router = declared(sign_in=[DECLARED], sign_in_secret={"secrets_manager": "arn:s", "key": "secret"})["router"]
    assert router["sign_in"] == [OIDC]
    assert router["sign_in_secret"] == {"secrets_manager": "arn:s", "key": "secret"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sign_in": [DECLARED]}, "sign_in_secret: None is not allowed; allowed: where the client secret is"),
        ({"sign_in_secret": {"env": "X"}}, "sign_in_secret: "),
        ({"sign_in": [DECLARED], "sign_in_secret": {}}, "sign_in_secret: "),
        ({"sign_in": [DECLARED], "sign_in_secret": {"env": "X", "file": "y"}}, "sign_in_secret: "),
        ({"sign_in": [DECLARED], "sign_in_secret": {"env": "X", "key": "y"}}, "sign_in_secret: "),
        ({"sign_in": [DECLARED], "sign_in_secret": {"value": VALUE}}, "sign_in_secret: "),
        ({"sign_in": [DECLARED], "sign_in_secret": {VALUE: "x", "env": "X"}}, "sign_in_secret: "),
        (
            {
                "sign_in": [
                    {**DECLARED, "authenticate_oidc": {**DECLARED["authenticate_oidc"], "client_secret": VALUE}}
                ],
                "sign_in_secret": {"env": "X"},
            },
            "sign_in[0].authenticate_oidc.client_secret: ",
        ),
    ],
)
def test_what_would_show_it_or_has_no_place_is_refused_without_telling_it(options, said):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**options)
    assert said in str(refused.value)
    assert VALUE not in str(refused.value)


def test_a_section_with_the_secret_itself_is_refused_without_telling_it():
    action = {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {**CONFIG, "ClientSecret": VALUE}}
    where = {"listener_arn": "arn:l", "priority": 100, "target_groups": {"blue": "arn:b", "green": "arn:g"}}
    given = {"kind": "alb", **where, "owner": "o", "sign_in": [action], "sign_in_secret": {"env": "X"}}
    fields = Fields(given, "router")
    assert ROUTERS.parse(fields) is None
    assert [one.field for one in fields.problems] == ["router.sign_in[0].AuthenticateOidcConfig.ClientSecret"]
    assert VALUE not in str(fields.problems)


# -- on an account


@pytest.fixture
def account(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("OIDC_CLIENT_SECRET", VALUE)
    with mock_aws():
        yield alb_workshop.build()


@pytest.fixture
def sent(account, monkeypatch):
    """The sign-in of each write of a rule, as it was sent."""
    written = []
    made = elbv2.with_forward

    def noted(actions, forward):
        composed = made(actions, forward)
        written.extend(one["AuthenticateOidcConfig"] for one in composed if "AuthenticateOidcConfig" in one)
        return composed

    monkeypatch.setattr(elbv2, "with_forward", noted)
    return written


def section(account, secret=None, **changes):
    action = {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {**CONFIG, **changes}}
    given = {"sign_in": [action], "sign_in_secret": secret or {"env": "OIDC_CLIENT_SECRET"}}
    return {**alb_workshop.section(account), **given, "owner": "project/stack/oidc", "aws": {"region": REGION}}


def build(given, former=None):
    fields = Fields(given, "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, fields.problems
    kind, values = parsed
    return ROUTERS.build((kind, {**values, "former": former or {}}))


def test_it_is_sent_when_the_rule_is_made_and_every_step_keeps_what_elb_has(account, sent):
    given = section(account)
    build(given).write(BLUE)
    assert [one.get("ClientSecret") for one in sent] == [VALUE]
    del sent[:]
    for weights in (Weights.split("green", 10), GREEN):
        build(given, former=given).write(weights)
    assert sent == [{**CONFIG, "UseExistingClientSecret": True}] * 2
    (rule,) = account.rules()
    assert [action["Type"] for action in rule["Actions"]] == ["authenticate-oidc", "forward"]


@pytest.mark.parametrize(
    "changed",
    [
        {"ClientId": "shop-2"},
        {"secret": {"env": "OIDC_CLIENT_SECRET", "version": "2"}},
        {"secret": {"file": "{path}"}},
    ],
    ids=["another client", "another version", "another place"],
)
def test_it_is_sent_anew_when_the_client_the_place_or_the_version_changes(account, sent, tmp_path, changed):
    given = section(account)
    build(given).write(BLUE)
    del sent[:]
    path = tmp_path / "secret"
    path.write_text("another-secret-0a8d\n")
    changed = {**changed, **({"secret": {"file": str(path)}} if "file" in changed.get("secret", {}) else {})}
    build(section(account, **changed), former=given).write(BLUE)
    expected = "another-secret-0a8d" if "file" in changed.get("secret", {}) else VALUE
    assert [one.get("ClientSecret") for one in sent] == [expected]


@pytest.mark.parametrize(
    ("text", "more"), [(VALUE, {}), (json.dumps({"client": "shop", "secret": VALUE}), {"key": "secret"})]
)
def test_it_is_read_from_secrets_manager_once_within_an_update(account, sent, text, more):
    arn = boto3.client("secretsmanager").create_secret(Name="bluegreen/oidc", SecretString=text)["ARN"]
    router = build(section(account, {"secrets_manager": arn, **more}))
    router.write(BLUE)
    assert [one.get("ClientSecret") for one in sent] == [VALUE]


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ({"env": "NOT_SET_AT_ALL"}, "env NOT_SET_AT_ALL is missing or empty; sign_in_secret says where"),
        ({"secrets_manager": "bluegreen/nothing"}, "secretsmanager:GetSecretValue: ResourceNotFoundException"),
        ({"secrets_manager": "bluegreen/oidc", "key": "no"}, "no text in the field no of the secret bluegreen/oidc"),
    ],
)
def test_where_it_is_not_nothing_is_written_and_the_place_is_named(account, secret, said):
    boto3.client("secretsmanager").create_secret(Name="bluegreen/oidc", SecretString='{"secret": "x"}')
    with pytest.raises(PlatformError, match=said.replace("(", r"\(")):
        build(section(account, secret)).write(BLUE)
    assert account.rules() == []


def test_no_command_output_or_message_of_a_swap_has_it(account, monkeypatch, caplog):
    monkeypatch.setattr(elbv2, "target_health", lambda *_: Readiness(True, 1, 1))
    given = section(account)
    (command,) = build(given).commands(BLUE)
    assert "CLIENT_SECRET" in command
    assert VALUE not in command
    inputs = {
        "active_color": "blue",
        "releases": {"blue": "app:v1", "green": "app:v2"},
        "router": given,
        "poll_interval_seconds": 0.1,
    }
    service = SwapService()
    _, first = service.create(inputs)
    second = service.update(first, {**inputs, "active_color": "green"})
    for told in (first, second, caplog.text):
        assert VALUE not in str(told)
    assert secrets.redact(f"denied: {VALUE}") != f"denied: {VALUE}"
    assert VALUE not in build(given, former=given).commands(BLUE)[0]


def test_a_sign_in_whose_secret_is_not_there_leaves_the_traffic_and_the_rule_as_they_are(account, monkeypatch):
    monkeypatch.setattr(elbv2, "target_health", lambda *_: Readiness(True, 1, 1))
    plain = {**alb_workshop.section(account), "owner": "project/stack/oidc", "aws": {"region": REGION}}
    inputs = {
        "active_color": "blue",
        "releases": {"blue": "app:v1", "green": "app:v2"},
        "router": plain,
        "poll_interval_seconds": 0.1,
    }
    service = SwapService()
    _, first = service.create(inputs)
    before = [rule["Actions"] for rule in account.rules()]
    asked = {**inputs, "active_color": "green", "router": section(account, {"env": "NOT_SET_AT_ALL"})}
    with pytest.raises(BluegreenError) as failed:
        service.update(first, asked)
    assert "env NOT_SET_AT_ALL is missing or empty" in str(failed.value)
    assert [rule["Actions"] for rule in account.rules()] == before
