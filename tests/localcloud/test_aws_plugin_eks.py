"""The plugin's refusals for EKS clusters, and its description of one that is there."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.plugins.aws.driver import CallFailed, Driver, Refused

CLUSTER, ROLE = "aws:eks/cluster:Cluster", "arn:aws:iam::123456789012:role/eks"
INPUTS: dict[str, Any] = {"roleArn": ROLE, "version": "1.33", "vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]}}
COMPUTE = {"computeConfig": {"enabled": True, "nodePools": ["system"], "nodeRoleArn": ROLE}}
AUTO = {
    **COMPUTE,
    "storageConfig": {"blockStorage": {"enabled": True}},
    "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}},
}


@pytest.mark.parametrize(
    ("more", "path", "reason"),
    [
        (COMPUTE, "computeConfig", "must all be set to either true or false"),
        ({"computeConfig": {"nodePools": ["mine"]}}, "computeConfig.nodePools[0]", "must be one of"),
        ({"roleArn": "eks"}, "roleArn", "an ARN"),
        ({"outpostConfig": {}}, "outpostConfig", "does not support"),
    ],
)
def test_what_is_refused(more, path, reason):
    with pytest.raises(Refused) as refused:
        Driver("http://127.0.0.1:1").check(CLUSTER, "shop", {**INPUTS, **more})
    assert reason in refused.value.failures[path]


def test_auto_mode_brings_its_own_addons(aws_driver):
    resource = aws_driver.check(CLUSTER, "shop", {**INPUTS, **AUTO})
    with pytest.raises(CallFailed, match="bootstrapSelfManagedAddons"):
        aws_driver.create(resource)


def test_a_cluster_is_looked_up_by_its_name(aws_driver, aws_world):
    network = {"vpcConfig": {"subnetIds": aws_world.subnets[:2]}}
    auto = {**INPUTS, **network, **AUTO, "bootstrapSelfManagedAddons": False}
    made = aws_driver.create(aws_driver.check(CLUSTER, "looked-up", auto))
    try:
        found = aws_driver.invoke("aws:eks/getCluster:getCluster", name=made.id)
        assert (found["version"], found["arn"]) == ("1.33", made.outputs["arn"])
        assert found["computeConfigs"][0]["enabled"] is True
    finally:
        aws_driver.delete(made)
    with pytest.raises(CallFailed, match="no EKS Cluster"):
        aws_driver.invoke("aws:eks/getCluster:getCluster", name=made.id)
