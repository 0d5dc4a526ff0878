"""Under the real engine: the update of a color with traffic ends before it begins, whoever hosts the component."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from bluegreen.kubernetes.client import MANAGER, KubernetesConnection, Resource
from bluegreen.kubernetes.live_object import OWNER
from bluegreen.kubernetes.routes.nginx_canary import INGRESS
from localcloud.kubernetes.node import LocalNode
from tests.localcloud.kubernetes_stack import Stack

WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"
# Of a language that the plugin serves: the plugin declares the workloads, and the swap is not among what is updated.
REMOTE = """
import pulumi

config = pulumi.Config()


class Web(pulumi.ComponentResource):
    def __init__(self, name, props):
        super().__init__("bluegreen:kubernetes:KubernetesService", name, props, remote=True)


entry = {"nginx": {"host": "a"}}
colors = {color: {"image": config.require(color)} for color in ("blue", "green")}
Web("web", {"activeColor": "blue", "entry": entry, "namespace": config.require("namespace"), **colors})
"""
PARTS = (
    "**:KubernetesService::web",
    "**:Stash::web-preview-token",
    "**v1:Service::web-blue",
    "**v1:Service::web-green",
    "**:Ingress::web",
)
UP = ("up", *(word for part in (*PARTS, "**:Deployment::web-*") for word in ("--target", part)))


@pytest.fixture
def namespace(node: LocalNode):
    name = f"guarded-{uuid.uuid4().hex[:8]}"
    node.kubectl("create", "namespace", name)
    yield name
    node.kubectl("delete", "namespace", name, "--wait=false")


def test_a_component_that_the_plugin_hosts_keeps_its_live_release(
    node: LocalNode, tmp_path: Path, namespace: str
) -> None:
    stack = Stack(node, tmp_path, REMOTE)
    stack.set(namespace=namespace, blue="app:v1", green="app:v1")
    stack.changes(*UP)
    what, cluster = Resource(*INGRESS, namespace, "web"), KubernetesConnection(kubeconfig=str(node.kubeconfig))
    cluster.apply(what, {"metadata": {"annotations": {WEIGHT: "0", OWNER: "p/s/web"}}}, MANAGER)  # blue is live
    stack.set(green="app:v2")
    assert stack.changes(*UP)["updated"] == 1, "a color without traffic gets any release"
    stack.set(blue="app:v2")
    said = stack.run(*UP, "--yes", "--skip-preview", fails=True)
    assert "web-blue was not updated: blue has 100 % of production traffic" in said
    assert "image of container web app:v1 -> app:v2" in said
    assert _image(node, namespace) == "app:v1"
    config = tmp_path / "Pulumi.test.yaml"
    config.write_text(config.read_text() + "  bluegreen:allowLiveChanges: 'true'\n")
    assert stack.changes(*UP)["updated"] == 1
    assert _image(node, namespace) == "app:v2"


def _image(node: LocalNode, namespace: str) -> str:
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return node.kubectl("--namespace", namespace, "get", "deployment", "web-blue", "-o", path).strip("'")
