"""A data plane for listeners that the emulator does not carry: a real HAProxy that follows the emulator's API.

    with HaProxy(cloud) as plane:
        httpx.get(plane.url(listener_arn))

Every listener of a Network Load Balancer is served, and each other one whose URL is requested: on 127.0.0.1, on a free
port, with the rules, weights, stickiness, certificates and healthy targets that the API has. Not carried: UDP.

A shift is one atomic change of the running proxy. Where more has changed, a new process takes over the very same
sockets before the old one stops to accept, so that no connection is refused; the old one ends with its last connection,
as a load balancer leaves open connections where they are.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from localcloud import haproxy_config
from localcloud.cloud import LocalCloud
from localcloud.errors import LocalCloudError
from localcloud.haproxy_certificates import self_signed
from localcloud.haproxy_config import ADMIN, CERTIFICATES, ENCRYPTED, ROUTES, Place, carried, file_name
from localcloud.haproxy_world import Reader, World
from localcloud.progress import Silent
from localcloud.tools import system

LOOK_SECONDS = 0.2
LIMIT_SECONDS = 30.0


class HaProxy:
    """HAProxy in front of one local cloud; a context manager."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._program = system.ensure(("haproxy",), Silent())["haproxy"]
        self._ended = threading.Event()
        self._changed = threading.Condition()
        self._begun = self._applied = 0
        self._error: Exception | None = None
        self._wanted: set[str] = set()
        self._sockets: dict[str, socket.socket] = {}
        self._world = World()
        self._config, self._routes = "", {}  # type: str, dict[str, str]
        self._current: Proxy | None = None
        self._older: list[Proxy] = []

    # -- for users

    def __enter__(self) -> HaProxy:
        self._directory = tempfile.TemporaryDirectory(prefix="bluegreen-haproxy-")
        self._home = Path(self._directory.name)
        self._by_name = _bound()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        for one in (self._by_name, *self._sockets.values()):
            one.close()
        self._directory.cleanup()

    def url(self, listener_arn: str) -> str:
        """The URL of a listener on 127.0.0.1: ``https://`` where it is encrypted, else ``http://``.

        Over TCP, too, since that is what the programs behind it speak.

        Raises:
            LocalCloudError: there is no such listener, or none that can be carried.
        """
        self._wanted.add(listener_arn)
        self.settle()
        listener = next((one for one in carried(self._world) if one.arn == listener_arn), None)
        if listener is None:
            raise LocalCloudError(f"no listener {listener_arn} that can be carried; the data plane has no UDP")
        scheme = "https" if listener.protocol in ENCRYPTED else "http"
        return f"{scheme}://127.0.0.1:{_port(self._sockets[listener.id])}"

    @property
    def proxy_url(self) -> str:
        """An HTTP proxy that reaches unencrypted listeners by the DNS name and port that the API tells."""
        return f"http://127.0.0.1:{_port(self._by_name)}"

    def proxy_env(self) -> dict[str, str]:
        """The environment by which a command reaches load balancers by name, and loopback as before."""
        return {
            "HTTP_PROXY": self.proxy_url,
            "http_proxy": self.proxy_url,
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
        }

    @property
    def certificates(self) -> Path:
        """The directory of the certificates that are served, to be trusted by clients: ``NAME.pem``."""
        return self._home / CERTIFICATES

    def settle(self) -> None:
        """Wait until what the API says now is what the proxy does.

        Raises:
            LocalCloudError: it cannot be done; says why.
        """
        with self._changed:
            before = self._begun
            # What one look finds half made or half gone, the next one finds whole.
            if not self._changed.wait_for(lambda: self._applied > before, LIMIT_SECONDS):
                raise LocalCloudError(f"the data plane does not follow: {self._error!r}") from self._error

    # -- the thread that follows the API; whatever starts a process is in it, for a process ends with the thread

    def _follow(self) -> None:
        reader = Reader(self._cloud)
        try:
            while not self._ended.is_set():
                self._begun += 1
                try:
                    self._apply(reader.look(frozenset(self._wanted)))
                except Exception as problem:  # noqa: BLE001 - whatever it is, what is served stays as it is
                    self._error = problem
                else:
                    with self._changed:
                        self._applied = self._begun
                        self._changed.notify_all()
                self._ended.wait(LOOK_SECONDS)
        finally:
            reader.close()
            for one in (*self._older, *([self._current] if self._current else [])):
                one.kill()

    def _apply(self, world: World) -> None:
        listeners = carried(world)
        for listener in listeners:
            if listener.id not in self._sockets:
                self._sockets[listener.id] = _bound()
            for names in listener.certificates:
                self_signed(names, self.certificates / file_name(names))
        places = {name: Place(one.fileno(), _port(one)) for name, one in self._sockets.items()}
        by_name = Place(self._by_name.fileno(), _port(self._by_name))
        routes = haproxy_config.routes_map(world)

        def config(home: Path) -> str:
            return haproxy_config.config(world, places, by_name, home)

        text = config(self._home)
        if text != self._config or self._current is None or not self._current.alive():
            self._replace(config, routes, [place.descriptor for place in (*places.values(), by_name)])
        elif routes != self._routes:
            self._current.route(routes)
        self._config, self._routes, self._world = text, routes, world
        for gone in set(self._sockets) - {listener.id for listener in listeners}:
            self._sockets.pop(gone).close()
        self._older = [one for one in self._older if one.alive()]

    def _replace(self, config: Callable[[Path], str], routes: dict[str, str], descriptors: list[int]) -> None:
        """Start a process with this configuration; then let the one before end with its last connection."""
        fresh = Proxy(self._program, self._home, config, routes, descriptors)
        before, self._current = self._current, fresh
        if before is not None:
            self._older.append(before)
            before.finish()


class Proxy:
    """One process of HAProxy, which takes connections from the moment it is made."""

    def __init__(
        self,
        program: Path,
        home: Path,
        config: Callable[[Path], str],
        routes: dict[str, str],
        descriptors: list[int],
    ) -> None:
        self._home = Path(tempfile.mkdtemp(dir=home))
        (self._home / CERTIFICATES).symlink_to(home / CERTIFICATES)
        (self._home / ROUTES).write_text("".join(f"{key} {value}\n" for key, value in routes.items()))
        file = self._home / "haproxy.cfg"
        file.write_text(config(self._home))
        log = self._home / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                # Killed with the thread that starts it: nothing is left of a test that is killed.
                ["setpriv", "--pdeathsig", "KILL", program, "-db", "-f", file],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._home,
                pass_fds=descriptors,
                start_new_session=True,
            )
        deadline = time.monotonic() + LIMIT_SECONDS
        while not self._answers():
            if not self.alive() or time.monotonic() > deadline:
                self.kill()
                raise LocalCloudError(f"HAProxy did not start:\n{log.read_text()}\n{file.read_text()}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            return "Pid:" in self._command("show info")
        except OSError:
            return False

    def _command(self, text: str) -> str:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(LIMIT_SECONDS)
            client.connect(str(self._home / ADMIN))
            client.sendall(text.encode() + b"\n")
            said = b""
            while part := client.recv(65536):
                said += part
        return said.decode()

    def route(self, routes: dict[str, str]) -> None:
        """Forward as this map says, from one connection or request to the next."""
        file = self._home / ROUTES
        version = self._command(f"prepare map {file}").rpartition(":")[2].strip()
        lines = "".join(f"{key} {value}\n" for key, value in routes.items())
        said = self._command(f"add map @{version} {file} <<\n{lines}") + self._command(f"commit map @{version} {file}")
        if said.strip():
            raise LocalCloudError(f"HAProxy refused a change of its routes: {said.strip()}")

    def alive(self) -> bool:
        return self._process.poll() is None

    def finish(self) -> None:
        """Accept no more, which it does not once this has returned, and end with the last connection."""
        self._process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + LIMIT_SECONDS
        while self.alive() and self._accepts():
            if time.monotonic() > deadline:
                raise LocalCloudError("HAProxy did not stop accepting connections")
            time.sleep(0.01)

    def _accepts(self) -> bool:
        with contextlib.suppress(OSError):  # its admin socket is gone with the others
            return "Stopping: 0" in self._command("show info")
        return False

    def kill(self) -> None:
        """End at once."""
        self._process.kill()
        self._process.wait()


def _bound() -> socket.socket:
    """A listening socket on a free port. It is handed down, so no other process can take the port in between."""
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    one.listen(1024)
    return one


def _port(one: socket.socket) -> int:
    return int(one.getsockname()[1])
