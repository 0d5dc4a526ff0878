"""The SDK's own host of dynamic providers as a process, called as the engine calls it."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dill
import grpc
from google.protobuf import empty_pb2

from bluegreen.adapters.plugin import sdk
from bluegreen.adapters.plugin.values import message, received
from bluegreen.swap.dynamic import TrafficSwapProvider

REPO = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 120
SWAP = base64.b64encode(dill.dumps(TrafficSwapProvider())).decode()
"""The swap's provider as a program's state has it."""
pb = sdk.provider_pb2


@dataclass
class Host:
    """One host.

    Attributes:
        stub: asks it.
        process: it.
    """

    stub: Any
    process: subprocess.Popen[bytes]

    def create(self, properties: Mapping[str, Any], provider: str = SWAP) -> dict[str, Any]:
        request = pb.CreateRequest(properties=message({**properties, "__provider": provider}))
        return received(self.stub.Create(request, timeout=LIMIT_SECONDS).properties).values

    def begin_update(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Any:
        """A future: the update runs beside the test."""
        request = pb.UpdateRequest(
            id="x", olds=message(dict(olds)), news=message({**news, "__provider": olds["__provider"]})
        )
        return self.stub.Update.future(request, timeout=LIMIT_SECONDS)

    def check(self, news: Mapping[str, Any], provider: str = SWAP) -> Any:
        request = pb.CheckRequest(news=message({**news, "__provider": provider}))
        return self.stub.Check(request, timeout=LIMIT_SECONDS)

    def cancel(self) -> None:
        self.stub.Cancel(empty_pb2.Empty(), timeout=LIMIT_SECONDS)


@contextmanager
def host(*paths: Path) -> Iterator[Host]:
    """`python -m pulumi.dynamic`, as its launcher runs it, with ``paths`` before the checkout's own packages."""
    path = os.pathsep.join(map(str, (*paths, REPO / "components", REPO)))
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.dynamic", "127.0.0.1:1"],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=sdk.CHANNEL_OPTIONS) as channel:
            grpc.channel_ready_future(channel).result(LIMIT_SECONDS)
            yield Host(sdk.provider_pb2_grpc.ResourceProviderStub(channel), process)
    finally:
        process.kill()
        process.wait()
