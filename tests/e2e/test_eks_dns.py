"""Two EKS clusters, each with a load balancer that its own ingress has made; Route 53 between them.

The clusters are records: what an ingress' controller makes is made here by hand, and processes of the sample app serve
for pods. Names are resolved by a real DNS server over the emulator's Route 53.
"""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from localcloud.autoscaling.clients import client
from localcloud.dns import DnsServer
from localcloud.dns_clients import NameProxy, Reach, Resolving
from localcloud.eks_pods import Pods
from tests.e2e.stack import QUICK, Stack, one_by_one

ROLE = "arn:aws:iam::123456789012:role/eks"
COLORS = ("blue", "green")
_numbers = itertools.count(1)


class Ingress:
    """A load balancer in front of a cluster, and the group that the cluster fills."""

    def __init__(self, endpoint: str, number: int, color: str, subnets: list[str], vpc: str) -> None:
        self.elb = client("elbv2", endpoint)
        name = f"ingress-{number}-{color}"
        (balancer,) = self.elb.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"]
        self.arn, self.host = balancer["LoadBalancerArn"], balancer["DNSName"]
        (group,) = self.elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=8080,
            VpcId=vpc,
            TargetType="ip",
            HealthCheckPath="/healthz",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
            Tags=[{"Key": "eks:eks-cluster-name", "Value": f"dns-{number}-{color}"}],
        )["TargetGroups"]
        self.group = group["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": self.group}]
        self.elb.create_listener(LoadBalancerArn=self.arn, Protocol="HTTP", Port=80, DefaultActions=forward)

    def delete(self) -> None:
        """Remove all."""
        self.elb.delete_load_balancer(LoadBalancerArn=self.arn)
        self.elb.delete_target_group(TargetGroupArn=self.group)


@pytest.fixture(scope="module")
def made(cloud, aws_env, tmp_path_factory):
    eks, ec2, route53 = (client(name, cloud.endpoint) for name in ("eks", "ec2", "route53"))
    found = ec2.describe_subnets()["Subnets"]
    subnets, vpc = [one["SubnetId"] for one in found][:2], found[0]["VpcId"]
    number = next(_numbers)
    domain = f"two-clusters-{number}.example"
    shop, clusters = f"shop.{domain}", {color: f"dns-{number}-{color}" for color in COLORS}
    for color in COLORS:
        network, tags = {"subnetIds": subnets}, {"bluegreen:color": color}
        eks.create_cluster(name=clusters[color], version="1.33", roleArn=ROLE, resourcesVpcConfig=network, tags=tags)
    ingresses = {color: Ingress(cloud.endpoint, number, color, subnets, vpc) for color in COLORS}
    zone = route53.create_hosted_zone(Name=domain, CallerReference=domain)["HostedZone"]["Id"].rpartition("/")[2]
    stack = Stack(cloud, tmp_path_factory.mktemp("eks-dns"), "eks_dns")
    with Pods(cloud.endpoint), DnsServer(cloud.endpoint) as server:
        resolving, reach = Resolving(server.port), Reach(cloud)
        with NameProxy(resolving, reach) as proxy, NameProxy(resolving, reach, f"{shop}:80") as production:
            # Whoever runs the swap has to reach the colors' own names: from outside of the VPC by a proxy in it.
            stack.env |= {"HTTP_PROXY": proxy.url, "NO_PROXY": "127.0.0.1,localhost"}
            try:
                stack.up(
                    activeColor="blue",
                    **{f"{color}Cluster": clusters[color] for color in COLORS},
                    **{f"{color}Version": "1.33" for color in COLORS},
                    zoneId=zone,
                    recordName=shop,
                    targets={color: ingress.host for color, ingress in ingresses.items()},
                    targetGroupArns={color: ingress.group for color, ingress in ingresses.items()},
                    ttlSeconds="1",
                    strategy=QUICK,
                )
                yield SimpleNamespace(stack=stack, url=production.url)
            finally:
                stack.destroy()
                for color in COLORS:
                    ingresses[color].delete()
                    eks.delete_cluster(name=clusters[color])
                route53.delete_hosted_zone(Id=zone)


def colors(url):
    """Those that answer at the production name, read anew for each request."""
    with one_by_one(url) as client:
        return {client.get("/").headers["x-color"] for _ in range(20)}


def test_traffic_goes_from_one_clusters_load_balancer_to_the_others_and_back(made):
    assert colors(made.url) == {"blue"}
    made.stack.up(activeColor="green")
    assert colors(made.url) == {"green"}
    made.stack.up(activeColor="blue")
    assert colors(made.url) == {"blue"}
    assert made.stack.outcome() == "rolled_back"
