"""What the HTTP clients of one process share."""

from __future__ import annotations

import functools
import ssl

import httpx


@functools.cache
def trust() -> ssl.SSLContext:
    """The certificates that HTTPX trusts, read once: a client that reads them itself takes 25 ms of CPU for it."""
    return httpx.create_ssl_context()
