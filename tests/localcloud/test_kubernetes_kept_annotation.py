"""Under the real engine: a weight that somebody patched is there while the stack changes its Ingress, and after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bluegreen.kubernetes.client import MANAGER, KubernetesConnection, Resource
from bluegreen.kubernetes.live_object import OWNER
from bluegreen.kubernetes.routes.nginx_canary import INGRESS
from localcloud.kubernetes.node import LocalNode
from tests.localcloud.kubernetes_stack import Stack

WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"
PROGRAM = f"""
import pulumi
from bluegreen.kubernetes.routes.keeping import keeper
from bluegreen.kubernetes.objects import declare
from bluegreen.kubernetes.component import place_of

config = pulumi.Config()
place = place_of({{}}, config.require("namespace"))
backend = {{"service": {{"name": "web-green", "port": {{"number": 80}}}}}}
canary = {{
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {{
        "name": "web",
        "namespace": place.namespace,
        "labels": {{"team": config.require("team")}},
        "annotations": {{"nginx.ingress.kubernetes.io/canary": "true"}},
    }},
    "spec": {{"defaultBackend": backend}},
}}
component = pulumi.ComponentResource("tests:index:Web", "web")
declare(canary, component, hooks=keeper(place, "web", {WEIGHT!r}) if config.get_bool("kept") else None)
"""

# Of a language that the plugin serves: it calls the hook, and the swap is not among what is updated.
REMOTE = """
import pulumi

config = pulumi.Config()


class Web(pulumi.ComponentResource):
    def __init__(self, name, props):
        super().__init__("bluegreen:kubernetes:KubernetesService", name, props, remote=True)


entry = {"nginx": {"host": "a", "annotations": {"team": config.require("team")}}}
colors = {"blue": {"image": "app:v1"}, "green": {"image": "app:v2"}}
Web("web", {"activeColor": "blue", "entry": entry, "namespace": config.require("namespace"), **colors})
"""
TARGETS = tuple(
    f"**{kind}::{name}"
    for kind, name in (
        (":KubernetesService", "web"),
        ("v1:Service", "web-blue"),
        ("v1:Service", "web-green"),
        (":Stash", "web-preview-token"),
        (":Ingress", "web"),
    )
)


@pytest.mark.parametrize("way", ["kubectl-patch", "kubectl-edit", "server-side apply"])
def test_a_patched_weight_outlives_a_change_of_the_ingress(node: LocalNode, tmp_path: Path, way: str) -> None:
    namespace = "kept-" + way.replace(" ", "-")
    with node.namespace(namespace):
        stack = Stack(node, tmp_path, PROGRAM)
        stack.set(namespace=namespace, team="shop")
        stack.run("up", "--yes", "--skip-preview")
        stack.set(kept="true")
        assert stack.changes("up").keys() == {"unchanged"}, "a stack of before is as it was"
        what, cluster = Resource(*INGRESS, namespace, "web"), KubernetesConnection(kubeconfig=str(node.kubeconfig))
        _swap(cluster, what, "0")
        _drift(node, what, way, "70", tmp_path)
        stack.set(team="fish")
        assert stack.changes("up")["updated"] == 1
        assert _state(cluster, what) == ("70", "fish"), "the swap never ran: what is live stays"
        _swap(cluster, what, "0")
        assert stack.changes("up").keys() == {"unchanged"}
        stack.set(team="shop")
        stack.run("up", "--yes", "--skip-preview")
        assert _state(cluster, what) == ("0", "shop")


def test_a_component_of_another_language_keeps_it_too(node: LocalNode, tmp_path: Path) -> None:
    namespace, up = "kept-remote", ("up", *(word for target in TARGETS for word in ("--target", target)))
    with node.namespace(namespace):
        stack = Stack(node, tmp_path, REMOTE)
        stack.set(namespace=namespace, team="shop")
        stack.changes(*up)
        what, cluster = Resource(*INGRESS, namespace, "web"), KubernetesConnection(kubeconfig=str(node.kubeconfig))
        _swap(cluster, what, "0")
        _drift(node, what, "kubectl-patch", "70", tmp_path)
        stack.set(team="fish")
        assert stack.changes(*up)["updated"] == 1
        annotations = (cluster.get(what) or {})["metadata"]["annotations"]
        assert (annotations.get(WEIGHT), annotations["team"]) == ("70", "fish")


def _state(cluster: KubernetesConnection, what: Resource) -> tuple[str | None, str]:
    metadata: Any = (cluster.get(what) or {})["metadata"]
    assert metadata["annotations"][OWNER] == "p/s/web"
    return metadata["annotations"].get(WEIGHT), metadata["labels"]["team"]


def _swap(cluster: KubernetesConnection, what: Resource, weight: str) -> None:
    """As the swap writes."""
    cluster.apply(what, {"metadata": {"annotations": {WEIGHT: weight, OWNER: "p/s/web"}}}, MANAGER)


def _drift(node: LocalNode, what: Resource, way: str, weight: str, folder: Path) -> None:
    metadata = {"name": what.name, "namespace": what.namespace, "annotations": {WEIGHT: weight}}
    if way.startswith("kubectl"):
        patch = json.dumps({"metadata": {"annotations": {WEIGHT: weight}}})
        words = ("patch", "ingress", what.name, "--type=merge", f"--field-manager={way}", f"--patch={patch}")
        node.kubectl("--namespace", what.namespace, *words)
        return
    file = folder / "ingress.json"
    file.write_text(json.dumps({**what.header, "metadata": metadata}))
    node.kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(file))
