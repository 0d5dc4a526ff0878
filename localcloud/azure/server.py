"""Azure Resource Manager and the token endpoint on one port of 127.0.0.1, over TLS: clients refuse anything else."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from localcloud import loopback
from localcloud.azure.api import Answer, Api, Request
from localcloud.azure.identity import AUDIENCE, TENANT, Identity
from localcloud.haproxy_certificates import self_signed

HOST = "localhost"
"""The name in the certificate."""


class Server:
    """Serves from its start until its end; a context manager.

    Args:
        api: who answers.
        identity: who gives tokens.
        home: where the certificate goes.
        port: a free one if it is 0.
    """

    def __init__(self, api: Api, identity: Identity, home: Path, port: int = 0) -> None:
        self.certificate = home / "azure.pem"
        self_signed([HOST], self.certificate)
        self._server = loopback.Server(("127.0.0.1", port), _handler(api, identity))
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


def _handler(api: Api, identity: Identity) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Small answers at once, as headers and body are two packets otherwise.
        wbufsize = -1

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            base = f"https://{self.headers.get('Host', HOST)}"
            found = _identity(identity, base, self.command, parts.path, body)
            if found is None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                found = api.answer(Request(self.command, unquote(parts.path), query, headers, body, base))
            self._send(found)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815 - http.server's names

        def _send(self, answer: Answer) -> None:
            data = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if data:
                self.send_header("Content-Type", "application/json; charset=utf-8")
            if answer.status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            pass

    return Handler


def _identity(identity: Identity, base: str, verb: str, path: str, body: bytes) -> Answer | None:
    """The answer of those who are asked before there is a token, if one of them is asked."""
    if verb == "GET" and path == "/metadata/endpoints":
        return Answer(200, _endpoints(base))
    tenant, _, rest = path.strip("/").partition("/")
    if verb == "GET" and rest == "v2.0/.well-known/openid-configuration":
        return Answer(200, identity.configuration(base, tenant))
    if verb == "POST" and rest == "oauth2/v2.0/token":
        form: Mapping[str, str] = dict(parse_qsl(body.decode()))
        found = identity.token(tenant, form)
        return Answer(found.status, found.body)
    return None


def _endpoints(base: str) -> dict[str, Any]:
    """Where this cloud's parts are, as clients read it that are given nothing but a host.

    https://learn.microsoft.com/azure-stack/user/azure-stack-version-profiles-azure-resource-manager
    """
    return {
        "name": "localcloud",
        "resourceManager": base,
        "authentication": {"loginEndpoint": base, "audiences": [AUDIENCE], "tenant": TENANT, "identityProvider": "AAD"},
    }
