"""The configuration files of a node's parts."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import yaml

from localcloud.kubernetes.layout import BRIDGE, NODE_ADDRESS, NODE_NAME, POD_RANGE, Layout, Ports

PAUSE_IMAGE = "bluegreen.local/pause:1"

_CONTAINERD = """\
version = 2
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp",
]

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Small machines and containers do not let a process become less likely to be ended than it is.
  restrict_oom_score_adj = true
  # Below a directory of the node's own, not in /run/netns, which podman uses, too.
  netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "{plugins}"
  conf_dir = "{config}/cni"
"""


def write(layout: Layout, ports: Ports, token: str, cni_plugins: Path) -> None:
    """Write all of them."""
    (layout.config / "cni").mkdir()
    values = {"pause": PAUSE_IMAGE, "plugins": cni_plugins, "config": layout.config}
    (layout.config / "containerd.toml").write_text(_CONTAINERD.format(**values))
    (layout.config / "cni" / "10-bluegreen.conflist").write_text(json.dumps(_network(), indent=2))
    _write_yaml(layout.config / "kubelet.yaml", _kubelet(layout, ports))
    _write_yaml(layout.config / "kube-proxy.yaml", _kube_proxy(layout, ports))
    (layout.config / "tokens.csv").touch(mode=0o600)
    (layout.config / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    layout.token.touch(mode=0o600)
    layout.token.write_text(token)
    layout.kubeconfig.touch(mode=0o600)
    _write_yaml(layout.kubeconfig, kubeconfig(layout, ports, token))


def kubeconfig(layout: Layout, ports: Ports, token: str) -> dict[str, Any]:
    """The way of clients to the API server, whole in one file."""
    authority = base64.b64encode((layout.keys / "ca.crt").read_bytes()).decode()
    server = f"https://127.0.0.1:{ports.api}"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "bluegreen", "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "bluegreen", "context": {"cluster": "bluegreen", "user": "admin"}}],
        "current-context": "bluegreen",
    }


def _network() -> dict[str, Any]:
    ranges = [[{"subnet": POD_RANGE, "gateway": NODE_ADDRESS}]]
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        # A pod reaches itself through a Service.
        "hairpinMode": True,
        # Pods need nothing from outside this machine: no rules for it.
        "ipMasq": False,
        "ipam": {"type": "host-local", "ranges": ranges, "routes": [{"dst": "0.0.0.0/0"}]},
    }
    return {"cniVersion": "0.4.0", "name": "bluegreen", "plugins": [bridge]}


def _kubelet(layout: Layout, ports: Ports) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "port": ports.kubelet,
        "readOnlyPort": 0,
        "healthzPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(layout.keys / "ca.crt")},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "tlsCertFile": str(layout.keys / "server.crt"),
        "tlsPrivateKeyFile": str(layout.keys / "server.key"),
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        # A machine that others use, too, perhaps a container: nothing is read from its cgroups, memory and disks.
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "localStorageCapacityIsolation": False,
        "evictionHard": {},
        "imageGCHighThresholdPercent": 100,
        "oomScoreAdj": 0,
        "failSwapOn": False,
        "failCgroupV1": False,
        "resolvConf": "",
        "volumePluginDir": str(layout.directory / "kubelet" / "volume-plugins"),
        "maxPods": 500,
        "kubeAPIQPS": 500,
        "kubeAPIBurst": 1000,
        "eventRecordQPS": 0,
        "serializeImagePulls": False,
        # One node that is there or not: heartbeats are only work.
        "nodeStatusUpdateFrequency": "1m",
        "nodeStatusReportFrequency": "10m",
        "nodeLeaseDurationSeconds": 600,
        "enableProfilingHandler": False,
        "enableDebugFlagsHandler": False,
    }


def _kube_proxy(layout: Layout, ports: Ports) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(layout.kubeconfig), "qps": 500, "burst": 1000},
        "hostnameOverride": NODE_NAME,
        "bindAddress": "127.0.0.1",
        "healthzBindAddress": f"127.0.0.1:{ports.proxy_health}",
        "metricsBindAddress": f"127.0.0.1:{ports.proxy_metrics}",
        "mode": "iptables",
        "clusterCIDR": POD_RANGE,
        "nodePortAddresses": ["127.0.0.0/8"],
        "iptables": {"localhostNodePorts": True, "minSyncPeriod": "100ms"},
        # The machine's limits stay as they are.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False))
