"""The resources of a component behind several entries, and its refusals before any resource."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen import canary
from bluegreen.aws import AutoScalingGroups, EcsService, EksClusters, alb, alb_listeners, dns, nlb
from bluegreen.swap import contract
from tests.aws import mocked
from tests.aws.test_entries import COLORS, NETWORK, of, swap_of

ZONE = {"zone_id": "Z1", "record_name": "web.example.com", "namespace_id": "ns-1", "namespace_name": "web.internal"}


def declared(component=EcsService, **more):
    recorder, made = mocked.run(lambda: component("web", **{**COLORS, **NETWORK, **more}))
    return recorder.resources, made


def all_three(**more):
    return declared(entry=alb(), entries=[nlb(internal=True), dns(**ZONE)], **more)


def test_one_swap_has_a_router_of_each_in_the_declared_order():
    resources, _ = all_three()
    swap = swap_of(resources)
    assert [router["kind"] for router in swap["routers"]] == ["alb", "nlb", "route53"]
    assert [router["owner"].rpartition("/")[2] for router in swap["routers"]] == ["web", "nlb", "dns"]
    assert "router" not in swap
    assert not contract.problems_in(swap)


def test_each_entry_may_send_requests_to_a_port_of_its_own():
    proxy = {"name": "admin", "image": "admin:1", "portMappings": [{"containerPort": 9000}]}
    release = {"image": "app:v1", "ports": [8080, 8443], "sidecars": [proxy]}
    resources, _ = declared(
        blue=release,
        green=release,
        entry=alb(),
        entries=[alb(internal=True, unit_port=9000), alb(unit_port=8443, unit_protocol="HTTPS"), nlb(unit_port=9000)],
        entry_names=["admin", "tls", "tcp"],
    )
    services = of(resources, "aws:ecs/service:Service")
    registered = [(one["containerName"], one["containerPort"]) for one in services["web-green"]["loadBalancers"]]
    assert registered == [("app", 8080), ("admin", 9000), ("app", 8443), ("admin", 9000)]
    groups = of(resources, "aws:lb/targetGroup:TargetGroup")
    assert {name: (one["port"], one["protocol"]) for name, one in groups.items() if name.endswith("-blue")} == {
        "web-blue": (8080, "HTTP"),
        "web-admin-blue": (9000, "HTTP"),
        "web-tls-blue": (8443, "HTTPS"),
        "web-tcp-blue": (9000, "TCP"),
    }
    assert groups["web-tls-green"]["healthCheck"]["protocol"] == "HTTPS", "as requests go on"
    rules = of(resources, "aws:ec2/securityGroup:SecurityGroup")["web-tasks"]["ingress"]
    assert sorted(rule["fromPort"] for rule in rules) == [8080, 8443, 9000]


def test_instances_let_the_port_of_each_entry_in():
    release = {"image_id": "ami-1"}
    resources, _ = declared(AutoScalingGroups, blue=release, green=release, entry=alb(unit_port=8443))
    rules = of(resources, "aws:ec2/securityGroup:SecurityGroup")["web-instances"]["ingress"]
    assert 8443 in [rule["fromPort"] for rule in rules]


def test_a_service_has_no_more_target_groups_than_ecs_takes():
    four = [alb() for _ in range(4)]
    declared(entry=alb(), entries=four, entry_names=list("abcd"))
    with pytest.raises(pulumi.RunError, match="entries: 6 is not allowed; allowed: at most 5 target groups"):
        declared(entry=alb(), entries=[*four, nlb()], entry_names=list("abcde"))


def test_a_port_that_no_container_has_is_refused():
    said = "entries.unit_port: 9000 is not allowed; allowed: a port that a container of blue has: 8080"
    with pytest.raises(pulumi.RunError, match=said):
        declared(entries=[alb(), alb(unit_port=9000)], entry_names=["one", "two"])


def test_the_first_ones_resources_are_those_of_a_component_with_it_alone():
    alone, _ = declared(entry=alb())
    several, _ = all_three()
    names = {(found.type, found.name) for found in several}
    assert {(found.type, found.name) for found in alone} <= names
    assert ("aws:lb/targetGroup:TargetGroup", "web-nlb-blue") in names


def test_units_register_with_all_of_them():
    resources, _ = all_three()
    for color in ("blue", "green"):
        service = of(resources, "aws:ecs/service:Service")[f"web-{color}"]
        groups = [balancer["targetGroupArn"].rpartition(":")[2] for balancer in service["loadBalancers"]]
        assert groups == [f"web-{color}", f"web-nlb-{color}"]
        assert service["serviceRegistries"]["registryArn"]


def test_instances_register_with_all_of_them():
    release = {"image_id": "ami-1"}
    resources, _ = declared(
        AutoScalingGroups,
        blue=release,
        green=release,
        entry=alb(),
        entries=[nlb(internal=True), alb(internal=True)],
        entry_names=["grpc", "inside"],
    )
    group = of(resources, "aws:autoscaling/group:Group")["web-blue"]
    assert len(group["targetGroupArns"]) == 3


def test_each_cluster_registers_with_all_of_them_by_a_manifest_each():
    found = {}

    def program():
        clusters = {"blue": {"cluster_name": "old"}, "green": {"cluster_name": "new"}}
        component = EksClusters(
            "shop", active_color="blue", entry=alb(), entries=[nlb(internal=True)], **clusters, **NETWORK
        )
        component.target_group_bindings.apply(found.update)

    resources = mocked.run(program)[0].resources
    assert [router["kind"] for router in swap_of(resources)["routers"]] == ["alb", "nlb"]
    names = {key: manifest["metadata"]["name"] for key, manifest in found.items()}
    assert names == {"blue": "shop", "green": "shop", "blue-nlb": "shop-nlb", "green-nlb": "shop-nlb"}
    assert len({manifest["spec"]["targetGroupARN"] for manifest in found.values()}) == 4


def test_units_let_all_of_them_in():
    resources, _ = declared(entries=[alb(), alb(internal=True)], entry_names=["public", "inside"])
    (rule,) = of(resources, "aws:ec2/securityGroup:SecurityGroup")["web-tasks"]["ingress"]
    assert len(rule["securityGroups"]) == 2


def test_each_has_its_own_addresses():
    seen = []

    def program():
        service = EcsService("web", entry=alb(), entries=[nlb(internal=True), dns(**ZONE)], **COLORS, **NETWORK)
        return service.entry_urls.apply(seen.append)

    mocked.run(program)
    (reached,) = seen
    assert [one["name"] for one in reached] == ["web", "nlb", "dns"]
    assert reached[2]["url"].startswith("http://web.example.com")
    assert len({one["preview_urls"]["green"] for one in reached}) == 3


def test_steps_are_refused_by_the_name_of_the_entry_that_has_no_weights():
    with pytest.raises(pulumi.RunError, match=r"the alb_listeners router \(routers\[1\]\) cannot split traffic"):
        declared(entry=alb(), entries=[alb_listeners()], strategy=canary(10, hold_seconds=60))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"entries": [alb(), alb()]}, r"entry_names\[1\]: 'alb' is not allowed; allowed: a name of its own"),
        ({"entries": [alb(), nlb()], "entry_names": ["one"]}, "entry_names: .* a name for each of the 2 entries"),
        ({"entry": alb(), "entries": [alb(rule_priority=0)]}, r"entries\[0\]\.rule_priority"),
    ],
)
def test_what_cannot_be_is_refused_by_where_it_stands(more, said):
    with pytest.raises(pulumi.RunError, match=said):
        declared(**more)
