"""Shared by all stacks on the Kubernetes node: a namespace each, and a proxy before the API server."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from localcloud import fault_kubernetes, loopback
from localcloud.cloud import LocalCloud
from localcloud.fault_proxy import FaultProxy
from localcloud.kubernetes.node import LocalNode
from tests.e2e.stack import Stack
from tests.scenarios.variant import Requests, Variant, load

COLORS = ("blue", "green")
# The program begins with it: it labels the object of which the swap owns a field, as the stack's config says.
_LABELLED = """
import pulumi


def labelled(args):
    kind, metadata = args.type_.rpartition(":")[2].lower(), args.props.get("metadata") or {{}}
    plurals, name = (kind, kind + "s", kind[:-1] + "ies"), {name!r}
    team = pulumi.Config("scenario").get("team")
    if not args.custom or team is None or {kind!r} not in plurals or metadata.get("name") != name:
        return None
    labels = {{**(metadata.get("labels") or {{}}), "team": team}}
    return pulumi.ResourceTransformResult({{**args.props, "metadata": {{**metadata, "labels": labels}}}}, args.opts)


pulumi.runtime.register_resource_transform(labelled)
"""


class OnKubernetes(Variant):
    """One of them.

    Attributes:
        service: the component's name.
    """

    can_abort = True
    service: ClassVar[str] = "shop"
    node: LocalNode

    def __init__(self) -> None:
        # Another run on the same node has another one.
        self.namespace = f"scenario-{self.platform.replace('_', '-')}-{secrets.token_hex(3)}"

    def prepare(self, request: pytest.FixtureRequest) -> None:
        self.node = request.getfixturevalue("node")

    @contextlib.contextmanager
    def proxy(self, cloud: LocalCloud) -> Iterator[FaultProxy]:
        who = fault_kubernetes.authorization(self.node.kubeconfig.read_text())
        with FaultProxy(self.node.server, api=fault_kubernetes, authorization=who) as proxy:
            yield proxy

    def through(self, stack: Stack, proxy: FaultProxy) -> None:
        """Pulumi's own calls pass through untouched."""
        kubeconfig = stack.folder / "kubeconfig"
        kubeconfig.write_text(fault_kubernetes.through(proxy.url, self.node.kubeconfig.read_text()))
        stack.env["KUBECONFIG"] = str(kubeconfig)
        stack.env["BLUEGREEN_KUBERNETES_SETTLE_SECONDS"] = "0.3"  # the plugin waits 10 s for a Service to stay as it is
        stack.env["PATH"] = os.pathsep.join([stack.env["PATH"], *self.node.path])  # helm
        program = stack.folder / "stacks" / "__main__.py"
        kind, _, name = self.resource.partition("/")
        program.write_text(_LABELLED.format(kind=kind.partition(".")[0], name=name) + program.read_text())

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        """Both colors at full size, with a pod each."""
        return {
            "kubernetes:namespace": self.namespace,
            "blueImage": LocalNode.image("v1"),
            "greenImage": LocalNode.image("v2"),
            "replicas": "1",
            "idleCapacityPercent": "100",
            "preStopSeconds": "1",
            "steadyStateTimeoutSeconds": "120",
            "propagationSeconds": "0",  # who looks at requests here waits until they follow, however long it takes
        }

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        with self.node.namespace(self.namespace):
            yield

    # -- the world, as kubectl shows and changes it

    def get(self) -> dict[str, Any]:
        """The object whose fields the swap owns."""
        manifest: dict[str, Any] = json.loads(
            self.node.kubectl("get", self.resource, "--namespace", self.namespace, "--output", "json")
        )
        return manifest

    def patch(self, change: Any) -> None:
        """Change the object as somebody does by hand."""
        self.node.kubectl(
            "patch", self.resource, "--namespace", self.namespace, "--type", "merge", "--patch", json.dumps(change)
        )


def named(backends: list[dict[str, Any]], name: str = "name", weight: str = "weight") -> dict[str, int]:
    """Weights by color of a route's backends, whose names end with the color; a backend alone has it all."""
    shares = {str(backend[name]).rpartition("-")[2]: int(backend.get(weight, 100)) for backend in backends}
    return {color: share for color, share in shares.items() if share}


class Behind(OnKubernetes):
    """Behind a proxy on this machine, which tells services apart by their host."""

    host: ClassVar[str]
    follows_seconds = 5.0

    def gates(self) -> list[dict[str, Any]]:
        """A proxy hears of new pods a moment after Kubernetes does."""
        asked = {"kind": "http", "path": "/healthz", "headers": {"Host": self.host}}
        return [{**asked, "interval_seconds": 1, "failure_limit": 10}]

    def requests(self, stack: Stack) -> contextlib.AbstractContextManager[Requests | None]:
        return load(stack.url, host_header=self.host)

    def colors(self, stack: Stack) -> set[str]:
        with loopback.client(headers={"Host": self.host}) as client:
            return {client.get(stack.url).headers.get("x-color", "nobody") for _ in range(50)}
