"""Two workloads in a namespace of the node: what a stack declares of them, and hands to see and change all of it."""

from __future__ import annotations

import base64
import itertools
import json
import secrets
import time
from contextlib import contextmanager

from kubernetes import config as kubernetes_config
from kubernetes.client.exceptions import ApiException

from bluegreen.kubernetes.client import KubernetesConnection, Resource
from bluegreen.kubernetes.workloads.capacity import KubernetesCapacity
from bluegreen.kubernetes.workloads.retire import RetireSettings
from bluegreen.rollout.calls import counted

COLORS = ("blue", "green")
STACK = "pulumi"
KUBECTL_IMAGE = "bluegreen.local/kubectl:v1.34.4"
RETIRE = RetireSettings("retire", KUBECTL_IMAGE)
_KINDS = {
    "Deployment": ("apps/v1", "deployments"),
    "StatefulSet": ("apps/v1", "statefulsets"),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers"),
    "CronJob": ("batch/v1", "cronjobs"),
    "Job": ("batch/v1", "jobs"),
    "Pod": ("v1", "pods"),
    "Service": ("v1", "services"),
    "ServiceAccount": ("v1", "serviceaccounts"),
    "ResourceQuota": ("v1", "resourcequotas"),
    "Role": ("rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("rbac.authorization.k8s.io/v1", "rolebindings"),
}


class Colors:
    """One pair of workloads; each test has its own."""

    def __init__(self, node, namespace, kind="Deployment"):
        self.node, self.namespace, self.kind = node, namespace, kind
        self.kubeconfig = str(node.env()["KUBECONFIG"])
        self.cluster = KubernetesConnection(self.kubeconfig)
        prefix = f"w{next(_numbers)}"
        self.workloads = {color: f"{prefix}-{color}" for color in COLORS}
        self.autoscalers = {}

    # -- objects

    def where(self, kind, name="", subresource=""):
        version, plural = _KINDS[kind]
        return Resource(version, kind, plural, self.namespace, name, subresource)

    def get(self, kind, name):
        return self.cluster.get(self.where(kind, name))

    def workload(self, color):
        return self.get(self.kind, self.workloads[color])

    def autoscaler(self, color):
        return self.get("HorizontalPodAutoscaler", self.autoscalers[color])

    def cron_job(self, color):
        return self.get("CronJob", f"{self.workloads[color]}-retire{'' if self.kind == 'Deployment' else '-sts'}")

    def pods(self, labels):
        return self.cluster.find(self.where("Pod"), labels)

    # -- what the stack declares

    def declare(self, color, *, tag="v1", manager=STACK, container=None, pod=None, **spec):
        """As a stack does: everything but the replicas."""
        labels = {"app": self.workloads[color]}
        body = {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "terminationGracePeriodSeconds": 0,
                    "containers": [
                        {
                            "name": "app",
                            "image": self.node.image(tag),
                            "imagePullPolicy": "Never",
                            **(container or {}),
                        }
                    ],
                    **(pod or {}),
                },
            },
            **({"serviceName": "none"} if self.kind == "StatefulSet" else {}),
            **spec,
        }
        self.cluster.apply(self.where(self.kind, self.workloads[color]), {"spec": body}, manager)

    def declare_without_pods(self, blue=3, green=0):
        """Sizes are all that counts: a paused Deployment that has never run makes no pods."""
        for color, size in (("blue", blue), ("green", green)):
            self.declare(color, paused=True)
            self.scale(color, size)

    def declare_autoscaler(self, color, low=None, high=6, manager=STACK):
        name = self.autoscalers[color] = self.workloads[color]
        target = {"apiVersion": "apps/v1", "kind": self.kind, "name": self.workloads[color]}
        cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
        spec = {"scaleTargetRef": target, "maxReplicas": high, "metrics": [{"type": "Resource", "resource": cpu}]}
        if low is not None:
            spec["minReplicas"] = low
        self.cluster.apply(self.where("HorizontalPodAutoscaler", name), {"spec": spec}, manager)

    def apply_without_force(self, what, fields, manager):
        """Server-side apply as `kubectl apply --server-side` does it: a conflict is an error."""
        client = kubernetes_config.new_client_from_config(self.kubeconfig)
        body = {**what.header, "metadata": what.metadata, **fields}
        try:
            client.call_api(
                what.path,
                "PATCH",
                query_params=[("fieldManager", manager)],
                header_params={"Content-Type": "application/apply-patch+yaml", "Accept": "application/json"},
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
            )
        except ApiException as error:
            return json.loads(error.body)["message"]
        return ""

    # -- by hand

    def scale(self, color, size):
        what = self.where(self.kind, self.workloads[color], "scale")
        self.cluster.merge(what, {"spec": {"replicas": size}}, "by-hand")

    def edit_autoscaler(self, color, manager="kubectl-edit", **spec):
        what = self.where("HorizontalPodAutoscaler", self.autoscalers[color])
        self.cluster.merge(what, {"spec": spec}, manager)

    # -- what is there

    def replicas(self, color):
        return self.workload(color)["spec"]["replicas"]

    def minimum(self, color):
        return self.autoscaler(color)["spec"]["minReplicas"]

    def owners_of_minimum(self, color):
        return sorted(
            f"{entry['manager']}/{entry['operation']}"
            for entry in self.autoscaler(color)["metadata"]["managedFields"]
            if "f:minReplicas" in entry["fieldsV1"].get("f:spec", {})
        )

    def is_untouched(self, color, low, owners):
        """No trace of a swap on the autoscaler."""
        autoscaler = self.autoscaler(color)
        managers = {entry["manager"] for entry in autoscaler["metadata"]["managedFields"]}
        assert (self.minimum(color), self.owners_of_minimum(color)) == (low, owners)
        assert "bluegreen" not in managers
        assert not [name for name in autoscaler["metadata"].get("annotations", {}) if name.startswith("bluegreen/")]

    # -- the code under test

    def capacity(self, cluster=None, **changes):
        """The capacity of the next `pulumi up`: the same inputs, and no memory."""
        fields = {
            "namespace": self.namespace,
            "workload_kind": self.kind,
            "workloads": self.workloads,
            "replicas": 2,
            "clusters": dict.fromkeys(COLORS, cluster or self.cluster),
            "autoscalers": self.autoscalers,
            "retirement": RETIRE,
        }
        return KubernetesCapacity(**{**fields, **changes})

    def allow(self, service_account, rules):
        """A ServiceAccount that may do this and nothing else."""
        subject = {"kind": "ServiceAccount", "name": service_account, "namespace": self.namespace}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": service_account}
        self.cluster.apply(self.where("ServiceAccount", service_account), {}, STACK)
        self.cluster.apply(self.where("Role", service_account), {"rules": rules}, STACK)
        self.cluster.apply(self.where("RoleBinding", service_account), {"subjects": [subject], "roleRef": role}, STACK)

    def connection_as(self, service_account, folder):
        """A connection of a ServiceAccount's own."""
        token = self.node.kubectl("create", "token", service_account, "--namespace", self.namespace).strip()
        client = kubernetes_config.new_client_from_config(self.kubeconfig)
        authority = open(client.configuration.ssl_ca_cert, "rb").read()  # noqa: SIM115
        settings = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "node",
                    "cluster": {
                        "server": client.configuration.host,
                        "certificate-authority-data": base64.b64encode(authority).decode(),
                    },
                }
            ],
            "users": [{"name": "user", "user": {"token": token}}],
            "contexts": [{"name": "node", "context": {"cluster": "node", "user": "user"}}],
            "current-context": "node",
        }
        path = folder / f"{service_account}.kubeconfig"
        path.write_text(json.dumps(settings))
        return KubernetesConnection(str(path))


_numbers = itertools.count(1)


@contextmanager
def namespace_on(node, word):
    """A namespace for a while."""
    with node.namespace(f"{word}-{secrets.token_hex(3)}") as name:
        yield name


def until(what, wanted=True, seconds=180):
    """Poll until it is so; bounded."""
    deadline = time.monotonic() + seconds
    while (seen := what()) != wanted:
        assert time.monotonic() < deadline, f"{seen} instead of {wanted}"
        time.sleep(0.05)


def calls_of(operation):
    calls = []
    with counted(calls.append):
        operation()
    return calls


def rules_of(permissions):
    """The rules of a Role that allows exactly these."""
    rules = []
    for permission in permissions:
        verb, _, named = permission.action.partition(" ")
        kind, _, subresource = named.partition("/")
        plural, _, group = kind.partition(".")
        resource = f"{plural}/{subresource}" if subresource else plural
        rules.append({"apiGroups": [group], "resources": [resource], "verbs": [verb]})
    return rules
