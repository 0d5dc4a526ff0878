"""Servers of the tests' own: a temporary directory, a socket in it, no rights, nothing of the system's."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from localcloud.tools import system

_START_SECONDS = 60
_RAM = Path("/dev/shm")
TEMPORARY = ("t0", "t1", "t2")
"""What a generated migration calls a temporary table: it hides a real one."""


class Failed(Exception):
    """The server refused a statement."""


class Connection(Protocol):
    def run(self, sql: str) -> list[dict[str, Any]]: ...

    def close(self) -> None: ...


class Server(Protocol):
    dialect: str

    def place(self, name: str) -> None:
        """An empty database or schema, in which ``connect`` begins."""

    def session(self) -> Connection:
        """A connection to it, as if it were a new one."""

    def reset(self, connection: Connection) -> Connection:
        """As a new session would be."""

    def version(self) -> str: ...


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="bg-", dir=_RAM if _RAM.is_dir() else None))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _user(directory: Path) -> dict[str, Any]:
    """Both refuse to run with all rights."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def _running(command: list[str], log: Path, end: signal.Signals, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, **options)
    try:
        yield process
    finally:
        process.send_signal(end)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], log: Path, connect: Any) -> None:
    ends = time.monotonic() + _START_SECONDS
    while True:
        try:
            connect().close()
        except Exception as error:  # noqa: PERF203
            if process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"the server does not start: {log.read_text(errors='replace')[-2000:]}") from error
            time.sleep(0.05)
        else:
            return


def _program(name: str) -> str:
    program = system.find(name)
    if program is None:
        raise FileNotFoundError(f"{name} is not there: make setup")
    return str(program)


class _Cursor:
    def __init__(self, raw: Any, errors: type[Exception] | tuple[type[Exception], ...]) -> None:
        self._raw, self._errors = raw, errors

    def run(self, sql: str) -> list[dict[str, Any]]:
        cursor = self._raw.cursor()
        try:
            cursor.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] if names else []
        except self._errors as error:
            raise Failed(f"{sql}: {error}") from None
        finally:
            cursor.close()

    def close(self) -> None:
        self._raw.close()


class Postgres:
    dialect = "postgres"

    def url(self) -> str:
        path = quote(f"-csearch_path={self._name}")
        return f"postgresql://owner@/postgres?host={quote(str(self._directory))}&options={path}"

    def version(self) -> str:
        return str(self.session().run("SHOW server_version")[0]["server_version"]).partition(" ")[0]

    def __init__(self, directory: Path) -> None:
        self._directory, self._name, self._open = directory, "public", None

    def connect(self) -> Connection:
        import psycopg

        # Plans that were prepared for a shape would be a difference of the driver's.
        raw = psycopg.connect(
            host=str(self._directory), user="owner", dbname="postgres", autocommit=True, prepare_threshold=None
        )
        connection = _Cursor(raw, psycopg.Error)
        connection.run(f"SET search_path TO {self._name}")
        connection.run("SET client_min_messages TO error")
        return connection

    def session(self) -> Connection:
        """One for all cases: a new one takes longer than a case."""
        if self._open is None:
            self._open = self.connect()
        return self.reset(self._open) if self._name else self._open

    def place(self, name: str) -> None:
        self.session().run(f"CREATE SCHEMA {name}")
        self._name = name

    def reset(self, connection: Connection) -> Connection:
        for sql in ("ROLLBACK", "DISCARD TEMP", f"SET search_path TO {self._name}"):
            connection.run(sql)
        return connection


class MariaDb:
    dialect = "mysql"

    def url(self) -> str:
        return f"mysql://root@localhost/{self._name}?unix_socket={quote(str(self._directory / 's'))}"

    def version(self) -> str:
        return str(self.session().run("SELECT version() AS v")[0]["v"]).partition("-")[0]

    def __init__(self, directory: Path) -> None:
        self._directory, self._name, self._open = directory, "", None

    def connect(self) -> Connection:
        import pymysql

        raw = pymysql.connect(
            unix_socket=str(self._directory / "s"), user="root", charset="utf8mb4", autocommit=True,
            database=self._name or None,
        )  # fmt: skip
        return _Cursor(raw, pymysql.Error)

    def session(self) -> Connection:
        """One for all cases: a new one takes longer than a case."""
        if self._open is None:
            self._open = self.connect()
        return self.reset(self._open) if self._name else self._open

    def place(self, name: str) -> None:
        self.session().run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        self._name = name

    def reset(self, connection: Connection) -> Connection:
        for sql in ("ROLLBACK", f"USE {self._name}", f"DROP TEMPORARY TABLE IF EXISTS {', '.join(TEMPORARY)}"):
            connection.run(sql)
        return connection


class Sqlite:
    dialect = "sqlite"

    def version(self) -> str:
        return sqlite3.sqlite_version

    def __init__(self) -> None:
        self._raw: sqlite3.Connection | None = None

    def session(self) -> Connection:
        assert self._raw is not None
        return _Shared(self._raw, sqlite3.Error)

    def place(self, name: str) -> None:
        if self._raw is not None:
            self._raw.close()
        self._raw = sqlite3.connect(":memory:", isolation_level=None)

    def reset(self, connection: Connection) -> Connection:
        assert self._raw is not None
        if self._raw.in_transaction:
            self._raw.rollback()
        for row in connection.run("SELECT type, name FROM sqlite_temp_master"):
            connection.run(f"DROP {row['type']} temp.{row['name']}")
        return connection


class _Shared(_Cursor):
    def close(self) -> None:
        """There is one, in memory."""


# Nothing has to outlive a test, nor lie outside of its directory.
_POSTGRES = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"),
    *("max_connections=20", "shared_buffers=64MB", "dynamic_shared_memory_type=mmap"),
)


@contextlib.contextmanager
def postgres() -> Iterator[Server]:
    with _directory() as directory:
        user, data = _user(directory), directory / "data"
        init = [_program("initdb"), "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(init, check=True, capture_output=True, cwd=directory, **user)
        command = [_program("postgres"), "-D", str(data), "-k", str(directory)]
        for option in (*_POSTGRES, "listen_addresses="):
            command += ["-c", option]
        server, log = Postgres(directory), directory / "log"
        with _running(command, log, signal.SIGINT, cwd=directory, **user) as process:  # at once
            _wait(process, log, server.connect)
            yield server


@contextlib.contextmanager
def mariadb() -> Iterator[Server]:
    with _directory() as directory:
        user, data = _user(directory), directory / "data"
        init = [_program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db",
                "--auth-root-authentication-method=normal"]  # fmt: skip
        subprocess.run(init, check=True, capture_output=True, cwd=directory, **user)
        command = [_program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--socket={directory / 's'}",
                   "--skip-networking", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0",
                   "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=8M", "--sync-frm=0",
                   f"--pid-file={directory / 'pid'}", "--performance-schema=OFF"]  # fmt: skip
        server, log = MariaDb(directory), directory / "log"
        with _running(command, log, signal.SIGTERM, cwd=directory, **user) as process:
            _wait(process, log, server.connect)
            yield server


@contextlib.contextmanager
def sqlite() -> Iterator[Server]:
    yield Sqlite()


SERVERS = {"postgres": postgres, "mariadb": mariadb, "sqlite": sqlite}
