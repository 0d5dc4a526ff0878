"""Messages of the plugin to the user through the engine: warnings, and the state of a wait."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import Any


class Engine:
    """The engine's log. Without an engine, as in tests, what was said is only kept."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address if address is not None else next(iter(sys.argv[1:]), "")
        self._lock = threading.Lock()
        self._stub: Any = None
        self.said: list[str] = []
        self._once: set[str] = set()

    def attach(self, address: str) -> None:
        self._address = address

    def warn(self, urn: str, text: str) -> None:
        self._log(urn, text, severity="WARNING", passing=False)

    def warn_once(self, urn: str, text: str) -> None:
        """For what would be said of every resource."""
        with self._lock:
            if text in self._once:
                return
            self._once.add(text)
        self.warn(urn, text)

    def progress(self, urn: str, text: str) -> None:
        """Shown beside the resource while it is worked on."""
        self._log(urn, text, severity="INFO", passing=True)

    def _log(self, urn: str, text: str, *, severity: str, passing: bool) -> None:
        self.said.append(text)
        if not self._address:
            return
        import grpc  # noqa: PLC0415
        from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc  # noqa: PLC0415

        with self._lock:
            if self._stub is None:
                self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address))
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.Value(severity), message=text, urn=urn, ephemeral=passing
        )
        with contextlib.suppress(grpc.RpcError):
            self._stub.Log(request, timeout=10)
