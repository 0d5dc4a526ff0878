"""A Git server on loopback, over HTTPS as the Pulumi CLI wants it: `git http-backend` behind Python's HTTP server.

The CLI takes no URL with a port in it (3.250: what it writes for one it cannot read). So the host has a name that is no
host's, and what leads to it is a proxy; to every other host that passes requests on, for pip.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import selectors
import socket
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from localcloud.haproxy_certificates import self_signed

HOST = "git.example.com"
LIMIT_SECONDS = 60


def git(directory: Path, *arguments: str) -> str:
    """Run git as nobody in particular, with no settings of this machine's."""
    who = {f"GIT_{role}_{part}": "test@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    env = os.environ | who | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(directory), *arguments]
    return subprocess.run(
        command, env=env, check=True, capture_output=True, text=True, timeout=LIMIT_SECONDS
    ).stdout.strip()


class _Git(http.server.BaseHTTPRequestHandler):
    root: Path

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        path, _mark, query = self.path.partition("?")
        env = os.environ | {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=env, capture_output=True, timeout=LIMIT_SECONDS, check=True
        )
        head, _blank, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nothing: a failure shows in what git says."""


class _Tunnel(http.server.BaseHTTPRequestHandler):
    git: tuple[str, int]

    def do_CONNECT(self) -> None:
        with self._onward() as there:
            self.send_response(200)
            self.end_headers()
            with selectors.DefaultSelector() as both:  # `select` takes no descriptor above 1023
                both.register(self.connection, selectors.EVENT_READ, there)
                both.register(there, selectors.EVENT_READ, self.connection)
                while ready := both.select(LIMIT_SECONDS):
                    for key, _events in ready:
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        key.data.sendall(data)

    def _onward(self) -> socket.socket:
        host, _colon, port = self.path.rpartition(":")
        if host == HOST:
            return socket.create_connection(self.git)
        further = urllib.request.getproxies().get("https")
        if further is None:
            return socket.create_connection((host, int(port)), timeout=LIMIT_SECONDS)
        proxy = urlsplit(further)
        there = socket.create_connection((proxy.hostname, proxy.port or 80), timeout=LIMIT_SECONDS)
        there.sendall(f"CONNECT {self.path} HTTP/1.1\r\nHost: {self.path}\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += there.recv(1)
        return there

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nothing: the caller says what went wrong."""


@contextlib.contextmanager
def _running(handler: type[http.server.BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def serve(repositories: Path, certificates: Path) -> Iterator[dict[str, str]]:
    """Serve a directory's bare repositories as `https://git.example.com/`; yields what clients need to reach it."""
    certificates.mkdir()
    certificate = certificates / "git.pem"
    self_signed([HOST], certificate)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with _running(type("Git", (_Git,), {"root": repositories}), tls) as port:
        tunnel = type("Tunnel", (_Tunnel,), {"git": ("127.0.0.1", port)})
        with _running(tunnel) as proxy:
            env = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy}", "SSL_CERT_DIR": str(certificates)}
            yield env | {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
