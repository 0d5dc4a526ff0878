"""Another version under the live color of a Lambda alias gets no call; a revert of both moves calls first."""

from __future__ import annotations

import io
import zipfile

import boto3
import pytest
from moto import mock_aws

from bluegreen.aws.functions.router import LambdaAliasRouter
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import InvalidInput
from bluegreen.rollout.model import Decision, Phase
from bluegreen.swap.lease import leases_in
from bluegreen.swap.service import SwapService
from tests.swap.must_not_happen.situations import scripted

# Of no other test's: clients are kept by their connection.
REGION = "eu-south-2"


def code(number):
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as packed:
        packed.writestr("l.py", f"def handler(event, context): return {number}")
    return kept.getvalue()


@pytest.fixture
def functions(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        client = boto3.client("lambda")
        client.create_function(
            FunctionName="orders",
            Runtime="python3.12",
            Role=role,
            Handler="l.handler",
            Code={"ZipFile": code(1)},
            Publish=True,
        )
        for number in (2, 3):
            client.update_function_code(FunctionName="orders", ZipFile=code(number), Publish=True)
        yield client


def inputs(color, blue, green):
    return {
        "name": "orders",
        "active_color": color,
        "releases": {"blue": "orders", "green": "orders next"},
        "gates": [scripted(Phase.BEFORE, Phase.HOLD)],
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 60}]},
        "router": {
            "kind": "lambda_alias",
            "function_name": "orders",
            "alias_name": "live",
            "versions": {"blue": blue, "green": green},
            "owner": "p/s/orders",
            "aws": {"region": REGION},
        },
    }


def alias(functions):
    found = functions.get_alias(FunctionName="orders", Name="live")
    return found["FunctionVersion"], (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}


def service():
    return SwapService(clock=FakeClock())


def test_another_version_in_the_live_color_is_refused_and_no_call_goes_there(functions, script):
    _, olds = service().create(inputs("blue", "1", "2"))
    script.always(Decision.FAIL)
    news = inputs("blue", "3", "2")
    _, problems = service().check(olds, news)
    assert [problem.field for problem in problems] == ["router.versions.blue"]
    with pytest.raises(InvalidInput, match=r"router\.versions\.blue: '3' is not allowed; allowed: '1'"):
        service().update(olds, news)
    assert alias(functions) == ("1", {})


def test_a_revert_of_version_and_color_at_once_is_a_rollback_under_a_lease(functions, script, monkeypatch):
    _, first = service().create(inputs("blue", "1", "2"))
    olds = service().update(first, inputs("green", "1", "3"))
    assert alias(functions) == ("3", {})
    script.asked.clear()
    script.always(Decision.FAIL)
    held, write = [], LambdaAliasRouter.write

    def written(router, weights):
        held.append(leases_in(router.marks()))
        write(router, weights)

    monkeypatch.setattr(LambdaAliasRouter, "write", written)
    outputs = service().update(olds, inputs("blue", "1", "2"))
    assert outputs["history"][0]["outcome"] == "rolled_back"
    assert (alias(functions), script.asked) == (("1", {}), [])
    assert all(held), "each write is under a lease"
    assert service().diff(outputs, inputs("blue", "1", "2")).changes is False
