"""The layout of a node: its addresses, and the places of its files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from localcloud.state import node_directory

BRIDGE = "bluegreen0"
NODE_ADDRESS = "10.97.0.1"
"""The bridge's own: the node's address, as pods see it. Nothing listens on it but what is forwarded to loopback."""
POD_RANGE = "10.97.0.0/16"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
NODE_NAME = "127.0.0.1"
"""The API server reaches the kubelet by the node's name, and that is where it listens."""


@dataclasses.dataclass(frozen=True)
class Ports:
    """The ports that this node listens on, all of them on 127.0.0.1."""

    api: int
    kubelet: int
    proxy_health: int
    proxy_metrics: int


@dataclasses.dataclass(frozen=True)
class Layout:
    """The directory of a node."""

    directory: Path

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def keys(self) -> Path:
        return self.directory / "keys"

    @property
    def config(self) -> Path:
        return self.directory / "config"

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    @property
    def token(self) -> Path:
        """The administrator's, for clients that read no kubeconfig."""
        return self.keys / "token"

    @property
    def record(self) -> Path:
        return self.directory / "node.json"

    @staticmethod
    def of(state: Path) -> Layout:
        """Of the node whose state is in this directory."""
        return Layout(node_directory(state))

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"
