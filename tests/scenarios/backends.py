"""Two HTTP servers of this process that say their color: what stands behind an API."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler

from localcloud import loopback


class _Backend(loopback.Server):
    color = ""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Backend

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-Color", self.server.color)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


class Backends:
    """Listening from the start until ``stop``."""

    def __init__(self) -> None:
        self._servers: dict[str, _Backend] = {}
        for color in ("blue", "green"):
            server = self._servers[color] = _Backend(("127.0.0.1", 0), _Answer)
            server.color = color
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def host(self, color: str) -> str:
        """Where a color answers."""
        return f"127.0.0.1:{self._servers[color].server_address[1]}"

    def stop(self) -> None:
        """End."""
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
