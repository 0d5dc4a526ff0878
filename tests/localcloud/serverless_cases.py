"""Inputs of the types for Lambda and API Gateway, and a change that each takes in place."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from typing import Any

import boto3

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)


def _function(endpoint: str) -> None:
    """No type of its own here: what Lambda serves is published by others."""
    place = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "")
    iam, client = boto3.client("iam", **place), boto3.client("lambda", **place)
    # A test that runs once more finds what its first try has made.
    with contextlib.suppress(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName="typed")
        return
    role = iam.create_role(RoleName="typed-lambda", AssumeRolePolicyDocument=_TRUST)["Role"]
    client.create_function(
        FunctionName="typed",
        Runtime="python3.12",
        Handler="index.handler",
        Role=role["Arn"],
        Code={"ZipFile": packed.getvalue()},
    )


def openapi(backend: str) -> str:
    """A REST API with one path."""
    integration = {"type": "http_proxy", "httpMethod": "GET", "uri": backend}
    paths = {"/": {"get": {"responses": {}, "x-amazon-apigateway-integration": integration}}}
    return json.dumps({"openapi": "3.0.1", "info": {"title": "typed", "version": "1"}, "paths": paths})


def cases(world: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By type; ``world`` makes what they stand on."""
    tags = {"tags": {"a": "b", "c.d": "e", "BG_VERSION": "BLUE"}}
    if not hasattr(world, "rest_api"):
        _function(world.driver.endpoint)
        world.rest_api = world.make("aws:apigateway/restApi:RestApi", {"body": openapi("http://one.example")}).id
        world.deployments = [
            world.make("aws:apigateway/deployment:Deployment", {"restApi": world.rest_api}).id for _ in range(2)
        ]
        world.http_api = world.make("aws:apigatewayv2/api:Api", {"protocolType": "HTTP"}).id
    uri = {"integrationType": "HTTP_PROXY", "integrationMethod": "GET", "integrationUri": "http://one.example"}
    return {
        "aws:lambda/permission:Permission": (
            {"function": "typed", "action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com"},
            {},
        ),
        "aws:apigateway/restApi:RestApi": (
            {"name": "typed", "body": openapi("http://one.example"), **tags},
            {"body": openapi("http://two.example"), "tags": {"a": "z"}},
        ),
        "aws:apigateway/deployment:Deployment": (
            {"restApi": world.rest_api, "description": "one", "triggers": {"release": "v1"}},
            {},
        ),
        "aws:apigateway/stage:Stage": (
            {
                "restApi": world.rest_api,
                "stageName": "typed",
                "deployment": world.deployments[0],
                "variables": {"a": "b", "c": "d"},
                **tags,
            },
            {"deployment": world.deployments[1], "variables": {"a": "z"}, "tags": {"a": "z"}},
        ),
        "aws:apigatewayv2/api:Api": (
            {"name": "typed", "protocolType": "HTTP", "description": "one", **tags},
            {"description": "two", "tags": {"a": "z"}},
        ),
        "aws:apigatewayv2/integration:Integration": (
            {"apiId": world.http_api, **uri},
            {"integrationUri": "http://${stageVariables.backend}", "timeoutMilliseconds": 1000},
        ),
        "aws:apigatewayv2/route:Route": (
            {"apiId": world.http_api, "routeKey": "GET /a"},
            {"routeKey": "GET /b"},
        ),
        "aws:apigatewayv2/stage:Stage": (
            {"apiId": world.http_api, "name": "typed", "autoDeploy": True, "stageVariables": {"a": "b"}, **tags},
            {"stageVariables": {"a": "z", "b": "c"}, "tags": {"a": "z"}},
        ),
    }
