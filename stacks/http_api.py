"""An HTTP API whose integration goes where a stage variable says: to one backend or the other, whole."""

import pulumi
import pulumi_aws as aws

import bluegreen
from bluegreen.aws import HttpApiStage
from settings import swaps

config = pulumi.Config()

api = aws.apigatewayv2.Api("orders", protocol_type="HTTP")
integration = aws.apigatewayv2.Integration(
    "orders",
    api_id=api.id,
    integration_type="HTTP_PROXY",
    integration_method=config.get("integrationMethod") or "ANY",
    integration_uri=f"{config.get('backendScheme') or 'https'}://${{stageVariables.backend}}/{{proxy}}",
)
route = aws.apigatewayv2.Route(
    "orders",
    api_id=api.id,
    route_key="ANY /{proxy+}",
    target=pulumi.Output.concat("integrations/", integration.id),
)
orders = HttpApiStage(
    "orders",
    active_color=config.require("activeColor"),
    api_id=api.id,
    variable="backend",
    blue={"value": config.require("blueBackend")},
    green={"value": config.require("greenBackend")},
    **swaps(gates=[bluegreen.gates.http("/healthz", interval_seconds=2)]),
    opts=pulumi.ResourceOptions(depends_on=[route]),
)

pulumi.export("url", orders.url)
pulumi.export("previewUrls", orders.preview_urls)
pulumi.export("apiId", api.id)
pulumi.export("liveColor", orders.live_color)
pulumi.export("history", orders.history)
