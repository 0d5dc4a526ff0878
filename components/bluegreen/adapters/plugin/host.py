"""The plugin's process: it serves one engine, and ends with it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc.aio

from bluegreen._version import __version__
from bluegreen.adapters import hosting
from bluegreen.adapters.plugin import sdk

REGISTRATIONS_AT_ONCE = 512
"""Threads in which components register their resources; a swap's registration keeps one for as long as it runs."""

LOOK_SECONDS = 1.0

LEAST_PYTHON = (3, 11)
"""The package itself takes 3.10: the schema is made of type hints, which cannot be read there."""


async def serve(engine_address: str) -> None:
    """Serve until the engine ends this process, or is gone itself.

    An engine that is gone can keep no outcome: what runs is restored, as after a Ctrl-C, and this process ends.
    """
    from bluegreen.adapters.plugin.servicer import Servicer  # noqa: PLC0415 - `--version` needs nothing of all this

    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(REGISTRATIONS_AT_ONCE, "registration"))
    server = grpc.aio.server(options=sdk.CHANNEL_OPTIONS)
    servicer = Servicer(engine_address)
    sdk.provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    # A terminal's Ctrl-C does not come here, since plugins have process groups of their own: the engine asks to cancel.
    # Its SIGINT is the end; a plugin that is still there 5 s later is killed, and is said to have crashed.
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    parent = os.getppid()
    print(port, flush=True)  # noqa: T201 - the engine reads it
    while not ended.is_set() and os.getppid() == parent:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(ended.wait(), LOOK_SECONDS)
    servicer.cancelled.set()
    while servicer.busy:
        await asyncio.sleep(LOOK_SECONDS / 20)
    await server.stop(LOOK_SECONDS)  # until the last answer is sent
    # Not by returning: a thread that waits for the engine that is gone would be waited for.
    sys.stdout.flush()
    os._exit(0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the plugin: ``pulumi-resource-bluegreen ENGINE``. The engine starts it; people only ask for its version."""
    parser = argparse.ArgumentParser("pulumi-resource-bluegreen", description=main.__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("engine", help="the address of the engine, which starts this program")
    options, _ = parser.parse_known_args(arguments)
    if sys.version_info < LEAST_PYTHON:
        least = ".".join(map(str, LEAST_PYTHON))
        parser.exit(1, f"the plugin needs Python {least} or newer, and this is {sys.version.split()[0]}\n")
    hosting.host()
    asyncio.run(serve(options.engine))
