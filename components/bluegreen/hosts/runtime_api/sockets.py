"""HAProxy's runtime API: a command, and what comes back. One connection each.

https://www.haproxy.com/documentation/haproxy-runtime-api/
"""

from __future__ import annotations

import socket
from typing import Protocol

from bluegreen.hosts.ssh_connection import Refused, SshConnection
from bluegreen.rollout.calls import note
from bluegreen.rollout.errors import PlatformError

_TIMEOUT_SECONDS, _MOST_BYTES, _PIECE_BYTES = 10.0, 16_000_000, 65_536


class NotRunning(PlatformError):
    """Nobody listens: HAProxy does not run, or is just starting."""


class Asks(Protocol):
    """Sends commands."""

    def ask(self, command: str) -> str:
        """The answer, without the empty lines at its end.

        Raises:
            NotRunning: nobody listens.
            PlatformError: no whole answer came.
        """
        ...


class RuntimeSocket:
    """The API at a socket of this machine, or at a port.

    Args:
        place: a path, or ``host:port``.
    """

    def __init__(self, place: str) -> None:
        self._place = place

    def ask(self, command: str) -> str:
        """One command."""
        call = call_of(command)
        note(call)
        try:
            with self._connected() as connection:
                connection.sendall(command.encode() + b"\n")
                connection.shutdown(socket.SHUT_WR)
                return _whole(connection, call).decode("utf-8", "replace").strip("\n")
        except (ConnectionRefusedError, FileNotFoundError) as error:
            raise NotRunning(call, f"HAProxy does not listen at {self._place}: {error.strerror}") from error
        except OSError as error:
            raise PlatformError(call, f"{self._place}: {error.strerror or error}") from error

    def _connected(self) -> socket.socket:
        if self._place.startswith("/"):
            made = socket.socket(socket.AF_UNIX)
            made.settimeout(_TIMEOUT_SECONDS)
            try:
                made.connect(self._place)
            except BaseException:
                made.close()
                raise
            return made
        host, _, port = self._place.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), _TIMEOUT_SECONDS)


class RuntimeOverSsh:
    """The API at a socket of another host, or at a port that it reaches.

    Args:
        ssh: that host.
        place: a path there, or ``host:port``.
    """

    def __init__(self, ssh: SshConnection, place: str) -> None:
        self._ssh, self._place = ssh, place

    def ask(self, command: str) -> str:
        """One command."""
        call = call_of(command)
        note(call)
        try:
            content = self._ssh.exchange(self._place, command.encode() + b"\n", call, ends=True)
        except Refused as error:
            raise NotRunning(call, f"HAProxy does not listen at {self._place}: {error.reason}") from error
        return content.decode("utf-8", "replace").strip("\n")


def _whole(connection: socket.socket, call: str) -> bytes:
    content = bytearray()
    while piece := connection.recv(_PIECE_BYTES):
        content += piece
        if len(content) > _MOST_BYTES:
            raise PlatformError(call, "the answer has no end")
    return bytes(content)


def call_of(command: str) -> str:
    """The name of a command: its words, without its arguments."""
    return "haproxy:" + " ".join(command.split()[:2])
