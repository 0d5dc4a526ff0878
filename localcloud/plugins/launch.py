"""Starts a plugin: serves on a free loopback port, prints it, and ends with the engine that started it."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _skip_sdk_import() -> None:
    """The protobuf modules live in the `pulumi` package, whose import of the whole SDK would double the start-up time:
    empty stand-ins for the two packages above them lead straight to the files."""
    for name in ("pulumi", "pulumi.runtime"):
        if name in sys.modules:
            return
        package = types.ModuleType(name)
        if name == "pulumi":
            spec = importlib.util.find_spec(name)
            paths = list(spec.submodule_search_locations or []) if spec is not None else []
        else:
            paths = [os.path.join(path, "runtime") for path in sys.modules["pulumi"].__path__]
        package.__path__ = paths
        sys.modules[name] = package


def _end_with_the_engine() -> None:
    """An engine that was killed sends no signal: its plugins must not stay behind."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def sdk_version(package: str, otherwise: str) -> str:
    """The version that the SDK asks for: the engine compares."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return otherwise
    return str(json.loads((Path(spec.origin).parent / "pulumi-plugin.json").read_text())["version"])


def serve(make_provider: Callable[[], Any], workers: int) -> None:
    """Until the engine ends. `workers` is how many calls run side by side: one that waits for a resource keeps its own.

    `make_provider` is called with the protobuf modules importable, so that what it imports can use them.
    """
    _skip_sdk_import()
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    import grpc  # noqa: PLC0415
    from pulumi.runtime.proto import provider_pb2_grpc  # noqa: PLC0415

    limit = 400 * 1024 * 1024  # the engine's own limit for a message
    server = grpc.server(
        ThreadPoolExecutor(max_workers=workers),
        options=[("grpc.max_receive_message_length", limit), ("grpc.max_send_message_length", limit)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(make_provider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    server.start()
    print(port, flush=True)
    threading.Thread(target=_end_with_the_engine, daemon=True).start()
    server.wait_for_termination()
