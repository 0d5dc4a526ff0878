"""Files and sockets of another host: a real sshd on this one."""

from __future__ import annotations

import os
import socket
import stat
import threading

import pytest

from bluegreen.fields import Fields
from bluegreen.hosts.files import LocalFiles
from bluegreen.hosts.route_files.router import EnvoyRouter
from bluegreen.hosts.runtime_api.sockets import NotRunning, RuntimeOverSsh
from bluegreen.hosts.ssh_connection import SshConnection
from bluegreen.hosts.ssh_files import SshFiles
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Weights
from localcloud.hosts.sshd import Sshd

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    with Sshd(tmp_path_factory.mktemp("sshd")) as made:
        yield made


def connection(sshd, **more):
    fields = Fields(sshd.section(**more), "ssh")
    made = SshConnection.parse(fields)
    assert not fields.problems
    return made


@pytest.fixture
def files(sshd):
    return SshFiles(connection(sshd))


def test_what_is_read_is_what_stands_there(files, tmp_path):
    one, two, none = (str(tmp_path / name) for name in ("it's one", "two", "none"))
    content = bytes(range(256)) * 20
    (tmp_path / "it's one").write_bytes(content)
    (tmp_path / "two").write_bytes(b"")
    assert files.read(one, two, none) == {one: content, two: b"", none: None}
    assert files.read(one, two, none) == LocalFiles().read(one, two, none)


def test_files_are_replaced_only_as_they_were_read(files, tmp_path):
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    assert files.replace({one: b"1\n", two: b""}, {one: None})
    assert files.read(one, two) == {one: b"1\n", two: b""}
    assert not files.replace({one: b"2"}, {one: b"another"})
    assert not files.replace({one: b"2"}, {one: None})
    assert files.replace({two: None}, {one: b"1\n"})
    assert files.read(one, two) == {one: b"1\n", two: None}
    assert sorted(os.listdir(tmp_path)) == ["one", "one.lock"]


def test_a_file_keeps_its_mode_and_its_owner(files, tmp_path):
    path = tmp_path / "one"
    path.write_bytes(b"1")
    path.chmod(0o640)
    if os.getuid() == 0:
        os.chown(path, 12, 13)
    before = path.stat()
    assert files.replace({str(path): b"2"}, {str(path): b"1"})
    after = path.stat()
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (0o640, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino, "it was written over, and not replaced"


def test_a_link_and_a_folder_that_is_not_there_are_refused_by_name(files, tmp_path):
    (tmp_path / "real").write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(PlatformError, match="link is a symbolic link"):
        files.read(str(tmp_path / "link"))
    with pytest.raises(PlatformError, match=r"nowhere/one: No such directory"):
        files.read(str(tmp_path / "nowhere" / "one"))


def test_writers_from_here_and_from_there_never_undo_each_other(files, tmp_path):
    """Each adds one for as often as it was let; nothing is lost."""
    path = str(tmp_path / "count")
    (tmp_path / "count").write_bytes(b"0")
    done = []

    def add(by):
        while len([one for one in done if one is by]) < 5:
            seen = by.read(path)
            if by.replace({path: str(int(seen[path]) + 1).encode()}, seen):
                done.append(by)

    threads = [threading.Thread(target=add, args=(one,)) for one in (files, LocalFiles())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "count").read_bytes() == b"10"


# -- who is let in, and where


def test_a_host_whose_key_is_not_known_is_refused(sshd, tmp_path):
    empty = tmp_path / "known_hosts"
    empty.write_text("")
    with pytest.raises(PlatformError, match=r"the host key of 127\.0\.0\.1:\d+ is not the one in"):
        SshFiles(connection(sshd, known_hosts=str(empty))).read("/etc/hostname")


def test_a_host_with_another_key_than_the_known_one_is_refused(sshd, tmp_path):
    import asyncssh

    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    with pytest.raises(PlatformError, match="is not the one in"):
        SshFiles(connection(sshd, known_hosts=str(known))).read("/etc/hostname")


def test_another_key_than_the_hosts_is_not_let_in(sshd, tmp_path):
    import asyncssh

    key = tmp_path / "key"
    key.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    with pytest.raises(PlatformError, match=r"does not let \w+ in with the key"):
        SshFiles(connection(sshd, key_file=str(key))).read("/etc/hostname")


def test_a_key_with_a_passphrase_is_an_agents(sshd, tmp_path):
    import asyncssh

    key = tmp_path / "key"
    key.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key("pkcs8-pem", "local-passphrase"))
    with pytest.raises(PlatformError, match="One with a passphrase is an agent's") as found:
        SshFiles(connection(sshd, key_file=str(key))).read("/etc/hostname")
    assert "local-passphrase" not in str(found.value)


def test_a_key_that_is_not_there_is_told_by_its_option(sshd, tmp_path):
    with pytest.raises(PlatformError, match=r"there is no file .*/nokey: see key_file and known_hosts"):
        SshFiles(connection(sshd, key_file=str(tmp_path / "nokey"))).read("/etc/hostname")


def test_a_host_that_is_down_is_told_and_found_again(tmp_path):
    (tmp_path / "ssh").mkdir()
    path = tmp_path / "one"
    path.write_bytes(b"1")
    with Sshd(tmp_path / "ssh") as sshd:
        files = SshFiles(connection(sshd))
        assert files.read(str(path))
        sshd.stop()
        with pytest.raises(PlatformError, match="cannot be reached by SSH"):
            files.read(str(path))
        sshd.start()
        assert files.read(str(path)) == {str(path): b"1"}


# -- sockets


def test_a_socket_that_nobody_listens_at_is_a_proxy_that_does_not_run(sshd, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for place in (str(tmp_path / "socket"), f"127.0.0.1:{port}"):
        with pytest.raises(NotRunning, match="HAProxy does not listen at"):
            RuntimeOverSsh(connection(sshd), place).ask("show stat")


def test_an_sshd_that_forwards_nothing_is_named(tmp_path):
    with Sshd(tmp_path, forwards=False) as sshd, pytest.raises(PlatformError, match="AllowTcpForwarding"):
        RuntimeOverSsh(connection(sshd), "127.0.0.1:9999").ask("show stat")


def test_the_same_file_on_another_host_is_another_place(sshd):
    section = {
        "routes_file": "/etc/envoy/web.json",
        "route_config": "web",
        "clusters": {"blue": "b", "green": "g"},
        "admin_url": "http://127.0.0.1:9901",
        "owner": "project/stack/web",
    }
    same = EnvoyRouter.same_place["ssh"]
    assert same({"host": "a"}, {"host": "a", "port": 22.0, "key_file": "/another"})
    assert not same({"host": "a"}, {"host": "b"})
    assert not same(None, {"host": "a"})
    made = EnvoyRouter(**section, ssh=SshConnection("edge-1"))
    assert made.id == "edge-1:22:/etc/envoy/web.json:web"
    assert all(line.startswith("ssh edge-1 ") for line in made.commands(Weights.all_on("green")))
