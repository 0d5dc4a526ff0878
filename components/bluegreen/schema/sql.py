"""SQL text to statements, whatever the text is. What cannot be read has no tree; nothing here raises."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlglot import Dialect, ErrorLevel, Token, TokenType, exp

SHOWN_CHARACTERS = 120
MYSQL_FAMILY = frozenset({"mysql", "mariadb", "doris", "starrocks", "singlestore", "tidb"})

# MySQL runs what stands in these comments.
_RUN_COMMENT = re.compile(r"/\*M?!\d*(.*?)\*/", re.DOTALL)
_BATCH_END = re.compile(r"^[ \t]*GO(?:[ \t]+\d+)?[ \t]*;?[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
# goose, sql-migrate and dbmate keep the way back in the same file.
_DOWN = re.compile(r"^--\s*(?:\+goose|\+migrate|migrate:)\s*down\b", re.IGNORECASE)
_UP = re.compile(r"^--\s*(?:\+goose|\+migrate|migrate:)\s*up\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        line: of its first token, from 1.
        sql: its text.
        tree: what it means; ``None`` where that cannot be told.
        alone: whether it is known where it ends; if not, it may be many.
    """

    line: int
    sql: str
    tree: exp.Expression | None
    alone: bool = True

    def __str__(self) -> str:
        text = " ".join(self.sql.split())
        return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def statements(sql: str, dialect: str) -> list[Statement]:
    """The statements of a text. A text that cannot be split is one statement without a tree."""
    sql = _without_the_way_back(sql)
    if dialect in MYSQL_FAMILY:
        sql = _RUN_COMMENT.sub(lambda found: f" {found.group(1)} ", sql)
    if dialect in ("tsql", "fabric"):
        sql = _BATCH_END.sub(";", sql)
    with _quiet():
        try:
            tokens = Dialect.get_or_raise(dialect).tokenize(sql)
        except Exception:  # noqa: BLE001 - the library's errors on strange text are of many kinds
            return [Statement(1, sql, None, alone=False)] if sql.strip() else []
        found = []
        for part in _split(tokens):
            text = sql[part[0].start : part[-1].end + 1]
            found.append(Statement(part[0].line, text, _tree(part, sql, dialect)))
    return found


def _split(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            if part:
                yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def _tree(tokens: list[Token], sql: str, dialect: str) -> exp.Expression | None:
    try:
        parser = Dialect.get_or_raise(dialect).parser(error_level=ErrorLevel.IMMEDIATE)
        trees = parser.parse(tokens, sql)
    except Exception:  # noqa: BLE001 - as above, and RecursionError for deep nesting
        return None
    return trees[0] if len(trees) == 1 and isinstance(trees[0], exp.Expression) else None


def _without_the_way_back(sql: str) -> str:
    if not re.search(r"down\b", sql, re.IGNORECASE):
        return sql
    kept, back = [], False
    for line in sql.split("\n"):
        back = bool(_DOWN.match(line)) or (back and not _UP.match(line))
        # Lines stay, so that numbers are right.
        kept.append("" if back else line)
    return "\n".join(kept)


class _Quiet(threading.local):
    wanted = False


_here = _Quiet()


class _NotHere(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return not _here.wanted


_not_here = _NotHere()


@contextmanager
def _quiet() -> Iterator[None]:
    """Sqlglot warns of each statement that it cannot read, with its text. Ours is to judge that, not to print it."""
    logging.getLogger("sqlglot").addFilter(_not_here)
    former, _here.wanted = _here.wanted, True
    try:
        yield
    finally:
        _here.wanted = former
