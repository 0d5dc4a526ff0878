"""Inputs of the EKS types, and a change that each takes in place."""

from __future__ import annotations

from typing import Any

ROLE = "arn:aws:iam::123456789012:role/eks"


def cases(world: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By type; ``world`` has subnets."""
    tags = {"tags": {"a": "b", "c.d": "e"}}
    cluster = {"roleArn": ROLE, "version": "1.32", "vpcConfig": {"subnetIds": world.subnets[:2]}}
    if not hasattr(world, "eks"):
        world.eks = world.make("aws:eks/cluster:Cluster", cluster).id
    return {
        "aws:eks/cluster:Cluster": (
            {
                **cluster,
                "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
                "bootstrapSelfManagedAddons": False,
                "computeConfig": {"enabled": True, "nodePools": ["system"], "nodeRoleArn": ROLE},
                "storageConfig": {"blockStorage": {"enabled": True}},
                "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}},
                **tags,
            },
            {"version": "1.33", "tags": {"a": "z"}},
        ),
        "aws:eks/nodeGroup:NodeGroup": (
            {
                "clusterName": world.eks,
                "nodeGroupNamePrefix": "typed-",
                "nodeRoleArn": ROLE,
                "subnetIds": world.subnets[:2],
                "instanceTypes": ["t3.medium"],
                "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 1},
                **tags,
            },
            {"scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 1}, "tags": {"a": "z"}},
        ),
    }
