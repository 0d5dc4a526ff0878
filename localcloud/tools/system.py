"""Programs that come from Debian: found on PATH, else installed with apt-get by root."""

from __future__ import annotations

import glob
import os
import shutil
import threading
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.progress import Progress
from localcloud.tools.apt import apt_get

# No program for users: found below the directories of helpers.
CNI_BRIDGE = "cni/bridge"

# Program -> the packages that bring it and what it needs to run containers with a network. runc, not crun: crun 1.8
# refuses to start where cgroup v1 and v2 are both mounted.
PACKAGES = {
    "podman": ("podman",),
    "runc": ("runc",),
    "iptables": ("iptables",),
    "netavark": ("netavark", "aardvark-dns", "catatonit"),
}
# What a Kubernetes node is made of, beside Kubernetes.
FOR_NODES = {
    "etcd": ("etcd-server",),
    "containerd": ("containerd",),
    "runc": ("runc",),
    "iptables": ("iptables",),
    "catatonit": ("catatonit",),
    "ip": ("iproute2",),
    "unshare": ("util-linux",),
    CNI_BRIDGE: ("containernetworking-plugins",),
}
CONTAINERS = ("podman", "runc", "iptables", "netavark")
# The same for programs that tests start by themselves: nobody else has to have them.
FOR_TESTS = {
    "haproxy": ("haproxy",),
    "prometheus": ("prometheus",),
    "sshd": ("openssh-server",),
    "promtool": ("prometheus",),
}
# What the schema gate is held against.
DATABASES = {
    "initdb": ("postgresql",),
    "postgres": ("postgresql",),
    "mariadbd": ("mariadb-server",),
    "mariadb-install-db": ("mariadb-server",),
}
# Without this the package makes a database of its own, and starts it.
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")
_KEEP = "--option=DPkg::Options::=--force-confold"
# Packages bring services, too. Their files are left out, so that nothing runs but what was started on purpose.
_WITHOUT = tuple(
    path.format(service)
    for service in ("haproxy", "prometheus", "ssh", "etcd", "containerd", "mariadb", "mariadb@")
    for path in ("*/systemd/system/{}.service", "/etc/init.d/{}")
)

# Where Debian puts programs that are not for users' own PATH.
_EXTRA = ("/usr/sbin", "/sbin", "/usr/lib/podman", "/usr/libexec/podman", "/usr/lib", "/usr/libexec")
_apt = threading.Lock()


def find(program: str) -> Path | None:
    """The program, on PATH or where the distribution keeps helpers."""
    postgres = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    places = [*os.environ.get("PATH", "").split(os.pathsep), *_EXTRA, *postgres]
    paths = (shutil.which(os.path.join(place, program)) for place in places if place)
    return next((Path(path) for path in paths if path), None)


def ensure(programs: tuple[str, ...], progress: Progress) -> dict[str, Path]:
    """All of these programs, installed where that can be done without asking."""
    missing = [program for program in programs if find(program) is None]
    if missing:
        _install(missing, progress)
    return {program: path for program in programs if (path := find(program))}


def _install(missing: list[str], progress: Progress) -> None:
    known = PACKAGES | FOR_TESTS | FOR_NODES | DATABASES
    packages = list(dict.fromkeys(package for program in missing for package in known[program]))
    command = f"apt-get install {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise LocalCloudError(
            f"{', '.join(missing)} not found: install it with this system's package manager "
            f"(Debian packages: {' '.join(packages)})"
        )
    if os.getuid() != 0:
        raise LocalCloudError(f"{', '.join(missing)} not found: run `sudo {command}`")
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with _apt, progress.step(f"Installing {' '.join(packages)} with apt-get") as note:
        apt_get(["update"], what="apt-get update", env=env, note=note, progress=progress)
        if "postgresql" in packages and not _NO_CLUSTER.exists():
            _NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
            _NO_CLUSTER.write_text("create_main_cluster = false\n")
        without = [f"--option=DPkg::Options::=--path-exclude={path}" for path in _WITHOUT]
        install = ["install", "--yes", "--no-install-recommends", _KEEP, *without, *packages]
        apt_get(install, what=command, env=env, note=note, progress=progress)
    still = [program for program in missing if find(program) is None]
    if still:
        raise LocalCloudError(f"{', '.join(still)} not found, although `{command}` succeeded")
