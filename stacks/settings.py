"""What the programs here read alike from the stack's config."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

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
    vpc_id = _config.get("vpcId") or aws.ec2.get_vpc(default=True).id
    filters: Any = [{"name": "vpc-id", "values": [vpc_id]}]
    return vpc_id, _config.get_object("subnetIds") or aws.ec2.get_subnets(filters=filters).ids
