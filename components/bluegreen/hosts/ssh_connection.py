"""A host that is elsewhere, by SSH: commands there, and its sockets from here.

The library is asyncssh, whose loop runs in a thread of its own. Keys are those of a file or of an agent: no password
and no passphrase is ever an input. A host whose key is not known is refused.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import shlex
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from bluegreen.fields import Fields
from bluegreen.options.declared import option, read_options
from bluegreen.options.kinds import Number, Text
from bluegreen.rollout.errors import PlatformError

CONNECT = "hosts:connect"
"""The call's name."""
_CONNECT_SECONDS, _ANSWER_SECONDS, _KEEPALIVE_SECONDS = 20.0, 60.0, 15
_MOST_BYTES, _PIECE_BYTES = 32_000_000, 65_536

_T = TypeVar("_T")


class Refused(PlatformError):
    """Nobody listens at a socket of the host."""


@dataclass(frozen=True, slots=True)
class SshConnection:
    """Where a proxy's files and sockets are, if not on the machine that runs ``pulumi``."""

    host: str = option("the host's name or address, or what the user's own SSH configuration calls it", Text())
    port: int = option("where its sshd listens", Number(1, 65535, whole=True), default=22)
    username: str = option(
        "who logs in", Text(), default="", absent="as the user's own SSH configuration says, else who runs ``pulumi``"
    )
    key_file: str = option(
        "a private key's file, without a passphrase; one that has one is an agent's",
        Text(),
        default="",
        absent="the agent's keys, then the usual files",
    )
    known_hosts: str = option(
        "the file with the host's key", Text(), default="", absent="the user's own ``~/.ssh/known_hosts``"
    )

    @classmethod
    def parse(cls, fields: Fields) -> SshConnection:
        """Check the section."""
        return cls(**read_options(cls, fields))

    @property
    def place(self) -> str:
        """``host:port``, for people."""
        return f"{self.host}:{self.port}"

    def by_hand(self, *lines: str) -> tuple[str, ...]:
        """Commands of that host, as a person types them here."""
        whom = f"{self.username}@{self.host}" if self.username else self.host
        way = " ".join(["ssh", *(["-p", str(self.port)] if self.port != 22 else []), shlex.quote(whom)])
        return tuple(f"{way} {shlex.quote(line)}" for line in lines)

    def run(self, command: str, content: bytes, call: str, *, again: bool = False) -> bytes:
        """Run a command there, once; what it writes.

        Args:
            command: of the login shell.
            content: what it reads.
            call: the name of what is done, for messages.
            again: whether it may run once more where the connection is lost, since it changes nothing.

        Raises:
            PlatformError: it could not be run, or said no. Whether it was done is not known where the connection was
                lost.
        """
        return self._done(lambda: _run(self, command, content, call), call, again=again)

    def exchange(self, socket: str, content: bytes, call: str, *, ends: bool) -> bytes:
        """Send to a socket of that host and read until it closes.

        Args:
            socket: a path there, or ``host:port`` as that host reaches it.
            content: what is sent.
            call: the name of what is done, for messages.
            ends: whether the other side learns that nothing more comes. An HTTP server may take that for the end.

        Raises:
            Refused: nobody listens there.
            PlatformError: there is no answer.
        """
        return self._done(lambda: _exchange(self, socket, content, call, ends=ends), call, again=False)

    def _done(self, made: Callable[[], Coroutine[Any, Any, bytes]], call: str, *, again: bool) -> bytes:
        try:
            return _waited(made(), call, self.place)
        except _Lost as lost:
            if lost.sent and not again:
                raise PlatformError(call, lost.reason) from lost
        try:
            return _waited(made(), call, self.place)
        except _Lost as lost:
            raise PlatformError(call, lost.reason) from lost


class _Lost(Exception):
    """The connection is gone, before anything was sent or after it."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.sent = reason, sent


# -- the loop

_lock = threading.Lock()
_kept: dict[SshConnection, Any] = {}


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    made = asyncio.new_event_loop()
    threading.Thread(target=made.run_forever, name="ssh", daemon=True).start()
    return made


def _waited(work: Coroutine[Any, Any, _T], call: str, place: str) -> _T:
    with _lock:
        loop = _loop()
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result(_CONNECT_SECONDS + _ANSWER_SECONDS)
    except concurrent.futures.TimeoutError as error:
        future.cancel()
        raise PlatformError(call, f"{place} has not answered for {_CONNECT_SECONDS + _ANSWER_SECONDS:g} s") from error


def _library(call: str) -> Any:
    try:
        import asyncssh  # noqa: PLC0415 - only who uses it needs it
    except ImportError as error:
        raise PlatformError(call, "asyncssh is not installed: pip install 'bluegreen[ssh]'") from error
    return asyncssh


async def _connected(to: SshConnection, call: str) -> Any:
    """The connection that is kept, or a new one."""
    ssh, there = _library(call), _kept.get(to)
    if there is not None and not there.is_closed():
        return there
    given: Mapping[str, Any] = {
        **({"username": to.username} if to.username else {}),
        **({"client_keys": [to.key_file]} if to.key_file else {}),
        **({"known_hosts": to.known_hosts} if to.known_hosts else {}),
    }
    try:
        _kept[to] = await asyncio.wait_for(
            ssh.connect(
                to.host,
                **({"port": to.port} if to.port != 22 else {}),
                preferred_auth="publickey",
                keepalive_interval=_KEEPALIVE_SECONDS,
                **given,
            ),
            _CONNECT_SECONDS,
        )
    except ssh.HostKeyNotVerifiable as error:
        file = to.known_hosts or "~/.ssh/known_hosts"
        reason = f"the host key of {to.place} is not the one in {file}, or not there: check it, and add it by hand"
        raise PlatformError(call, f"{reason} ({error.reason})") from error
    except ssh.PermissionDenied as error:
        who = to.username or "this user"
        what = f"the key {to.key_file}" if to.key_file else "the keys of the agent and of the usual files"
        raise PlatformError(call, f"{to.place} does not let {who} in with {what}") from error
    except (ssh.KeyImportError, ssh.KeyEncryptionError) as error:
        reason = f"the key {to.key_file} cannot be used: {error}. One with a passphrase is an agent's (`ssh-add`)"
        raise PlatformError(call, reason) from error
    except FileNotFoundError as error:
        raise PlatformError(call, f"there is no file {error.filename}: see key_file and known_hosts") from error
    except (ssh.Error, OSError, asyncio.TimeoutError, TimeoutError) as error:
        raise PlatformError(call, f"{to.place} cannot be reached by SSH: {_reason_of(error)}") from error
    return _kept[to]


async def _run(to: SshConnection, command: str, content: bytes, call: str) -> bytes:
    ssh = _library(call)
    connection = await _connected(to, call)
    try:
        done = await asyncio.wait_for(connection.run(command, input=content, encoding=None), _ANSWER_SECONDS)
    except (ssh.ConnectionLost, ssh.DisconnectError, OSError, asyncio.TimeoutError, TimeoutError) as error:
        _kept.pop(to, None)
        connection.abort()
        raise _Lost(f"the connection to {to.place} was lost: {_reason_of(error)}") from error
    except ssh.Error as error:
        _refuse_a_closed(to, connection, error)
        raise PlatformError(call, f"{to.place}: {_reason_of(error)}") from error
    if done.exit_status != 0:
        said = bytes(done.stderr or b"").decode("utf-8", "replace").strip().splitlines()
        raise PlatformError(call, f"{to.place}: {said[-1] if said else f'status {done.exit_status}'}")
    return bytes(done.stdout or b"")


async def _exchange(to: SshConnection, socket: str, content: bytes, call: str, *, ends: bool) -> bytes:
    ssh = _library(call)
    connection = await _connected(to, call)
    try:
        return await asyncio.wait_for(_sent(connection, socket, content, ends=ends), _ANSWER_SECONDS)
    except ssh.ChannelOpenError as error:
        _refuse_a_closed(to, connection, error)
        if error.code == ssh.OPEN_CONNECT_FAILED:
            raise Refused(call, f"nobody listens at {socket} of {to.host}: {error.reason}") from error
        raise PlatformError(
            call, f"the sshd of {to.place} does not forward to {socket}: {error.reason} (see AllowTcpForwarding, "
            "AllowStreamLocalForwarding)"
        ) from error  # fmt: skip
    except (ssh.ConnectionLost, ssh.DisconnectError, OSError, asyncio.TimeoutError, TimeoutError) as error:
        _kept.pop(to, None)
        connection.abort()
        raise _Lost(f"the connection to {to.place} was lost: {_reason_of(error)}") from error
    except ssh.Error as error:
        raise PlatformError(call, f"{to.place}: {_reason_of(error)}") from error


def _refuse_a_closed(to: SshConnection, connection: Any, error: Exception) -> None:
    """Tell a channel that the host refuses from one for which there is no connection any more: nothing was sent."""
    if connection.is_closed():
        _kept.pop(to, None)
        raise _Lost(f"the connection to {to.place} was lost: {_reason_of(error)}", sent=False) from error


async def _sent(connection: Any, socket: str, content: bytes, *, ends: bool) -> bytes:
    if socket.startswith("/"):
        reader, writer = await connection.open_unix_connection(socket)
    else:
        host, _, port = socket.rpartition(":")
        reader, writer = await connection.open_connection(host.strip("[]"), int(port))
    try:
        writer.write(content)
        if ends:
            writer.write_eof()
        found = bytearray()
        while piece := await reader.read(_PIECE_BYTES):
            found += piece
            if len(found) > _MOST_BYTES:
                raise OSError("the answer has no end")
        return bytes(found)
    finally:
        writer.close()


def _reason_of(error: BaseException) -> str:
    return str(getattr(error, "reason", "") or error or type(error).__name__)
