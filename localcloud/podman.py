"""Containers of one local cloud: storage, networks and settings of its own, so that nobody else's podman sees them.

The emulator runs its tasks with the wrapper that is written here. It adds the settings, and does what podman 4.3 has
no setting for: ports are published on loopback only, and each network gets a bridge name that no other instance picks.

It chooses the ports as well. Podman would take one that the kernel gives to local servers, forward it in the packet
filter, and hold it by nothing: the next server that asks the kernel for any port may get the same one, and whoever
calls that server reaches the container.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

from localcloud import paths
from localcloud.errors import LocalCloudError
from localcloud.processes import Daemon, all_pids, command_line, parent, run

PORTS = 11_000, 19_999
"""The first and the last port that containers get here: below those of a node, its Services, and local servers."""

_CONTAINERS_CONF = """\
[containers]
# What a container may be given at most where the limits of this process are low.
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
# Locks in files, not in the shared memory that every podman of this user has in common.
lock_type = "file"
tmp_dir = "{run}/tmp"

[network]
network_backend = "netavark"
network_config_dir = "{state}/networks"
default_network = "bluegreen"
default_subnet_pools = [{{"base" = "{pool}", "size" = 28}}]
"""

_STORAGE_CONF = """\
[storage]
driver = "{driver}"
graphroot = "{state}/storage"
runroot = "{run}/storage"
"""

_WRAPPER = """\
#!/bin/sh
# Written by `python -m localcloud up`: podman for this local cloud alone.
export CONTAINERS_CONF={state}/containers.conf
export CONTAINERS_STORAGE_CONF={state}/storage.conf
export CONTAINERS_REGISTRIES_CONF={state}/registries.conf
export PATH="$PATH:/usr/sbin:/sbin"

# The next port of those that the kernel gives to nobody and Kubernetes to no Service, by turns over all instances.
choose_port() {{
    exec 9>>{ports} && flock 9 || exit
    while :; do
        read -r port <{ports} || port=
        case $port in "" | *[!0-9]*) port={last_port} ;; esac
        port=$((port + 1))
        [ "$port" -le {last_port} ] || port={first_port}
        echo "$port" >{ports}
        grep -q ":$(printf %04X "$port") 00000000:0000 0A" /proc/net/tcp || break
    done
    exec 9>&-
}}

case "$1 $2" in
"network create")
    # A bridge named after the network: podman would take the next free number, and two instances the same one.
    for name; do :; done
    shift 2
    {podman} network create --disable-dns "$@" || exit
    bridge=bg$(printf %s "{key}$name" | sha256sum | cut -c1-12)
    exec sed -i 's/"network_interface": "[^"]*"/"network_interface": "'"$bridge"'"/' {state}/networks/"$name".json
    ;;
"run "*)
    # Published ports belong on loopback; without an address podman takes every one of the machine's.
    left=$#
    previous=
    case " $* " in *" --health-"*) : >{state}/health ;; esac
    while [ "$left" -gt 0 ]; do
        argument=$1
        shift
        case $previous in
        -p | --publish)
            case $argument in
            *:*:*) argument=127.0.0.1:${{argument#*:}} ;;
            0:*) argument=127.0.0.1::${{argument#0:}} ;;
            *:*) argument=127.0.0.1:$argument ;;
            *) argument=127.0.0.1::$argument ;;
            esac
            case $argument in
            127.0.0.1::*)
                choose_port
                argument=127.0.0.1:$port:${{argument#127.0.0.1::}}
                ;;
            esac
            ;;
        esac
        set -- "$@" "$argument"
        previous=$argument
        left=$((left - 1))
    done
    ;;
"inspect -f")
    # The emulator asks this of every task all the time, and starting podman for it takes most of a small machine. A
    # container whose process is there runs; without a health check in any container, none has a health.
    # It would ask five times a second: "yes, it runs" comes after five seconds, and "no" as soon as that is so. It is
    # one second the first time, when a start may wait for it, and where it asks for a health in between.
    pid=
    {{ read -r pid <{run}/storage/overlay-containers/"$4"/userdata/pidfile; }} 2>/dev/null
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
        case $3 in
        "{{{{.State.Running}}}}")
            patience=5
            if [ ! -e {run}/asked-"$4" ] || [ -e {state}/health ]; then patience=1; fi
            : >{run}/asked-"$4"
            timeout "$patience" tail -s 0.1 -f --pid="$pid" /dev/null
            kill -0 "$PPID" 2>/dev/null || exit # the caller was ended, and what podman would look at is on its way out
            kill -0 "$pid" 2>/dev/null && echo true && exit
            ;;
        "{{{{if .State.Health}}}}"*) [ -e {state}/health ] || {{ echo && exit; }} ;;
        esac
    fi
    ;;
esac
exec {podman} "$@"
"""


class Podman:
    """One instance's podman."""

    def __init__(self, state_dir: Path) -> None:
        self.state = state_dir / "podman"
        self.run_dir = paths.run_dir(state_dir)
        self.wrapper = self.state / "podman"

    def prepare(self, programs: dict[str, Path]) -> None:
        """Write the settings and the wrapper."""
        for directory in (self.state / "networks", self.state / "storage"):
            directory.mkdir(parents=True, exist_ok=True)
        paths.private_dir(self.run_dir)
        values = {
            "state": str(self.state),
            "run": str(self.run_dir),
            "pool": subnet_pool(self.state),
            "driver": "overlay",
        }
        (self.state / "containers.conf").write_text(_CONTAINERS_CONF.format(**values))
        (self.state / "storage.conf").write_text(_STORAGE_CONF.format(**values))
        self.trust(None)
        places = {
            "state": self.state,
            "run": self.run_dir,
            "podman": programs["podman"],
            "ports": paths.ports_file(),
        }
        quoted = {name: shlex.quote(str(place)) for name, place in places.items()}
        first, last = PORTS
        self.wrapper.write_text(
            _WRAPPER.format(key=paths.short_hash(str(self.state)), first_port=first, last_port=last, **quoted)
        )
        self.wrapper.chmod(0o755)
        (self.state / "networks" / "bluegreen.json").write_text(json.dumps(_default_network(self.state)))

    def trust(self, registry: str | None) -> None:
        """Let images come from this registry, the emulator's own, without TLS; there is no other."""
        entry = f'[[registry]]\nlocation = "{registry}"\ninsecure = true\n' if registry else ""
        (self.state / "registries.conf").write_text(f"unqualified-search-registries = []\n{entry}")

    def __call__(self, *arguments: str | Path) -> str:
        """Run podman and return what it says."""
        return run([self.wrapper, *arguments], what=f"podman {arguments[0]}")

    def containers(self) -> list[str]:
        """Ids of all containers of this instance, running or not."""
        return self("ps", "--all", "--quiet", "--no-trunc").split() if self.wrapper.exists() else []

    def processes(self) -> list[Daemon]:
        """The processes that watch containers of this instance (conmon, by its run directory), and those in them."""
        mark = os.fsencode(self.run_dir)
        commands = {pid: command_line(pid) for pid in all_pids()}
        monitors = {pid for pid, line in commands.items() if mark in line and line.split(b"\0")[0].endswith(b"conmon")}
        inside = {pid for pid in commands if parent(pid) in monitors}
        return [Daemon.of(pid) for pid in sorted(monitors | inside)]

    def clean(self) -> None:
        """Remove every container, network and image of this instance, and only of this one."""
        if self.wrapper.exists():
            with contextlib.suppress(LocalCloudError):  # a store that was left broken: what still runs is ended below
                self("rm", "--all", "--force", "--time", "0")
        for process in self.processes():
            process.stop(grace_seconds=0.5)
        if self.wrapper.exists():
            for network in (self.state / "networks").glob("*.json"):
                subprocess.run(
                    [self.wrapper, "network", "rm", "--force", network.stem], capture_output=True, check=False
                )
        for mount in _mounts_below(self.state, self.run_dir):
            subprocess.run(["umount", "--lazy", mount], capture_output=True, check=False)
        shutil.rmtree(self.run_dir, ignore_errors=True)
        shutil.rmtree(self.state, ignore_errors=True)


POOLS = ipaddress.IPv4Network("10.128.0.0/9")
"""Where the networks of all local clouds have their addresses."""


def subnet_pool(state: Path) -> str:
    """A /18 of 10.128.0.0/9 for this instance: two of them number their networks alike in 1 of 512 cases."""
    number = int(paths.short_hash(str(state)), 16) % 512
    return f"10.{128 + number // 4}.{number % 4 * 64}.0/18"


def _default_network(state: Path) -> dict[str, object]:
    """For containers that name no network: podman's own default has the same bridge and addresses in every instance."""
    subnet = next(ipaddress.IPv4Network(subnet_pool(state)).subnets(new_prefix=28))
    return {
        "name": "bluegreen",
        "id": hashlib.sha256(b"bluegreen").hexdigest(),
        "driver": "bridge",
        "network_interface": f"bg{paths.short_hash(str(state), 12)}",
        "created": "2025-01-01T00:00:00Z",
        "subnets": [{"subnet": str(subnet), "gateway": str(subnet[1])}],
        "ipv6_enabled": False,
        "internal": False,
        "dns_enabled": False,
        "ipam_options": {"driver": "host-local"},
    }


def _mounts_below(*directories: Path) -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    # The innermost first, so that none is still in use.
    return sorted((p for p in points if any(Path(p).is_relative_to(d) for d in directories)), key=len, reverse=True)
