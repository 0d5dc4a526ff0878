"""Auto Scaling groups by DNS: a load balancer a color, weighted records in Route 53."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from localcloud.cloud import LocalCloud
from tests.e2e.stack import Stack
from tests.scenarios.asg import Asg
from tests.scenarios.ecs_dns import STEPS, EcsDns


class AsgDns(EcsDns):
    platform = "asg_dns"
    data_plane = (
        "the emulator's load balancers, found through a real DNS server over its Route 53; its instances are records, "
        "so a process of the sample app serves for each"
    )
    port = 80
    promotion_calls = 60
    rollback_calls = 30

    @contextlib.contextmanager
    def endpoint(self, cloud: LocalCloud) -> Iterator[str]:
        with Asg().endpoint(cloud) as url:
            yield url

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        with Asg().around(cloud, stack), super().around(cloud, stack):
            yield

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {**Asg().config(cloud), **self.names(), "strategy": STEPS}

    def place(self, url: str) -> str:
        return urlsplit(url).netloc  # the emulator's name for a load balancer has the port that it listens on
