"""The shared node: pods behind a NodePort, the API from within a pod, what listens, one node a machine."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from localcloud import loopback, paths
from localcloud.errors import LocalCloudError
from localcloud.kubernetes import node as nodes
from localcloud.kubernetes.node import LocalNode
from localcloud.kubernetes.waiting import until

NAMESPACE = f"localcloud-node-{secrets.token_hex(3)}"

MANIFESTS = f"""\
apiVersion: v1
kind: Namespace
metadata: {{name: {NAMESPACE}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {NAMESPACE}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
        - name: app
          image: {LocalNode.image("v2")}
          imagePullPolicy: Never
          env: [{{name: COLOR, value: blue}}]
          readinessProbe: {{httpGet: {{path: /healthz, port: 8080}}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: {NAMESPACE}}}
spec:
  type: NodePort
  selector: {{app: web}}
  ports: [{{port: 80, targetPort: 8080}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: reader, namespace: {NAMESPACE}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: reader, namespace: {NAMESPACE}}}
rules: [{{apiGroups: [""], resources: [services], verbs: [get]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: reader, namespace: {NAMESPACE}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}}
subjects: [{{kind: ServiceAccount, name: reader}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: reader, namespace: {NAMESPACE}}}
spec:
  schedule: "0 0 31 2 *"
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          serviceAccountName: reader
          restartPolicy: Never
          containers:
            - name: kubectl
              image: {LocalNode.kubectl_image}
              imagePullPolicy: Never
              args: [get, service, web, --output=name]
            - name: refused
              image: {LocalNode.kubectl_image}
              imagePullPolicy: Never
              args: [auth, can-i, delete, services]
"""


@pytest.fixture(scope="module")
def web(node: LocalNode) -> Iterator[LocalNode]:
    node.kubectl("wait", "--for=delete", f"namespace/{NAMESPACE}", "--timeout=120s")  # where this is the second try
    node.apply(MANIFESTS)
    yield node
    node.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def of_namespace(node: LocalNode, *arguments: str) -> str:
    return node.kubectl(*arguments, f"--namespace={NAMESPACE}")


def test_pods_answer_behind_a_node_port_on_loopback(web: LocalNode) -> None:
    of_namespace(web, "rollout", "status", "deployment/web", "--timeout=180s")
    port = int(of_namespace(web, "get", "service", "web", "--output=jsonpath={.spec.ports[0].nodePort}"))
    until(lambda: loopback.get(web.node_port_url(port)).is_success, "the NodePort answers", seconds=60)
    answers = [loopback.get(web.node_port_url(port)).json() for _ in range(20)]
    assert {(answer["color"], answer["version"]) for answer in answers} == {("blue", "v2")}
    # Twenty requests that all went to the same one of two pods would be a wonder, once both are known to kube-proxy.
    names = {answer["hostname"] for answer in answers}
    until(
        lambda: len(names | {loopback.get(web.node_port_url(port)).json()["hostname"]}) == 2,
        "both pods answer",
        seconds=60,
    )
    addresses = of_namespace(web, "get", "pods", "--output=jsonpath={.items[*].status.podIP}").split()
    assert loopback.get(f"http://{addresses[0]}:8080/").json()["color"] == "blue"  # for proxies beside it


def test_a_pod_calls_the_api_with_its_service_account(web: LocalNode) -> None:
    of_namespace(web, "create", "job", "once", "--from=cronjob/reader")
    done = "--output=jsonpath={.items[0].status.containerStatuses[*].state.terminated.exitCode}"
    pods = ("get", "pods", "--selector=job-name=once")
    until(lambda: len(of_namespace(web, *pods, done).split()) == 2, "the job's pod has ended", seconds=60)
    name = of_namespace(web, *pods, "--output=name").strip()
    assert of_namespace(web, "logs", name, "--container=kubectl").strip() == "service/web"
    assert of_namespace(web, "logs", name, "--container=refused").strip().endswith("no")


def test_nothing_of_it_listens_beyond_loopback(web: LocalNode) -> None:
    lines = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout.splitlines()
    names = ("kube", "etcd", "containerd", "traefik", "rollouts")
    mine = {line.split()[3] for line in lines if any(f'(("{name}' in line for name in names)}
    assert len(mine) >= 5
    assert all(address.startswith(("127.0.0.1:", "[::1]:")) for address in mine), mine
    with pytest.raises(httpx.ConnectError):
        httpx.get(web.server.replace("127.0.0.1", "10.97.0.1"), verify=False, trust_env=False, timeout=3)


def test_a_second_node_is_refused_in_one_line(web: LocalNode, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "localcloud", "--state-dir", str(tmp_path / "other"), "up", "kubernetes"]
    refused = subprocess.run(command, cwd=paths.CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: this machine's Kubernetes node is up already, with its state in {web.state_dir}: "
        f"end it with `python -m localcloud --state-dir {web.state_dir} down`\n"
    )
    assert not (tmp_path / "other").exists()
    assert not nodes.down(tmp_path / "other")
    assert LocalNode.current(web.state_dir).pid == web.pid


def test_up_again_changes_nothing(web: LocalNode, tmp_path: Path) -> None:
    assert LocalNode.up(web.state_dir, project_dir=tmp_path).pid == web.pid


def test_definitions_are_installed_once_and_served(web: LocalNode) -> None:
    web.install_crds("gateway-api", "linkerd")
    web.install_crds("gateway-api", "linkerd")
    routes = web.kubectl("get", "httproutes.gateway.networking.k8s.io,httproutes.policy.linkerd.io", "--all-namespaces")
    assert "error" not in routes.lower()
    with pytest.raises(
        LocalCloudError, match="there are no definitions 'nobody': there are those of gateway-api, istio"
    ):
        web.install_crds("nobody")


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    with pytest.raises(LocalCloudError, match="needs root: run this again with `sudo`"):
        LocalNode.up(tmp_path / "state")
    assert not nodes.down(tmp_path / "state")  # there is none, and nothing to be root for


def test_an_image_that_is_not_there_is_named() -> None:
    with pytest.raises(LocalCloudError, match="there is no image 'v9': the sample app has v1, v2, v3"):
        LocalNode.image("v9")


def test_what_runs_beside_it_is_shared(web: LocalNode) -> None:
    first = web.traefik()
    with web.traefik() as second:
        assert second.started is None  # so it outlives the context
        assert second.port == first.port
    assert loopback.get(first.url).status_code in {404, 503}  # by no route, or by another test's
    assert "traefik.io/gateway-controller" in web.kubectl("get", "gatewayclass", first.gateway_class, "--output=yaml")
    assert "traefik" in web.beside()


def test_one_that_is_up_is_used_and_left_up(web: LocalNode) -> None:
    with LocalNode.running(web.state_dir) as used:
        assert used.pid == web.pid
        assert used.kubectl("create", "--dry-run=client", "--output=name", "-f", "-", stdin=MANIFESTS).count("\n") == 7
    assert LocalNode.current(web.state_dir).pid == web.pid
