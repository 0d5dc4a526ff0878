"""Two environments of Elastic Beanstalk through the engine: a gate stops a promotion, it is done, and rolled back.

The emulator's environments are records: a process of the sample app serves for each, found by the name that it has
through a real DNS server over the emulator's API, TTL and all.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from localcloud.app_processes import AppProcesses
from localcloud.dns import DnsServer
from localcloud.dns_clients import NameProxy, Reach, Resolving
from localcloud.load import Load
from tests.e2e.stack import HEALTHZ, Stack, one_by_one

NO = [{"kind": "command", "command": ["false"], "phases": ["before"]}]
TTL_SECONDS = 1
SOLUTION = "64bit Amazon Linux 2023 v4.1.2 running Python 3.11"


@pytest.fixture(scope="module")
def application(aws_env):
    """An application with what a build has uploaded."""
    api: Any = boto3.client("elasticbeanstalk")
    name = f"shop-{secrets.token_hex(4)}"
    api.create_application(ApplicationName=name)
    for label in ("v1", "v2"):
        bundle = {"S3Bucket": "releases", "S3Key": f"{label}.zip"}
        api.create_application_version(ApplicationName=name, VersionLabel=label, SourceBundle=bundle)
    yield name
    api.delete_application(ApplicationName=name)


@pytest.fixture(scope="module")
def stack(cloud, application, tmp_path_factory):
    made = Stack(cloud, tmp_path_factory.mktemp("beanstalk"), "beanstalk")
    made.set(
        {
            "application": application,
            "cnamePrefix": application,
            "blueVersion": "v1",
            "greenVersion": "v2",
            "solutionStack": SOLUTION,
            "propagationSeconds": str(TTL_SECONDS),
            "gates": HEALTHZ,
        }
    )
    yield made
    made.destroy()


def live(stack: Stack) -> str:
    """Whose environment has production's name, as the API tells."""
    names = stack.output("environmentNames")
    api: Any = boto3.client("elasticbeanstalk")
    found = api.describe_environments(EnvironmentNames=[*names.values()])["Environments"]
    prefix = f"{stack.swap()['outputs']['router']['cname_prefix']}."
    (name,) = [one["EnvironmentName"] for one in found if one["CNAME"].startswith(prefix)]
    (color,) = [color for color, known in names.items() if known == name]
    return str(color)


def colors(url: str, wanted: str) -> set[str]:
    """Who answers, once no resolver keeps an older answer."""
    deadline = time.monotonic() + 60
    while True:
        with one_by_one(url) as client:
            seen = {client.get("/").headers["x-color"] for _ in range(20)}
        if seen == {wanted} or time.monotonic() > deadline:
            return seen
        time.sleep(0.2)


def test_a_gate_stops_a_promotion_it_is_done_and_rolled_back_by_pulumi_up(cloud, stack, application):
    """One test: its parts are the life of one stack."""
    with AppProcesses() as apps, DnsServer(cloud.endpoint) as server:
        server.names.environment_ttl_seconds = TTL_SECONDS
        server.names.environments = {f"shop-{color}-": apps.start({"COLOR": color}).port for color in ("blue", "green")}
        resolving, reach = Resolving(server.port), Reach(cloud)
        with contextlib.ExitStack() as proxies:
            http_proxy = proxies.enter_context(NameProxy(resolving, reach))
            stack.env |= {"HTTP_PROXY": http_proxy.url, "NO_PROXY": "127.0.0.1,localhost"}
            stack.up(activeColor="blue")
            host = urlsplit(stack.url).hostname
            assert str(host).startswith(f"{application}.")
            production = proxies.enter_context(NameProxy(resolving, reach, f"{host}:80"))
            assert (live(stack), colors(production.url, "blue")) == ("blue", {"blue"})
            with Load(production.url, rate_per_second=25, connections_kept=0) as load:
                said = stack.up_fails(activeColor="green", gates=NO)
                assert "traffic was not moved: blue 100 %" in said
                assert live(stack) == "blue"
                stack.up(gates=HEALTHZ, retry="1")
                assert (live(stack), colors(production.url, "green")) == ("green", {"green"})
                preview = stack.pulumi("preview", "--diff")
                assert "replace" not in preview, "names that were exchanged make no environment anew"
                said = stack.up_fails(greenVersion="v1")
                assert "-green was not updated: green has 100 % of production traffic" in said
                assert "(version v2 -> v1)" in said
                stack.up(activeColor="blue", greenVersion="v2")
                assert stack.outcome() == "rolled_back"
                assert (live(stack), colors(production.url, "blue")) == ("blue", {"blue"})
            assert load.result.failed == 0, load.result.errors
