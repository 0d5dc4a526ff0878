"""The resources of `EksClusters`, and its refusals before any resource."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.aws import EksClusters, alb, dns, nlb
from tests.aws import mocked

ROLE = "arn:aws:iam::123456789012:role/eks"
MADE = {"version": "1.33", "role_arn": ROLE, "release": "addons 2026-11"}
SHORTEST = {
    "active_color": "blue",
    "blue": {"cluster_name": "old", "version": "1.32"},
    "green": MADE,
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-1", "subnet-2"],
}
DNS = {"zone_id": "Z1", "record_name": "shop.example.com"}


def declared(**more):
    """The registered resources, and the component's bindings."""
    found = {}

    def program():
        component = EksClusters("shop", **{**SHORTEST, **more})
        component.target_group_bindings.apply(found.update)

    recorder, _ = mocked.run(program)
    return recorder.resources, found


def of(resources, kind):
    return {found.name: found.inputs for found in resources if found.type == kind}


def swap_of(resources):
    (swap,) = of(resources, "pulumi-python:dynamic/bluegreen:TrafficSwap").values()
    return swap


def test_one_cluster_is_there_and_one_is_made():
    resources, _ = declared()
    (made,) = of(resources, "aws:eks/cluster:Cluster").items()
    name, cluster = made
    assert name == "shop-green"
    assert (cluster["version"], cluster["roleArn"]) == ("1.33", ROLE)
    assert cluster["vpcConfig"] == {"subnetIds": ["subnet-1", "subnet-2"]}
    assert cluster["tags"]["BG_VERSION"] == "GREEN"
    swap = swap_of(resources)
    assert swap["releases"] == {"blue": "1.32", "green": "1.33, addons 2026-11"}
    assert "capacity" not in swap, "each cluster scales itself"


def test_a_cluster_may_register_in_its_own_colors_target_group_alone():
    resources, _ = declared()
    groups = of(resources, "aws:lb/targetGroup:TargetGroup")
    tags = {name: group["tags"]["eks:eks-cluster-name"] for name, group in groups.items()}
    assert tags == {"shop-blue": "old", "shop-green": "shop-green"}
    assert {group["targetType"] for group in groups.values()} == {"ip"}


def test_a_cluster_without_a_version_is_looked_up(monkeypatch):
    found = {"version": "1.31", "computeConfigs": [{"enabled": True, "nodePools": [], "nodeRoleArn": ROLE}]}
    call = mocked.Recorder.call
    monkeypatch.setattr(
        mocked.Recorder,
        "call",
        lambda self, args: found if args.token == "aws:eks/getCluster:getCluster" else call(self, args),
    )
    resources, bindings = declared(blue={"cluster_name": "old"})
    assert swap_of(resources)["releases"]["blue"] == "1.31"
    assert bindings["blue"]["apiVersion"] == "eks.amazonaws.com/v1", "Auto Mode has an API of its own"


def test_a_manifest_binds_the_service_and_lets_the_load_balancer_in():
    resources, bindings = declared(service={"name": "front", "port": "http", "namespace": "shop"})
    groups = of(resources, "aws:lb/targetGroup:TargetGroup")
    assert set(groups) == {"shop-blue", "shop-green"}
    (security_group,) = (name for name in of(resources, "aws:ec2/securityGroup:SecurityGroup"))
    assert bindings["green"] == {
        "apiVersion": "elbv2.k8s.aws/v1beta1",
        "kind": "TargetGroupBinding",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {
            "serviceRef": {"name": "front", "port": "http"},
            "targetGroupARN": "arn:aws:x:eu-central-1:1:shop-green",
            "targetType": "ip",
            "networking": {
                "ingress": [
                    {
                        "from": [{"securityGroup": {"groupID": f"{security_group}-id"}}],
                        "ports": [{"protocol": "TCP", "port": 8080}],
                    }
                ]
            },
        },
    }


def test_nodes_register_by_a_port_that_is_not_known_here():
    _, bindings = declared(target_type="instance", entry=nlb(unit_source_cidrs=["10.0.0.0/16"]))
    assert bindings["blue"]["spec"]["targetType"] == "instance"
    (rule,) = bindings["blue"]["spec"]["networking"]["ingress"]
    assert rule == {"from": [{"ipBlock": {"cidr": "10.0.0.0/16"}}], "ports": [{"protocol": "TCP"}]}


def test_auto_mode_is_three_settings_and_brings_its_own_addons():
    resources, bindings = declared(green={**MADE, "auto_mode": {"node_role_arn": ROLE}})
    (cluster,) = of(resources, "aws:eks/cluster:Cluster").values()
    assert cluster["computeConfig"] == {
        "enabled": True,
        "nodePools": ["general-purpose", "system"],
        "nodeRoleArn": ROLE,
    }
    assert cluster["storageConfig"] == {"blockStorage": {"enabled": True}}
    assert cluster["kubernetesNetworkConfig"] == {"elasticLoadBalancing": {"enabled": True}}
    assert cluster["bootstrapSelfManagedAddons"] is False
    assert bindings["green"]["apiVersion"] == "eks.amazonaws.com/v1"


def test_a_managed_node_group_is_made_as_it_is_given():
    scaling = {"min_size": 1, "max_size": 4, "desired_size": 2}
    nodes = {"node_role_arn": ROLE, "scaling_config": scaling, "instance_types": ["m7i.large"]}
    resources, _ = declared(green={**MADE, "node_group": nodes, "cluster": {"deletion_protection": True}})
    (group,) = of(resources, "aws:eks/nodeGroup:NodeGroup").values()
    assert (group["clusterName"], group["instanceTypes"]) == ("shop-green", ["m7i.large"])
    assert group["scalingConfig"] == {"minSize": 1, "maxSize": 4, "desiredSize": 2}
    assert group["nodeGroupNamePrefix"] == "shop-green-"
    assert group["tags"]["BG_VERSION"] == "GREEN"
    (cluster,) = of(resources, "aws:eks/cluster:Cluster").values()
    assert cluster["deletionProtection"] is True


def test_target_groups_that_are_there_are_taken():
    arn = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/mine/73e2d6bc24d8a067"
    resources, bindings = declared(blue={**SHORTEST["blue"], "target_group_arn": arn})
    assert set(of(resources, "aws:lb/targetGroup:TargetGroup")) == {"shop-green"}
    assert swap_of(resources)["router"]["target_groups"]["blue"] == arn
    assert bindings["blue"]["spec"]["targetGroupARN"] == arn


def test_a_color_may_be_without_a_cluster():
    resources, bindings = declared(green=None)
    assert not of(resources, "aws:eks/cluster:Cluster")
    assert set(of(resources, "aws:lb/targetGroup:TargetGroup")) == {"shop-blue", "shop-green"}
    assert swap_of(resources)["releases"]["green"] == "no cluster"
    assert set(bindings) == {"blue"}


def test_with_dns_each_clusters_own_ingress_is_the_target():
    targets = {color: {"dns_name": f"{color}.elb.amazonaws.com", "zone_id": "Z2"} for color in ("blue", "green")}
    resources, bindings = declared(entry=dns(**DNS, targets=targets))
    swap = swap_of(resources)
    assert swap["router"]["kind"] == "route53"
    assert swap["router"]["targets"] == targets
    assert not of(resources, "aws:lb/targetGroup:TargetGroup")
    assert bindings == {}


def test_kept_clients_need_no_capacity_setting():
    resources, _ = declared(entry=alb(stickiness_seconds=600, sticky_clients="kept"))
    assert swap_of(resources)["router"]["sticky_clients"] == "kept"


NODES = {"node_role_arn": ROLE, "scaling_config": {"min_size": 1, "max_size": 2, "desired_size": 1}}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"active_color": "purple"}, "active_color: 'purple' is not allowed; allowed: blue, green"),
        ({"blue": None}, "blue: None is not allowed; allowed: a cluster: it is the active color"),
        (
            {"green": {}},
            "green.version: None is not allowed; allowed: a Kubernetes version, such as 1.33; or a cluster",
        ),
        ({"green": {**MADE, "version": "latest"}}, "green.version: 'latest' is not allowed"),
        ({"green": {"version": "1.33"}}, "green.role_arn: None is not allowed"),
        ({"green": {**MADE, "roll_arn": "x"}}, "green.roll_arn: 'x' is not allowed; allowed: no such field"),
        ({"green": {**MADE, "auto_mode": {}}}, "green.auto_mode.node_role_arn: None is not allowed"),
        ({"green": {**MADE, "node_group": {"node_role_arn": ROLE}}}, "green.node_group.scaling_config: None"),
        ({"green": {**MADE, "node_group": {**NODES, "cluster_name": "x"}}}, "green.node_group.cluster_name: 'x'"),
        ({"green": {**MADE, "cluster": {"name": "x"}}}, "green.cluster.name: 'x' is not allowed; allowed: none here"),
        ({"green": {"cluster_name": "old"}}, "green.cluster_name: 'old' is not allowed; allowed: another cluster"),
        ({"green": {"cluster_name": "new", "role_arn": ROLE}}, "green.role_arn: "),
        ({"green": {"cluster_name": "new", "auto_mode": True}}, "green.auto_mode: True is not allowed"),
        ({"target_type": "lambda"}, "target_type: 'lambda' is not allowed; allowed: ip or instance"),
        ({"service": {"port": 0}}, "service.port: 0 is not allowed"),
        ({"service": {"nam": "x"}}, "service.nam: 'x' is not allowed"),
        ({"idle_capacity_percent": 50}, "idle_capacity_percent: 50 is not allowed; allowed: none"),
        ({"scale_down_delay_seconds": 60}, "scale_down_delay_seconds: 60 is not allowed; allowed: none"),
        ({"entry": dns(**DNS)}, "behind: 'cloud_map' is not allowed; allowed: load_balancers, or targets"),
    ],
)
def test_what_cannot_be_is_refused_with_a_message_before_anything_is_declared(arguments, expected):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**arguments)
    assert expected in str(refused.value)
    assert "nothing was written" in str(refused.value)
