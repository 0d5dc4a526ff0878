"""SQL text to statements, whatever the text is. An unreadable one has no tree; nothing here raises."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlglot import Dialect, ErrorLevel, Parser, Token, TokenType, exp

from bluegreen.schema.blocks import Part, do_block, parts
from bluegreen.schema.sections import as_the_tool_sends_it, way_there

SHOWN_CHARACTERS = 120
MYSQL_FAMILY = frozenset({"mysql", "mariadb", "doris", "starrocks", "singlestore", "tidb"})
TSQL_FAMILY = frozenset({"tsql", "fabric"})

# MySQL runs what stands in these comments.
_RUN_COMMENT = re.compile(r"/\*M?!\d*(.*?)\*/", re.DOTALL)
_BATCH_END = re.compile(r"^[ \t]*GO(?:[ \t]+\d+)?[ \t]*;?[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_PRINT = re.compile(
    r"^([ \t]*(?:ELSE[ \t]+)?PRINT[ \t]+N?'(?:[^'\n]|'')*')[ \t]*;?(?=[ \t]*\r?$)", re.IGNORECASE | re.MULTILINE
)
_END = re.compile(r"(;\s*END)\b[ \t]*;?(?=\s+ELSE\b|[ \t]*\r?$)", re.IGNORECASE | re.MULTILINE)
_DEPTH = 5
_MANY_TOKENS = 60
_VALUES = frozenset({TokenType.STRING, TokenType.NUMBER, TokenType.COMMA, TokenType.L_PAREN, TokenType.R_PAREN})
_DOES_MORE = frozenset({"SELECT", "WITH", "DELETE", "UPDATE", "MERGE", "ALTER", "CREATE", "DROP", "TRUNCATE", "RENAME"})
_DOES_MORE |= {"EXEC", "EXECUTE", "CALL", "GRANT", "REVOKE", "SET", "USE"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        line: of its first token, from 1.
        sql: its text.
        tree: what it means; ``None`` where that is not known.
        alone: whether it is known where it ends; if not, it may be many.
        conditional: whether it may not run at all, as in a block behind an ``IF``.
    """

    line: int
    sql: str
    tree: exp.Expression | None
    alone: bool = True
    conditional: bool = False

    def __str__(self) -> str:
        text = " ".join(self.sql.split())
        return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def statements(sql: str, dialect: str) -> list[Statement]:
    """The statements of a text. A text that cannot be split is one statement without a tree."""
    sql = as_the_tool_sends_it(way_there(sql))
    if dialect in MYSQL_FAMILY:
        # What begins with a backslash is MariaDB's own client's.
        sql = _RUN_COMMENT.sub(lambda match: "" if match.group(1)[:1] == "\\" else f" {match.group(1)} ", sql)
    with _quiet():
        if dialect not in TSQL_FAMILY:
            return list(_statements(sql, dialect, 1))
        read: list[Statement] = []
        begin = 0
        # The library takes all that follows for a part of these.
        sql = _END.sub(r"\1;", _PRINT.sub(r"\1;", sql))
        for end in [*_BATCH_END.finditer(sql), None]:
            batch = sql[begin : end.start() if end else len(sql)]
            read += _statements(batch, dialect, 1 + sql.count("\n", 0, begin))
            begin = end.end() if end else begin
        return read


def _statements(sql: str, dialect: str, line: int, depth: int = 0) -> Iterator[Statement]:
    try:
        reads = Dialect.get_or_raise(dialect)
        tokens = reads.tokenize(sql)
        parser = reads.parser(error_level=ErrorLevel.IMMEDIATE)
        split = list(parts(tokens, batches=dialect in TSQL_FAMILY))
    except Exception:  # noqa: BLE001 - the library's errors on strange text are of many kinds; too deep a nesting
        if sql.strip():
            yield Statement(line, sql, None, alone=False)
        return
    for part in split:
        yield from _read(part, sql, dialect, line, depth, parser)


def _read(part: Part, sql: str, dialect: str, line: int, depth: int, parser: Parser) -> Iterator[Statement]:
    text = sql[part.tokens[0].start : part.tokens[-1].end + 1]
    at = line - 1 + part.tokens[0].line
    inner = do_block(text) if dialect == "postgres" and depth < _DEPTH else None
    if inner is None:
        yield Statement(at, text, _tree(part.tokens, sql, parser), part.alone, part.conditional)
        return
    for offset, run in inner:
        begins = at + text.count("\n", 0, offset)
        for statement in _statements(run, dialect, begins, depth + 1):
            yield replace(statement, conditional=True)


def _only_rows(tokens: Sequence[Token]) -> bool:
    """Whether tokens put rows into a table and surely do nothing else: a million values are not read in full."""
    if tokens[0].text.upper() != "INSERT" or len(tokens) < _MANY_TOKENS:
        return False
    words = {token.text.upper() for token in tokens if token.token_type not in _VALUES}
    return "VALUES" in words and not words & _DOES_MORE


def _tree(tokens: Sequence[Token], sql: str, parser: Parser) -> exp.Expression | None:
    if _only_rows(tokens):
        return exp.Insert()
    try:
        trees = parser.parse(list(tokens), sql)
    except Exception:  # noqa: BLE001 - as above, and RecursionError for deep nesting
        return None
    return trees[0] if len(trees) == 1 and isinstance(trees[0], exp.Expression) else None


class _Quiet(threading.local):
    wanted = False


_here = _Quiet()


class _NotHere(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return not _here.wanted


_not_here = _NotHere()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep sqlglot from printing each statement that it cannot read: it is for the gate to judge."""
    logging.getLogger("sqlglot").addFilter(_not_here)
    former, _here.wanted = _here.wanted, True
    try:
        yield
    finally:
        _here.wanted = former
