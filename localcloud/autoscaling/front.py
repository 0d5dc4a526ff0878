"""A front for the AWS emulator that has the calls of EC2 Auto Scaling which the emulator lacks.

    with AutoScalingFront(cloud.endpoint) as front:
        subprocess.run(["pulumi", "up", "--yes"], env={**env, "AWS_ENDPOINT_URL": front.url})

All other calls go through to the emulator, except that a group's sizes are held to AWS' rules, and that descriptions
say what the emulator does not keep.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

from localcloud.autoscaling.clients import client
from localcloud.autoscaling.missing import Missing
from localcloud.autoscaling.wire import Refused, answer, element, parse, refusal
from localcloud.fault_aws import call_name

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_TICK_SECONDS = 0.5
_NAME = re.compile(r"<AutoScalingGroupName>([^<]+)</AutoScalingGroupName>")


class AutoScalingFront:
    """One front on a free port of 127.0.0.1, as a context.

    Attributes:
        missing: the calls that the emulator lacks, and what they left.
    """

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self.upstream = (str(parts.hostname), parts.port or 80)
        self.missing = Missing(client("autoscaling", endpoint))
        self._ended = threading.Event()
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """The address to use as the emulator's endpoint."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> AutoScalingFront:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _tick(self) -> None:
        while not self._ended.wait(_TICK_SECONDS):
            with contextlib.suppress(Exception):  # the emulator may be gone before its front
                self.missing.run_due()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, front: AutoScalingFront) -> None:
        self.front = front
        super().__init__(("127.0.0.1", 0), _Connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that went away are none of its business."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    _emulator: http.client.HTTPConnection | None = None

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def handle(self) -> None:
        try:
            with contextlib.suppress(OSError):
                super().handle()
        finally:
            if self._emulator is not None:
                self._emulator.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # every method alike
            return self._any
        raise AttributeError(name)

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service, _, action = call_name(self.command, self.path, self.headers, body).partition(":")
        if service != "autoscaling":
            self._reply(*self._forward(body))
            return
        missing = self.server.front.missing
        headers = [("Content-Type", "text/xml")]
        try:
            asked = parse(body)
            if action in missing.calls:
                self._reply(200, headers, answer(action, missing.answer(action, asked)))
                return
            if action in ("UpdateAutoScalingGroup", "SetDesiredCapacity"):
                sizes = missing.sizes(asked["AutoScalingGroupName"], asked)
                body = _with(body, sizes)
        except Refused as error:
            self._reply(400, headers, refusal(error))
            return
        status, answered, content = self._forward(body)
        if status == 200 and action == "DescribeAutoScalingGroups":
            content = _NAME.sub(self._described, content.decode()).encode()
        if status == 200 and action == "DeleteAutoScalingGroup":
            missing.forget(asked["AutoScalingGroupName"])
        self._reply(status, answered, content)

    def _described(self, match: re.Match[str]) -> str:
        extras = self.server.front.missing.of(match[1])
        processes: list[Any] = [
            {"ProcessName": name, "SuspensionReason": "User suspended"} for name in extras.suspended
        ]
        more = element("SuspendedProcesses", processes) + element("WarmPoolConfiguration", extras.warm_pool)
        return match[0] + more

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if self._emulator is None:
            self._emulator = http.client.HTTPConnection(*self.server.front.upstream, timeout=120)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in _HOP_BY_HOP}
        self._emulator.request(self.command, self.path, body or None, headers)
        response = self._emulator.getresponse()
        return response.status, response.getheaders(), response.read()

    def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for key, value in headers:
            if key.lower() not in _HOP_BY_HOP:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _with(body: bytes, sizes: dict[str, int]) -> bytes:
    kept = [part for part in body.decode().split("&") if part.partition("=")[0] not in sizes]
    return ("&".join(kept) + "&" + urlencode(sizes)).encode()
