"""Which scenarios a variant plays, and which of the two adapters does the swaps of which.

Moving a swap from one to the other moves no traffic, so both take turns within a variant's one stack, and every second
variant begins with the other one. In `make test` a variant is promoted, rolled back and stopped by a gate; of those
that have the same router or the same way to write it, one plays the other scenarios for all (see `WITNESS`), and some
play in `make scenarios` alone (see `ELSEWHERE`).
`make scenarios` runs every scenario of every variant over both adapters.

On Kubernetes the objects are made by a stand-in for Pulumi's plugin, and in two runs more by that plugin itself, where
it is built already; `make scenarios-kubernetes-plugin` builds it and runs every variant on Kubernetes with it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

import pytest

from tests.scenarios.variants import VARIANTS

Adapter = Literal["native", "dynamic"]
ADAPTERS: tuple[Adapter, ...] = ("native", "dynamic")
CHOSEN = os.environ.get("BLUEGREEN_SCENARIOS", "")
"""Empty in `make test`; ``full``, or ``kubernetes-plugin``."""
A_SWAP = 3
"""How many scenarios every variant plays, from the first: a promotion, a rollback, a gate that fails."""
WITNESS = {
    # Weights of a load balancer's rule, or of its listener's own action; what is scaled is another service, whose
    # scenarios are in tests/e2e.
    **dict.fromkeys(("asg", "ecs_entries", "ecs_listeners", "ecs_nlb", "eks"), "ecs"),
    "ecs_native": "ecs_codedeploy",  # both in tests/routers/test_platform_deployments.py, with aborts and kills
    "kubernetes_clusters": "ecs_dns",
    **dict.fromkeys(("http_api", "rest_api"), "lambda_alias"),  # a field of one object, under one call
    # Fields of one object, written by the same class with other paths. What the plugin does to each kind of object that
    # somebody wrote to: tests/localcloud/test_kubernetes_plugin_drift.py.
    "kubernetes_route, istio": "kubernetes_gateway",
    **dict.fromkeys(("kubernetes_entries", "kubernetes_helm", "kubernetes_yaml"), "kubernetes_service"),
}
"""By variant, the one that plays in `make test` what comes after these. One that is not here plays all."""
_WRITTEN_ELSEWHERE = "tests/routers/test_kubernetes_weighted.py"
ELSEWHERE = {
    "ecs_whole": "tests/e2e/test_ecs_whole.py",
    "cloudfoundry": "tests/e2e/test_cloudfoundry.py",
    "beanstalk": "tests/e2e/test_beanstalk.py",
    "google_cloud_run": "tests/e2e/test_google.py",
    "google_function": "tests/e2e/test_google_function.py",
    "google_instance_groups": "tests/e2e/test_google_instance_groups.py",
    "google_cloud_run_pair": "tests/e2e/test_google_cloud_run_pair.py",
    "google_cloud_dns": "tests/google/test_dns_scenarios.py",
    # One class writes them, with other paths, and its Istio's and Gateway API's HTTP routes are played.
    **dict.fromkeys(
        ("kubernetes_grpc", *(f"kubernetes_route, {name}" for name in ("linkerd", "contour"))), _WRITTEN_ELSEWHERE
    ),
    "kubernetes_route, aws_load_balancer": _WRITTEN_ELSEWHERE,  # annotations, as nginx'
    "kubernetes_traefik": "tests/routers/test_traefik.py",  # through a real Traefik
    "asg_dns": "tests/routers/test_route53.py",  # groups behind names: `asg` and `ecs_dns` are played
}
"""What plays in `make scenarios` alone, and the test that has it in `make test`: its routers and its capacity are those
of others here. A whole swap of each goes through it in process, too: tests/matrix."""
WITNESSED = ("kubernetes_service", "kubernetes_gateway")
"""What runs with Pulumi's own plugin in `make test`, too."""


@dataclass(frozen=True, slots=True)
class Run:
    """One stack's way through the scenarios.

    Attributes:
        variant: its variant's name.
        adapter: who does all of its swaps; ``None``: both take turns.
        plugin: whether Pulumi's own plugin makes the objects on Kubernetes.
        scenarios: how many it plays, from the first; ``None``: all.
    """

    variant: str
    adapter: Adapter | None = None
    plugin: bool = False
    scenarios: int | None = None

    def __str__(self) -> str:
        return ", ".join(filter(None, [self.variant, self.adapter, "Pulumi's plugin" if self.plugin else ""]))

    def plays(self, number: int) -> bool:
        """Whether a scenario, counted from 0, is one of its own."""
        return self.scenarios is None or number < self.scenarios

    def adapter_of(self, number: int) -> Adapter:
        """Who does the swaps of a scenario, counted from 0."""
        return self.adapter or ADAPTERS[(list(VARIANTS).index(self.variant) + self.plugin + number) % len(ADAPTERS)]


def in_turn(number: int, chosen: str = CHOSEN) -> tuple[Adapter, ...]:
    """Over which adapters a test runs, counted from 0, where those of its file take turns."""
    return ADAPTERS if chosen == "full" else (ADAPTERS[number % len(ADAPTERS)],)


def in_full(elsewhere: str) -> pytest.MarkDecorator:
    """Marks a test of the engine that `make scenarios` runs alone.

    Args:
        elsewhere: the file that shows the same without an engine; what the engine adds, another test shows.
    """
    return pytest.mark.skipif(CHOSEN != "full", reason=f"in `make scenarios`; without an engine: {elsewhere}")


def runs(chosen: str = CHOSEN) -> list[Run]:
    """All of them."""
    if chosen == "kubernetes-plugin":
        return [Run(name, plugin=True) for name in VARIANTS if name.startswith("kubernetes_")]
    if chosen == "full":
        return [Run(name, adapter) for name in VARIANTS for adapter in ADAPTERS]
    played = [name for name in VARIANTS if name not in ELSEWHERE]
    variants = (Run(name, scenarios=A_SWAP if name in WITNESS else None) for name in played)
    return [*variants, *(Run(name, plugin=True) for name in WITNESSED)]
