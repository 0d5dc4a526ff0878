"""The ports that containers get: none that the kernel gives to local servers, and each another one."""

from __future__ import annotations

import re
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcloud import paths
from localcloud.podman import PORTS, Podman


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The ports that podman publishes; a program that prints its arguments stands for it."""
    monkeypatch.setattr(paths, "ports_file", lambda: tmp_path / "ports")
    program = tmp_path / "podman"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    made = Podman(tmp_path / "state")
    made.prepare({"podman": program})

    def run(argument: str) -> str:
        done = subprocess.run(
            [made.wrapper, "run", "--publish", argument, "image"], capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()[2]

    yield run
    subprocess.run(["rm", "-rf", str(made.run_dir)], check=True)


def port_of(argument: str) -> int:
    found = re.fullmatch(r"127\.0\.0\.1:(\d+):8080/tcp", argument)
    assert found is not None, argument
    return int(found[1])


@pytest.mark.parametrize("argument", ["8080/tcp", "0:8080/tcp", "0.0.0.0::8080/tcp"])
def test_a_port_that_nobody_has_named_is_one_of_ours(published, argument):
    first, last = PORTS
    assert first <= port_of(published(argument)) <= last


def test_a_port_that_is_named_stays(published):
    assert published("127.0.0.1:40001:8080/tcp") == "127.0.0.1:40001:8080/tcp"
    assert published("40001:8080/tcp") == "127.0.0.1:40001:8080/tcp"


def test_the_kernel_gives_none_of_them_to_a_local_server():
    first, _ = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert PORTS[1] < first


def test_containers_that_start_at_once_get_different_ones(published):
    with ThreadPoolExecutor(16) as pool:
        ports = list(pool.map(lambda _: port_of(published("8080/tcp")), range(64)))
    assert len(set(ports)) == 64


def test_after_the_last_one_comes_the_first(published, tmp_path):
    first, last = PORTS
    (tmp_path / "ports").write_text(f"{last}\n")
    assert port_of(published("8080/tcp")) < last
    (tmp_path / "ports").write_text("torn")
    assert first <= port_of(published("8080/tcp")) <= last


def test_one_in_use_is_left_out(published, tmp_path):
    for port in range(sum(PORTS) // 2, PORTS[1]):
        try:
            server = socket.create_server(("127.0.0.1", port))
        except OSError:  # a container's, of another local cloud
            continue
        with server:
            (tmp_path / "ports").write_text(f"{port - 1}\n")
            assert port_of(published("8080/tcp")) > port
        return
