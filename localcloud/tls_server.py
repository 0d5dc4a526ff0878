"""An API on one port of 127.0.0.1, over TLS: what plays a cloud answers there, as clients refuse anything else."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from localcloud import loopback
from localcloud.haproxy_certificates import self_signed

HOST = "localhost"
"""The name in the certificate."""


@dataclass(frozen=True)
class Request:
    """As it came; the names of headers in lower case."""

    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    """How the client calls this server: `https://localhost:1234`."""


@dataclass(frozen=True)
class Answer:
    """The answer that goes back; without a body if that is None."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Server:
    """Serves from its start until its end; a context manager.

    Args:
        answer: who answers.
        certificate: where key and certificate go.
        port: a free one if it is 0.
    """

    def __init__(self, answer: Callable[[Request], Answer], certificate: Path, port: int = 0) -> None:
        self.certificate = certificate
        self_signed([HOST], self.certificate)
        self._server = loopback.Server(("127.0.0.1", port), _handler(answer))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        # Each connection's own thread shakes hands: one that is slow at it holds up nobody.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"https://{HOST}:{self._server.server_port}"

    def __enter__(self) -> Server:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(answer: Callable[[Request], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Small answers at once, as headers and body are two packets otherwise.
        wbufsize = -1

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            base = f"https://{self.headers.get('Host', HOST)}"
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            self._send(answer(Request(self.command, unquote(parts.path), query, headers, body, base)))

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815 - http.server's names

        def _send(self, found: Answer) -> None:
            data = b"" if found.body is None else json.dumps(found.body).encode()
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            if data:
                self.send_header("Content-Type", "application/json; charset=utf-8")
            if found.status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            pass

    return Handler
