"""A release as a process: `python -m localcloud.hosts.app PORT COLOR [RELEASE]`. The standard library is all it needs.

Each answer says the color. A release called ``broken`` is one as they happen: it starts, and its health check is fine,
but any other request gets a 500. The process ends with its standard input, so that it never outlives whoever
started it.
"""

from __future__ import annotations

import asyncio
import sys


def answer(path: str, color: str, release: str) -> bytes:
    """A whole answer in HTTP/1.1."""
    broken = release.startswith("broken") and path != "/healthz"
    status = "500 Internal Server Error" if broken else "200 OK"
    body = f"{color} {release}\n"
    return (
        f"HTTP/1.1 {status}\r\nX-Color: {color}\r\nX-Release: {release}\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class _Requests(asyncio.Protocol):
    """A connection; requests without a body, one after the other or many at once."""

    def __init__(self, color: str, release: str) -> None:
        self._who = color, release
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *whole, self._left = (self._left + data).split(b"\r\n\r\n")
        for request in whole:
            path = request.split(b" ", 2)[1].decode("latin-1")
            self._transport.write(answer(path, *self._who))
            if b"connection: close" in request.lower():
                self._transport.close()
                return


async def _serve(port: int, color: str, release: str) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Requests(color, release), "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "v1"))
