"""The plugin's own process, called as an engine does; and an engine that remembers what it got."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import empty_pb2

from bluegreen.adapters.plugin import sdk
from bluegreen.adapters.plugin.values import Received, message, received

pb = sdk.provider_pb2
URN = "urn:pulumi:test::project::bluegreen:aws:EcsService$bluegreen:index:TrafficSwap::{}"
LIMIT_SECONDS = 180


class Engine(sdk.engine_pb2_grpc.EngineServicer):
    """Keeps what the user would read."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self._changed = threading.Condition()

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802
        with self._changed:
            self.told.append((request.urn, request.message))
            self._changed.notify_all()
        return empty_pb2.Empty()

    def wait_for(self, text: str, times: int = 1) -> None:
        with self._changed:
            has_come = self._changed.wait_for(lambda: self._count(text) >= times, LIMIT_SECONDS)
        assert has_come, f"{text!r} was not told {times} times: {self.told}"

    def _count(self, text: str) -> int:
        return sum(text in said for _, said in self.told)


@dataclass
class Plugin:
    """A plugin that runs."""

    process: subprocess.Popen[str]
    stub: Any
    engine: Engine
    outputs: dict[str, Received] = field(default_factory=dict)

    def check(self, name: str, news: dict[str, Any], olds: dict[str, Any] | None = None) -> Any:
        request = pb.CheckRequest(urn=URN.format(name), news=message(news), olds=message(olds or {}))
        return self.stub.Check(request, timeout=LIMIT_SECONDS)

    def diff(self, name: str, news: dict[str, Any]) -> Any:
        olds = message(self.outputs[name].values)
        return self.stub.Diff(pb.DiffRequest(id=name, urn=URN.format(name), olds=olds, news=message(news)))

    def create(self, name: str, news: dict[str, Any], *, preview: bool = False) -> Any:
        request = pb.CreateRequest(urn=URN.format(name), properties=message(news), preview=preview)
        made = self.stub.Create(request, timeout=LIMIT_SECONDS)
        self.outputs[name] = received(made.properties)
        return made

    def update(self, name: str, news: dict[str, Any], *, preview: bool = False) -> Received:
        request = pb.UpdateRequest(
            id=name,
            urn=URN.format(name),
            olds=message(self.outputs[name].values),
            news=message(news),
            preview=preview,
        )
        return received(self.stub.Update(request, timeout=LIMIT_SECONDS).properties)

    def cancel(self) -> None:
        self.stub.Cancel(empty_pb2.Empty(), timeout=LIMIT_SECONDS)


@contextlib.contextmanager
def plugin() -> Iterator[Plugin]:
    """A plugin of its own, and its engine."""
    engine, server = Engine(), grpc.server(ThreadPoolExecutor(8))
    sdk.engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    process = subprocess.Popen(
        [sys.executable, "-m", "bluegreen.adapters.plugin", f"127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            stub = sdk.provider_pb2_grpc.ResourceProviderStub(channel)
            configured = stub.Configure(pb.ConfigureRequest(), timeout=LIMIT_SECONDS)
            assert configured.supportsPreview
            assert configured.acceptSecrets
            yield Plugin(process, stub, engine)
    finally:
        process.kill()
        process.wait()
        server.stop(None)


def failure(error: grpc.RpcError) -> Any:
    """The outputs after a swap that failed, as the engine keeps them."""
    (packed,) = (value for name, value in error.trailing_metadata() if name == "grpc-status-details-bin")
    status = sdk.status_pb2.Status.FromString(packed)
    details = pb.ErrorResourceInitFailed()
    assert status.details[0].Unpack(details)
    return details
