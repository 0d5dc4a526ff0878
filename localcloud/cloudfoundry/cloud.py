"""Cloud Foundry in this process, with requests or without."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx

from localcloud import loopback
from localcloud.cloudfoundry.api import Api
from localcloud.cloudfoundry.plane import RealPlane
from localcloud.cloudfoundry.uaa import Uaa
from localcloud.cloudfoundry.world import BarePlane, World

_LOOK_SECONDS = 0.05


class CloudFoundry:
    """With a server for the API, processes for instances, and Envoy for requests: a context manager."""

    def __init__(self, uaa: Uaa | None = None) -> None:
        self.plane = RealPlane()
        self.world = World(self.plane)
        self.uaa = uaa or Uaa()
        self.api = Api(self.world, self.uaa)

    def __enter__(self) -> CloudFoundry:
        with ExitStack() as stack:
            stack.enter_context(self.plane)
            self._server = loopback.Server(("127.0.0.1", 0), _handler(self.api))
            self._server.daemon_threads = True
            stack.callback(self._server.server_close)
            self._ended = threading.Event()
            serving = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            following = threading.Thread(target=self._follow, daemon=True)
            for thread in (serving, following):
                thread.start()
                stack.callback(thread.join)
            stack.callback(self._server.shutdown)
            stack.callback(self._ended.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _follow(self) -> None:
        """New instances come to run, and get requests then, whether anybody asks or not."""
        while not self._ended.wait(_LOOK_SECONDS):
            with self.world.lock:
                self.world.settle()

    @property
    def url(self) -> str:
        """The API, and the UAA."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> str:
        """Where requests to the routes go."""
        return self.plane.url


class BareCloudFoundry:
    """The API alone: no server, no process, no request.

    Args:
        looks: in how many looks a new instance is starting.
        uaa: who gives tokens.
    """

    url = "http://cf.test"

    def __init__(self, looks: int = 0, uaa: Uaa | None = None) -> None:
        self.plane = BarePlane(looks)
        self.world = World(self.plane)
        self.uaa = uaa or Uaa()
        self.api = Api(self.world, self.uaa)

    def ask(
        self, verb: str, url: str, authorization: str = "", query: Any = None, content: bytes | None = None
    ) -> httpx.Response:
        """One request, as a client has the answer."""
        path = url.removeprefix(self.url)
        found = self.api.answer(self.url, verb, path, dict(query or {}), authorization, content or b"")
        return httpx.Response(found.status, content=json.dumps(found.body).encode(), headers=dict(found.headers))


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Small answers at once, as headers and body are two packets otherwise.
        wbufsize = -1

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            base = f"http://{self.headers.get('Host')}"
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            authorization = self.headers.get("Authorization", "")
            found = api.answer(base, self.command, unquote(parts.path), query, authorization, content)
            data = json.dumps(found.body).encode()
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            self.wfile.flush()

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            pass

    return Handler
