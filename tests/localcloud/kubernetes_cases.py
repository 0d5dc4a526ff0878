"""Objects for the tests of the Kubernetes plugin, as programs write them."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from localcloud.kubernetes.node import LocalNode

CONFIG_MAP, SECRET, SERVICE = (f"kubernetes:core/v1:{kind}" for kind in ("ConfigMap", "Secret", "Service"))
NAMESPACE, POD, CLAIM = (f"kubernetes:core/v1:{kind}" for kind in ("Namespace", "Pod", "PersistentVolumeClaim"))
DEPLOYMENT, STATEFUL_SET, DAEMON_SET = (
    f"kubernetes:apps/v1:{kind}" for kind in ("Deployment", "StatefulSet", "DaemonSet")
)
JOB = "kubernetes:batch/v1:Job"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
Inputs = dict[str, Any]


def manifest(text: str, **more: Any) -> Inputs:
    """An object from YAML, with what is given put over it (`spec__replicas=2` is `spec.replicas`)."""
    inputs: Inputs = yaml.safe_load(text)
    for path, value in more.items():
        *parents, last = path.split("__")
        inner = inputs
        for step in parents:
            inner = inner.setdefault(step, {})
        inner[last] = value
    return inputs


def config_map(**more: Any) -> Inputs:
    return manifest("{apiVersion: v1, kind: ConfigMap, data: {a: '1'}}", **more)


def service(**more: Any) -> Inputs:
    return manifest("{apiVersion: v1, kind: Service, spec: {ports: [{port: 80, targetPort: 8080}]}}", **more)


def _pod(image: str, **container: Any) -> Inputs:
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}
    app = {"name": "app", "image": image, "imagePullPolicy": "Never", "readinessProbe": probe, **container}
    return {"terminationGracePeriodSeconds": 0, "containers": [app]}


def workload(kind: str, app: str, image: str = "", **more: Any) -> Inputs:
    """A Deployment, StatefulSet or DaemonSet of the sample app; it has no `replicas`."""
    text = f"{{apiVersion: apps/v1, kind: {kind}, spec: {{selector: {{matchLabels: {{app: {app}}}}}}}}}"
    template = {"metadata": {"labels": {"app": app}}, "spec": _pod(image or LocalNode.image("v1"))}
    inputs = manifest(text, **more)
    inputs["spec"]["template"] = template
    if kind == "StatefulSet":
        inputs["spec"]["serviceName"] = app
    return inputs


def job(command: list[str], image: str = "", **more: Any) -> Inputs:
    """A Job that is tried once."""
    spec = _pod(image or LocalNode.image("v1"), command=command)
    del spec["containers"][0]["readinessProbe"]
    inputs = manifest("{apiVersion: batch/v1, kind: Job, spec: {backoffLimit: 0}}", **more)
    inputs["spec"]["template"] = {"spec": {**spec, "restartPolicy": "Never"}}
    return inputs


def changed(inputs: Inputs, **more: Any) -> Inputs:
    """A copy with something else in it."""
    return manifest(yaml.safe_dump(copy.deepcopy(inputs)), **more)
