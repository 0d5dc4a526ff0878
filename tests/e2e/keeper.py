"""Keeps the key of the tests' stacks, as a Vault would: its transit engine, on loopback.

With a passphrase each `pulumi` derives the key anew, by a million rounds: half of the CPU of an update that has nothing
to do. Values are encrypted as ever, by the stack's own key; what is said here of that key is no secret to anybody.
"""

from __future__ import annotations

import functools
import json
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from localcloud import loopback

INIT = ("--secrets-provider", "hashivault://tests")
"""The name for `pulumi stack init`."""
_WRAPPED = "vault:v1:"


@functools.cache
def env() -> dict[str, str]:
    """Where the keeper is. It starts with the first call, and ends with this process."""
    server = loopback.Server(("127.0.0.1", 0), _Transit)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {"VAULT_SERVER_URL": f"http://127.0.0.1:{server.server_port}", "VAULT_SERVER_TOKEN": "test"}


class _Transit(BaseHTTPRequestHandler):
    """`/v1/transit/encrypt/KEY` and `/v1/transit/decrypt/KEY`."""

    def do_PUT(self) -> None:
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "plaintext" in asked:
            data = {"ciphertext": _WRAPPED + asked["plaintext"]}
        else:
            data = {"plaintext": asked["ciphertext"].removeprefix(_WRAPPED)}
        loopback.answer_json(self, {"data": data})

    def log_message(self, *_: object) -> None:
        """Nothing is said of requests."""
