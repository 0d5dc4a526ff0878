"""An HTTP proxy between AWS clients and the emulator, in which calls go wrong on purpose.

    with FaultProxy(cloud.endpoint) as proxy:
        proxy.fault = Fault("reply_lost", at=3)
        subprocess.run(["pulumi", "up", "--yes"], env={**env, "AWS_ENDPOINT_URL": proxy.url})
        print(proxy.calls)

Only calls of one kind of client, marked by a word in their ``User-Agent``, are counted and made to fail; all others
pass through untouched. A rate limit alone is everybody's: an account's clients share it.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from localcloud import fault_aws
from localcloud.fault_api import ANSWERED, Answer, Api, Way

HANG_SECONDS = 120.0
"""The longest that a call is left without an answer; clients give up sooner."""

_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}


@dataclass(frozen=True, slots=True)
class Fault:
    """The fault of call number ``at`` (from 1), and to all that follow where it is ``lasting``."""

    way: Way
    at: int
    lasting: bool = False

    def strikes(self, number: int) -> bool:
        """Whether this call is one of them."""
        return number == self.at or (self.lasting and number > self.at)


class Drop(Exception):
    """Raised by a hook: the connection is closed without an answer; before the call, it is not forwarded either."""


Hook = Callable[[str, int], None]
"""Called with the name of a call (``ecs:UpdateService``) and its number, in a thread of the proxy's; the call waits
for it."""


class FaultProxy:
    """One proxy on a free port of 127.0.0.1, from ``start`` to ``stop``, or both as a context.

    Attributes:
        fault: what goes wrong; ``None`` is nothing.
        before: called when a counted call has come, before it is forwarded.
        judge: whether a call (its name, its body) is allowed; ``None`` allows all.
        limit: whether a call (its name) is within the account's rates, read from every client's; ``None`` has no rates.
        after: called when it has been answered by the emulator, before the reply is passed on.
        calls: the names of the counted calls since ``reset``.

    Args:
        endpoint: the URL of what stands behind.
        agent: the word in the ``User-Agent`` of those that are counted.
        api: how their calls are named and answered.
        authorization: the header of that name for those that send none.
    """

    def __init__(
        self, endpoint: str, agent: str = "bluegreen", api: Api = fault_aws, authorization: str | None = None
    ) -> None:
        parts = urlsplit(endpoint)
        self._tls = parts.scheme == "https"
        self._upstream = (str(parts.hostname), parts.port or (443 if self._tls else 80))
        self.api = api
        self.authorization = authorization
        self._agent = agent
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.fault: Fault | None = None
        self.judge: Callable[[str, bytes], bool] | None = None
        self.limit: Callable[[str], bool] | None = None
        self.before: Hook | None = None
        self.after: Hook | None = None
        self.calls: list[str] = []
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """The address to use as the emulator's endpoint."""
        assert self._server is not None, "the proxy was not started"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def reset(self) -> None:
        """Count from 1 again, with nothing going wrong and without a report."""
        with self._lock:
            self.fault = self.judge = self.limit = self.before = self.after = None
            self.calls = []

    def start(self) -> FaultProxy:
        """Listen."""
        self._server = _Server(self)
        # Short polls: a test that stops many proxies must not wait for each.
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """End; calls that hang are let go."""
        self._ended.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def __enter__(self) -> FaultProxy:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- for the handler

    def connect(self) -> http.client.HTTPConnection:
        """A connection to what stands behind."""
        if self._tls:  # on loopback, to a server that a test has started: its certificate proves nothing
            return http.client.HTTPSConnection(
                *self._upstream, timeout=HANG_SECONDS, context=ssl._create_unverified_context()
            )
        return http.client.HTTPConnection(*self._upstream, timeout=HANG_SECONDS)

    def counts(self, headers: Message) -> bool:
        """Whether calls with these headers are the ones that go wrong."""
        return self._agent in headers.get("User-Agent", "")

    def take(self, name: str) -> tuple[int, Way | None]:
        """Number a call, and say how it fails."""
        with self._lock:
            self.calls.append(name)
            number = len(self.calls)
            struck = self.fault is not None and self.fault.strikes(number)
            return number, self.fault.way if struck and self.fault is not None else None

    def hang(self, connection: _Connection) -> None:
        """Until the client has gone, the proxy ends, or the limit is reached."""
        deadline = time.monotonic() + HANG_SECONDS
        while not self._ended.is_set() and time.monotonic() < deadline:
            readable, _, _ = select.select([connection], [], [], 0.02)
            if readable:  # nothing more is read while an answer is due: it can only be the end
                return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed in the middle is what this is for: no traceback."""


class _Connection(BaseHTTPRequestHandler):
    """One client's connection, with one of its own to the emulator."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    _upstream: http.client.HTTPConnection | None = None

    def fileno(self) -> int:
        """The client's socket."""
        return int(self.connection.fileno())

    def log_message(self, *_: object) -> None:
        """Log nothing: the calls are in ``calls``."""

    def handle(self) -> None:
        try:
            with contextlib.suppress(OSError):
                super().handle()
        finally:
            if self._upstream is not None:
                self._upstream.close()

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request():
            try:
                self._answer(self._body())
            except (Drop, OSError, http.client.HTTPException):
                self.close_connection = True

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(parts)

    def _answer(self, body: bytes) -> None:
        proxy = self.server.proxy
        name = proxy.api.call_name(self.command, self.path, self.headers, body)
        limited = proxy.limit is not None and not proxy.limit(name)
        if proxy.api.is_stream(self.path):
            self._stream()
            return
        if not proxy.counts(self.headers):
            self._reply(*(proxy.api.answer("throttled", name, self.headers, body) if limited else self._forward(body)))
            return
        number, way = proxy.take(name)
        way = "throttled" if limited else way
        if proxy.judge is not None and not proxy.judge(name, body):
            way = "refused"
        if proxy.before is not None:
            proxy.before(name, number)
        if way in ANSWERED:
            self._reply(*proxy.api.answer(way, name, self.headers, body))
            return
        if way == "timeout":
            proxy.hang(self)
        if way in ("timeout", "reset"):
            raise Drop
        answer = self._forward(body)
        if proxy.after is not None:
            proxy.after(name, number)
        if way == "reply_lost":
            raise Drop
        self._reply(*answer)

    def _stream(self) -> None:
        """Pass an answer without an end on as it comes; the caller closes."""
        response = self._ask(b"")
        head = f"HTTP/1.1 {response.status} {response.reason}\r\nConnection: close\r\n\r\n"
        self.connection.sendall(head.encode("latin-1"))
        self.close_connection = True
        while part := response.read1(65536):
            self.connection.sendall(part)

    def _forward(self, body: bytes) -> Answer:
        response = self._ask(body)
        return response.status, response.getheaders(), response.read()

    def _ask(self, body: bytes) -> http.client.HTTPResponse:
        """Everything continues as it came: a changed header would not fit the signature."""
        if self._upstream is None:
            self._upstream = self.server.proxy.connect()
        self._upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for key, value in self.headers.items():
            if key.lower() not in _HOP_BY_HOP | {"content-length", "expect"}:
                self._upstream.putheader(key, value)
        if self.server.proxy.authorization and "Authorization" not in self.headers:
            self._upstream.putheader("Authorization", self.server.proxy.authorization)
        if body or self.command in ("POST", "PUT", "PATCH"):
            self._upstream.putheader("Content-Length", str(len(body)))
        self._upstream.endheaders(body or None)
        return self._upstream.getresponse()

    def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        kept = [(key, value) for key, value in headers if key.lower() not in _HOP_BY_HOP | {"content-length"}]
        length = next((value for key, value in headers if key.lower() == "content-length"), "0")
        kept.append(("Content-Length", length if self.command == "HEAD" else str(len(body))))
        head = f"HTTP/1.1 {status} {http.client.responses.get(status, '')}\r\n"
        head += "".join(f"{key}: {value}\r\n" for key, value in kept) + "\r\n"
        self.connection.sendall(head.encode("latin-1") + (b"" if self.command == "HEAD" else body))
