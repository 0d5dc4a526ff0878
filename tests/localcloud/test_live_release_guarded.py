"""Under the real engine: the update of a color with traffic ends before it begins, whoever hosts the component."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
import yaml

from bluegreen.kubernetes.client import MANAGER, KubernetesConnection, Resource
from bluegreen.kubernetes.live_object import OWNER
from bluegreen.kubernetes.routes.nginx_canary import INGRESS
from localcloud.kubernetes.node import LocalNode
from tests.localcloud.kubernetes_stack import Stack

FOLDER = Path(__file__).parent.parent / "kubernetes"
WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"
# Of a language that the plugin serves: the plugin declares the workloads.
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
CHART = f"""
import types
import pulumi
from bluegreen.adapters import resource
from bluegreen.kubernetes import HelmService, nginx

config = pulumi.Config()
shown = {{"live_color": "blue", "weights": {{}}, "history": []}}
resource.declare = lambda *_, **__: types.SimpleNamespace(**shown)  # what guards has to hold without the swap


def release(color):
    repository, tag = config.require(color).split(":")
    values = {{
        "image": {{"repository": repository, "tag": tag}},
        "autoscaling": {{"enabled": config.require("install") == "release"}},
    }}
    return {{"chart": {str(FOLDER / "chart")!r}, "values": values}}


HelmService(
    "web",
    active_color="blue",
    blue=release("blue"),
    green=release("green"),
    namespace=config.require("namespace"),
    install=config.require("install"),
    entry=nginx(host="a"),
    autoscaling={{"min_replicas": 1, "max_replicas": 2}} if config.require("install") == "release" else None,
)
"""
WAYS = {
    "hosted by the plugin": (REMOTE, "", "image of container app app:v1 -> app:v2"),
    "a release that Helm keeps": (CHART, "release", "its values"),
    "a chart whose objects are the stack's": (CHART, "chart", "image of container shop app:v1 -> app:v2"),
}
# The swap would wait for pods, and has no part in this.
EXCEPT = ("--exclude", "**TrafficSwap::web-swap")


@pytest.fixture
def namespace(node: LocalNode):
    name = f"guarded-{uuid.uuid4().hex[:8]}"
    node.kubectl("create", "namespace", name)
    yield name
    node.kubectl("delete", "namespace", name, "--wait=false")


@pytest.mark.parametrize("way", WAYS)
def test_what_has_traffic_keeps_its_release(node: LocalNode, tmp_path: Path, namespace: str, way: str) -> None:
    program, install, what = WAYS[way]
    up = ("up", *(() if install else EXCEPT))
    stack = Stack(node, tmp_path, program)
    stack.set(namespace=namespace, blue="app:v1", green="app:v1", install=install)
    stack.changes(*up)
    ingress, cluster = Resource(*INGRESS, namespace, "web"), KubernetesConnection(kubeconfig=str(node.kubeconfig))
    cluster.apply(
        ingress, {"metadata": {"annotations": {WEIGHT: "0", OWNER: "kubernetesplugin/test/web"}}}, MANAGER
    )  # blue is live
    stack.set(green="app:v2")
    assert stack.changes(*up)["updated"] == 1, "a color without traffic gets any release"
    stack.set(blue="app:v2")
    said = stack.run(*up, "--yes", "--skip-preview", fails=True)
    assert "web-blue was not updated: blue has 100 % of production traffic" in said
    assert what in said
    assert _image(node, namespace) == "app:v1"
    _allow(tmp_path / "Pulumi.test.yaml")
    assert stack.changes(*up)["updated"] == 1
    assert _image(node, namespace) == "app:v2"


def _allow(settings: Path) -> None:
    content = yaml.safe_load(settings.read_text())
    content["config"]["bluegreen:allowLiveChanges"] = "true"
    settings.write_text(yaml.safe_dump(content))


def _image(node: LocalNode, namespace: str) -> str:
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return node.kubectl("--namespace", namespace, "get", "deployment", "web-blue", "-o", path).strip("'")
