"""The page on routers for Kubernetes: its examples are declared on a real API server and swapped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import Weights
from tests.routers import kubernetes_workshop

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kubernetes-routers.md"
TEXT = PAGE.read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```\s+```python\n(router = .*?)```", TEXT, re.DOTALL)
OTHERS = {"kubernetes_service", "argo_rollouts"}


def section_of(code):
    names = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names["router"]


SECTIONS = [(manifests, section_of(code)) for manifests, code in EXAMPLES]


def test_every_router_is_in_the_table_and_has_an_example():
    kinds = re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)
    on_kubernetes = {kind for kind in ROUTERS.entries if getattr(ROUTERS.load(kind), "owned_path", None) is not None}
    assert set(kinds) == on_kubernetes | OTHERS
    assert {section["kind"] for _, section in SECTIONS} == on_kubernetes - OTHERS


@pytest.fixture(scope="module")
def workshop(node):
    node.install_crds("gateway-api", "istio", "contour", "traefik", "linkerd")
    with kubernetes_workshop.namespace(node, "page") as made:
        yield made


@pytest.mark.parametrize(("manifests", "section"), SECTIONS, ids=[section["kind"] for _, section in SECTIONS])
def test_an_example_is_taken_and_swapped(workshop, manifests, section):
    objects = [item for item in yaml.safe_load_all(manifests) if item]
    for item in objects:
        item["metadata"]["namespace"] = workshop.namespace
    workshop.node.apply(yaml.safe_dump_all(objects))
    here = {**section, "namespace": workshop.namespace, "cluster": {"kubeconfig": workshop.cluster.kubeconfig}}
    fields = Fields(here, "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, [str(problem) for problem in fields.problems]
    router = ROUTERS.build(parsed)
    assert router.read().weights == Weights()
    for weights in (Weights.all_on("blue"), Weights(90, 10), Weights.all_on("green")):
        router.write(weights)
        assert ROUTERS.build(parsed).read().weights == weights
    router.delete()
