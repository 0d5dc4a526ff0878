"""The DNS server and its clients, against zones, load balancers, services and tasks of the emulator."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import dns.message
import dns.query
import dns.rcode
import dns.resolver
import httpx
import pytest

from localcloud import loopback
from localcloud.cloud import LocalCloud
from localcloud.cloud_map import Registrar, address_of
from localcloud.dns import DnsServer, balancer_address
from localcloud.dns_clients import NameProxy, Reach, Resolving
from localcloud.load import Load

LIMIT_SECONDS = 180.0
_numbers = itertools.count(1)


def eventually(probe: Any) -> Any:
    """The answer of `probe`, as soon as there is one."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (found := probe()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def server(cloud: LocalCloud) -> Any:
    with DnsServer(cloud.endpoint) as made:
        yield made


class Zone:
    """A hosted zone of the test's own."""

    def __init__(self, route53: Any) -> None:
        self.name = f"zone{next(_numbers)}.example"
        self._route53 = route53
        self._id = route53.create_hosted_zone(Name=self.name, CallerReference=self.name)["HostedZone"]["Id"]

    def put(self, name: str, value: Any, weight: int | None = None, identifier: str = "", ttl: int = 60) -> str:
        """Set a record: a list of addresses, a name, or an alias. Returns its full name."""
        full = f"{name}.{self.name}"
        record: dict[str, Any] = {"Name": full, "Type": "CNAME" if isinstance(value, str) else "A"}
        if isinstance(value, dict):
            record["AliasTarget"] = {"EvaluateTargetHealth": False, **value}
        else:
            values = [value] if isinstance(value, str) else value
            record |= {"TTL": ttl, "ResourceRecords": [{"Value": item} for item in values]}
        if identifier:
            record |= {"SetIdentifier": identifier, "Weight": weight}
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
        self._route53.change_resource_record_sets(HostedZoneId=self._id, ChangeBatch=batch)
        return full


@pytest.fixture
def zone(aws_client: Any) -> Zone:
    return Zone(aws_client("route53"))


def ask(server: DnsServer, name: str) -> Any:
    return dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", port=server.port, timeout=10)


def test_names_are_followed_to_their_addresses_with_the_ttl_of_each(server: DnsServer, zone: Zone) -> None:
    zone.put("last", ["192.0.2.1", "192.0.2.2"], ttl=20)
    name = zone.put("first", f"last.{zone.name}", ttl=30)
    cname, addresses = ask(server, name).answer
    assert (cname.to_text(), addresses.ttl) == (f"first.{zone.name}. 30 IN CNAME last.{zone.name}.", 20)
    assert {item.to_text() for item in addresses} == {"192.0.2.1", "192.0.2.2"}


def test_weights_are_drawn_for_each_question(server: DnsServer, zone: Zone) -> None:
    for identifier, address in (("blue", "192.0.2.1"), ("green", "192.0.2.2")):
        zone.put(identifier, [address])
        name = zone.put("app", f"{identifier}.{zone.name}", 50, identifier)

    def seen() -> set[str]:
        return {server.names.resolve(name)[-1].values[0] for _ in range(40)}

    assert seen() == {"192.0.2.1", "192.0.2.2"}
    zone.put("app", f"blue.{zone.name}", 0, "blue")
    assert seen() == {"192.0.2.2"}


def test_a_name_that_is_not_there_is_said_to_be_none(server: DnsServer, zone: Zone) -> None:
    assert ask(server, f"nobody.{zone.name}").rcode() == dns.rcode.NXDOMAIN


def test_an_alias_answers_in_its_own_name(server: DnsServer, zone: Zone) -> None:
    name = zone.put("app", {"DNSName": "127.0.0.1:43211", "HostedZoneId": "Z1"})
    (answer,) = ask(server, name).answer
    assert answer.to_text() == f"{name}. 60 IN A {balancer_address(43211)}"


def test_a_load_balancer_is_reached_by_its_own_name(
    cloud: LocalCloud, server: DnsServer, aws_world: Any, aws_client: Any
) -> None:
    found = aws_client("elbv2").describe_load_balancers(LoadBalancerArns=[aws_world.balancer])["LoadBalancers"]
    address = eventually(lambda: server.names.resolve(found[0]["DNSName"]))[-1].values[0]
    assert Reach(cloud)(address, 80) == ("127.0.0.1", cloud.alb_port(aws_world.balancer))


def test_an_answer_is_kept_for_its_ttl_and_no_longer(server: DnsServer, zone: Zone) -> None:
    name = zone.put("app", ["192.0.2.1"], ttl=2)
    resolving = Resolving(server.port, resolvers=1)
    began = time.monotonic()
    assert resolving.addresses(name) == ["192.0.2.1"]
    zone.put("app", ["192.0.2.2"], ttl=2)
    before = server.asked.count(name)
    looked = time.monotonic()
    while resolving.addresses(name) == ["192.0.2.1"]:
        time.sleep(0.05)
        assert time.monotonic() - began < LIMIT_SECONDS
    assert time.monotonic() - began >= 2
    assert 1 <= server.asked.count(name) - before <= 1 + (time.monotonic() - looked) // 2, "not more than each 2 s"


def test_each_resolver_has_a_cache_of_its_own(server: DnsServer, zone: Zone) -> None:
    name = zone.put("app", ["192.0.2.1"])
    resolving = Resolving(server.port, resolvers=2)
    assert resolving.addresses(name, 0) == ["192.0.2.1"]
    zone.put("app", ["192.0.2.2"])
    assert (resolving.addresses(name, 0), resolving.addresses(name, 1)) == (["192.0.2.1"], ["192.0.2.2"])


@pytest.fixture
def tasks(cloud: LocalCloud, aws_world: Any, aws_client: Any) -> Any:
    """A task of each color, registered in Cloud Map as ECS does it."""
    discovery, ecs = aws_client("servicediscovery"), aws_client("ecs")
    name = f"tasks{next(_numbers)}.internal"
    operation = discovery.create_private_dns_namespace(Name=name, Vpc=aws_world.vpc)["OperationId"]
    namespace = discovery.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    cluster = f"cluster{next(_numbers)}"
    ecs.create_cluster(clusterName=cluster)
    for color in ("blue", "green"):
        registry = discovery.create_service(
            Name=color,
            NamespaceId=namespace,
            DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 1}]},
            HealthCheckCustomConfig={"FailureThreshold": 1},
        )["Service"]["Arn"]
        container = {
            "name": "app",
            "image": cloud.image("v1"),
            "portMappings": [{"containerPort": 8080}],
            "environment": [{"name": "COLOR", "value": color}],
        }
        task = ecs.register_task_definition(family=color, networkMode="awsvpc", containerDefinitions=[container])
        ecs.create_service(
            cluster=cluster,
            serviceName=color,
            taskDefinition=task["taskDefinition"]["taskDefinitionArn"],
            desiredCount=1,
            networkConfiguration={"awsvpcConfiguration": {"subnets": aws_world.subnets}},
            serviceRegistries=[{"registryArn": registry}],
        )
    with Registrar(cloud.endpoint):
        yield name, cluster
        for color in ("blue", "green"):
            ecs.delete_service(cluster=cluster, service=color, force=True)


def test_tasks_are_found_and_reached_and_leave(
    cloud: LocalCloud, server: DnsServer, zone: Zone, tasks: Any, aws_client: Any
) -> None:
    namespace, cluster = tasks
    addresses = {
        color: eventually(lambda color=color: server.names.resolve(f"{color}.{namespace}"))[-1].values
        for color in ("blue", "green")
    }
    ecs = aws_client("ecs")
    (task,) = ecs.describe_tasks(
        cluster=cluster, tasks=ecs.list_tasks(cluster=cluster, serviceName="blue")["taskArns"]
    )["tasks"]
    assert addresses["blue"] == (address_of(task),), "the address that it has in its VPC"
    name = zone.put("app", f"blue.{namespace}", ttl=1)
    with NameProxy(Resolving(server.port), Reach(cloud), f"{name}:8080") as proxy:
        with Load(proxy.url, connections_kept=0, connections_new=4, rate_per_second=50) as load:
            eventually(lambda: loopback.get(proxy.url).headers["x-color"] == "blue")
            zone.put("app", f"green.{namespace}", ttl=1)
            eventually(lambda: loopback.get(proxy.url).headers["x-color"] == "green")
        assert load.result.failed == 0, load.result.errors
        assert {sample.color for sample in load.result.samples()} == {"blue", "green"}
    with NameProxy(Resolving(server.port), Reach(cloud)) as proxy:
        body = {"fail_healthz": True}
        answer = httpx.post(f"http://green.{namespace}:8080/control", json=body, proxy=proxy.url)
        assert json.loads(answer.text)["fail_healthz"], "as clients with HTTP_PROXY do it"
    ecs.update_service(cluster=cluster, service="blue", desiredCount=0)
    eventually(lambda: not server.names.resolve(f"blue.{namespace}"))


def test_what_nobody_has_is_a_connection_closed(cloud: LocalCloud, server: DnsServer, zone: Zone) -> None:
    name = zone.put("app", ["192.0.2.1"])
    with pytest.raises(LookupError, match=r"no task listens at 192\.0\.2\.1:80"):
        Reach(cloud)("192.0.2.1", 80)
    with (
        NameProxy(Resolving(server.port), Reach(cloud), f"{name}:80") as proxy,
        pytest.raises(httpx.TransportError),
    ):
        loopback.get(proxy.url)
