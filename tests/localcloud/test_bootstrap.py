"""Tools are there whole or not at all; what cannot be downloaded is built; what is missing is named."""

from __future__ import annotations

import io
import math
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from localcloud import __main__ as command
from localcloud import bootstrap, cache, loopback, paths, progress
from localcloud.errors import LocalCloudError
from localcloud.processes import cpu_seconds_of_children, run
from localcloud.tools import app, fakecloud, go, pulumi, system


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "bluegreen" / "tools"


@pytest.fixture
def bare_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A PATH with nothing on it but what the test puts there."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def program(path: Path, says: str) -> None:
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


# The cache


def test_a_tool_is_made_once(empty_cache: Path) -> None:
    made = []

    def make(target: Path) -> None:
        time.sleep(0.2)  # long enough for the others to arrive
        made.append(target)
        (target / "tool").touch()

    threads = [threading.Thread(target=cache.ensure, args=("tool", "1", make)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert (empty_cache / "tool-1" / "tool").is_file()


def test_a_failed_build_is_not_installed(empty_cache: Path) -> None:
    def make(target: Path) -> None:
        (target / "tool").touch()
        raise LocalCloudError("no disk space")

    with pytest.raises(LocalCloudError):
        cache.ensure("tool", "1", make)
    assert cache.cached("tool", "1") is None
    assert not list(empty_cache.glob(".tool-1.making-*"))


def test_a_killed_build_is_not_installed_and_its_remains_go(empty_cache: Path) -> None:
    script = (
        "import time; from localcloud import cache\n"
        "def make(target):\n    (target / 'tool').touch(); print('half', flush=True); time.sleep(60)\n"
        "cache.ensure('tool', '1', make)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=paths.CHECKOUT) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == b"half\n"
        builder.send_signal(signal.SIGKILL)
    assert cache.cached("tool", "1") is None
    assert list(empty_cache.glob(".tool-1.making-*"))

    cache.ensure("tool", "1", lambda target: (target / "whole").touch())
    assert [path.name for path in (empty_cache / "tool-1").iterdir()] == ["whole"]
    assert not list(empty_cache.glob(".tool-1.making-*"))


# Pulumi: what is there, what is downloaded, what is built


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


class ReleaseServer:
    """Serves one body at every path; `stall` stops it half-way."""

    def __init__(self, body: bytes, stall: bool = False) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._body, self._stall = body, stall
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _address = self._server.accept()
        with connection:
            connection.recv(65536)
            header = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self._body)}\r\nConnection: close\r\n\r\n".encode()
            connection.sendall(header + (self._body[: len(self._body) // 2] if self._stall else self._body))
            if self._stall:
                time.sleep(30)


def release() -> bytes:
    """An archive with the shape of an official release."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name in ("pulumi", pulumi.LANGUAGE_HOST):
            content = os.urandom(50_000)
            entry = tarfile.TarInfo(f"pulumi/{name}")
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return data.getvalue()


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Stands in for the six minutes of the real build, which the bootstrap of this very test run has done."""
    built: list[Path] = []

    def build(target: Path, _version: str, _progress: progress.Progress) -> None:
        built.append(target)
        (target / "bin" / "pulumi").touch()

    monkeypatch.setattr(pulumi, "build", build)
    return built


def test_a_download_without_an_answer_is_given_up_after_5_seconds_and_built(
    empty_cache: Path, bare_path: Path, builds: list[Path], silent_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUEGREEN_PULUMI_RELEASES", silent_server)
    said = io.StringIO()
    began = time.monotonic()
    found = pulumi.ensure(progress.Lines(said))
    assert 4.5 < time.monotonic() - began < 60, "5 s, and not what a download may take"
    assert len(builds) == 1
    assert found == empty_cache / f"pulumi-{pulumi.VERSION}" / "bin"
    assert "cannot be had from 127.0.0.1" in said.getvalue()


@pytest.mark.parametrize("fault", ["refused", "stalls", "no archive"])
def test_a_download_that_fails_is_built(
    fault: str, empty_cache: Path, bare_path: Path, builds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi, "GIVE_UP_SECONDS", 1.0)
    if fault == "refused":
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
    else:
        url = ReleaseServer(release() if fault == "stalls" else b"<html>log in</html>", stall=fault == "stalls").url
    monkeypatch.setenv("BLUEGREEN_PULUMI_RELEASES", url)
    found = pulumi.ensure(progress.Silent())
    assert len(builds) == 1
    assert [path.name for path in found.iterdir()] == ["pulumi"]
    assert [path.name for path in found.parent.iterdir()] == ["bin"]


def test_a_release_that_can_be_had_is_not_built(
    empty_cache: Path, bare_path: Path, builds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUEGREEN_PULUMI_RELEASES", ReleaseServer(release()).url)
    found = pulumi.ensure(progress.Silent())
    assert not builds
    assert os.access(found / pulumi.LANGUAGE_HOST, os.X_OK)
    assert pulumi.ensure(progress.Silent()) == found  # now it is cached: the server is read once


@pytest.mark.parametrize(
    ("version", "host", "will_do"),
    [
        ("3.250.0", True, True),
        (pulumi.VERSION, True, True),
        ("3.249.0", True, False),
        ("4.0.0", True, False),
        ("3.260.0", False, False),
    ],
)
def test_pulumi_on_path_is_used_if_it_will_do(version: str, host: bool, will_do: bool, bare_path: Path) -> None:
    program(bare_path / "pulumi", f"v{version}")
    if host:
        program(bare_path / pulumi.LANGUAGE_HOST, "")
    assert pulumi.find_on_path() == (bare_path if will_do else None)


def test_only_the_pinned_fakecloud_on_path_is_used(bare_path: Path) -> None:
    program(bare_path / "fakecloud", "fakecloud 0.50.0")
    assert fakecloud.find_on_path() is None
    program(bare_path / "fakecloud", f"fakecloud {fakecloud.VERSION}")
    assert fakecloud.find_on_path() == bare_path


# What is missing is named, with what to do


def test_no_go(bare_path: Path) -> None:
    with pytest.raises(
        LocalCloudError, match=r"Go 1\.25 or newer is needed to build the sample app, and there is no `go`"
    ):
        go.require("the sample app")


def test_old_go(bare_path: Path) -> None:
    program(bare_path / "go", "go1.19.8")
    with pytest.raises(LocalCloudError, match=r"Go 1\.25 or newer is needed to build Pulumi, and .*/go is go1\.19\.8"):
        go.require("Pulumi")


def test_no_cargo(empty_cache: Path, bare_path: Path) -> None:
    with pytest.raises(LocalCloudError, match=r"no `cargo` on PATH: install it"):
        fakecloud.ensure(progress.Silent())


@pytest.mark.parametrize("root", [True, False])
def test_no_podman_and_no_way_to_install_it(root: bool, bare_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_EXTRA", ())
    monkeypatch.setattr(os, "getuid", lambda: 0 if root else 1000)
    if not root:
        program(bare_path / "apt-get", "")
    with pytest.raises(LocalCloudError) as error:
        system.ensure(system.CONTAINERS, progress.Silent())
    wanted = "podman runc iptables netavark aardvark-dns catatonit"
    assert (f"Debian packages: {wanted}" if root else f"run `sudo apt-get install {wanted}`") in str(error.value)


def test_everything_that_is_missing_is_named_at_once(
    empty_cache: Path, bare_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "_EXTRA", ())
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("BLUEGREEN_PULUMI_RELEASES", f"http://127.0.0.1:{closed.getsockname()[1]}")
    with pytest.raises(LocalCloudError) as error:
        bootstrap.bootstrap(progress.Silent())
    lines = str(error.value).splitlines()
    assert len(lines) == 4
    for line, name in zip(lines, ("podman", f"Pulumi {pulumi.VERSION}", "fakecloud", "the sample app"), strict=True):
        assert name in line


def test_progress_shows_a_sign_of_life() -> None:
    said = io.StringIO()
    with progress.Lines(said, heartbeat_seconds=0.05).step("Building") as note:
        note("crate tokio")
        while "crate tokio" not in said.getvalue():
            time.sleep(0.05)
    lines = said.getvalue().splitlines()
    assert lines[0] == "Building ..."
    assert any(re.fullmatch(r"  Building: \d+ s, crate tokio", line) for line in lines[1:-1])
    assert re.fullmatch(r"Building: done after \d+ s", lines[-1])


# The sample app, as it is built


@pytest.fixture(scope="module")
def app_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("app")
    with tarfile.open(app.ensure(progress.Silent())) as archive:
        archive.extractall(directory, filter="data")
    return directory / "app"


class RunningApp:
    def __init__(self, binary: Path, **env: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [binary], env={"HOST": "127.0.0.1", "PORT": str(port), "COLOR": "green", "VERSION": "v2"} | env
        )
        self.client = loopback.client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        for _attempt in range(100):
            try:
                self.client.get("/healthz")
                break
            except httpx.ConnectError:
                time.sleep(0.02)


@pytest.fixture
def run_app(app_binary: Path) -> Iterator[type[RunningApp]]:
    started: list[RunningApp] = []

    class Starter(RunningApp):
        def __init__(self, **env: str) -> None:
            super().__init__(app_binary, **env)
            started.append(self)

    yield Starter
    for running in started:
        running.client.close()
        running.process.kill()
        running.process.wait()


def test_app_says_who_it_is(run_app: type[RunningApp]) -> None:
    running = run_app()  # type: ignore[call-arg]
    answer = running.client.get("/")
    assert answer.headers["X-Color"] == "green"
    assert answer.json() == {"color": "green", "version": "v2", "hostname": socket.gethostname()}
    assert running.client.get("/healthz").status_code == 200
    assert running.client.get("/nothing").status_code == 404


@pytest.mark.parametrize(("fail", "health", "root"), [("healthz", 503, 200), ("requests", 200, 500)])
def test_app_fails_as_told_by_its_environment(run_app: type[RunningApp], fail: str, health: int, root: int) -> None:
    running = run_app(FAIL=fail)  # type: ignore[call-arg]
    assert running.client.get("/healthz").status_code == health
    assert running.client.get("/").status_code == root


def test_app_is_told_to_fail_while_it_runs(run_app: type[RunningApp]) -> None:
    client = run_app().client  # type: ignore[call-arg]
    client.post("/control", json={"fail_healthz": True}).raise_for_status()
    assert client.get("/healthz").status_code == 503
    client.post("/control", json={"fail_requests": True, "fail_healthz": False}).raise_for_status()
    assert (client.get("/healthz").status_code, client.get("/").status_code) == (200, 500)
    assert client.post("/control", json={"slow_ms": 200, "fail_requests": False}).json()["slow_ms"] == 200
    began = time.monotonic()
    assert client.get("/").status_code == 200
    assert time.monotonic() - began >= 0.2
    assert client.post("/control", json={"fail_health": True}).status_code == 400  # a misspelt fault is not ignored


def test_app_drains_on_sigterm(run_app: type[RunningApp]) -> None:
    running = run_app(SLOW_MS="8000")  # type: ignore[call-arg]
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(running.client.get("/").status_code))
    slow.start()
    time.sleep(2)
    running.process.terminate()
    while (status := running.client.get("/healthz").status_code) == 200:
        pass  # the signal is on its way
    assert status == 503  # still served, and says that it is going
    slow.join()
    assert answers == [200]
    assert running.process.wait(timeout=60) == 0


@pytest.mark.parametrize(("least", "is_said"), [(0.0, True), (math.inf, False)])
def test_what_making_the_tools_took_of_the_processors_is_said(
    least: float, is_said: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "WORTH_SAYING_SECONDS", least)
    monkeypatch.setitem(bootstrap.MAKERS, "aws", lambda _progress: subprocess.run(["true"], check=True))
    assert command.main(["bootstrap", "aws"]) == 0
    assert bool(re.fullmatch(r"Making the tools took \d+\.\d minutes of CPU\n", capsys.readouterr().out)) == is_said


def test_what_a_child_used_is_counted() -> None:
    before = cpu_seconds_of_children()
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"], check=True)
    assert cpu_seconds_of_children() - before >= 0.5


def test_each_tool_says_what_it_took_whatever_is_made_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)

    def take(seconds: float) -> None:
        run([sys.executable, "-c", f"import time\nwhile time.process_time() < {seconds}: pass"], what="a build")
        both.wait(60)  # the other one's command has ended before this one's is counted

    monkeypatch.setattr(bootstrap, "WORTH_SAYING_SECONDS", 1.5)
    monkeypatch.setitem(bootstrap._TOOLS, "argo_rollouts", lambda _progress: take(2.0))
    monkeypatch.setitem(bootstrap._TOOLS, "helm", lambda _progress: take(0.0))
    said = io.StringIO()
    bootstrap._make([["argo_rollouts"], ["helm"]], progress.Lines(said))
    assert re.fullmatch(r"argo rollouts: \d+\.\d minutes of CPU\n", said.getvalue())
