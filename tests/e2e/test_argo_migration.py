"""From a Rollout to a Service whose selector the swap moves, and back, by the docs' own commands and under requests."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from bluegreen.rollout.model import Weights
from bluegreen.swap.service import SwapService
from localcloud.load import Load
from tests.routers import argo_workshop
from tests.routers.argo_workshop import NAME, pod_template, router_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "argo-rollouts.md"
SELECTORS = {color: {NAME: "web", "bluegreen/color": color} for color in ("blue", "green")}


def commands(heading):
    """The commands in a section of the page, a list for each of its blocks."""
    section = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)]


@pytest.fixture(scope="module")
def here(node):
    with argo_workshop.running(node, "argo-migration") as made:
        yield made


@pytest.fixture(scope="module")
def web(here):
    service = argo_workshop.Service(here.cluster, here.namespace, "web", replicas=2)
    # Pods that serve on until everybody knows that they leave.
    service.pod = {"grace_seconds": 15, "lifecycle": {"preStop": {"sleep": {"seconds": 2}}}}
    return service.declare()


def inputs(router, color, **more):
    releases = {"blue": "app:v1", "green": "app:v2"}
    found = {"name": "web", "active_color": color, "releases": releases, "router": router}
    return {**found, "poll_interval_seconds": 0.2, "steady_state_timeout_seconds": 90.0, **more}


def by_argo(web, color, **more):
    section = web.section(**more)
    return inputs(section, color, capacity=section, converge_timeout_seconds=90.0)


def by_service(web, color):
    router = {
        "kind": "kubernetes_service",
        "namespace": web.namespace,
        "service": "web",
        "selectors": SELECTORS,
        "owner": "project/stack/web",
        "adopt": True,
        "cluster": {"kubeconfig": web.cluster.kubeconfig},
    }
    return inputs(router, color)


def there_and_back(olds, make, web):
    for color in ("green", "blue"):
        olds = SwapService().update(olds, make(web, color))
        assert olds["live_color"] == color
    return olds


def run(here, lines):
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "kubectl"
        here.node.kubectl(*arguments, "--namespace", here.namespace)


def deployments(web):
    for color, labels in SELECTORS.items():
        template = pod_template(labels, color, **web.pod)
        spec = {"replicas": web.replicas, "selector": {"matchLabels": labels}, "template": template}
        web.apply("Deployment", f"web-{color}", {"spec": spec})


def test_there_and_back_again_without_a_failed_request(here, web):
    _, olds = SwapService().create(by_argo(web, "blue"))
    there_and_back(olds, by_argo, web)
    away, hand_over, follow, retire = commands("From a Rollout to our components")
    narrow, clean = commands("And back")
    assert web.answers("blue")
    with Load(web.url(), rate_per_second=30) as requests:
        run(here, away)
        run(here, hand_over)
        assert web.answers("blue")
        deployments(web)
        _, olds = SwapService().create(by_service(web, "blue"))
        assert (olds["live_color"], olds["history"]) == ("blue", []), "taken over as it is"
        run(here, [*follow, "kubectl rollout status deployment/web-green --timeout 120s"])
        run(here, retire)
        there_and_back(olds, by_service, web)
        assert web.rollout == {}

        web.declare_rollout()
        assert router_of(web).read().weights == Weights()
        _, olds = SwapService().create(by_argo(web, "blue"))
        run(here, narrow)
        run(here, clean)
        there_and_back(olds, by_argo, web)
    assert requests.result.failed == 0, requests.result.errors
    assert len(requests.result) > 100
