"""The start of a node's parts."""

from __future__ import annotations

from pathlib import Path

from localcloud.kubernetes.layout import API_SERVICE, NODE_ADDRESS, NODE_NAME, SERVICE_RANGE, Layout, Ports

CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "disruption-controller",
    "endpoints-controller",
    "endpointslice-controller",
    "endpointslice-mirroring-controller",
    "garbage-collector-controller",
    "horizontal-pod-autoscaler-controller",
    "job-controller",
    "namespace-controller",
    "node-lifecycle-controller",
    "pod-garbage-collector-controller",
    "replicaset-controller",
    "resourcequota-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "statefulset-controller",
    "ttl-after-finished-controller",
)

API_HOSTS = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
API_ADDRESSES = ("127.0.0.1", NODE_ADDRESS, API_SERVICE)


_ETCD = "unix://etcd:0"
"""A socket in the node's directory, where all parts are started: nobody else on the machine gets at the store."""


def etcd(program: Path, layout: Layout) -> list[str | Path]:
    peers = "http://127.0.0.1:1"  # there are none, and it insists on an address
    return [
        program,
        "--name=node",
        f"--data-dir={layout.directory}/etcd/data",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        "--listen-peer-urls=unix://etcd-peers:0",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=node={peers}",
    ]


def containerd(program: Path, layout: Layout) -> list[str | Path]:
    return [program, f"--config={layout.config}/containerd.toml"]


def api_server(programs: Path, layout: Layout, ports: Ports) -> list[str | Path]:
    keys = layout.keys
    return [
        programs / "kube-apiserver",
        f"--etcd-servers={_ETCD}",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.api}",
        # What the `kubernetes` Service leads pods to; from there it is forwarded to loopback (network.py).
        f"--advertise-address={NODE_ADDRESS}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        f"--tls-cert-file={keys}/server.crt",
        f"--tls-private-key-file={keys}/server.key",
        f"--client-ca-file={keys}/ca.crt",
        f"--token-auth-file={layout.config}/tokens.csv",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys}/service-accounts.pub",
        f"--service-account-signing-key-file={keys}/service-accounts.key",
        f"--kubelet-certificate-authority={keys}/ca.crt",
        f"--kubelet-client-certificate={keys}/api-server.crt",
        f"--kubelet-client-key={keys}/api-server.key",
        "--kubelet-preferred-address-types=Hostname",
        "--allow-privileged=true",
        "--profiling=false",
    ]


def controller_manager(programs: Path, layout: Layout) -> list[str | Path]:
    return [
        programs / "kube-controller-manager",
        f"--kubeconfig={layout.kubeconfig}",
        f"--controllers={','.join(CONTROLLERS)}",
        "--leader-elect=false",
        "--secure-port=0",
        f"--root-ca-file={layout.keys}/ca.crt",
        f"--service-account-private-key-file={layout.keys}/service-accounts.key",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        # As rarely as the kubelet reports.
        "--node-monitor-period=1m",
        "--node-monitor-grace-period=30m",
        "--profiling=false",
    ]


def scheduler(programs: Path, layout: Layout) -> list[str | Path]:
    return [
        programs / "kube-scheduler",
        f"--kubeconfig={layout.kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--profiling=false",
    ]


def kubelet(programs: Path, layout: Layout) -> list[str | Path]:
    return [
        programs / "kubelet",
        f"--config={layout.config}/kubelet.yaml",
        f"--kubeconfig={layout.kubeconfig}",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={NODE_ADDRESS}",
    ]


def kube_proxy(programs: Path, layout: Layout) -> list[str | Path]:
    return [programs / "kube-proxy", f"--config={layout.config}/kube-proxy.yaml"]
