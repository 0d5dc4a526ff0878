"""A service on two EKS clusters, one a color, behind an Application Load Balancer."""

import pulumi

import bluegreen
from bluegreen.aws import EksClusters, EksRelease, alb
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()


def cluster(color: str) -> EksRelease | None:
    """One that is there, by its name, or one that is made with a node group; none where neither is set."""
    release: EksRelease = {"release": config.get(f"{color}Release")}
    if version := config.get(f"{color}Version"):
        release["version"] = version
    if name := config.get(f"{color}Cluster"):
        return {**release, "cluster_name": name}
    if version is None:
        return None
    nodes = {"node_role_arn": config.require("nodeRoleArn"), "scaling_config": setting("nodes", NODES)}
    return {**release, "role_arn": config.require("clusterRoleArn"), "node_group": nodes}


NODES = {"min_size": 2, "desired_size": 2, "max_size": 6}
shop = EksClusters(
    "shop",
    active_color=config.require("activeColor"),
    blue=cluster("blue"),
    green=cluster("green"),
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    entry=alb(health_check={"interval": 5, "timeout": 2}),
    port=8080,
    service={"name": "shop", "port": 80},
    **swaps(
        gates=[bluegreen.gates.target_health(min_healthy_targets=2), bluegreen.gates.http("/healthz")],
        steady_state_timeout_seconds=600,
    ),
)

pulumi.export("url", shop.url)
pulumi.export("previewHeaders", shop.preview_headers)
pulumi.export("liveColor", shop.live_color)
pulumi.export("weights", shop.weights)
pulumi.export("history", shop.history)
pulumi.export("targetGroups", shop.target_group_arns)
pulumi.export("clusters", shop.cluster_names)
pulumi.export("targetGroupBindings", shop.target_group_bindings)
