"""The ends of statements, also of bodies of triggers and routines, SQL Server's blocks, and Postgres' ``DO``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import Token, TokenType

_BODIED = frozenset({"TRIGGER", "PROCEDURE", "PROC", "FUNCTION", "EVENT", "PACKAGE"})
_CLOSED_BY_NAME = frozenset({"IF", "LOOP", "WHILE", "REPEAT"})
_BLOCKS = frozenset({"IF", "WHILE", "BEGIN", "ELSE"})
# In SQL Server these begin a statement, also without a semicolon before them, where they begin a line ...
_BEGINS = frozenset({"SELECT", "INSERT", "DELETE", "PRINT", "EXEC", "EXECUTE", "DECLARE", "TRUNCATE", "MERGE"})
_BEGINS |= {"RAISERROR", "THROW", "IF", "WHILE"}
# ... and these where what they change follows: ALTER COLUMN and DROP CONSTRAINT are parts of an ALTER TABLE.
_CHANGES = frozenset({"ALTER", "CREATE", "DROP"})
_OBJECTS = frozenset({"TABLE", "INDEX", "UNIQUE", "CLUSTERED", "NONCLUSTERED", "VIEW", "TYPE", "SCHEMA", "SEQUENCE"})
_OBJECTS |= _BODIED | {"SYNONYM"}

_DO = re.compile(r"\s*DO\s+(?:LANGUAGE\s+plpgsql\s+)?(\$\w*\$)(.*)\1(?:\s+LANGUAGE\s+plpgsql)?\s*", re.I | re.S)
_BODY = re.compile(r"\s*BEGIN\b(.*)\bEND\s*;?\s*", re.I | re.S)
_DECLARES = re.compile(r"\s*DECLARE\b", re.I)
_CATCH = re.compile(r"\bEXCEPTION\s+WHEN\b", re.I)
_CATCHES = re.compile(
    r"\s*(?:\bWHEN\s+)?(?:duplicate_\w+|undefined_\w+)(?:\s+OR\s+(?:duplicate_\w+|undefined_\w+))*\s+THEN\s+"
    r"(?:NULL|RAISE\s+NOTICE\s+'[^']*'(?:\s*,[^;]*)?)\s*;\s*",
    re.I,
)
_STEP = re.compile(
    r"(?P<skip>\s+|--[^\n]*|/\*.*?\*/)|(?P<if>(?:ELS)?(?:E\s*)?IF\b.*?\bTHEN\b)|(?P<word>ELSE\b|END\s+IF\s*;|NULL\s*;"
    r"|BEGIN\b|END\s*;|RAISE\s+NOTICE\s+'[^']*'(?:\s*,[^;]*)?;)|(?P<run>(?:'(?:[^']|'')*'|\"[^\"]*\"|[^;'\"])+;)",
    re.I | re.S,
)


@dataclass(frozen=True, slots=True)
class Part:
    """The tokens of one statement; the rest as ``bluegreen.schema.sql.Statement`` has it."""

    tokens: Sequence[Token]
    alone: bool = True
    conditional: bool = False


def parts(tokens: Sequence[Token], *, batches: bool) -> Iterator[Part]:
    """Split at semicolons that end a statement.

    Args:
        tokens: of a whole text.
        batches: SQL Server's way: blocks, statements without semicolons, a text that is one batch.
    """
    if batches and _has_body(tokens):
        yield Part(tokens)  # it has to stand alone in its batch
        return
    for part in _at_semicolons(tokens, blocks=batches):
        if batches:
            yield from _unwrapped(part, conditional=False)
        else:
            yield Part(part)


def _word(tokens: Sequence[Token], index: int) -> str:
    return tokens[index].text.upper() if 0 <= index < len(tokens) else ""


def _has_body(tokens: Sequence[Token]) -> bool:
    if _word(tokens, 0) not in ("CREATE", "ALTER"):
        return False
    for token in tokens[1:14]:  # CREATE DEFINER = `a` @ `b` TRIGGER ...
        word = token.text.upper()
        if word in _BODIED:
            return True
        if word in ("TABLE", "VIEW", "INDEX", "(", ";"):
            return False
    return False


def _at_semicolons(tokens: Sequence[Token], *, blocks: bool) -> Iterator[Sequence[Token]]:
    begin, depth, bodied = 0, 0, False
    for index, token in enumerate(tokens):
        if index == begin:
            bodied = _has_body(tokens[begin : begin + 14]) or (blocks and _word(tokens, begin) in _BLOCKS)
            depth = 0
        if token.token_type is TokenType.SEMICOLON:
            if depth <= 0:
                if index > begin:
                    yield tokens[begin:index]
                begin = index + 1
        elif bodied:
            depth += _opens(tokens, index)
    if begin < len(tokens):
        yield tokens[begin:]


def _opens(tokens: Sequence[Token], index: int) -> int:
    """1 where a block or a CASE begins, -1 where one ends, else 0."""
    word, before, after = _word(tokens, index), _word(tokens, index - 1), _word(tokens, index + 1)
    if tokens[index].token_type in (TokenType.STRING, TokenType.IDENTIFIER):
        return 0
    if word == "CASE":
        return 0 if before == "END" else 1
    if word == "BEGIN":
        return 0 if after in ("TRAN", "TRANSACTION") else 1
    if word == "END":
        return 0 if after in _CLOSED_BY_NAME else -1
    return 0


def _unwrapped(tokens: Sequence[Token], *, conditional: bool) -> Iterator[Part]:
    """The statements in ``IF ... BEGIN ... END ELSE ...``, and those that no semicolon parts."""
    if _word(tokens, 0) == "ELSE":
        tokens, conditional = tokens[1:], True
    if _word(tokens, 0) in ("IF", "WHILE", "BEGIN") and _word(tokens, 1) not in ("TRAN", "TRANSACTION", "TRY"):
        begin = _first(tokens, ("BEGIN",))
        if begin is not None and _word(tokens, begin + 1) not in ("TRAN", "TRANSACTION", "TRY"):
            end = _matching(tokens, begin)
            if end is not None:
                for part in _at_semicolons(tokens[begin + 1 : end], blocks=True):
                    yield from _unwrapped(part, conditional=True)
                if tokens[end + 1 :]:
                    yield from _unwrapped(tokens[end + 1 :], conditional=_word(tokens, end + 1) == "ELSE")
                return
        start = next((at for at in range(1, len(tokens)) if _starts(tokens, at, any_line=True)), None)
        if start is not None and (begin is None or start < begin):
            yield from _unwrapped(tokens[start:], conditional=True)
            return
    begin = 0
    for index in range(1, len(tokens) + 1):
        if index == len(tokens) or _starts(tokens, index):
            rest = tokens[begin:index]
            if begin and _word(rest, 0) in ("IF", "WHILE"):
                yield from _unwrapped(tokens[begin:], conditional=conditional)
                return
            if rest:
                yield Part(rest, conditional=conditional)
            begin = index


def _first(tokens: Sequence[Token], words: tuple[str, ...]) -> int | None:
    return next((index for index in range(len(tokens)) if _word(tokens, index) in words), None)


def _matching(tokens: Sequence[Token], begin: int) -> int | None:
    depth = 0
    for index in range(begin, len(tokens)):
        depth += _opens(tokens, index)
        if depth == 0:
            return index
    return None


def _starts(tokens: Sequence[Token], index: int, *, any_line: bool = False) -> bool:
    word, first = _word(tokens, index), _word(tokens, 0)
    if not any_line and tokens[index].line == tokens[index - 1].line:
        return False
    if word in _CHANGES:
        return _word(tokens, index + 1) in _OBJECTS
    if word not in _BEGINS and word != "UPDATE":
        return False
    depth = sum((token.text == "(") - (token.text == ")") for token in tokens[:index])
    plain = first in ("ALTER", "DROP", "PRINT", "TRUNCATE", "IF", "WHILE") or (
        first == "CREATE" and _word(tokens, 1) in ("TABLE", "INDEX", "UNIQUE", "NONCLUSTERED", "CLUSTERED")
    )
    return depth == 0 and plain and word in _BEGINS | {"UPDATE"} and _word(tokens, index - 1) not in ("ON", "FOR")


def do_block(text: str) -> list[tuple[int, str]] | None:
    """The statements of a ``DO`` block with their offsets in the text; ``None`` when it cannot be read as one."""
    match = _DO.fullmatch(text)
    if match is None or _DECLARES.match(match.group(2)):
        return None
    body = _BODY.fullmatch(match.group(2))
    if body is None:
        return None
    inside, at = body.group(1), match.start(2) + body.start(1)
    run: list[tuple[int, str]] = []
    catch = _CATCH.search(inside)
    if catch:
        if not re.fullmatch(f"(?:{_CATCHES.pattern})+", "WHEN " + inside[catch.end() :], re.I | re.S):
            return None
        inside = inside[: catch.start()]
    position = 0
    while position < len(inside):
        step = _STEP.match(inside, position)
        if step is None or step.end() == position:
            return None
        if step.group("run"):
            if re.match(r"\s*(EXECUTE|PERFORM|FOR|LOOP|WHILE|RETURN|CALL)\b", step.group("run"), re.I):
                return None
            run.append((at + position, step.group("run")))
        position = step.end()
    return run
