"""A REST API: each color is a deployment of it, and a promotion is the canary of its stage."""

import json

import pulumi
import pulumi_aws as aws

import bluegreen
from bluegreen.aws import RestApiStage
from settings import swaps

config = pulumi.Config()


def document(backend_url: str) -> str:
    """The API as OpenAPI: everything goes to the backend."""
    integration = {"type": "http_proxy", "httpMethod": "GET", "uri": backend_url}
    responses = {"200": {"description": "what the backend says"}}
    paths = {"/": {"get": {"responses": responses, "x-amazon-apigateway-integration": integration}}}
    return json.dumps({"openapi": "3.0.1", "info": {"title": "orders", "version": "1"}, "paths": paths})


api = aws.apigateway.RestApi("orders", body=document(config.require("backendUrl")))
# A deployment is the API as it was when its release was named: change the API, and the idle color's release.
deployments = {
    color: aws.apigateway.Deployment(
        f"orders-{color}",
        rest_api=api.id,
        description=config.require(f"{color}Release"),
        triggers={"release": config.require(f"{color}Release")},
    )
    for color in ("blue", "green")
}
orders = RestApiStage(
    "orders",
    active_color=config.require("activeColor"),
    rest_api_id=api.id,
    blue={"deployment_id": deployments["blue"].id, "release": config.require("blueRelease")},
    green={"deployment_id": deployments["green"].id, "release": config.require("greenRelease")},
    **swaps(strategy=bluegreen.canary(10, hold_seconds=300), gates=[bluegreen.gates.http("/", interval_seconds=2)]),
)

pulumi.export("url", orders.url)
pulumi.export("previewUrls", orders.preview_urls)
pulumi.export("restApiId", api.id)
pulumi.export("deployments", {color: deployment.id for color, deployment in deployments.items()})
pulumi.export("liveColor", orders.live_color)
pulumi.export("weights", orders.weights)
pulumi.export("history", orders.history)
