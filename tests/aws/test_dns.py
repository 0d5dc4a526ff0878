"""The resources of the entry `dns`, and its refusals before any resource."""

import pulumi
import pytest

import bluegreen
from bluegreen.aws import EcsService, dns
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from tests.aws import mocked
from tests.aws.test_ecs_service import SHORTEST, of

NAMED = {"zone_id": "Z123", "record_name": "app.example.com"}
SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"
GIVEN = {"blue": "blue.example.net", "green": "green.example.net"}


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """Each load balancer has a name of its own, and a zone."""
    made, found = mocked.Recorder.new_resource, mocked.Recorder.call

    def new_resource(self, args):
        key, state = made(self, args)
        return key, {**state, "dnsName": f"{args.name}.example.net", "zoneId": "Z1"}

    def call(self, args):
        name = str(args.args.get("arn")).rpartition(":")[2]
        return {**found(self, args), "dnsName": f"{name}.example.net", "zoneId": "Z2"}

    monkeypatch.setattr(mocked.Recorder, "new_resource", new_resource)
    monkeypatch.setattr(mocked.Recorder, "call", call)


def declared(gates=(), **options):
    recorder, service = mocked.run(lambda: EcsService("web", **SHORTEST, gates=gates, entry=dns(**NAMED, **options)))
    (swap,) = of(recorder.resources, SWAP).values()
    parsed = ROUTERS.parse(Fields(swap["router"], "router"))
    assert parsed is not None, "the router takes what the entry declares"
    return recorder.resources, service, swap


def test_by_default_tasks_register_in_cloud_map_and_no_load_balancer_is_made():
    resources, _, swap = declared()
    kinds = {found.type for found in resources}
    assert not {kind for kind in kinds if kind.startswith(("aws:lb/", "aws:route53/"))}
    (namespace,) = of(resources, "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace").values()
    assert (namespace["name"], namespace["vpc"]) == ("web.internal", "vpc-1")
    services = of(resources, "aws:servicediscovery/service:Service")
    assert services["web-green"]["dnsConfig"]["dnsRecords"] == [{"type": "A", "ttl": 10}]
    assert services["web-green"]["forceDestroy"] is True
    tasks = of(resources, "aws:ecs/service:Service")
    registry = {"registryArn": "arn:aws:x:eu-central-1:1:web-green"}
    assert (tasks["web-green"]["serviceRegistries"], tasks["web-green"].get("loadBalancers")) == (registry, [])
    assert swap["router"]["targets"] == {"blue": "web-blue.web.internal", "green": "web-green.web.internal"}
    assert swap["router"]["services"] == {"blue": "web-blue-id", "green": "web-green-id"}


def test_clients_in_private_networks_reach_the_tasks_themselves():
    resources, _, swap = declared()
    (group,) = of(resources, "aws:ec2/securityGroup:SecurityGroup").values()
    (rule,) = group["ingress"]
    assert (rule["fromPort"], rule["cidrBlocks"]) == (8080, ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])
    previews = {color: preview["url"] for color, preview in swap["previews"].items()}
    assert previews == {color: f"http://web-{color}.web.internal:8080" for color in ("blue", "green")}


def test_a_change_gets_the_time_that_dns_takes():
    assert declared()[2]["converge_timeout_seconds"] == 150
    assert declared(ttl_seconds=300)[2]["converge_timeout_seconds"] == 390


def test_a_namespace_that_is_there_is_used():
    resources, _, swap = declared(namespace_id="ns-1", namespace_name="apps.internal")
    assert not of(resources, "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace")
    assert swap["router"]["targets"]["blue"] == "web-blue.apps.internal"


def test_each_color_may_have_a_load_balancer_of_its_own():
    resources, _, swap = declared(behind="load_balancers", certificate_arns=["arn:1", "arn:2"])
    assert set(of(resources, "aws:lb/loadBalancer:LoadBalancer")) == {"web-blue", "web-green"}
    listeners = of(resources, "aws:lb/listener:Listener")
    for color in ("blue", "green"):
        listener = listeners[f"web-{color}"]
        assert (listener["port"], listener["protocol"], listener["certificateArn"]) == (443, "HTTPS", "arn:1")
        assert listener["defaultActions"][0]["targetGroupArn"].endswith(f"web-{color}"), "it never changes"
        assert swap["router"]["targets"][color] == {"dns_name": f"web-{color}.example.net", "zone_id": "Z1"}
    assert len(of(resources, "aws:lb/listenerCertificate:ListenerCertificate")) == 2
    assert set(swap["router"]["target_groups"]) == {"blue", "green"}


def test_over_https_gates_ask_by_names_that_the_certificate_is_for():
    gates, options = [bluegreen.gates.http("/healthz")], {"behind": "load_balancers", "certificate_arns": ["arn:1"]}
    with pytest.raises(pulumi.RunError, match=r"preview_names: None is not allowed; allowed: a name for each color"):
        declared(gates=gates, **options)
    names = {"blue": "blue.example.com", "green": "green.example.com"}
    _, _, swap = declared(gates=gates, preview_names=names, **options)
    assert swap["previews"]["green"]["url"] == "https://green.example.com"


def test_with_ipv6_the_records_of_both_versions_are_written():
    assert declared(behind="load_balancers", ip_address_type="dualstack")[2]["router"]["ipv6"] is True


def test_without_aliases_the_records_have_a_ttl_of_their_own():
    _, _, swap = declared(behind="load_balancers", alias=False, ttl_seconds=10, ip_address_type="dualstack")
    assert swap["router"]["targets"] == {"blue": "web-blue.example.net", "green": "web-green.example.net"}
    assert (swap["router"]["ttl_seconds"], swap["converge_timeout_seconds"]) == (10, 100)


def test_what_is_there_already_is_only_named():
    groups = {"blue": "arn:blue", "green": "arn:green"}
    resources, _, swap = declared(targets=GIVEN, target_group_arns=groups, scheme="https", adopt=True)
    assert not {found.type for found in resources if found.type.startswith(("aws:lb/", "aws:servicediscovery/"))}
    assert (swap["router"]["targets"], swap["router"]["target_groups"]) == (GIVEN, groups)
    assert swap["router"]["adopt"] is True
    assert swap["previews"]["green"]["url"] == "https://green.example.net"


def test_load_balancers_that_are_there_become_aliases():
    arns = {color: {"load_balancer_arn": f"arn:{color}"} for color in ("blue", "green")}
    _, _, swap = declared(targets={**arns, "green": {"dns_name": "other.example.net", "zone_id": "Z3"}})
    assert swap["router"]["targets"] == {
        "blue": {"dns_name": "blue.example.net", "zone_id": "Z2"},
        "green": {"dns_name": "other.example.net", "zone_id": "Z3"},
    }


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"behind": "nlb"}, "behind: 'nlb' is not allowed; allowed: cloud_map or load_balancers"),
        (
            {"behind": "load_balancers", "ttl_seconds": 30},
            "ttl_seconds: 30 is not allowed; allowed: 60, or alias=False",
        ),
        ({"namespace_id": "ns-1"}, "namespace_name: None is not allowed"),
        ({"certificate_arns": ["arn:1"]}, "certificate_arns: ['arn:1'] is not allowed; allowed: none: it is without"),
        ({"health_check": {"path": "/up"}}, "health_check: {'path': '/up'} is not allowed; allowed: none"),
        ({"behind": "load_balancers", "namespace_name": "x"}, "namespace_name: 'x' is not allowed; allowed: none"),
        ({"targets": GIVEN, "internal": True}, "internal: True is not allowed; allowed: none"),
        ({"targets": {"blue": "a.example"}}, "router.targets.green: None is not allowed"),
        ({"targets": {"blue": {"arn": "x"}, "green": "b"}}, "targets.blue: ['arn'] is not allowed; allowed: a host"),
        ({"targets": GIVEN, "scheme": "ftp"}, "scheme: 'ftp' is not allowed; allowed: http, https"),
        ({"behind": "load_balancers", "ip_address_type": "ipv6"}, "ip_address_type: 'ipv6' is not allowed"),
        (
            {"preview_names": {"blue": "x"}},
            "preview_names: {'blue': 'x'} is not allowed; allowed: a name for each color",
        ),
        ({"instance_ttl_seconds": -1}, "instance_ttl_seconds: -1 is not allowed"),
        ({"ttl_seconds": "1m"}, "router.ttl_seconds: '1m' is not allowed"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_what_cannot_be_is_refused_by_name(options, problem):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**options)
    assert problem in str(refused.value)
