# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Managed node groups of EKS. The id is `CLUSTER:NAME`."""

from __future__ import annotations

import time
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, longest, one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, P, Props, ProviderError, ResourceType
from localcloud.plugins.aws.services.eks import MISSING, SERVICE, gone, update_tags
from localcloud.plugins.aws.session import Aws

_DELETE_SECONDS: Final = 60 * 60.0


def _find_nodes(aws: Aws, resource_id: str) -> dict[str, Any] | None:
    cluster, _, name = resource_id.partition(":")
    answer = aws.find(SERVICE, "DescribeNodegroup", MISSING, clusterName=cluster, nodegroupName=name)
    return None if answer is None else answer["nodegroup"]


def _create_nodes(aws: Aws, props: Props) -> str:
    # As the provider makes a name of a prefix: the time, and a counter.
    name = props.get("nodeGroupName") or f"{props.get('nodeGroupNamePrefix', 'terraform-')}{time.time_ns():026d}"
    aws.call(
        SERVICE,
        "CreateNodegroup",
        clusterName=props["clusterName"],
        nodegroupName=name,
        nodeRole=props["nodeRoleArn"],
        subnets=props["subnetIds"],
        scalingConfig=props["scalingConfig"],
        instanceTypes=props.get("instanceTypes"),
        amiType=props.get("amiType"),
        capacityType=props.get("capacityType"),
        diskSize=props.get("diskSize"),
        labels=props.get("labels"),
        version=props.get("version"),
        releaseVersion=props.get("releaseVersion"),
        tags=props.get("tags") or None,
    )
    return f"{props['clusterName']}:{name}"


def _read_nodes(aws: Aws, resource_id: str, props: Props) -> Props | None:
    nodes = _find_nodes(aws, resource_id)
    if nodes is None:
        return None
    groups = nodes.get("resources", {}).get("autoScalingGroups", [])
    return {
        "arn": nodes["nodegroupArn"],
        "clusterName": nodes["clusterName"],
        "nodeGroupName": nodes["nodegroupName"],
        "nodeGroupNamePrefix": props.get("nodeGroupNamePrefix"),
        "nodeRoleArn": nodes["nodeRole"],
        "subnetIds": nodes["subnets"],
        "scalingConfig": nodes["scalingConfig"],
        "instanceTypes": nodes.get("instanceTypes"),
        "amiType": nodes.get("amiType"),
        "capacityType": nodes.get("capacityType"),
        "diskSize": nodes.get("diskSize"),
        "labels": nodes.get("labels"),
        "version": nodes.get("version"),
        "releaseVersion": nodes.get("releaseVersion"),
        "updateConfig": nodes.get("updateConfig"),
        "resources": [{"autoscalingGroups": groups, "remoteAccessSecurityGroupId": ""}],
        "status": nodes["status"],
        "tags": nodes.get("tags") or {},
    }


def _wait_nodes(aws: Aws, resource_id: str, props: Props, timeout: float) -> None:
    def active() -> bool | None:
        nodes = _find_nodes(aws, resource_id)
        if nodes is not None and nodes["status"].endswith("FAILED"):
            raise ProviderError(f"EKS node group {resource_id}: {nodes['status']}: {nodes.get('health')}")
        return True if nodes is not None and nodes["status"] == "ACTIVE" else None

    aws.wait(f"EKS node group {resource_id} to become ACTIVE", active, timeout)


def _update_nodes(aws: Aws, resource_id: str, change: Change) -> None:
    cluster, _, name = resource_id.partition(":")
    if "scalingConfig" in change.changed:
        aws.call(
            SERVICE,
            "UpdateNodegroupConfig",
            clusterName=cluster,
            nodegroupName=name,
            scalingConfig=change.new["scalingConfig"],
        )
    if change.any_of("version", "releaseVersion"):
        wanted = {"version": change.new.get("version"), "releaseVersion": change.new.get("releaseVersion")}
        aws.call(SERVICE, "UpdateNodegroupVersion", clusterName=cluster, nodegroupName=name, **wanted)
    update_tags(aws, change)


def _delete_nodes(aws: Aws, resource_id: str, props: Props) -> None:
    cluster, _, name = resource_id.partition(":")
    aws.find(SERVICE, "DeleteNodegroup", MISSING, clusterName=cluster, nodegroupName=name)
    gone(aws, f"EKS node group {resource_id}", lambda: _find_nodes(aws, resource_id), _DELETE_SECONDS)


TYPES: Final = [
    ResourceType(
        token="aws:eks/nodeGroup:NodeGroup",
        props={
            "clusterName": P(force_new=True),
            "nodeGroupName": P(computed=True, force_new=True, check=longest(63)),
            "nodeGroupNamePrefix": P(force_new=True, check=longest(37)),
            "nodeRoleArn": P(force_new=True, check=ARN),
            "subnetIds": P(force_new=True, unordered=True),
            "scalingConfig": P(),
            "scalingConfig.minSize": P(check=between(0, 100_000)),
            "scalingConfig.maxSize": P(check=between(1, 100_000)),
            "scalingConfig.desiredSize": P(check=between(0, 100_000)),
            "instanceTypes": P(computed=True, force_new=True),
            "amiType": P(computed=True, force_new=True),
            "capacityType": P(computed=True, force_new=True, check=one_of("ON_DEMAND", "SPOT", "CAPACITY_BLOCK")),
            "diskSize": P(computed=True, force_new=True),
            "labels": P(),
            "version": P(computed=True),
            "releaseVersion": P(computed=True),
            "updateConfig": P(computed=True),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_nodes,
        read=_read_nodes,
        update=_update_nodes,
        delete=_delete_nodes,
        wait=_wait_nodes,
        create_timeout=60 * 60.0,
    ),
]
