"""Name to gate class."""

from __future__ import annotations

from bluegreen.registry import Registry
from bluegreen.rollout.ports import Gate

GATES: Registry[Gate] = Registry(
    "gate",
    {
        "baseline": "bluegreen.gates.baseline_gate:BaselineGate",
        "cloudwatch_alarms": "bluegreen.gates.cloudwatch_alarms_gate:CloudWatchAlarmsGate",
        "command": "bluegreen.gates.command_gate:CommandGate",
        "error_rate": "bluegreen.gates.error_rate_gate:ErrorRateGate",
        "feature_flag": "bluegreen.gates.feature_flag_gate:FeatureFlagGate",
        "http": "bluegreen.gates.http_gate:HttpGate",
        "lambda_invoke": "bluegreen.gates.lambda_invoke_gate:LambdaInvokeGate",
        "metric": "bluegreen.gates.metric_gate:MetricGate",
        "minimum_traffic": "bluegreen.gates.minimum_traffic_gate:MinimumTrafficGate",
        "schema": "bluegreen.gates.schema_gate:SchemaGate",
        "target_health": "bluegreen.gates.target_health_gate:TargetHealthGate",
        "webhook": "bluegreen.gates.webhook_gate:WebhookGate",
    },
    "bluegreen.gates",
)
