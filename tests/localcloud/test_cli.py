"""`python -m localcloud` with the real emulator and real containers: up, no-op, recovery, down, and two at once."""

from __future__ import annotations

import ipaddress
import itertools
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from localcloud import paths
from localcloud.cloud import LocalCloud
from localcloud.errors import LocalCloudError
from localcloud.podman import Podman, subnet_pool
from localcloud.processes import Daemon, all_pids, command_line, environment


def localcloud(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localcloud", "--state-dir", str(state), *arguments]
    return subprocess.run(command, cwd=paths.CHECKOUT, capture_output=True, text=True, timeout=120, check=False)


def client(cloud: LocalCloud, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def run_service(cloud: LocalCloud, count: int) -> str:
    """A load balancer in front of an ECS service, healthy; returns its URL."""
    ec2, elb, ecs = (client(cloud, name) for name in ("ec2", "elbv2", "ecs"))
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(
        Name="web", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip", HealthCheckPath="/healthz",
        HealthCheckIntervalSeconds=5, HealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    ecs.create_cluster(clusterName="web")
    container = {
        "name": "app",
        "image": cloud.image("v1"),
        "portMappings": [{"containerPort": 8080}],
        "environment": [{"name": "COLOR", "value": "blue"}],
    }
    ecs.register_task_definition(family="web", networkMode="awsvpc", containerDefinitions=[container])
    ecs.create_service(
        cluster="web", serviceName="web", taskDefinition="web", desiredCount=count, launchType="FARGATE",
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}},
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        targets = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        if [target["TargetHealth"]["State"] for target in targets] == ["healthy"] * count:
            return f"http://127.0.0.1:{cloud.alb_port(balancer)}/"
        time.sleep(0.1)
    raise AssertionError(f"the service is not healthy: {targets}; see {cloud.log}")


def listening() -> dict[str, str]:
    """Address -> the processes that listen on it."""
    lines = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[3]: line for line in lines}


def ours(state: Path) -> list[int]:
    """Every process that this instance started: by its environment, its arguments, or the container it is in."""
    marks = (os.fsencode(state), os.fsencode(paths.run_dir(state)))
    found = [pid for pid in all_pids() if any(mark in command_line(pid) + environment(pid) for mark in marks)]
    return [pid for pid in {*found, *(daemon.pid for daemon in Podman(state).processes())} if Daemon.of(pid).alive()]


def assert_nothing_is_left(state: Path, pids: list[int]) -> None:
    assert not state.exists()
    assert not list(state.parent.glob(f".{state.name}*"))
    assert not paths.run_dir(state).exists()
    assert not ours(state)
    # By process and not by port: other tests run meanwhile, and a port that was given back may be theirs by now.
    assert not [line for line in listening().values() if any(f"pid={pid}," in line for pid in pids)]
    assert str(state) not in Path("/proc/self/mountinfo").read_text()
    assert not bridges_of(state)


def bridges_of(state: Path) -> list[str]:
    """Addresses of bridges within this instance's pool of networks."""
    pool = ipaddress.IPv4Network(subnet_pool(state / "podman"))
    found = subprocess.run(["ip", "-o", "-4", "address"], capture_output=True, text=True, check=True).stdout
    return [found for found in re.findall(r" (10\.\d+\.\d+\.\d+)/28", found) if ipaddress.IPv4Address(found) in pool]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    # Two instances share a pool in 1 of 512 cases: not with one that other tests run now, or their bridges were taken
    # for what this one left.
    places = (tmp_path / f"state-{number}" for number in itertools.count())
    directory = next(place for place in places if not bridges_of(place))
    yield directory
    localcloud(directory, "down")


def test_up_again_recover_and_down(state: Path, cloud: LocalCloud) -> None:
    """One story, since each start takes seconds; `cloud`, the session's own, runs beside it all the time."""
    neighbour_is_well = httpx.get(f"{cloud.endpoint}/_fakecloud/health", trust_env=False).is_success
    assert neighbour_is_well
    for command in ("env", "status"):
        refused = localcloud(state, command)
        assert refused.returncode == 1
        assert refused.stderr == "error: the local cloud is not running: start it with `python -m localcloud up`\n"
    assert "was not up" in localcloud(state, "down").stdout

    up = localcloud(state, "up")
    assert up.returncode == 0, up.stderr
    first = LocalCloud.current(state)

    # Again: a no-op.
    assert localcloud(state, "up").returncode == 0
    assert LocalCloud.current(state).pid == first.pid

    # Real tasks behind the load balancer, reachable from this machine alone.
    url = run_service(first, count=2)
    answer = httpx.get(url, trust_env=False)
    assert answer.json()["color"] == answer.headers["X-Color"] == "blue"
    assert answer.json()["version"] == "v1"
    pids = ours(state)
    assert len(pids) >= 5  # the emulator; two tasks, each with its monitor
    mine = [address for address, line in listening().items() if any(f"pid={pid}," in line for pid in pids)]
    assert len(mine) >= 4  # the API, the load balancer, two tasks
    assert all(address.startswith("127.0.0.1:") for address in mine), mine
    status = localcloud(state, "status").stdout
    for part in (first.endpoint, url.rstrip("/"), "containers     2", first.image("v2")):
        assert part in status

    # The emulator is killed: `up` finds out, clears away what it left, and takes the same port.
    os.kill(first.pid, signal.SIGKILL)
    (state / "backend" / "left-over").touch()
    assert localcloud(state, "status").returncode == 1
    recovered = localcloud(state, "up")
    assert "their Pulumi state is dropped" in recovered.stderr
    second = LocalCloud.current(state)
    assert second.pid != first.pid
    assert second.endpoint == first.endpoint
    assert second.podman.containers() == []
    assert not (state / "backend" / "left-over").exists()

    # A container of the second life, so that `down` has one to end; its port is published without an address.
    image = f"127.0.0.1:{second.port}/app:v2"
    container = second.podman("run", "--detach", "--publish", "8080/tcp", image).strip()
    assert second.podman("port", container, "8080/tcp").startswith("127.0.0.1:")
    started = [*pids, *ours(state)]
    assert localcloud(state, "down").returncode == 0
    assert_nothing_is_left(state, started)
    assert httpx.get(f"{cloud.endpoint}/_fakecloud/health", trust_env=False).is_success
    assert localcloud(state, "down").returncode == 0


def test_an_interrupted_start_leaves_nothing_behind_that_down_does_not_find(state: Path) -> None:
    command = [sys.executable, "-m", "localcloud", "--state-dir", str(state), "up"]
    with subprocess.Popen(command, cwd=paths.CHECKOUT, stderr=subprocess.PIPE) as starting:
        deadline = time.monotonic() + 60
        while not (pids := [pid for pid in ours(state) if b"fakecloud" in command_line(pid)]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        starting.kill()
    assert Daemon.of(pids[0]).alive()  # with no record of it, perhaps
    assert localcloud(state, "down").returncode == 0
    assert_nothing_is_left(state, [])


def test_down_ends_what_an_emulator_had_under_way_when_it_was_ended(state: Path) -> None:
    podman = Podman(state)
    podman.state.mkdir(parents=True)
    late = f"sleep 1; mkdir -p {shlex.quote(str(podman.state))}; sleep 60"
    environ = {**os.environ, "FAKECLOUD_CONTAINER_CLI": str(podman.wrapper)}
    with subprocess.Popen(["sh", "-c", late], env=environ) as command:
        assert localcloud(state, "down").returncode == 0
        assert command.wait(timeout=60) < 0
    assert_nothing_is_left(state, [])


def test_env_points_pulumi_and_aws_at_it(cloud: LocalCloud) -> None:
    foreign = {"AWS_PROFILE": "production", "AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:1", "AWS_SESSION_TOKEN": "x"}
    script = f'eval "$({sys.executable} -m localcloud --state-dir {cloud.state_dir} env)"'
    show = "env && pulumi version && pulumi whoami"
    base = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    command = ["/bin/sh", "-ec", f"{script}; {script}; {show}"]
    shell = subprocess.run(command, cwd=paths.CHECKOUT, env=base | foreign, capture_output=True, text=True, check=False)
    assert shell.returncode == 0, shell.stderr
    got = dict(line.split("=", 1) for line in shell.stdout.splitlines() if "=" in line)
    assert {key: got.get(key) for key in cloud.env()} == cloud.env()
    assert not foreign.keys() & got.keys()
    assert got["PATH"].split(os.pathsep)[: len(cloud.path)] == cloud.path
    assert got["PATH"].count(cloud.path[0]) == 1  # evaluated twice, there once
    assert "v3." in shell.stdout

    python = cloud.process_env(base | foreign | {"HTTP_PROXY": "http://127.0.0.1:1"})
    assert not foreign.keys() & python.keys()
    assert python["NO_PROXY"] == "127.0.0.1,localhost"


def test_stacks_are_made_for_the_project_s_config_files(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: elsewhere\nruntime: python\nstackConfigDir: config\n")
    for name in ("one", "two"):
        (tmp_path / "config" / f"Pulumi.{name}.yaml").write_text("config: {}\n")
    LocalCloud.up(cloud.state_dir, project_dir=tmp_path)
    for name in ("one", "two"):
        chosen = subprocess.run(["pulumi", "stack", "select", name], cwd=tmp_path, env=cloud.process_env(), check=False)
        assert chosen.returncode == 0


def test_an_image_that_is_not_there_is_named(cloud: LocalCloud) -> None:
    with pytest.raises(LocalCloudError, match="there is no image 'v9': the sample app has v1, v2, v3"):
        cloud.image("v9")
    with pytest.raises(LocalCloudError, match="no load balancer 'nobody' listens"):
        cloud.alb_port("nobody", timeout_seconds=0)
