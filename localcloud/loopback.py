"""Plain HTTP on this machine alone: requests, and a server that answers them."""

from __future__ import annotations

import ssl
from http.server import ThreadingHTTPServer
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
