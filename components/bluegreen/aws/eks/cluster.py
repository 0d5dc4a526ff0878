"""A color's cluster: looked up, or made with its nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from bluegreen.rollout.model import Color

# Auto Mode is its three parts together, and brings the add-ons that it needs by itself.
# https://docs.aws.amazon.com/eks/latest/userguide/automode-get-started-cli.html
_AUTO_NODE_POOLS = ("general-purpose", "system")


@dataclass(frozen=True, slots=True)
class ColorCluster:
    """A cluster.

    Attributes:
        name: its name.
        version: its Kubernetes version.
        auto_mode: whether EKS Auto Mode runs it, and so binds target groups by an API of its own.
        made: what was declared of it.
    """

    name: pulumi.Output[str]
    version: pulumi.Output[str]
    auto_mode: pulumi.Input[bool]
    made: Sequence[pulumi.Resource] = ()


def found_cluster(release: Mapping[str, Any], parent: pulumi.Resource) -> ColorCluster:
    """A cluster that is there already, looked up for the values that its release does not say."""
    name = release["cluster_name"]
    if "version" in release:
        version = pulumi.Output.from_input(release["version"])
        return ColorCluster(pulumi.Output.from_input(name), version, release.get("auto_mode", False))
    cluster = aws.eks.get_cluster_output(name=name, opts=pulumi.InvokeOutputOptions(parent=parent))
    auto = cluster.compute_configs.apply(lambda configs: any(config.enabled for config in configs or ()))
    return ColorCluster(pulumi.Output.from_input(name), cluster.version, auto)


def made_cluster(
    name: str,
    color: Color,
    release: Mapping[str, Any],
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    *,
    tags: Mapping[str, Any],
    parent: pulumi.Resource,
) -> ColorCluster:
    """A cluster of our own, and its nodes."""
    auto, group = release.get("auto_mode"), release.get("node_group")
    arguments: dict[str, Any] = {
        # Access entries: the identity that runs the update is let in, others are added by `aws.eks.AccessEntry`.
        "access_config": {"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": True},
        **({} if auto is None else _auto_mode(auto)),
        **release.get("cluster", {}),
    }
    cluster = aws.eks.Cluster(
        f"{name}-{color}",
        version=release["version"],
        role_arn=release["role_arn"],
        vpc_config={"subnet_ids": subnet_ids},
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
        **arguments,
    )
    made: list[pulumi.Resource] = [cluster]
    if group is not None:
        nodes = aws.eks.NodeGroup(
            f"{name}-{color}",
            cluster_name=cluster.name,
            # Most changes of a node group make another one beside it, which needs a name of its own.
            node_group_name_prefix=f"{name}-{color}-",
            tags=tags,
            # The cluster's own autoscaler owns the size.
            opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["scalingConfig.desiredSize"]),
            **{"subnet_ids": subnet_ids, **group},
        )
        made.append(nodes)
    return ColorCluster(cluster.name, cluster.version, auto is not None, made)


def _auto_mode(auto: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "bootstrap_self_managed_addons": False,
        "compute_config": {
            "enabled": True,
            "node_pools": list(auto.get("node_pools", _AUTO_NODE_POOLS)),
            "node_role_arn": auto["node_role_arn"],
        },
        "kubernetes_network_config": {"elastic_load_balancing": {"enabled": True}},
        "storage_config": {"block_storage": {"enabled": True}},
    }
