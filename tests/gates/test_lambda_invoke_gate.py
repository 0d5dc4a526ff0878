"""The gate that calls a function: real calls of real containers in the emulator, and played answers for errors."""

import io
import json

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from bluegreen import gates
from bluegreen.aws.client import AwsConnection
from bluegreen.fields import Fields
from bluegreen.gates.registry import GATES
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Decision, Phase
from bluegreen.rollout.ports import GateContext, Preview
from tests.routers import lambda_workshop


def parsed(inputs):
    fields = Fields(inputs, "gates[0]")
    found = GATES.parse(fields)
    return found, [str(problem) for problem in fields.problems]


def build(inputs):
    found, problems = parsed(inputs)
    assert not problems
    return GATES.build(found)


@pytest.fixture(scope="module")
def function(aws_env, cloud):
    """Versions 1 to 3 run the sample app's images, which say their version."""
    return lambda_workshop.of_images([cloud.image(tag) for tag in ("v1", "v2")])


def test_the_colors_own_version_is_called(function):
    functions = {"blue": f"{function.name}:1", "green": f"{function.name}:2"}
    gate = build(gates.lambda_invoke({"path": "/"}, functions=functions, json_match={"version": "v2"}))
    passed, failed = gate.evaluate(GateContext("green")), gate.evaluate(GateContext("blue"))
    assert str(passed) == f"{function.name}:2 (version 2) answered"
    assert (failed.decision, failed.value, failed.limit) == (Decision.FAIL, "version = 'v1'", "version = 'v2'")
    assert failed.reason == f"{function.name}:1 (version 1)"


def test_a_function_that_is_not_there_fails(function):
    gate = build(gates.lambda_invoke(hook="arn:aws:lambda:us-east-1:123456789012:function:nobody"))
    assert str(gate.evaluate(GateContext("green"))) == "there is no nobody against an answer without an error"


@pytest.fixture
def played(monkeypatch):
    """The emulator's sample app throws no errors: botocore's Stubber plays Lambda's answers."""
    client = boto3.client("lambda", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(AwsConnection, "client", lambda *_: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def answer(body, **more):
    raw = body.encode()
    return {"StatusCode": 200, "ExecutedVersion": "2", "Payload": StreamingBody(io.BytesIO(raw), len(raw)), **more}


COLORS = {"blue": "orders:1", "green": "orders:2"}


def test_a_functions_error_fails_and_is_shown(played):
    played.add_response("invoke", answer('{"errorMessage": "no database"}', FunctionError="Unhandled"))
    verdict = build(gates.lambda_invoke(functions=COLORS)).evaluate(GateContext("green"))
    assert verdict.decision is Decision.FAIL
    assert str(verdict) == (
        'orders:2 (version 2): Unhandled error against an answer without an error; {"errorMessage": "no database"}'
    )


@pytest.mark.parametrize(
    ("body", "decision", "value"),
    [
        ('{"statusCode": 200, "body": "{\\"ok\\": true}"}', Decision.PASS, "orders:2 (version 2) answered"),
        ('{"statusCode": 503, "body": "{\\"ok\\": true}"}', Decision.FAIL, "statusCode = 503"),
        ('{"statusCode": 200, "body": "{\\"ok\\": false}"}', Decision.FAIL, "body.ok = False"),
        ('{"statusCode": 200, "body": "all well"}', Decision.FAIL, "body.ok = None"),
        ("null", Decision.FAIL, "statusCode = None"),
        ("well", Decision.FAIL, "an answer that is not JSON"),
    ],
)
def test_an_answer_is_held_against_what_is_expected(played, body, decision, value):
    played.add_response("invoke", answer(body), {"FunctionName": "orders:2", "Payload": b"{}"})
    gate = build(gates.lambda_invoke(functions=COLORS, status_code=200, json_match={"body.ok": True}))
    verdict = gate.evaluate(GateContext("green"))
    assert (verdict.decision, verdict.value) == (decision, value)


def test_a_hook_is_told_what_it_is_asked_about(played):
    told = {
        "color": "green",
        "other_color": "blue",
        "phase": "hold",
        "weight_percent": 10,
        "service": "orders",
        "release": "v2",
        "preview_url": "https://green.example.com",
        "preview_headers": {},
        "payload": {"deep": True},
    }
    played.add_response("invoke", answer("null"), {"FunctionName": "smoke", "Payload": json.dumps(told).encode()})
    context = GateContext(
        "green",
        Preview("https://green.example.com", {}),
        service="orders",
        releases={"green": "v2"},
        phase=Phase.HOLD,
        weight_percent=10,
    )
    gate = build(gates.lambda_invoke({"deep": True}, hook="smoke"))
    assert gate.label == "lambda hook smoke"
    assert gate.evaluate(context).decision is Decision.PASS


def test_a_function_that_cannot_be_asked_is_no_pass(played):
    played.add_client_error("invoke", "TooManyRequestsException", "Rate Exceeded.")
    with pytest.raises(PlatformError, match=r"lambda:InvokeFunction: TooManyRequestsException: Rate Exceeded\."):
        build(gates.lambda_invoke(functions=COLORS)).evaluate(GateContext("green"))


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        (gates.lambda_invoke(), "gates[0].functions: None is not allowed; allowed: a function for each color, or else"),
        (gates.lambda_invoke(functions=COLORS, hook="smoke"), "or else a hook"),
        (gates.lambda_invoke(functions={"blue": "orders:1"}), "gates[0].functions.green: None"),
        (gates.lambda_invoke(hook="smoke", status_code=999), "gates[0].status_code: 999"),
        ({**gates.lambda_invoke(hook="smoke"), "json_match": "ok"}, "gates[0].json_match: 'ok'"),
    ],
)
def test_what_cannot_be_is_refused_by_name(inputs, problem):
    assert any(problem in found for found in parsed(inputs)[1])
