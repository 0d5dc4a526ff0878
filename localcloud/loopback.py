"""Plain HTTP on this machine alone: requests, and a server that answers them."""

from __future__ import annotations

import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

# No certificate is trusted: to read all that there are, as HTTPX does for each request, takes longer than the request.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def get(url: str, **options: Any) -> httpx.Response:
    """`httpx.get`, over a connection of its own and past any proxy."""
    return httpx.get(url, **{"verify": _NO_TLS, "trust_env": False, **options})


def post(url: str, **options: Any) -> httpx.Response:
    """`httpx.post`, over a connection of its own and past any proxy."""
    return httpx.post(url, **{"verify": _NO_TLS, "trust_env": False, **options})


def client(**options: Any) -> httpx.Client:
    """`httpx.Client`, past any proxy."""
    return httpx.Client(**{"verify": _NO_TLS, "trust_env": False, **options})


class Server(ThreadingHTTPServer):
    """A server of this process: while it is busy many connections may wait, where Python's own lets five."""

    request_queue_size = 128


def answer_json(handler: BaseHTTPRequestHandler, data: object) -> None:
    """Answer a server's request with JSON."""
    body = json.dumps(data).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
