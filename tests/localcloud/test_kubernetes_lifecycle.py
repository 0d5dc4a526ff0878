"""A node from its start to its end, on a machine of its own as far as the network goes: `down` leaves nothing behind.

The network namespace gives it its own iptables, so that the node that other tests share is not disturbed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud import bootstrap, paths
from localcloud.kubernetes.network import KERNEL_SETTINGS
from localcloud.kubernetes.sandbox import BOUND
from localcloud.processes import Daemon, all_pids, command_line, environment, parent
from localcloud.progress import Silent

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers: [{name: app, image: "bluegreen.local/app:v1", imagePullPolicy: Never}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 8080, nodePort: 30080}]
"""

BESIDE = """\
import sys
from pathlib import Path
from localcloud.kubernetes.node import LocalNode
node = LocalNode.current(Path(sys.argv[1]))
node.traefik()
with node.argo_rollouts() as argo:
    assert argo.started.alive()
assert not argo.started.alive()
"""


class Network:
    """A network namespace that lasts as long as this object, and a state directory for the node in it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        script = "ip link set lo up && echo up && exec sleep 600"
        self._holder = subprocess.Popen(["unshare", "--net", "sh", "-ec", script], stdout=subprocess.PIPE)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"up\n"

    def run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        within = ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "--", *map(str, command)]
        done = subprocess.run(within, cwd=paths.CHECKOUT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0 or not check, f"{command}:\n{done.stdout}\n{done.stderr}"
        return done

    def localcloud(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = self.run(*self.command(*arguments), check=False)
        assert done.returncode == 0 or arguments[0] != "up", done.stderr
        return done

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "localcloud", "--state-dir", str(self.state), *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        within = ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "--", *self.command(*arguments)]
        return subprocess.Popen(within, cwd=paths.CHECKOUT, stderr=subprocess.PIPE)

    def kubectl(self, *arguments: str | Path) -> str:
        return self.run("kubectl", f"--kubeconfig={self.state}/kubernetes/kubeconfig", *arguments).stdout

    def end(self) -> None:
        self.localcloud("down")
        self._holder.kill()
        self._holder.communicate()

    # What a node changes

    def processes(self) -> list[int]:
        """Those of the node: by what they were started with, by its process namespace, or as children of these."""
        marks = (os.fsencode(self.state), os.fsencode(paths.run_dir(self.state)))
        found = {pid for pid in all_pids() if any(mark in command_line(pid) + environment(pid) for mark in marks)}
        spaces = {_space(pid) for pid in found} - {_space(os.getpid()), ""}
        found |= {pid for pid in all_pids() if _space(pid) in spaces}
        while more := {pid for pid in all_pids() if parent(pid) in found} - found:
            found |= more
        return sorted(pid for pid in found if Daemon.of(pid).alive())

    def cgroups(self) -> set[Path]:
        """Of the node's containers."""
        found = set()
        for pid in self.processes():
            for path in re.findall(r"/k8s\.io/\w+$", _read(f"/proc/{pid}/cgroup"), re.MULTILINE):
                found |= {*Path("/sys/fs/cgroup").glob(f"*{path}"), *Path("/sys/fs/cgroup").glob(path.lstrip("/"))}
        return found

    def rules(self) -> list[str]:
        """Rules and chains; those that are always there are only listed once their table was looked at."""
        saved = self.run("iptables-save").stdout + self.run("ip6tables-save").stdout
        return sorted(line.split(" [")[0] for line in saved.splitlines() if re.match(r"-A|:\S*-", line))

    def changes(self) -> dict[str, object]:
        """Everything that has to be the same before and after."""
        return {
            "links": re.findall(r"^\d+: (\S+)", self.run("ip", "-o", "link").stdout, re.MULTILINE),
            "rules": self.rules(),
            "routes": self.run("ip", "route").stdout,
            "settings": {name: self.run("cat", f"/proc/sys/{name}").stdout for name in KERNEL_SETTINGS},
            "mounts": [line for line in _read("/proc/self/mountinfo").splitlines() if str(self.state) in line],
            "processes": self.processes(),
            "state": self.state.exists(),
            "locks": list(self.state.parent.glob(f".{self.state.name}*")),
            "claim": Path(f"/run/bluegreen/node-{os.stat(f'/proc/{self._holder.pid}/ns/net').st_ino}.json").exists(),
        }


def _space(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


@pytest.fixture
def network(tmp_path: Path, node_tools: None) -> Iterator[Network]:
    network = Network(tmp_path / "state")
    try:
        yield network
    finally:
        network.end()


@pytest.fixture(scope="session")
def node_tools(node: object) -> None:
    """The shared node is up, to be left alone, and every tool is there: from the one made here nothing can be got."""
    bootstrap.everything(Silent())


def test_up_recover_and_down(network: Network, node: object) -> None:
    before = network.changes()
    directories = {place: Path(place).is_dir() for place in BOUND}
    network.localcloud("up", "kubernetes")
    assert "Kubernetes     https://127.0.0.1:" in network.localcloud("status").stdout
    (network.state / "pod.yaml").write_text(POD)
    network.kubectl("apply", "--filename", network.state / "pod.yaml")
    network.kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=180s")
    answer = network.run("curl", "--silent", "--fail", "--retry", "5", "--retry-all-errors", "http://127.0.0.1:30080/")
    assert json.loads(answer.stdout)["version"] == "v1"
    groups = network.cgroups()
    assert groups
    assert len(network.processes()) >= 10

    # The AWS emulator beside it, in the same state directory.
    network.localcloud("up")
    settings = network.localcloud("env").stdout
    for name in ("KUBECONFIG", "AWS_ENDPOINT_URL", "PULUMI_HOME"):
        assert settings.count(f"export {name}=") == 1
    assert "tools/kubernetes-" in settings.split("export PATH=")[1]
    status = network.localcloud("status").stdout
    assert "AWS emulator   http://127.0.0.1:" in status
    assert "Kubernetes     https://127.0.0.1:" in status

    # Parts of it are killed: it does not count as running, and `up` makes a new one.
    parts = json.loads((network.state / "kubernetes" / "node.json").read_text())["parts"]
    for name in ("kubelet", "containerd"):
        os.kill(parts[name]["pid"], signal.SIGKILL)
    assert "Kubernetes " not in network.localcloud("status").stdout
    again = network.localcloud("up", "kubernetes")
    assert "its Pulumi state is dropped" in again.stderr
    assert not [group for group in groups if group.exists()]
    assert network.kubectl("get", "pods", "--output=name") == ""

    # The first process is killed, and all others with it: `down` cleans up what is not a process.
    network.run(sys.executable, "-c", BESIDE, network.state)
    beside = [line.split()[2] for line in network.localcloud("status").stdout.splitlines() if "beside it" in line]
    assert beside == ["traefik:"]  # the controller has ended with its context
    network.kubectl("apply", "--filename", network.state / "pod.yaml")
    network.kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=180s")
    groups = network.cgroups()
    holder = json.loads((network.state / "kubernetes" / "node.json").read_text())["sandbox"]["pid"]
    os.kill(holder, signal.SIGKILL)
    assert network.localcloud("down").stdout == "The local cloud is down\n"
    assert network.changes() == before
    assert not [group for group in groups if group.exists()]
    assert {place: Path(place).is_dir() for place in BOUND} == directories
    assert network.localcloud("down").stdout == "The local cloud was not up\n"


@pytest.mark.parametrize("so_far", ["etcd", "kubelet"])
def test_an_interrupted_start_leaves_nothing_behind_that_down_does_not_find(network: Network, so_far: str) -> None:
    before = network.changes()
    with network.start("up", "kubernetes") as starting:
        deadline = time.monotonic() + 60
        while not any(command_line(pid).split(b"\0")[0].endswith(so_far.encode()) for pid in network.processes()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        starting.kill()
    assert network.localcloud("status").returncode == 1
    assert len(network.processes()) >= 3  # what holds the namespaces, etcd
    assert network.localcloud("down").stdout == "The local cloud is down\n"
    assert network.changes() == before
