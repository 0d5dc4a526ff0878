"""Starts a node, step by step."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import secrets
import shutil
import socket
import ssl
from collections.abc import Callable
from concurrent import futures
from pathlib import Path

import httpx

from localcloud.bootstrap import NodeTools
from localcloud.errors import LocalCloudError
from localcloud.kubernetes import images, machine, network, parts, record, settings, sharing
from localcloud.kubernetes.certificates import Authority
from localcloud.kubernetes.layout import NODE_NAME, Layout, Ports
from localcloud.kubernetes.record import Record
from localcloud.kubernetes.sandbox import BOUND, Sandbox
from localcloud.kubernetes.waiting import until
from localcloud.processes import Daemon
from localcloud.progress import Note, Progress
from localcloud.tools import app, system

PORTS = range(20000, 30000)
"""Below those of NodePorts and of what the kernel gives to outgoing connections."""
READY_SECONDS = 120.0
"""For each part of it; a machine that builds something meanwhile needs more than the second or two that they take."""


def start(state: Path, tools: NodeTools, progress: Progress) -> Record:
    """Start a node whose state is in this directory; whatever happens meanwhile, the machine's claim names it."""
    layout = Layout.of(state)
    shutil.rmtree(layout.directory, ignore_errors=True)
    with progress.step("Starting the Kubernetes node") as note:
        missing = [place for place in BOUND if not Path(place).is_dir()]
        claim = machine.Claim(str(state), network.kernel_settings(), missing)
        machine.write(sharing.with_what_others_changed(claim, sharing.others()))
        for directory in (layout.directory, layout.logs, layout.config):
            directory.mkdir(mode=0o700, parents=True)
        for place in missing:
            Path(place).mkdir(parents=True)
        return _Starter(layout, tools, note).run()


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on, and that the kernel gives to nobody who asks for any port."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        for port in random.sample(PORTS, len(PORTS)):
            candidate = stack.enter_context(socket.socket())
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # it is taken
                candidate.bind(("127.0.0.1", port))
                ports.append(port)
            if len(ports) == count:
                return ports
    raise LocalCloudError(f"no {count} ports are free between {PORTS[0]} and {PORTS[-1]}")


class _Starter:
    def __init__(self, layout: Layout, tools: NodeTools, note: Note) -> None:
        self.layout, self.tools, self.note = layout, tools, note
        self.ports = Ports(*free_ports(len(dataclasses.fields(Ports))))
        self.sandbox = Sandbox(layout.directory)
        self.started: dict[str, Daemon] = {}

    def run(self) -> Record:
        layout, ports, programs = self.layout, self.ports, self.tools.kubernetes
        api = self._configure()
        network.make_bridge()
        holder = self.sandbox.start(self.tools.node_programs["catatonit"], layout.log("sandbox"))
        self._start(parts.etcd(self.tools.node_programs["etcd"], layout))
        self._start(parts.api_server(programs, layout, ports))
        self._start(parts.containerd(self.tools.node_programs["containerd"], layout))
        with api, futures.ThreadPoolExecutor(max_workers=1) as pool:
            images_there = pool.submit(self._import_images)
            self._until(lambda: api.get("/readyz").is_success, "the API server is ready", "kube-apiserver")
            self._start(parts.controller_manager(programs, layout))
            self._start(parts.scheduler(programs, layout))
            self._start(parts.kube_proxy(programs, layout))
            self._until(self._containerd_listens, "containerd listens", "containerd")
            self._start(parts.kubelet(programs, layout))
            self._until(network.proxy_is_ready, "kube-proxy has written its rules", "kube-proxy")
            network.lead_pods_to(ports.api)
            self._until(lambda: _node_is_ready(api), "the node is ready", "kubelet")
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            self._until(lambda: api.get(account).is_success, "pods can be made", "kube-controller-manager")
            images_there.result()
        made = Record(holder, self.started, ports, str(programs), app.version(), complete=True)
        return record.write(layout, made)

    def _configure(self) -> httpx.Client:
        """Write keys and settings; returns a client of the API server that will have them."""
        layout, token = self.layout, secrets.token_hex(16)
        authority = Authority(layout.keys)
        authority.server("server", [*parts.API_HOSTS, "localhost"], parts.API_ADDRESSES)
        authority.client("api-server", "kube-apiserver", "system:masters")
        authority.key_pair("service-accounts")
        settings.write(layout, self.ports, token, self.tools.node_programs[system.CNI_BRIDGE].parent)
        trusted = ssl.create_default_context(cafile=str(layout.keys / "ca.crt"))
        headers = {"Authorization": f"Bearer {token}"}
        url = f"https://127.0.0.1:{self.ports.api}"
        return httpx.Client(base_url=url, verify=trusted, headers=headers, timeout=5, trust_env=False)

    def _start(self, command: list[str | Path]) -> None:
        name = Path(command[0]).name
        self.started[name] = self.sandbox.spawn(command, self.layout.log(name))

    def _until(self, check: Callable[[], object], what: str, part: str) -> None:
        self.note(f"until {what}")
        until(check, what, seconds=READY_SECONDS, of=self.started[part], log=self.layout.log(part))

    def _containerd_listens(self) -> bool:
        return (self.layout.directory / "containerd-run" / "containerd.sock").exists()

    def _import_images(self) -> None:
        archives = images.tools_archives(self.tools.kubernetes, self.tools.node_programs["catatonit"])
        archives.append(images.app_archive(self.tools.app, app.version()))
        until(self._containerd_listens, "containerd listens", of=self.started["containerd"])
        images.load(self.sandbox, archives)


def _node_is_ready(api: httpx.Client) -> bool:
    answer = api.get(f"/api/v1/nodes/{NODE_NAME}")
    conditions = answer.json()["status"].get("conditions", []) if answer.is_success else []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
