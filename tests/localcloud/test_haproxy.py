"""The data plane for listeners that the emulator does not carry: real requests, real processes behind them."""

import itertools
import os
import socket
import ssl
import subprocess
import tarfile
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import pytest

from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import Convergence, Weights
from localcloud import loopback
from localcloud.haproxy import HaProxy
from localcloud.load import Load
from localcloud.progress import Silent
from localcloud.tools import app

names = itertools.count(1)
HEALTH = {
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPath": "/healthz",
    "HealthCheckIntervalSeconds": 5,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 2,
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def apps(tmp_path_factory):
    """The sample app as processes: the port of each by its color. ``white`` takes blue's place for a while."""
    home = tmp_path_factory.mktemp("app")
    with tarfile.open(app.ensure(Silent())) as archive:
        archive.extractall(home, filter="data")
    ports = {color: free_port() for color in ("blue", "green", "white")}
    running = [
        subprocess.Popen(
            [home / "app"],
            env={**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "COLOR": color},
            stderr=subprocess.DEVNULL,
        )
        for color, port in ports.items()
    ]
    yield ports
    for process in running:
        process.kill()
        process.wait()


class Balancers:
    """A network and an application load balancer with a group for each color and protocol."""

    def __init__(self, elb, ec2, acm, ports):
        self.elb, self.acm, self.ports = elb, acm, ports
        self.vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["Subnets"]
        self.balancers = {
            kind: elb.create_load_balancer(
                Name=f"plane-{kind}", Type=kind, Subnets=[one["SubnetId"] for one in subnets]
            )["LoadBalancers"][0]
            for kind in ("network", "application")
        }
        self.tcp = {color: self.group("TCP", color) for color in ("blue", "green")}
        self.http = {color: self.group("HTTP", color) for color in ("blue", "green")}
        for group in (*self.tcp.values(), *self.http.values()):
            self.wait_healthy(group, 1)

    def group(self, protocol, color):
        made = self.elb.create_target_group(
            Name=f"plane-{protocol}-{color}", Protocol=protocol, Port=8080, VpcId=self.vpc, TargetType="ip", **HEALTH
        )
        arn = made["TargetGroups"][0]["TargetGroupArn"]
        self.register(arn, color)
        return arn

    def register(self, group, color):
        self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": self.ports[color]}])

    def wait_healthy(self, group, count):
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            found = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
            if sum(one["TargetHealth"]["State"] == "healthy" for one in found) == count:
                return
            time.sleep(0.2)
        pytest.fail(f"not {count} healthy: {found}")

    def certificate(self, *domains):
        made = self.acm.request_certificate(DomainName=domains[0], SubjectAlternativeNames=list(domains))
        return made["CertificateArn"]

    def listener(self, kind, protocol, action, certificate=None):
        made = self.elb.create_listener(
            LoadBalancerArn=self.balancers[kind]["LoadBalancerArn"],
            Protocol=protocol,
            Port=8000 + next(names),
            DefaultActions=[action],
            **({"Certificates": [{"CertificateArn": certificate}]} if certificate else {}),
        )
        return SimpleNamespace(arn=made["Listeners"][0]["ListenerArn"], port=made["Listeners"][0]["Port"])

    def forward(self, listener, action):
        self.elb.modify_listener(ListenerArn=listener.arn, DefaultActions=[action])


def to(*groups, sticky_seconds=0):
    """A forward to ``(group, weight)`` pairs."""
    config = {"TargetGroups": [{"TargetGroupArn": group, "Weight": weight} for group, weight in groups]}
    if sticky_seconds:
        config["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": sticky_seconds}
    return {"Type": "forward", "ForwardConfig": config}


@pytest.fixture(scope="module")
def balancers(aws_client, apps):
    return Balancers(aws_client("elbv2"), aws_client("ec2"), aws_client("acm"), apps)


@pytest.fixture(scope="module")
def plane(cloud):
    with HaProxy(cloud) as made:
        yield made


def colors(url, count=20, **headers):
    with loopback.client(base_url=url, headers={"Connection": "close", **headers}) as client:
        seen = []
        for _ in range(count):
            seen.append(client.get("/").headers["x-color"])
            client.cookies.clear()  # each one is a client of its own
        return seen


def test_a_network_load_balancer_loses_no_request_while_its_listener_and_targets_change(balancers, plane):
    blue, green = balancers.tcp["blue"], balancers.tcp["green"]
    listener = balancers.listener("network", "TCP", to((blue, 1)))
    url = plane.url(listener.arn)
    with Load(f"{url}/", rate_per_second=300) as load:
        for color, group in (("green", green), ("blue", blue), ("green", green)):
            balancers.forward(listener, to((group, 1)))
            plane.settle()
            assert set(colors(url)) == {color}
        # A target that comes and one that goes: new processes take over.
        balancers.register(green, "white")
        balancers.wait_healthy(green, 2)
        plane.settle()
        assert set(colors(url)) == {"green", "white"}
        leaving = [{"Id": "127.0.0.1", "Port": balancers.ports["white"]}]
        balancers.elb.deregister_targets(TargetGroupArn=green, Targets=leaving)
        plane.settle()
        assert set(colors(url)) == {"green"}
    assert (load.result.failed, load.result.errors) == (0, {})
    # Open connections stay with the target that they have, as on a network load balancer.
    assert {sample.color for sample in load.result.samples() if sample.kept} >= {"blue"}


class Held:
    """A connection that stays open: each request has to go over the very same one."""

    def __init__(self, url):
        # The client itself would close one that is not used for five seconds, which a busy machine takes easily.
        self._client = loopback.client(base_url=url, limits=httpx.Limits(keepalive_expiry=None))
        self.color, self._from = self._ask()

    def _ask(self):
        answer = self._client.get("/")
        return answer.headers["x-color"], answer.extensions["network_stream"].get_extra_info("client_addr")

    def stays(self):
        return self._ask() == (self.color, self._from)


def router_of(listener, balancers):
    section = {
        "kind": "nlb",
        "listener_arn": listener.arn,
        "target_groups": balancers.tcp,
        "owner": "project/stack/nlb",
    }
    parsed = ROUTERS.parse(Fields(section, "router"))
    assert parsed is not None
    return ROUTERS.build(parsed)


@pytest.mark.usefixtures("aws_env")
def test_connections_that_are_open_survive_a_canary_its_promotion_and_a_rollback(balancers, plane):
    """By the swap's own router: what is new goes by the weights, what is open stays, and nothing is lost."""
    listener = balancers.listener("network", "TCP", to((balancers.tcp["blue"], 1)))
    url = plane.url(listener.arn)
    router = router_of(listener, balancers)
    router.write(Weights.all_on("blue"))
    plane.settle()
    held = [Held(url) for _ in range(5)]
    assert {one.color for one in held} == {"blue"}
    with Load(f"{url}/", rate_per_second=100) as load:
        for weights, seen in (
            (Weights.split("green", 10), {"blue", "green"}),
            (Weights.all_on("green"), {"green"}),
            (Weights.all_on("blue"), {"blue"}),
        ):
            router.write(weights)
            assert router.verify(weights) is Convergence.CONVERGED
            plane.settle()
            new = colors(url, 200)
            assert set(new) == seen
            assert "blue" not in seen or new.count("green") < 60, "a tenth at most, give or take"
            assert all(one.stays() for one in held)
            held.append(Held(url))
    assert (load.result.failed, load.result.errors) == (0, {})


def test_a_listener_is_reached_by_its_name_and_port_through_the_proxy(balancers, plane):
    listener = balancers.listener("network", "TCP", to((balancers.tcp["green"], 1)))
    plane.settle()
    host = balancers.balancers["network"]["DNSName"]
    assert httpx.get(f"http://{host}:{listener.port}/", proxy=plane.proxy_url).headers["x-color"] == "green"
    assert httpx.get("http://elsewhere.test/", proxy=plane.proxy_url).status_code == 503


def test_rules_come_in_the_order_of_their_priority(balancers, plane):
    fixed = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": 'it\'s "closed" # 100 %'}
    listener = balancers.listener("application", "HTTP", {"Type": "fixed-response", "FixedResponseConfig": fixed})
    blue, green = ({"Type": "forward", "TargetGroupArn": balancers.http[color]} for color in ("blue", "green"))
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Color-Wish", "Values": ["gr*n", "?"]}}
    here = {"Field": "source-ip", "SourceIpConfig": {"Values": ["127.0.0.0/8"]}}
    elsewhere = {"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.0/24"]}}
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com"]}}
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}
    rules = {
        10: ([header, elsewhere], blue),
        20: ([header, here], green),
        30: ([host], blue),
        40: ([host, path], green),
    }
    for priority, (conditions, action) in rules.items():
        balancers.elb.create_rule(ListenerArn=listener.arn, Priority=priority, Conditions=conditions, Actions=[action])
    url = plane.url(listener.arn)
    answer = httpx.get(url)
    assert (answer.status_code, answer.text) == (404, fixed["MessageBody"])
    assert set(colors(url, **{"X-Color-Wish": "GREEN"})) == {"green"}
    assert set(colors(url, Host="www.example.com:80")) == {"blue"}
    assert httpx.get(url, headers={"Host": "example.com", "X-Color-Wish": "red"}).status_code == 404


def test_weights_are_exact_at_nothing_and_a_client_stays_with_its_color(balancers, plane):
    blue, green = balancers.http["blue"], balancers.http["green"]
    listener = balancers.listener("application", "HTTP", to((blue, 900), (green, 100), sticky_seconds=60))
    url = plane.url(listener.arn)
    assert 0 < colors(url, 200).count("green") < 60
    with loopback.client(base_url=url) as client:
        answers = [client.get("/") for _ in range(30)]
    assert len({answer.headers["x-color"] for answer in answers}) == 1
    assert "Max-Age=60" in answers[0].headers["set-cookie"]
    with Load(f"{url}/", rate_per_second=300) as load:
        balancers.forward(listener, to((blue, 0), (green, 100), sticky_seconds=60))
        plane.settle()
        moved_at = time.time()
        cookie = answers[0].headers["set-cookie"].partition(";")[0]
        assert set(colors(url, 50, Cookie=cookie)) == {"green"}
    assert load.result.failed == 0
    assert set(load.result.between(moved_at, time.time())) == {"green"}


def test_tls_ends_at_the_listener_with_the_certificate_that_the_client_asks_for(balancers, plane):
    default, other = balancers.certificate("www.example.com"), balancers.certificate("api.example.org", "*.example.org")
    listener = balancers.listener("network", "TLS", to((balancers.tcp["blue"], 1)), default)
    balancers.elb.add_listener_certificates(ListenerArn=listener.arn, Certificates=[{"CertificateArn": other}])
    parts = urlsplit(plane.url(listener.arn))
    assert parts.scheme == "https"
    trust = ssl.create_default_context()
    for certificate in plane.certificates.glob("*.pem"):
        trust.load_verify_locations(certificate)
    for asked in ("www.example.com", "api.example.org", "eu.example.org"):
        plain = socket.create_connection(("127.0.0.1", parts.port), timeout=10)
        with trust.wrap_socket(plain, server_hostname=asked) as secure:
            secure.sendall(f"GET / HTTP/1.1\r\nHost: {asked}\r\nConnection: close\r\n\r\n".encode())
            assert b"X-Color: blue" in secure.recv(4096)


def test_nothing_is_left_at_the_end(cloud, balancers):
    listener = balancers.listener("network", "TCP", to((balancers.tcp["blue"], 1)))
    with HaProxy(cloud) as plane:
        port = urlsplit(plane.url(listener.arn)).port
        assert set(colors(f"http://127.0.0.1:{port}")) == {"blue"}
        home = plane.certificates.parent
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert not home.exists()
    found = subprocess.run(["pgrep", "--full", str(home)], capture_output=True, check=False)
    assert found.stdout == b""
