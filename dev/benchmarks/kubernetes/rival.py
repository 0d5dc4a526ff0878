"""The rivals: each has services of its own in one namespace, blue live, and gets the word to go."""

from __future__ import annotations

from typing import Any, Protocol

from localcloud.kubernetes.node import LocalNode

PORT = 8080


class Rival(Protocol):
    """One way to swap.

    Attributes:
        name: in the results.
        namespace: where its services are.
    """

    name: str
    namespace: str

    def manifests(self, number: int) -> list[dict[str, Any]]:
        """The objects of service ``number``."""
        ...

    def ready(self) -> None:
        """Wait until blue is live and green could be: before the go-ahead, and not timed."""
        ...

    def promote(self) -> None:
        """Go ahead: all services to green. Returns when it says that it is done."""
        ...

    def rollback(self) -> None:
        """All services back to blue."""
        ...


def service(name: str, namespace: str, selector: dict[str, str] | None) -> dict[str, Any]:
    """A Service on a port of the node."""
    ports = [{"port": 80, "targetPort": PORT}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "NodePort", "ports": ports, **({} if selector is None else {"selector": selector})},
    }


def template(node: LocalNode, labels: dict[str, str], color: str, version: str = "v1") -> dict[str, Any]:
    """A pod template of the sample app."""
    container = {
        "name": "app",
        "image": node.image(version),
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "COLOR", "value": color}],
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": PORT}, "periodSeconds": 1},
    }
    return {"metadata": {"labels": labels}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 5}}


def deployments(node: LocalNode, name: str, namespace: str) -> list[dict[str, Any]]:
    """A Deployment a color, with one pod each."""
    manifests = []
    for color in ("blue", "green"):
        labels = {"app": name, "bluegreen/color": color}
        manifests.append(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": f"{name}-{color}", "namespace": namespace},
                "spec": {
                    "replicas": 1,
                    "selector": {"matchLabels": labels},
                    "template": template(node, labels, color),
                },
            }
        )
    return manifests
