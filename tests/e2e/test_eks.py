"""Two EKS clusters: what a cluster gets, too few pods, and a cluster that is retired; all through the engine.

The emulator's clusters are records without a Kubernetes API: processes of the sample app serve for pods.
"""

from __future__ import annotations

import itertools

import pytest

from localcloud.autoscaling.clients import client
from localcloud.eks_pods import Pods
from tests.e2e.stack import QUICK, Stack, bluegreen

ROLE = "arn:aws:iam::123456789012:role/eks"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def eks(cloud):
    return client("eks", cloud.endpoint)


@pytest.fixture(scope="module")
def given():
    """The name of a cluster that is looked up."""
    return f"looked-up-{next(_numbers)}"


@pytest.fixture(scope="module")
def stack(cloud, eks, given, aws_env, tmp_path_factory):
    ec2 = client("ec2", cloud.endpoint)
    subnets = [found["SubnetId"] for found in ec2.describe_subnets()["Subnets"]][:2]
    network = {"subnetIds": subnets}
    tags = {"bluegreen:color": "green"}
    eks.create_cluster(name=given, version="1.34", roleArn=ROLE, resourcesVpcConfig=network, tags=tags)
    made = Stack(cloud, tmp_path_factory.mktemp("eks"), "eks")
    with Pods(cloud.endpoint):
        try:
            made.up(
                activeColor="blue",
                blueVersion="1.33",
                blueRelease="shop v1",
                greenCluster=given,
                greenRelease="shop v2",
                clusterRoleArn=ROLE,
                nodeRoleArn=ROLE,
                strategy=QUICK,
                gates=[],
                steadyStateTimeoutSeconds="180",
            )
            yield made
        finally:
            made.destroy()
            eks.delete_cluster(name=given)


def test_a_cluster_is_told_which_target_group_is_its_own(stack, given):
    groups, bindings = stack.output("targetGroups"), stack.output("targetGroupBindings")
    assert stack.output("clusters")["green"] == given
    for color in ("blue", "green"):
        spec = bindings[color]["spec"]
        assert spec["targetGroupARN"] == groups[color]
        assert spec["serviceRef"] == {"name": "shop", "port": 80}
        (rule,) = spec["networking"]["ingress"]
        assert rule["from"][0]["securityGroup"]["groupID"].startswith("sg-")


def test_a_color_with_too_few_pods_is_not_promoted(stack):
    few = [{"kind": "target_health", "min_healthy_targets": 2, "interval_seconds": 1, "timeout_seconds": 2}]
    said = stack.up_fails(activeColor="green", gates=few)
    assert "1 of 1 healthy against at least 100 % of targets, and 2 of them" in said
    assert "traffic was not moved: blue 100 %" in said
    assert stack.colors() == {"blue"}
    stack.set({"gates": []})
    assert bluegreen(stack, "retry", "--stack", "test").returncode == 0


def test_a_cluster_that_is_retired_leaves_its_color_without_one(stack, eks):
    made = stack.output("clusters")["blue"]
    stack.up(activeColor="green")
    assert stack.output("history")[0]["release"] == "1.34, shop v2"
    assert made in eks.list_clusters()["clusters"], "the swap retires no cluster"
    stack.up(blueVersion=None, blueRelease=None)
    assert made not in eks.list_clusters()["clusters"]
    assert stack.colors() == {"green"}
    said = stack.fails("preview", "-c", "activeColor=blue")
    assert "blue: None is not allowed; allowed: a cluster: it is the active color" in said
