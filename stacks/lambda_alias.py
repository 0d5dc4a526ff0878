"""A Lambda function behind an alias; its versions are published elsewhere, by a pipeline say, and named here."""

import pulumi

import bluegreen
from bluegreen.aws import LambdaAlias
from settings import swaps

config = pulumi.Config()

orders = LambdaAlias(
    "orders",
    active_color=config.require("activeColor"),
    function_name=config.require("functionArn"),
    blue={"version": config.require("blueVersion")},
    green={"version": config.require("greenVersion")},
    adopt=config.get_bool("adopt") or False,
    provisioned_concurrency=config.get_bool("provisionedConcurrency") or False,
    **swaps(
        strategy="LambdaCanary10Percent5Minutes",
        gates=[bluegreen.gates.lambda_invoke({"warm": True}, interval_seconds=2)],
        steady_state_timeout_seconds=120,
    ),
)
if caller := config.get("callerPrincipal"):  # "apigateway.amazonaws.com", an account
    orders.allow("caller", principal=caller)

pulumi.export("aliasArn", orders.alias_arn)
pulumi.export("invokeArn", orders.invoke_arn)
pulumi.export("versionArns", orders.version_arns)
pulumi.export("liveColor", orders.live_color)
pulumi.export("weights", orders.weights)
pulumi.export("history", orders.history)
