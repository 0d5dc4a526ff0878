"""The AWS emulator: started on a free loopback port, waited for, and what its data plane does."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
from pathlib import Path
from typing import Any

import httpx

from localcloud import loopback
from localcloud.errors import LocalCloudError
from localcloud.kubernetes.certificates import Authority
from localcloud.podman import Podman
from localcloud.processes import Daemon, all_pids, command_line, environment, start_daemon

ACCOUNT = "123456789012"
REGION = "us-east-1"
READY_SECONDS = 120.0
TRUST = "trust"
"""The folder of its certificate, in the state directory."""

_CLI = "FAKECLOUD_CONTAINER_CLI"


def start(binary: Path, podman: Podman, log: Path, preferred_port: int = 0) -> tuple[Daemon, int]:
    """Start it and wait until it answers. A port that was used before is taken again if it is still free."""
    if preferred_port and _free(preferred_port):
        with contextlib.suppress(LocalCloudError):  # taken in this very moment
            return _start(binary, podman, log, preferred_port)
    return _start(binary, podman, log, 0)


def _free(port: int) -> bool:
    with socket.socket() as candidate:
        return candidate.connect_ex(("127.0.0.1", port)) != 0


def _start(binary: Path, podman: Podman, log: Path, port: int) -> tuple[Daemon, int]:
    log.write_bytes(b"")
    daemon = start_daemon([binary], env=_environment(podman, port) | _one_certificate(log.parent), log=log)
    try:
        return daemon, _wait_until_ready(daemon, log)
    except BaseException:
        daemon.stop()
        raise


def _wait_until_ready(daemon: Daemon, log: Path) -> int:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        announced = re.search(r"^FAKECLOUD_PORT=(\d+)$", log.read_text(errors="replace"), re.MULTILINE)
        if announced and healthy(int(announced[1])):
            return int(announced[1])
        if not daemon.alive():
            raise LocalCloudError(f"the AWS emulator ended at once; the end of {log}:\n{_tail(log)}")
        time.sleep(0.05)
    raise LocalCloudError(
        f"the AWS emulator did not answer within {READY_SECONDS:.0f} s; the end of {log}:\n{_tail(log)}"
    )


def _environment(podman: Podman, port: int) -> dict[str, str]:
    # Settings that the user has for an emulator of their own are not meant for this one.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("FAKECLOUD_", "AWS_"))}
    return inherited | {
        "FAKECLOUD_ADDR": f"127.0.0.1:{port}",
        "FAKECLOUD_ACCOUNT_ID": ACCOUNT,
        "FAKECLOUD_REGION": REGION,
        _CLI: str(podman.wrapper),
        "FAKECLOUD_ECR_REGISTRY_HOST": "127.0.0.1",
        "NO_COLOR": "1",
    }


def _one_certificate(directory: Path) -> dict[str, str]:
    """Trust one certificate only: the emulator reads all of them for each request that it hands on, ten times the rest.

    All that it reaches is on this machine, in plain HTTP, so one that nobody has is enough.
    """
    Authority(directory / TRUST)
    return {"SSL_CERT_FILE": str(directory / TRUST / "ca.crt"), "SSL_CERT_DIR": str(directory / TRUST)}


def running(podman: Podman) -> list[Daemon]:
    """Emulators of this instance, identified by their environment: also one whose start was interrupted half-way."""
    return [Daemon.of(pid) for pid in _marked(podman) if b"fakecloud" in command_line(pid)]


def under_way(podman: Podman) -> list[Daemon]:
    """Commands of an emulator that has ended, of which some outlive it: what watches a container is podman's to end."""
    return [Daemon.of(pid) for pid in _marked(podman) if not command_line(pid).split(b"\0")[0].endswith(b"conmon")]


def _marked(podman: Podman) -> list[int]:
    mark = f"{_CLI}={podman.wrapper}\0".encode()
    return [pid for pid in all_pids() if mark in environment(pid)]


def healthy(port: int) -> bool:
    """Whether it answers on this port."""
    try:
        return loopback.get(f"http://127.0.0.1:{port}/_fakecloud/health", timeout=2).is_success
    except httpx.HTTPError:
        return False


def load_balancers(port: int) -> list[dict[str, Any]]:
    """Every load balancer, with the local port that its data plane listens on."""
    response = loopback.get(f"http://127.0.0.1:{port}/_fakecloud/elbv2/load-balancers", timeout=10)
    response.raise_for_status()
    body = response.json()
    balancers: list[dict[str, Any]] = body["loadBalancers"] if isinstance(body, dict) else body
    return balancers


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
