"""A swap calls AWS as the Pulumi provider does, as far as the stack's config says; what it cannot take is said."""

from __future__ import annotations

import json

import pulumi
import pytest

from bluegreen.aws import EcsService, alb, dns, provider_config
from bluegreen.aws import client as aws
from bluegreen.aws.client import AwsConnection
from tests.aws import mocked
from tests.aws.test_entries import COLORS, LISTENER, NETWORK
from tests.routers import route53_workshop

ROLE = "arn:aws:iam::123456789012:role/deploy"
ONE = [{"roleArn": ROLE, "externalId": "shop", "sessionName": "pulumi"}]
KEYS = ("accessKey", "secretKey", "token")


@pytest.fixture
def config(monkeypatch):
    found = {}
    monkeypatch.setattr(pulumi.Config, "get", lambda _, key, *__: found.get(key))
    monkeypatch.setattr(pulumi.Config, "get_object", lambda _, key, *__: json.loads(found.get(key) or "null"))
    return found


def said(given=None):
    return provider_config.differences(given or {}, None)


def test_region_profile_one_role_and_one_address_are_taken(config):
    config |= {"region": "eu-central-1", "profile": "shop", "assumeRoles": json.dumps(ONE)}
    config["endpoints"] = json.dumps([{"ecs": "http://127.0.0.1:1", "elbv2": "http://127.0.0.1:1"}])
    assert provider_config.taken({}) == {
        "region": "eu-central-1",
        "profile": "shop",
        "role_arn": ROLE,
        "external_id": "shop",
        "endpoint_url": "http://127.0.0.1:1",
    }
    assert AwsConnection(**provider_config.taken({})).role_arn == ROLE
    assert said() == []


def test_what_the_component_is_given_counts_more(config):
    config |= {"region": "eu-central-1", "assumeRoles": json.dumps(ONE)}
    given = {"region": "us-east-1", "profile": "mine"}
    assert provider_config.taken(given) == given, "with a profile of its own it takes on no other role"


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_never_taken(config, key):
    config[key] = "AKIAEXAMPLE"
    assert provider_config.taken({}) == {}


def test_what_cannot_be_taken_is_said(config):
    config |= {"assumeRoles": json.dumps([*ONE, *ONE]), "accessKey": "AKIAEXAMPLE"}
    config["endpoints"] = json.dumps([{"ecs": "http://127.0.0.1:1", "elbv2": "http://127.0.0.1:2"}])
    assert provider_config.taken({}) == {}
    roles, keys, addresses = said()
    assert roles.startswith("aws:assumeRoles names 2 roles")
    assert "keeps no keys" in keys
    assert "AKIA" not in keys
    assert addresses.endswith("a swap has one for all services: give the component aws_connection")


def test_a_provider_of_the_components_own_is_said(monkeypatch):
    warned = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: warned.append(text))

    def program():
        provider = pulumi.ProviderResource("aws", "other", {})
        options = pulumi.ResourceOptions(providers=[provider])
        EcsService("web", entry=alb(listener_arn=LISTENER), opts=options, **COLORS, **NETWORK)

    mocked.run(program)
    assert [text.partition(",")[0] for text in warned] == ["web: the component has an AWS provider of its own"]


def warnings_of(monkeypatch, options, **more):
    warned = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: warned.append(text))

    def program():
        EcsService("web", entry=alb(listener_arn=LISTENER), opts=options(), **more, **COLORS, **NETWORK)

    mocked.run(program)
    return warned


def test_a_region_alone_does_not_say_as_whom_the_swap_calls(monkeypatch):
    def options():
        return pulumi.ResourceOptions(providers=[pulumi.ProviderResource("aws", "other", {})])

    (said,) = warnings_of(monkeypatch, options, aws_connection={"region": LISTENER.split(":")[3]})
    assert "the swap takes profile or role from the stack's config" in said


REGION = LISTENER.split(":")[3]


@pytest.mark.parametrize(
    ("made_with", "given", "said"),
    [
        ({"region": REGION}, {"region": REGION}, []),
        ({"region": "us-gov-west-1"}, {}, ["is in us-gov-west-1, and the swap calls"]),
        ({"region": REGION, "profile": "prod"}, {"region": REGION}, ["has the profile prod"]),
        ({"region": REGION, "profile": "prod"}, {"region": REGION, "profile": "prod"}, []),
        ({"region": REGION, "access_key": "AKIAEXAMPLE"}, {"region": REGION}, ["a swap keeps no keys"]),
        ({"region": REGION, "endpoints": [{"ecs": "http://127.0.0.1:1"}]}, {"region": REGION}, ["has endpoints"]),
    ],
)
def test_a_provider_that_the_program_has_made_is_compared_with_the_swap(monkeypatch, made_with, given, said):
    import pulumi_aws

    def options():
        return pulumi.ResourceOptions(providers=[pulumi_aws.Provider("other", **made_with)])

    connection = {"aws_connection": given} if given else {}
    warned = warnings_of(monkeypatch, options, **connection)
    assert len(warned) == len(said), warned
    assert all(text in warning for text, warning in zip(said, warned, strict=True))
    assert "AKIA" not in str(warned)


@pytest.mark.parametrize(
    ("roles", "count"),
    [
        ('[{"roleArn": "arn:aws:iam::1:role/a"}]', 1),
        ('[{"roleArn": "arn:aws:iam::1:role/a"}, {"roleArn": "arn:aws:iam::1:role/b"}]', 1),
        ([{"role_arn": ROLE}], 0),
        (None, 0),
    ],
)
def test_the_roles_of_such_a_provider_are_compared_in_each_form_that_they_have(config, roles, count):
    config["assumeRoles"] = json.dumps(ONE)
    assert len(provider_config._differences_of_own({}, {"assume_roles": roles})) == count


@pytest.mark.parametrize("key", ["policyArns", "sourceIdentity", "tags"])
def test_what_a_role_is_taken_on_with_is_said(config, key):
    config["assumeRoles"] = json.dumps([{**ONE[0], key: ["x"]}])
    (one,) = said()
    assert f"aws:assumeRoles has {key}" in one


@pytest.mark.parametrize("key", ["assumeRoleWithWebIdentity", "sharedConfigFiles", "httpsProxy", "useFipsEndpoint"])
def test_what_only_the_provider_has_is_said(config, key):
    config[key] = "true"
    assert said() == [f"aws:{key} is the provider's alone: give the component aws_connection"]


def test_what_is_handed_in_is_of_the_account_of_the_swaps_role():
    elsewhere = {"role_arn": ROLE.replace("1234", "9999"), "region": LISTENER.split(":")[3]}
    entry = alb(listener_arn=LISTENER)
    with pytest.raises(pulumi.RunError, match=r"listener_arn: .* is not allowed; allowed: one of the account 9999"):
        mocked.run(lambda: EcsService("web", entry=entry, aws_connection=elsewhere, **COLORS, **NETWORK))


def test_a_role_is_taken_on_with_its_external_id():
    said_of = aws._said_of_a_role(AwsConnection(role_arn=ROLE, external_id="shop"))
    assert said_of == {"RoleSessionName": "bluegreen", "ExternalId": "shop"}


def test_a_zone_may_have_a_role_of_its_own():
    entry = dns(zone_id="Z1", record_name="a.example.com", zone_role_arn=ROLE, zone_external_id="shop")
    drafted = entry.draft("p/s/web", {"region": "eu-central-1"})
    targets = {color: f"{color}.example.net" for color in ("blue", "green")}
    made = route53_workshop.router({**drafted, "targets": targets})
    assert made._zone.aws == AwsConnection(region="eu-central-1", role_arn=ROLE, external_id="shop")
    assert made.health_of.aws == AwsConnection(region="eu-central-1"), "the colors are where the swap is"
