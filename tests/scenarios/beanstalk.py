"""Two environments of Elastic Beanstalk that exchange their names."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3

from localcloud.app_processes import AppProcesses
from localcloud.cloud import LocalCloud
from localcloud.dns import DnsServer
from localcloud.dns_clients import NameProxy, Reach, Resolving
from localcloud.load import Load
from tests.e2e.stack import HEALTHZ, Stack, one_by_one
from tests.scenarios.variant import Requests, Variant

TTL_SECONDS = 1
SOLUTION = "64bit Amazon Linux 2023 v4.1.2 running Python 3.11"


class Beanstalk(Variant):
    platform = "beanstalk"
    data_plane = (
        "the emulator's environments are records: a process of the sample app serves for each, found through a real "
        "DNS server by the name that it has, TTL and all"
    )
    write_call = "elasticbeanstalk:SwapEnvironmentCNAMEs"
    promotion_calls = 40
    rollback_calls = 40
    can_abort = True
    follows_seconds = 60.0

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        self._application = f"shop-{secrets.token_hex(4)}"
        api: Any = boto3.client("elasticbeanstalk")
        api.create_application(ApplicationName=self._application)
        for label in ("v1", "v2"):
            bundle = {"S3Bucket": "releases", "S3Key": f"{label}.zip"}
            api.create_application_version(ApplicationName=self._application, VersionLabel=label, SourceBundle=bundle)
        return {
            "application": self._application,
            "cnamePrefix": self._application,
            "blueVersion": "v1",
            "greenVersion": "v2",
            "solutionStack": SOLUTION,
            "propagationSeconds": str(TTL_SECONDS),
            "gates": HEALTHZ,
        }

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        with AppProcesses() as apps, DnsServer(cloud.endpoint) as server:
            server.names.environment_ttl_seconds = TTL_SECONDS
            ports = {f"shop-{color}-": apps.start({"COLOR": color}).port for color in ("blue", "green")}
            server.names.environments = ports
            self._resolving, self._reach = Resolving(server.port), Reach(cloud)
            with NameProxy(self._resolving, self._reach) as http_proxy:
                stack.env |= {"HTTP_PROXY": http_proxy.url, "NO_PROXY": "127.0.0.1,localhost"}
                yield

    def _environments(self, stack: Stack) -> dict[str, dict[str, Any]]:
        names = stack.output("environmentNames")
        api: Any = boto3.client("elasticbeanstalk")
        found = api.describe_environments(EnvironmentNames=[*names.values()])["Environments"]
        by_name = {one["EnvironmentName"]: one for one in found}
        return {color: by_name[name] for color, name in names.items()}

    def live(self, stack: Stack) -> dict[str, int]:
        found = self._environments(stack)
        return {color: 100 for color, one in found.items() if one["CNAME"].startswith(f"{self._application}.")}

    def drift(self, stack: Stack) -> None:
        names = stack.output("environmentNames")
        api: Any = boto3.client("elasticbeanstalk")
        api.swap_environment_cnames(SourceEnvironmentName=names["blue"], DestinationEnvironmentName=names["green"])

    def _production(self, stack: Stack) -> NameProxy:
        host = urlsplit(stack.url).hostname
        return NameProxy(self._resolving, self._reach, f"{host}:80")

    @contextlib.contextmanager
    def requests(self, stack: Stack) -> Iterator[Requests]:
        seen = Requests()
        with self._production(stack) as production:
            with Load(production.url, rate_per_second=25, connections_kept=0) as running:
                yield seen
            seen.failed, seen.made, seen.errors = running.result.failed, len(running.result), running.result.errors

    def colors(self, stack: Stack) -> set[str]:
        with self._production(stack) as production, one_by_one(production.url) as client:
            return {client.get("/").headers["x-color"] for _ in range(30)}
