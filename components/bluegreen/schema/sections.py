"""The parts of a migration file beside SQL: its way back, and commands that no reading of it can follow."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Markers:
    """The lines with which a tool begins the way there and the way back. ``needed``: back counts only beside there."""

    up: re.Pattern[str]
    down: re.Pattern[str]
    needed: bool = True


def _line(text: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*{text}", re.IGNORECASE)


_NEVER = re.compile("(?!)")
# By tool: goose, sql-migrate and micrate; dbmate; node-pg-migrate; tern; Play's evolutions; MyBatis; rambler; shmig.
_TOOLS = (
    _Markers(_line(r"--\s*\+(?:goose|migrate|micrate)\s+up\b"), _line(r"--\s*\+(?:goose|migrate|micrate)\s+down\b")),
    _Markers(_line(r"--\s*migrate:\s*up\b"), _line(r"--\s*migrate:\s*down\b")),
    _Markers(_line(r"--[\s-]*up\s+migration\b"), _line(r"--[\s-]*down\s+migration\b"), needed=False),
    _Markers(_NEVER, _line(r"----\s*create\s+above\s*/\s*drop\s+below\s*----"), needed=False),
    _Markers(_line(r"(?:#|--)\s*(?:---)?\s*!ups\b"), _line(r"(?:#|--)\s*(?:---)?\s*!downs\b")),
    _Markers(_line(r"--\s*//\s*@do\b"), _line(r"--\s*//\s*@undo\b"), needed=False),
    _Markers(_line(r"--\s*rambler\s+up\b"), _line(r"--\s*rambler\s+down\b")),
    _Markers(_line(r"--\s*=+\s*up\s*=+"), _line(r"--\s*=+\s*down\s*=+")),
)
_ANY_BACK = re.compile(r"down|undo|drop\s+below", re.IGNORECASE)
_PLAY = re.compile(r"^\s*#\s*---\s*!", re.IGNORECASE)
_DJANGO = re.compile(r"^\s*--.*cannot\s+be\s+written\s+as\s+sql", re.IGNORECASE | re.MULTILINE)
# Texts and comments are no templates: JSON and arrays have two braces, too. A body between dollars is one text.
_NOT_SQL = re.compile(
    r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|(\$(?:[A-Za-z_]\w*)?\$).*?\1"
    r"|(?P<template>\$\{\s*[\w.:]+|\$\(\s*\w+\s*\)|\{\{|\{%|<%|<<\s*\w+\s*>>|#\{|%\(\w+\)s)",
    re.DOTALL,
)
_MAYBE_TEMPLATE = re.compile(r"\$[{(]|\{[{%]|<[%<]|#\{|%\(")
_BREAKPOINT = re.compile(r"^(.*?)--> ?statement-breakpoint[ \t]*$", re.MULTILINE)
# MySQL wants a space after the dashes; the tools that put these lines there take them out themselves.
_TIGHT_COMMENT = re.compile(r"^([ \t]*)--(?=[^\s-])", re.MULTILINE)
# Rows that psql sends, and the lines of newer dumps that only it reads.
_COPY = re.compile(r"^COPY\b[^;]*\bFROM\s+stdin\b[^;]*;\s*$", re.IGNORECASE)
_RESTRICT = re.compile(r"^\\(?:un)?restrict[ \t]+\w+[ \t]*\r?$", re.MULTILINE)
_DELIMITER = re.compile(r"^[ \t]*DELIMITER[ \t]+(\S+)[ \t]*\r?$", re.IGNORECASE)
_END_DELIMITER = re.compile(r"^--\s*changeset\b.*?\bendDelimiter:\s*(\S+)", re.IGNORECASE)


def way_there(sql: str) -> str:
    """The text without the way back, which some tools keep in the same file. Lines stay, so that numbers are right."""
    if not _ANY_BACK.search(sql):
        return sql if "!" not in sql else _without_play(sql)
    lines = sql.split("\n")
    for tool in _TOOLS:
        begins = [bool(tool.down.match(line)) for line in lines]
        if not any(begins) or (tool.needed and not any(tool.up.match(line) for line in lines)):
            continue
        back = False
        for index, line in enumerate(lines):
            back = begins[index] or (back and not tool.up.match(line))
            if back:
                lines[index] = ""
    return _without_play("\n".join(lines))


def _without_play(sql: str) -> str:
    return "\n".join("" if _PLAY.match(line) else line for line in sql.split("\n"))


def as_the_tool_sends_it(sql: str) -> str:
    """The text without the parts that only a tool or a client reads: breakpoints, delimiters, comments like ``--x``."""
    sql = _BREAKPOINT.sub(lambda match: f"{match.group(1)}{'' if match.group(1).rstrip().endswith(';') else ';'}", sql)
    if "stdin" in sql or "STDIN" in sql:
        sql = _without_rows(sql)
    lines, end = [], ";"
    for line in sql.split("\n"):
        said = _DELIMITER.match(line) or _END_DELIMITER.match(line)
        if said:
            end = said.group(1).replace("\\n", "")
            lines.append("")
            continue
        if end not in (";", ""):
            bare = line.rstrip()
            if bare.strip() == end or (bare.endswith(end) and not end.isalnum()):
                line = bare[: -len(end)] + ";"  # noqa: PLW2901
        lines.append(line)
    sql = "\n".join(lines)
    if "restrict" in sql:
        sql = _RESTRICT.sub("", sql)
    return _TIGHT_COMMENT.sub(r"\1-- ", sql)


def _without_rows(sql: str) -> str:
    lines = sql.split("\n")
    ends = [index for index, line in enumerate(lines) if line.rstrip() == "\\."]
    last, copied = ends[-1] if ends else -1, False
    for index, line in enumerate(lines):
        begins = not copied and index < last and _COPY.match(line) is not None
        if copied:
            copied, lines[index] = line.rstrip() != "\\.", ""
        copied = copied or begins
    return "\n".join(lines)


def unsaid(sql: str) -> tuple[int, str, str] | None:
    """The first part that the text leaves out: its line, its kind, and its words; ``None`` when it is complete."""
    django = _DJANGO.search(sql)
    if django:
        return _at(sql, django.start()), "an operation that cannot be written as SQL", _words(sql, django.start())
    if not _MAYBE_TEMPLATE.search(sql):
        return None
    for match in _NOT_SQL.finditer(sql):
        if match.group("template"):
            return _at(sql, match.start()), "a template, not SQL yet", _words(sql, match.start())
    return None


def _at(sql: str, offset: int) -> int:
    return sql.count("\n", 0, offset) + 1


def _words(sql: str, offset: int) -> str:
    begin = sql.rfind("\n", 0, offset) + 1
    return " ".join(sql[begin : (sql.find("\n", offset) + 1 or len(sql) + 1) - 1].split())
