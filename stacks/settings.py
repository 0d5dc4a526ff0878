"""What the programs here read alike from the stack's config."""

import json
from typing import Any

import pulumi

_config = pulumi.Config()


def setting(key: str, default: Any) -> Any:
    """An object, a number or a bare word, such as a preset's name; only what is absent is the default."""
    value = _config.get(key)
    try:
        return default if value is None else json.loads(value)
    except ValueError:
        return value


def network() -> tuple[Any, Any]:
    """The VPC and its subnets: ``vpcId`` and ``subnetIds``, or the default VPC's."""
    import pulumi_aws as aws  # noqa: PLC0415 - not for stacks that are elsewhere

    vpc_id = _config.get("vpcId") or aws.ec2.get_vpc(default=True).id
    filters: Any = [{"name": "vpc-id", "values": [vpc_id]}]
    return vpc_id, _config.get_object("subnetIds") or aws.ec2.get_subnets(filters=filters).ids


# A proxy hears of new pods a moment after Kubernetes does, and answers 503 until then.
_HEALTHZ = {"kind": "http", "path": "/healthz", "interval_seconds": 2, "failure_limit": 5}


def swaps() -> dict[str, Any]:
    """How swaps go, as the component takes it."""
    return {
        "strategy": setting("strategy", None),
        "promote_to_percent": setting("promoteTo", 100),
        "gates": setting("gates", [_HEALTHZ]),
        "bake_seconds": setting("bakeSeconds", 0),
        "scale_down_delay_seconds": setting("scaleDownDelaySeconds", 600),
        # Where it is not set the entry says what a color needs at rest.
        **({} if (idle := setting("idleCapacityPercent", None)) is None else {"idle_capacity_percent": idle}),
        "steady_state_timeout_seconds": setting("steadyStateTimeoutSeconds", 300),
        "propagation_seconds": setting("propagationSeconds", None),
        "notifications": setting("notifications", []),
        "event_log": _config.get("eventLog"),
    }


def show(component: Any) -> None:
    """The outputs that every program on Kubernetes has."""
    pulumi.export("url", component.url)
    pulumi.export("previewUrls", component.preview_urls)
    pulumi.export("previewHeaders", component.preview_headers)
    pulumi.export("liveColor", component.live_color)
    pulumi.export("weights", component.weights)
    pulumi.export("history", component.history)
    pulumi.export("workloads", component.workloads)
    pulumi.export("services", component.services)
