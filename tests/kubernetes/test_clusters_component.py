"""A cluster per color: what is declared in each, what Route 53 or a load balancer gets, and what is refused."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.aws import alb, dns
from bluegreen.kubernetes import KubernetesClusters
from tests.kubernetes.declared import Declared

COLORS = {
    "active_color": "blue",
    "blue": {"context": "one", "image": "app:v1"},
    "green": {"context": "two", "kubeconfig": "/etc/two", "image": "app:v2"},
}
ADDRESSES = {"blue": "one.example.com", "green": "two.example.com"}


def by_name(addresses):
    return dns(zone_id="Z1", record_name="shop.example.com", targets=addresses)


def declared(**more):
    given = {**COLORS, "entry": by_name, "addresses": ADDRESSES, **more}
    return Declared(lambda: KubernetesClusters("shop", **given))


def test_each_cluster_has_its_own_colors_workload_and_nothing_of_the_other_one(monkeypatch):
    monkeypatch.delenv("KUBECONFIG", raising=False)  # a provider's default
    found = declared(replicas=3, idle_capacity_percent=50, autoscaling=SCALING)
    providers = {name: (one.get("context"), one.get("kubeconfig")) for name, one in found.of("kubernetes").items()}
    assert providers == {"shop-blue": ("one", None), "shop-green": ("two", "/etc/two")}
    counts = {name: one["spec"]["replicas"] for name, one in found.of("Deployment").items()}
    assert counts == {"shop-blue": 3, "shop-green": 2}
    swap = found.swap
    assert swap["capacity"]["clusters"] == {
        "blue": {"context": "one"},
        "green": {"context": "two", "kubeconfig": "/etc/two"},
    }
    assert "cluster" not in swap["capacity"]
    assert swap["capacity"]["autoscalers"]["green"] == "shop-green"
    for color in ("blue", "green"):
        (scaling, *_) = found.one("Role", f"shop-retire-{color}")["rules"]
        assert scaling["resourceNames"] == [f"shop-{color}"]


SCALING = {"min_replicas": 2, "max_replicas": 6, "target_cpu_percent": 60}


def test_the_clusters_addresses_are_what_the_records_lead_to():
    found = declared()
    router = found.swap["router"]
    assert (router["kind"], router["targets"]) == ("route53", ADDRESSES)
    assert found.swap["previews"]["green"]["url"] == "http://two.example.com"
    assert found.one("Service", "shop-blue")["spec"]["type"] == "LoadBalancer"


def test_a_load_balancers_address_is_waited_for():
    program = lambda: KubernetesClusters("shop", **{**COLORS, "entry": by_name})  # noqa: E731
    addressed = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}
    found = Declared(program, outputs={"kubernetes:core/v1:Service": {"status": addressed}})
    assert found.swap["router"]["targets"] == {"blue": "lb.example.com", "green": "lb.example.com"}
    annotations = found.one("Service", "shop-blue")["metadata"]["annotations"]
    assert annotations["pulumi.com/waitFor"] == "jsonpath={.status.loadBalancer.ingress}"


@pytest.mark.parametrize(("auto_mode", "api"), [(False, "elbv2.k8s.aws/v1beta1"), (True, "eks.amazonaws.com/v1")])
def test_each_cluster_fills_its_colors_target_group(auto_mode, api):
    found = declared(
        entry=alb(),
        addresses=None,
        service_type="ClusterIP",
        vpc_id="vpc-1",
        subnet_ids=["a", "b"],
        auto_mode=auto_mode,
    )
    for color in ("blue", "green"):
        binding = found.one("TargetGroupBinding", f"shop-{color}")
        assert binding["apiVersion"] == api
        assert binding["spec"]["serviceRef"] == {"name": f"shop-{color}", "port": 80}
        assert binding["spec"]["targetGroupARN"].endswith(f":shop-{color}")
    assert found.swap["router"]["kind"] == "alb"
    assert found.swap["capacity"]["kind"] == "kubernetes"


def test_a_provider_of_ones_own_is_used():
    def program():
        import pulumi_kubernetes

        mine = pulumi_kubernetes.Provider("mine", context="one")
        blue = {**COLORS["blue"], "provider": mine}
        return KubernetesClusters("shop", **{**COLORS, "blue": blue, "entry": by_name, "addresses": ADDRESSES})

    assert set(Declared(program).of("kubernetes")) == {"mine", "shop-green"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"green": {**COLORS["green"], "context": "one", "kubeconfig": ""}}, "green.context: 'one' is not allowed"),
        ({"green": {"context": "two"}}, "green.image: None is not allowed"),
        (
            {"green": {"context": "two", "existing": {"workload": "w", "labels": {"a": "b"}, "release": "r"}}},
            "green.existing: '(given)' is not allowed",
        ),
        ({"addresses": {"blue": "a"}}, "addresses.green: None is not allowed"),
        ({"addresses": None, "service_type": "NodePort"}, "service_type: 'NodePort' is not allowed; allowed: LoadBal"),
        ({"service_port": 0}, "service_port: 0 is not allowed"),
        ({"options": {"pre_stop_seconds": 60}}, "pre_stop_seconds: 60 is not allowed"),
        ({"autoscaling": {**SCALING, "max_replicas": 1}}, "autoscaling.max_replicas: 1 is not allowed"),
    ],
)
def test_what_cannot_be_is_refused_with_a_message_before_anything_is_declared(arguments, expected):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**arguments)
    assert expected in str(refused.value)
