# ruff: noqa: ARG002, N802 - the signatures are gRPC's
"""A plugin in a process of its own, called over gRPC as the engine calls it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2_grpc

from localcloud.errors import LocalCloudError

LIMIT_SECONDS = 300.0
"""The longest that a call may take."""
_MESSAGE_BYTES = 400 * 1024 * 1024
_OPTIONS = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]


class _Engine(engine_pb2_grpc.EngineServicer):  # type: ignore[misc, no-any-unimported, unused-ignore]
    """The engine, as a plugin calls it to tell the user something."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def Log(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.said.append(request.message)
        return empty_pb2.Empty()


class Remote:
    """One plugin's process, until ``end``. It has the methods of a servicer, so that a `Driver` takes it as one.

    Args:
        command: the program; it is given the engine's address, and prints its own port.
        env: its environment.

    Raises:
        LocalCloudError: it ended instead of saying where it listens.
    """

    def __init__(self, command: Sequence[str | Path], env: Mapping[str, str] = os.environ) -> None:
        self.engine = _Engine()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8), options=_OPTIONS)
        engine_pb2_grpc.add_EngineServicer_to_server(self.engine, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self._process = subprocess.Popen(
            [*map(str, command), f"127.0.0.1:{port}"], env=dict(env), stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        if not said.isdigit():
            self.end()
            raise LocalCloudError(f"{command[0]} said {said!r} instead of its port")
        self._channel = grpc.insecure_channel(f"127.0.0.1:{said}", options=_OPTIONS)
        grpc.channel_ready_future(self._channel).result(timeout=60)
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def __getattr__(self, method: str) -> Callable[[Any, Any], Any]:
        """A method of the service: a call that fails aborts the context that it is given."""
        if not method[:1].isupper():
            raise AttributeError(method)

        def call(request: Any, context: Any) -> Any:
            try:
                return getattr(self._stub, method)(request, timeout=LIMIT_SECONDS)
            except grpc.RpcError as error:
                failed: Any = error
                context.set_trailing_metadata(tuple(failed.trailing_metadata() or ()))
                return context.abort(failed.code(), failed.details())

        return call

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._server.stop(None)
