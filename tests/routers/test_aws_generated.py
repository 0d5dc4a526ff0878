"""Objects with any field that AWS' own models know are adopted, swapped, let go, and are what they were.

At least 90 % of what is generated has to be adopted; the end of a run says how many were.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bluegreen.aws.route53.records import REFUSED
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS as REGISTRY
from bluegreen.rollout.clock import FakeClock, SystemClock
from bluegreen.rollout.errors import BluegreenError, NotOwned
from bluegreen.rollout.model import COLORS, Weights
from bluegreen.swap.service import SwapService
from tests.amounts import examples
from tests.routers import aws_cli
from tests.routers import aws_worlds as worlds
from tests.routers.aws_store import CONNECTION
from tests.routers.aws_worlds import ALIASES, GROUPS, LISTENER, NAME, NETWORK, ROUTERS, RULE, TEST_RULE, World

# Of fewer than ten a single one that is refused would be more than a tenth.
EXAMPLES, ADOPTED = max(10, examples(40)), 0.9
CLOCK = FakeClock()


def inputs(world: World, color: str) -> dict[str, Any]:
    releases = {"blue": "v1", "green": "v2"}
    found = {"name": "web", "active_color": color, "releases": releases, "router": world.router}
    found["converge_timeout_seconds"] = 300
    return {**found, "strategy": world.strategy} if world.strategy else found


@pytest.fixture(autouse=True)
def _fake_time(monkeypatch):
    """Routers that wait for caches wait on the same clock as the swap."""
    for name in ("wall_seconds", "monotonic_seconds", "sleep"):
        monkeypatch.setattr(SystemClock, name, lambda _, *given, name=name: getattr(CLOCK, name)(*given))


def live_through(world: World) -> bool:
    """A swap's life, with a promotion, a rollback, and a promotion that is restored; ``False`` where it was refused."""
    swaps = SwapService(lambda event: None, CLOCK)
    before, theirs = world.seen(), world.theirs()
    try:
        _, outputs = swaps.create(inputs(world, "blue"))
    except NotOwned:
        assert world.seen() == before
        return False
    for color, outcome in (("green", "promoted"), ("blue", "rolled_back")):
        outputs = swaps.update(outputs, inputs(world, color))
        assert (outputs["live_color"], outputs["history"][0]["outcome"]) == (color, outcome)
        assert world.theirs() in (theirs, None)
    world.store.refuses = 2 if world.strategy else 1
    retried = {**inputs(world, "green"), "retry": "once more"}
    with pytest.raises(BluegreenError, match="AccessDenied"):
        swaps.update(outputs, retried)
    assert world.store.refuses == 0
    swaps.delete(outputs)
    after = world.seen()
    assert after == before, f"before: {before}\nafter: {after}"
    return True


@pytest.mark.parametrize("router", ROUTERS)
def test_whatever_the_model_knows_stays(router, record_property):
    strategy, world_of = ROUTERS[router]
    counted: Counter[bool] = Counter()

    @settings(
        max_examples=EXAMPLES,
        derandomize=EXAMPLES < 40,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(found=strategy)
    def check(found):
        with world_of(found) as world:
            counted[live_through(world)] += 1

    check()
    share = counted[True] / counted.total()
    record_property("adopted", f"{share:.0%} of {counted.total()}")
    assert share >= ADOPTED, f"{share:.0%} of {counted.total()} were adopted by {router}"


# -- modelled on somebody's file

OIDC = {
    "Type": "authenticate-oidc",
    "Order": 1,
    "AuthenticateOidcConfig": {
        "Issuer": "https://id.example.com",
        "AuthorizationEndpoint": "https://id.example.com/authorize",
        "TokenEndpoint": "https://id.example.com/token",
        "UserInfoEndpoint": "https://id.example.com/userinfo",
        "ClientId": "web",
        "ClientSecret": "kept",
        "Scope": "openid email",
        "SessionTimeout": 28_800,
        "AuthenticationRequestExtraParams": {"prompt": "login"},
        "OnUnauthenticatedRequest": "authenticate",
    },
}
API_TOKEN = {
    "Type": "jwt-validation",
    "Order": 10,
    "JwtValidationConfig": {
        "JwksEndpoint": "https://id.example.com/jwks",
        "Issuer": "https://id.example.com",
        "AdditionalClaims": [{"Format": "space-separated-values", "Name": "scope", "Values": ["orders:write"]}],
    },
}
STICKY = {"Enabled": True, "DurationSeconds": 86_400}


def forward(order, sticky=STICKY):
    groups = [{"TargetGroupArn": GROUPS["blue"], "Weight": 100}, {"TargetGroupArn": GROUPS["green"], "Weight": 0}]
    return {
        "Type": "forward",
        "Order": order,
        "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky},
    }


def rule(arn, actions):
    """A shop's, of one host and some paths, for its own networks, with the prefix taken off."""
    return {
        "RuleArn": arn,
        "Priority": "10",
        "IsDefault": False,
        "Conditions": [
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["shop.example.com", "*.shop.example.com"]}},
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/orders/*"]}},
            {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
        ],
        "Transforms": [
            {
                "Type": "url-rewrite",
                "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/orders/(.*)$", "Replace": "/$1"}]},
            }
        ],
        "Actions": actions,
    }


LISTENED = {
    "ListenerArn": LISTENER,
    "Port": 443,
    "Protocol": "HTTPS",
    "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "Certificates": [{"CertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/c"}],
    "MutualAuthentication": {
        "Mode": "verify",
        "TrustStoreArn": worlds.ARN + "truststore/t/1",
    },
    "DefaultActions": [OIDC, forward(2)],
}
ALIASED = {"HostedZoneId": "Z9", "DNSName": "dualstack.blue.elb.amazonaws.com.", "EvaluateTargetHealth": False}
SOMEBODYS = {
    "alb, a rule": rule(RULE, [OIDC, forward(2)]),
    "alb, a whole listener": LISTENED,
    "alb_listeners": (rule(RULE, [API_TOKEN, forward(20)]), rule(TEST_RULE, [forward(1)])),
    "nlb": {
        "ListenerArn": NETWORK,
        "Port": 443,
        "Protocol": "TLS",
        "AlpnPolicy": ["HTTP2Preferred"],
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": GROUPS["blue"], "Order": 1}],
    },
    "route53": [
        {"Name": NAME, "Type": kind, "AliasTarget": ALIASED, "HealthCheckId": "8b4a"} for kind in ("A", "AAAA")
    ],
    "lambda_alias": {
        "AliasArn": worlds.ALIAS_ARN,
        "Name": "live",
        "FunctionVersion": "1",
        "Description": "orders, what API Gateway calls (team: checkout)",
        "RevisionId": "r0",
    },
    "http_api_stage": {
        "StageName": "$default",
        "AutoDeploy": True,
        "StageVariables": {"backend": "blue.example.com", "region": "eu"},
        "DefaultRouteSettings": {"ThrottlingBurstLimit": 50, "DetailedMetricsEnabled": True},
        "RouteSettings": {"POST /orders": {"ThrottlingRateLimit": 10.0}},
        "AccessLogSettings": {"DestinationArn": "arn:aws:logs:eu-central-1:123456789012:log-group:x", "Format": "$x"},
        "Tags": {"team": "orders"},
    },
    "rest_api_canary": {
        "stageName": "prod",
        "deploymentId": "d1",
        "variables": {"table": "orders"},
        "methodSettings": {"*/*": {"throttlingRateLimit": 10.0, "cachingEnabled": True}},
        "cacheClusterEnabled": True,
        "cacheClusterSize": "0.5",
        "tracingEnabled": True,
        "webAclArn": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/a/1",
        "tags": {"team": "orders"},
    },
}


@pytest.mark.parametrize("router", ROUTERS)
def test_what_people_have_stays(router):
    with ROUTERS[router][1](SOMEBODYS[router]) as world:
        assert live_through(world)


# -- what is not adopted, and what is left where another color is live


SECTIONS = ("CidrRoutingConfig", "GeoLocation", "GeoProximityLocation")


@pytest.mark.parametrize("field", REFUSED)
def test_a_record_that_weights_would_change_is_refused_by_its_field(field):
    record = {
        "Name": NAME,
        "Type": "A",
        "AliasTarget": ALIASED,
        "SetIdentifier": "it",
        field: {} if field in SECTIONS else "x",
    }
    with worlds.in_a_zone([record]) as world:
        with pytest.raises(NotOwned, match=field):
            SwapService(lambda event: None, CLOCK).create(inputs(world, "blue"))
        assert world.seen() == [record]


def test_an_alias_whose_description_leaves_no_room_is_refused():
    alias = {**SOMEBODYS["lambda_alias"], "Description": "x" * 230}
    with worlds.of_a_function(alias) as world:
        before = world.seen()
        with pytest.raises(NotOwned, match=r"a description of 230 characters, [0-9]+ too many"):
            SwapService(lambda event: None, CLOCK).create(inputs(world, "blue"))
        assert world.seen() == before


@pytest.mark.parametrize("router", ["route53", "lambda_alias"])
def test_what_was_adopted_answers_for_the_live_color_after_the_swap(router):
    swaps = SwapService(lambda event: None, CLOCK)
    with ROUTERS[router][1](SOMEBODYS[router]) as world:
        _, outputs = swaps.create(inputs(world, "blue"))
        outputs = swaps.update(outputs, inputs(world, "green"))
        swaps.delete(outputs)
        if router == "route53":
            found = [(one["Type"], one["AliasTarget"]["DNSName"]) for one in world.seen()]
            assert found == [("A", ALIASES["green"]), ("AAAA", ALIASES["green"])]
        else:
            alias, tags = world.seen()
            assert (alias["FunctionVersion"], alias["Description"]) == ("2", SOMEBODYS[router]["Description"])
            assert tags == {"team": "orders"}


@pytest.mark.parametrize("router", ROUTERS)
def test_what_is_typed_by_hand_calls_where_the_swap_does(router):
    with ROUTERS[router][1](SOMEBODYS[router]) as world:
        parsed = REGISTRY.parse(Fields({**world.router, "aws": {**CONNECTION, "profile": None}}, "router"))
        assert parsed is not None
        made = REGISTRY.build(parsed)
        made.read()
        for weights in (Weights.all_on("green"), Weights()):
            for command in made.commands(weights):
                assert command.split(" ")[3:5] == ["--region", CONNECTION["region"]]


@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize("router", ROUTERS)
def test_what_is_typed_by_hand_is_what_the_swap_writes(router, color):
    seen = []
    for by_hand in (False, True):
        with ROUTERS[router][1](SOMEBODYS[router]) as world:
            parsed = REGISTRY.parse(Fields(world.router, "router"))
            assert parsed is not None
            made = REGISTRY.build(parsed)
            made.read()
            made.write(Weights.all_on("blue"))
            if world.strategy:
                made.write(Weights.split("green", 10))
            if by_hand:
                for command in made.commands(Weights.all_on(color)):
                    aws_cli.run(command)
            else:
                made.write(Weights.all_on(color))
            seen.append(world.seen())
    assert seen[0] == seen[1]
