"""Two EKS clusters behind an Application Load Balancer, in steps: blue's was there before, green's is made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from localcloud.autoscaling.clients import client
from localcloud.cloud import LocalCloud
from localcloud.eks_pods import Pods
from tests.e2e.stack import Rule, Stack
from tests.scenarios.ecs import STEPS
from tests.scenarios.variant import Variant, load

ROLE = "arn:aws:iam::123456789012:role/eks"
GIVEN = "given-blue"
PODS = 2
GATES = [
    {"kind": "target_health", "min_healthy_targets": PODS},
    {"kind": "http", "path": "/healthz", "interval_seconds": 1},
]


class Eks(Variant):
    platform = "eks"
    data_plane = (
        "the emulator's own load balancer; its clusters are records without a Kubernetes API, so processes of the "
        "sample app serve for pods, registered as ip targets as a TargetGroupBinding's controller does it"
    )
    write_call = "elasticloadbalancing:ModifyRule"
    writes = 3
    promotion_calls = 30
    rollback_calls = 12

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            "blueCluster": GIVEN,
            "blueVersion": "1.33",
            "blueRelease": "shop v1",
            "greenVersion": "1.34",
            "greenRelease": "shop v2",
            "clusterRoleArn": ROLE,
            "nodeRoleArn": ROLE,
            "steadyStateTimeoutSeconds": "120",
            "strategy": STEPS,
            "gates": GATES,
        }

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        eks, ec2 = client("eks", cloud.endpoint), client("ec2", cloud.endpoint)
        subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
        tags = {"bluegreen:color": "blue"}
        eks.create_cluster(
            name=GIVEN, version="1.33", roleArn=ROLE, resourcesVpcConfig={"subnetIds": subnets}, tags=tags
        )
        try:
            with Pods(cloud.endpoint, each=PODS):
                yield
        finally:
            eks.delete_cluster(name=GIVEN)

    def live(self, stack: Stack) -> dict[str, int]:
        rule = Rule(stack)
        names = {arn: color for color, arn in rule.groups.items()}
        groups = rule.rule()["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {names[group["TargetGroupArn"]]: group["Weight"] for group in groups}

    def drift(self, stack: Stack) -> None:
        Rule(stack).shift_by_hand(70, 30)

    def requests(self, stack: Stack) -> Any:
        return load(stack.url)

    def colors(self, stack: Stack) -> set[str]:
        return stack.colors()
