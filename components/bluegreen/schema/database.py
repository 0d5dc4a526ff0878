"""One read-only question to a database, whose address is given by reference and is in no text."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from bluegreen.rollout.errors import GateUnavailable
from bluegreen.secrets import redact

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 10
_SCHEMES = "postgresql://, mysql:// or sqlite:///PATH"

Ask = Callable[[str], "list[Mapping[str, Any]] | None"]


@contextlib.contextmanager
def asking(address: str) -> Iterator[Ask]:
    """Something that runs a SELECT; its answer is ``None`` when there is no such table.

    Args:
        address: a URL: ``postgresql://user:password@host/name``, ``mysql://...``, ``sqlite:///path``.

    Raises:
        GateUnavailable: there is no such database, no driver, or no right.
    """
    try:
        url = urlsplit(address)
        kind = url.scheme.partition("+")[0]
        opener = {"postgres": _postgres, "postgresql": _postgres, "mysql": _mysql, "mariadb": _mysql, "sqlite": _sqlite}
        opened = opener[kind]
    except (KeyError, ValueError):
        raise GateUnavailable(f"history: the address is none that begins with {_SCHEMES}") from None
    try:
        with opened(url) as ask:
            yield ask
    except GateUnavailable:
        raise
    except ImportError as error:
        raise GateUnavailable(f"history needs {error.name}: pip install 'bluegreen[history]'") from None
    except _errors() as error:
        why = " ".join(str(error).split())
        for secret in (address, url.password, unquote(url.password or "")):
            why = why.replace(secret, "***") if secret else why
        raise GateUnavailable(redact(f"history: the database cannot be read: {why[:300]}")) from None


def _errors() -> tuple[type[Exception], ...]:
    errors: list[type[Exception]] = [sqlite3.Error, OSError, ValueError]
    with contextlib.suppress(ImportError):
        import psycopg  # noqa: PLC0415

        errors.append(psycopg.Error)
    with contextlib.suppress(ImportError):
        import pymysql  # noqa: PLC0415

        errors.append(pymysql.Error)
    return tuple(errors)


def _rows(cursor: Any) -> list[Mapping[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextlib.contextmanager
def _postgres(url: SplitResult) -> Iterator[Ask]:
    import psycopg  # noqa: PLC0415

    plain = url._replace(scheme="postgresql").geturl()
    with psycopg.connect(plain, connect_timeout=_CONNECT_SECONDS, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = on")
        connection.execute(f"SET statement_timeout = '{_ANSWER_SECONDS}s'")

        def ask(sql: str) -> list[Mapping[str, Any]] | None:
            try:
                return _rows(connection.execute(sql.encode()))
            except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
                return None

        yield ask


@contextlib.contextmanager
def _mysql(url: SplitResult) -> Iterator[Ask]:
    import pymysql  # noqa: PLC0415

    socket = dict(part.partition("=")[::2] for part in url.query.split("&")).get("unix_socket")
    connection = pymysql.connect(
        host=url.hostname or "localhost",
        port=url.port or 3306,
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        database=url.path.lstrip("/") or None,
        unix_socket=unquote(socket) if socket else None,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        autocommit=True,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
        cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')")

        def ask(sql: str) -> list[Mapping[str, Any]] | None:
            try:
                cursor.execute(sql)
                return _rows(cursor)
            except pymysql.MySQLError as error:
                if error.args and error.args[0] in (1146, 1049, 1142):  # no such table, no such database, not for you
                    return None
                raise

        yield ask


@contextlib.contextmanager
def _sqlite(url: SplitResult) -> Iterator[Ask]:
    path = unquote(url.path[1:] if url.path.startswith("/") else url.path)
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_ANSWER_SECONDS)
    try:

        def ask(sql: str) -> list[Mapping[str, Any]] | None:
            try:
                return _rows(connection.execute(sql))
            except sqlite3.OperationalError as error:
                if "no such table" in str(error) or "unknown database" in str(error):
                    return None
                raise

        yield ask
    finally:
        connection.close()
