"""HTTP for gates, metric sources and notifiers: every exchange is bounded in time and its answer in size.

The time-outs of HTTP libraries are those of one read: who answers a byte a second, or streams events, never reaches
them. Here a limit is one of the whole exchange: the name, the connection, the headers and the body.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx

# The library's own limits are for a thread that is left behind: whoever waits stops first.
_LATER_SECONDS = 5.0


def trust() -> ssl.SSLContext:
    """The certificates that HTTPX trusts, read once: a client that reads them itself takes 25 ms of CPU for it."""
    return _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@functools.cache
def _trust(_file: str | None, _directory: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()  # it looks at these two itself


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer.

    Attributes:
        status: the HTTP status.
        body: at most as much of it as was wanted.
        late: whether the body had not ended when the time was over.
        cut: whether there was more of it than was wanted.
        headers: of the answer, by names whose case does not matter.
    """

    status: int
    body: bytes
    late: bool = False
    cut: bool = False
    headers: Mapping[str, str] = field(default_factory=httpx.Headers)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class Http:
    """Sends requests one after the other, over one connection where the peer keeps it. No redirect is followed."""

    def __init__(self) -> None:
        self._client = httpx.Client(verify=trust(), follow_redirects=False)
        self._stream: Any = None

    def __enter__(self) -> Http:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(Exception):  # what it was good for is over
            self._client.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        timeout_seconds: float,
        most_bytes: int,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """One exchange.

        Args:
            method: such as ``GET``.
            url: where to.
            timeout_seconds: how long all of it may take.
            most_bytes: how much of the body is read, the rest is not waited for; 0: nothing of it.
            headers: of the request. A ``Host`` is who is meant: with HTTPS it is requested by that name (SNI), and has
                to show a certificate for it, since a load balancer has none for its own.
            params: its query.
            content: its body.

        Raises:
            httpx.TimeoutException: not even a status came in time.
            httpx.HTTPError: it could not be sent, or was not answered in HTTP.
            httpx.InvalidURL: the URL is none.
        """
        # A body that is packed could unpack to any size.
        sent = httpx.Headers({"Accept-Encoding": "identity"})
        sent.update(headers)
        request = self._client.build_request(
            method,
            url,
            headers=sent,
            params=params,
            content=content,
            timeout=timeout_seconds + _LATER_SECONDS,
            extensions={"trace": self._connected, **_meant(sent)},
        )
        exchange = _Exchange(self._client, request, most_bytes)
        # In a thread, since nothing else ends a name that is not resolved or headers that drip in; it ends with its
        # connection.
        thread = threading.Thread(target=exchange.run, name="http", daemon=True)
        thread.start()
        thread.join(timeout_seconds)
        if not thread.is_alive():
            if exchange.error is not None:
                raise exchange.error
            return exchange.answer(late=False)
        exchange.given_up.set()
        self._disconnect()
        if exchange.status:
            return exchange.answer(late=True)
        raise httpx.ReadTimeout(f"timed out: no answer in {timeout_seconds:g} s", request=request)

    def _connected(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._stream = info["return_value"]

    def _disconnect(self) -> None:
        connected = self._stream.get_extra_info("socket") if self._stream is not None else None
        if isinstance(connected, socket.socket):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)  # not TLS's own, which would wait for the peer


def _meant(headers: httpx.Headers) -> dict[str, str]:
    host = httpx.URL(f"https://{headers['Host']}").host if headers.get("Host") else ""
    return {"sni_hostname": host} if host else {}


class _Exchange:
    def __init__(self, client: httpx.Client, request: httpx.Request, most_bytes: int) -> None:
        self._client = client
        self._request = request
        self._most_bytes = most_bytes
        self._body = bytearray()
        self.given_up = threading.Event()
        self.status = 0
        self.headers = httpx.Headers()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            answer = self._client.send(self._request, stream=True)
            try:
                self.status, self.headers = answer.status_code, answer.headers
                for chunk in answer.iter_bytes() if self._most_bytes else ():
                    self._body += chunk
                    # More than is wanted tells a body that ends there from one that continues.
                    if len(self._body) > self._most_bytes or self.given_up.is_set():
                        break
            finally:
                answer.close()
        except Exception as error:  # noqa: BLE001 - raised again by whoever waits
            self.error = error

    def answer(self, *, late: bool) -> Answer:
        content = bytes(self._body)
        cut = len(content) > self._most_bytes
        return Answer(self.status, content[: self._most_bytes], late=late, cut=cut, headers=self.headers)


def fetch(method: str, url: str, *, timeout_seconds: float, most_bytes: int, **more: Any) -> Answer:
    """One exchange over a connection of its own; see ``Http.send``."""
    with Http() as http:
        return http.send(method, url, timeout_seconds=timeout_seconds, most_bytes=most_bytes, **more)
