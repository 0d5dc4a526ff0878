"""Nodes in several network namespaces: one that ends takes nothing away from the others, and the last puts all back."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from localcloud.kubernetes import accounting, cleaning, machine, network, sharing
from localcloud.kubernetes.machine import Claim
from localcloud.kubernetes.sandbox import Sandbox

PLACE = "/somewhere/cni"
BEFORE = {"kernel/panic": "0", "net/ipv4/ip_forward": "0"}
SET = {"kernel/panic": "10", "net/ipv4/ip_forward": "1"}


def test_whoever_comes_second_puts_back_what_was_before_the_first() -> None:
    first = sharing.with_what_others_changed(Claim("/a", BEFORE, [PLACE]), [])
    second = sharing.with_what_others_changed(Claim("/b", SET, []), [first])
    assert second == Claim("/b", {"kernel/panic": "0", "net/ipv4/ip_forward": "1"}, [PLACE])
    assert sharing.to_put_back(first, [second]) == Claim("/a", {"net/ipv4/ip_forward": "0"}, [])
    assert sharing.to_put_back(second, []) == second


class Machine:
    """Records, kernel settings, cgroups and a directory of a machine with network namespaces of these names."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.inside, self.alive = folder, "", set[str]()
        for name in ("run", "proc/kernel", "proc/net/ipv4", "place", "cgroups/pids/k8s.io"):
            (folder / name).mkdir(parents=True)
        monkeypatch.setattr(machine, "RECORDS", folder / "run")
        monkeypatch.setattr(machine, "_path", lambda: folder / "run" / f"node-{self.inside}.json")
        monkeypatch.setattr(network, "_PROC", folder / "proc")
        monkeypatch.setattr(cleaning, "_CGROUPS", folder / "cgroups")
        for module in (network, accounting):
            monkeypatch.setattr(module, "clean", lambda: None)
        monkeypatch.setattr(Sandbox, "processes", lambda sandbox: self.alive & {sandbox.directory.parent.name})
        monkeypatch.setattr(Sandbox, "end", lambda sandbox: self.alive.discard(sandbox.directory.parent.name))

    def settings(self, **values: str) -> None:
        for name, value in values.items():
            place = {"panic": "kernel/panic", "forward": "net/ipv4/ip_forward"}[name]
            (self.folder / "proc" / place).write_text(value)

    def up(self, name: str, settings: dict[str, str], missing: list[str]) -> None:
        """As a node begins, with a container."""
        self.inside = name
        claim = Claim(str(self.folder / name), settings, missing)
        machine.write(sharing.with_what_others_changed(claim, sharing.others()))
        tasks = self.folder / name / "kubernetes" / "containerd-run" / "io.containerd.runtime.v2.task" / "k8s.io"
        (tasks / f"container-of-{name}").mkdir(parents=True)
        (self.folder / "cgroups" / "pids" / "k8s.io" / f"container-of-{name}").mkdir()
        self.alive.add(name)

    def down(self, name: str) -> None:
        self.inside = name
        claim = machine.read()
        assert claim is not None
        cleaning.clean(claim)

    @property
    def left(self) -> tuple[str, bool, list[str]]:
        """A setting of the whole machine's, whether the directory is there, and the cgroups."""
        groups = sorted(path.name for path in (self.folder / "cgroups" / "pids").rglob("*"))
        return (self.folder / "proc/kernel/panic").read_text(), (self.folder / "place").is_dir(), groups


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_what_the_others_need_stays_until_the_last_one_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, order: str
) -> None:
    one = Machine(tmp_path, monkeypatch)
    one.settings(panic="10", forward="1")
    one.up("a", BEFORE, [str(tmp_path / "place")])
    one.up("b", SET, [])
    one.down(order[0])
    assert one.left == ("10", True, [f"container-of-{order[1]}", "k8s.io"]), "a cgroup without a process is another's"
    one.down(order[1])
    assert one.left == ("0", False, [])
    assert not list((tmp_path / "run").iterdir())


def test_one_that_is_dead_holds_nothing_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one = Machine(tmp_path, monkeypatch)
    one.settings(panic="10", forward="1")
    one.up("a", SET, [])
    one.alive.clear()
    one.up("b", BEFORE, [str(tmp_path / "place")])
    one.down("b")
    assert one.left == ("0", False, [])


def test_a_directory_that_is_removed_is_gone_below_the_mounts_of_others(tmp_path: Path) -> None:
    """Why: the kernel does not refuse it where they are in another mount namespace."""
    (tmp_path / "place").mkdir()
    (tmp_path / "other").mkdir()
    script = f"mount --bind {tmp_path}/other {tmp_path}/place && echo mounted && exec sleep 60"
    with subprocess.Popen(["unshare", "--mount", "sh", "-ec", script], stdout=subprocess.PIPE) as node:
        assert node.stdout is not None
        assert node.stdout.readline() == b"mounted\n"
        (tmp_path / "place").rmdir()
        deadline = time.monotonic() + 120
        mounts = Path(f"/proc/{node.pid}/mounts")
        while f" {tmp_path}/place " in mounts.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert f" {tmp_path}/place " not in mounts.read_text()
        node.kill()
