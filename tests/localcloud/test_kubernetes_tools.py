"""The parts of a node, without one: tools that are missing or built, images, what `down` takes out of iptables."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from localcloud import bootstrap, packet_filter
from localcloud.errors import LocalCloudError
from localcloud.kubernetes import images, machine, network, waiting
from localcloud.progress import Silent
from localcloud.pulumi_home import PulumiHome
from localcloud.tools import go, kubernetes, pulumi, system


@pytest.fixture
def nothing_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty cache, and nothing on PATH."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("BLUEGREEN_PULUMI_RELEASES", "http://127.0.0.1:1")
    monkeypatch.setattr(system, "_EXTRA", ())


def test_everything_that_a_node_lacks_is_named_at_once(nothing_there: None) -> None:
    with pytest.raises(LocalCloudError) as error:
        bootstrap.for_node(Silent())
    wanted = ("etcd, containerd", f"Pulumi {pulumi.VERSION}", "the sample app", f"Kubernetes {kubernetes.VERSION}")
    lines = str(error.value).splitlines()
    assert len(lines) == len(wanted)
    for line, name in zip(lines, wanted, strict=True):
        assert name in line
    assert "etcd-server containerd runc iptables" in lines[0]  # the packages that bring them
    assert "there is no `go` on PATH: install it" in lines[3]


def test_all_tools_can_be_asked_for(nothing_there: None) -> None:
    with pytest.raises(LocalCloudError) as error:
        bootstrap.MAKERS["all"](Silent())
    for name in ("fakecloud", "Traefik 3.4.0", "Argo Rollouts 1.8.3", "Helm 3.19.0"):
        assert name in str(error.value)


# Programs from Go modules; a directory stands for the module, so that nothing is downloaded


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> go.Program:
    source = tmp_path / "module"
    source.mkdir()
    (source / "go.mod").write_text("module example.test/hello\n\ngo 1.25\n")
    (source / "main.go").write_text(
        'package main\n\nimport "fmt"\n\nvar version = "unknown"\nconst address = "0.0.0.0"\n\n'
        "func main() { fmt.Println(version, address) }\n"
    )
    for path in (source / "main.go", source):
        path.chmod(0o444 if path.is_file() else 0o555)  # as Go keeps them
    compiled = subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    monkeypatch.setenv("GOCACHE", compiled)  # with the standard library in it
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(go, "download", lambda *_: source)
    edits = [("main.go", '"0.0.0.0"', '"127.0.0.1"'), ("main.go", "version, address", "version, address, 2")]
    return go.Program("hello", "Hello", "1.0.0", "example.test/hello", ".", {"main.version": "1.0.0"}, edits)


def test_a_program_is_built_with_its_edits_and_variables(program: go.Program) -> None:
    built = program.ensure(Silent())
    said = subprocess.run([built / "hello"], capture_output=True, text=True, check=True).stdout
    assert said == "1.0.0 127.0.0.1 2\n"
    assert [path.name for path in built.parent.iterdir()] == ["bin"]
    assert program.ensure(Silent()) == built


def test_an_edit_that_finds_nothing_fails_the_build(program: go.Program) -> None:
    spoilt = dataclasses.replace(program, edits=[*program.edits, ("main.go", "not there", "")])
    with pytest.raises(LocalCloudError, match=r"main\.go of example\.test/hello@v1\.0\.0 does not have 'not there'"):
        spoilt.ensure(Silent())


def test_parts_of_kubernetes_become_modules() -> None:
    original = "module k8s.io/kubernetes\n\ngo 1.24.0\n\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n)\n"
    written = kubernetes._go_mod(original)
    assert "go 1.24.0\n" in written
    assert f"k8s.io/api => k8s.io/api v0.{kubernetes.VERSION.partition('.')[2]}\n" in written
    with pytest.raises(LocalCloudError, match=r"no parts in its go\.mod"):
        kubernetes._go_mod("module k8s.io/kubernetes\n\ngo 1.24.0\n")


# Images


def test_images_are_oci_archives_with_one_layer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rootfs = tmp_path / "rootfs.tar"
    rootfs.write_bytes(os.urandom(2000))
    with tarfile.open(images.app_archive(rootfs, "1")) as archive:
        content = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    index = json.loads(content["index.json"])["manifests"]
    names = [entry["annotations"]["io.containerd.image.name"] for entry in index]
    assert names == [f"bluegreen.local/app:{tag}" for tag in ("v1", "v2", "v3", "broken")]
    blobs = {name: data for name, data in content.items() if name.startswith("blobs/")}
    assert len(blobs) == 1 + 2 * len(names)  # the layer that they share; of each its settings and what it consists of
    assert all(name == f"blobs/sha256/{hashlib.sha256(data).hexdigest()}" for name, data in blobs.items())
    broken = json.loads(blobs["blobs/" + index[-1]["digest"].replace(":", "/")])
    settings = json.loads(blobs["blobs/" + broken["config"]["digest"].replace(":", "/")])
    assert {"VERSION=broken", "FAIL=healthz"} <= set(settings["config"]["Env"])
    assert settings["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(rootfs.read_bytes()).hexdigest()}"]


# The machine


def test_only_the_node_s_own_rules_are_removed() -> None:
    saved = """\
*nat
:PREROUTING ACCEPT [3:180]
:BLUEGREEN-NODE - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-SERVICES - [0:0]
:NETAVARK-HOSTPORT-DNAT - [0:0]
-A PREROUTING -i bluegreen0 -j BLUEGREEN-NODE
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT
-A KUBE-SERVICES -j KUBE-MARK-MASQ
COMMIT
"""
    assert network._removal(saved).splitlines() == [
        "-D PREROUTING -i bluegreen0 -j BLUEGREEN-NODE",
        '-D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
        *(f":{name} - [0:0]" for name in ("BLUEGREEN-NODE", "KUBE-MARK-MASQ", "KUBE-SERVICES")),
        *(f"-X {name}" for name in ("BLUEGREEN-NODE", "KUBE-MARK-MASQ", "KUBE-SERVICES")),
    ]
    assert network._removal(saved.replace("KUBE", "OTHER").replace("BLUEGREEN", "OTHER")) == ""


def test_what_a_machine_s_addresses_and_rules_leave_no_room_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_filter, "saved", lambda *_: "")
    monkeypatch.setattr(network, "_ip", lambda *_: "2: eth0    inet 10.97.3.4/24 brd 10.97.3.255 scope global eth0\n")
    assert "has the address 10.97.3.4/24, and a node uses 10.97.0.0/16" in str(network.conflict())
    monkeypatch.setattr(network, "_ip", lambda *_: "2: eth0    inet 192.0.2.2/24 scope global eth0\n")
    assert network.conflict() is None
    monkeypatch.setattr(packet_filter, "saved", lambda *_: ":KUBE-SERVICES - [0:0]\n")
    assert "another Kubernetes has its rules" in str(network.conflict())


def test_a_claim_survives_until_it_is_given_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "RECORDS", tmp_path / "run")
    with machine.lock():
        assert machine.read() is None
        machine.write(machine.Claim("/somewhere", {"kernel/panic": "0"}, ["/var/lib/kubelet"]))
    with machine.lock():
        assert machine.read() == machine.Claim("/somewhere", {"kernel/panic": "0"}, ["/var/lib/kubelet"])
        machine.forget()
    assert not (tmp_path / "run").exists()


def test_waiting_says_for_what_and_why_in_vain() -> None:
    def refuse() -> bool:
        raise LocalCloudError("connection refused")

    with pytest.raises(LocalCloudError, match=r"in vain until it answers \(not within 0 s: connection refused\)"):
        waiting.until(refuse, "it answers", seconds=0)


# Pulumi's state


def test_only_stacks_of_what_is_gone_are_forgotten(tmp_path: Path) -> None:
    home = PulumiHome(tmp_path)
    stacks = home.backend / ".pulumi" / "stacks" / "bluegreen"
    history = home.backend / ".pulumi" / "history" / "bluegreen"
    stacks.mkdir(parents=True)
    for name, kind in (("ecs", "aws:ecs/cluster:Cluster"), ("gateway", "kubernetes:core/v1:Service")):
        (stacks / f"{name}.json").write_text(json.dumps({"resources": [{"type": kind}]}, indent=4))
        (stacks / f"{name}.json.bak").touch()
        (history / name).mkdir(parents=True)
    (history / "gateway-two").mkdir()
    home.forget("kubernetes")
    assert sorted(path.name for path in stacks.iterdir()) == ["ecs.json", "ecs.json.bak"]
    assert sorted(path.name for path in history.iterdir()) == ["ecs", "gateway-two"]
