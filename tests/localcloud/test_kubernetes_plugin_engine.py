"""The plugin under the real engine: a small stack's whole life, on two contexts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml

from localcloud.kubernetes.node import LocalNode
from tests.localcloud.kubernetes_stack import Stack

PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes import apps, core, yaml

config = pulumi.Config()
namespace = core.v1.Namespace("engine")
inside = {"namespace": namespace.metadata.name}
token = config.require_secret("token")
core.v1.Secret("token", metadata=inside, string_data={"token": token})
settings = core.v1.ConfigMap("settings", metadata=inside, data={"a": config.get("a") or "1"})
colors = {"blue": kubernetes.Provider("blue", context="blue"), "green": kubernetes.Provider("green", context="green")}
for color, provider in colors.items():
    labels = {"app": "web", "color": color}
    app = {
        "name": "app",
        "image": config.require(color),
        "image_pull_policy": "Never",
        "env": [{"name": "TOKEN", "value": token}],
        "resources": {"requests": {"cpu": "0.01", "memory": "1024Ki"}},
    }
    pod = {"termination_grace_period_seconds": 0, "containers": [app]}
    web = apps.v1.Deployment(
        color,
        metadata=inside,
        spec={
            "selector": {"match_labels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
        opts=pulumi.ResourceOptions(
            provider=provider, custom_timeouts=pulumi.CustomTimeouts(update=config.get("updateTimeout"))
        ),
    )
    core.v1.Service(
        color,
        metadata=inside,
        spec={"selector": labels, "ports": [{"port": 80, "target_port": 8080}]},
        opts=pulumi.ResourceOptions(provider=provider, depends_on=[web]),
    )
production = core.v1.Service("web", metadata=inside, spec={"ports": [{"port": 80, "target_port": 8080}]})
core.v1.ServicePatch("web", metadata={**inside, "name": production.metadata.name, "labels": {"patched": "yes"}})


def labeled(args):
    if not args.custom:
        return None
    metadata = {**args.props["metadata"], "labels": {"color": "blue"}}
    return pulumi.ResourceTransformResult(props={**args.props, "metadata": metadata}, opts=args.opts)


manifests = namespace.metadata.name.apply(
    lambda name: f\"\"\"
apiVersion: v1
kind: List
items:
- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: listed, namespace: {name}}}, data: {{since: 2020-01-01}}}}
---
{{apiVersion: v1, kind: Secret, metadata: {{name: hidden, namespace: {name}}}, stringData: {{x: very-hidden}}}}
\"\"\"
)
group = yaml.v2.ConfigGroup("rendered", yaml=manifests, opts=pulumi.ResourceOptions(transforms=[labeled]))
yaml.ConfigGroup("older", yaml=["{apiVersion: v1, kind: ConfigMap, metadata: {name: bluegreen-older}}"])
pulumi.export("ready", web.status.ready_replicas)
pulumi.export("listed", group.resources.apply(lambda found: sorted(str(type(one).__name__) for one in found)))
"""


@pytest.fixture(scope="module")
def stack(node: LocalNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    project = tmp_path_factory.mktemp("engine")
    kubeconfig = yaml.safe_load(node.kubeconfig.read_text())
    (context,) = kubeconfig["contexts"][:1]
    kubeconfig["contexts"] += [{**context, "name": color} for color in ("blue", "green")]
    made = Stack(node, project, PROGRAM, plain=True)
    (project / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    made.env["KUBECONFIG"] = str(project / "kubeconfig")
    made.set(blue=LocalNode.image("v1"), green=LocalNode.image("v1"))
    made.run("config", "set", "--secret", "token", "hush-hush")
    before = namespaces(node)
    try:
        yield made
    finally:
        made.run("destroy", "--yes", "--skip-preview")
        assert not namespaces(node) - before


def namespaces(node: LocalNode) -> set[str]:
    """The program's, by their names."""
    found = json.loads(node.kubectl("get", "namespaces", "-o", "json"))["items"]
    return {one["metadata"]["name"] for one in found if one["metadata"]["name"].startswith("engine-")}


def test_a_stack_through_its_changes(stack: Stack, node: LocalNode) -> None:
    """In one test, as every command costs seconds. The fixture destroys the stack and checks that nothing is left."""
    preview = stack.run("preview")
    assert "+ 17 to create" in preview
    assert stack.changes("up")["created"] == 17
    stack.warm_up()  # once as a user's Python does it; the rest is about what the plugin answers
    assert json.loads(stack.run("stack", "output", "--json")) == {"ready": 1, "listed": ["ConfigMap", "Secret"]}
    resources = stack.resources()
    namespace = resources["Namespace engine"]["id"]
    assert resources["Deployment blue"]["provider"].split("::")[3] == "blue"
    listed = resources[f"ConfigMap rendered:{namespace}/listed"]
    assert listed["outputs"]["data"] == {"since": "2020-01-01"}
    assert listed["outputs"]["metadata"]["labels"] == {"color": "blue"}
    assert listed["parent"].endswith("::rendered")
    assert resources["ConfigMap bluegreen-older"]["parent"].endswith("::older")
    labels = json.loads(node.kubectl("get", "service", "--namespace", namespace, "-l", "patched=yes", "-o", "json"))
    assert len(labels["items"]) == 1

    name = resources["Deployment green"]["id"].split("/")[1]
    node.kubectl("scale", "--namespace", namespace, f"deployment/{name}", "--replicas=2")
    node.kubectl("rollout", "status", "--namespace", namespace, f"deployment/{name}", "--timeout=180s")
    assert stack.changes("refresh")["unchanged"] == 17  # what others scaled is no drift
    assert stack.changes("up")["unchanged"] == 17

    stack.set(green=LocalNode.image("v2"), a="2")
    preview = stack.run("preview", "--diff")
    assert "+-kubernetes:core/v1:ConfigMap: (replace)" in preview
    assert "~ kubernetes:apps/v1:Deployment: (update)" in preview
    assert preview.count("[urn=") == 3  # the stack, the config map, the deployment
    changes = stack.changes("up")
    assert (changes["replaced"], changes["updated"], changes["unchanged"]) == (1, 1, 15)
    assert json.loads(stack.run("stack", "output", "--json"))["ready"] == 2
    text = json.dumps(stack.resources()) + preview
    assert "hush-hush" not in text
    assert "very-hidden" not in text


def test_a_failed_update_says_why_and_is_tried_again(stack: Stack) -> None:
    stack.set(green="bluegreen.local/app:none", updateTimeout="4s")
    said = stack.run("up", "--yes", "--skip-preview", fails=True)
    assert "timed out waiting to be Ready" in said
    assert "[ErrImageNeverPull]" in said
    assert "Traceback" not in said
    stack.set(green=LocalNode.image("v2"), updateTimeout="60s")
    assert stack.changes("up")["updated"] == 1
