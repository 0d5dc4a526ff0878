"""Triggers, routines and views: those that refuse the live color's writes or no longer fit its calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from bluegreen.schema.catalog import RELATION, Catalog
from bluegreen.schema.parts import Column
from bluegreen.schema.rules import UNJUDGED, Judgement, Reach, WayOut
from bluegreen.schema.sql import TSQL_FAMILY

_NAME = r"(?:[\w$]+|\"[^\"]+\"|`[^`]+`|\[[^\]]+\])"
_FULL_NAME = rf"{_NAME}(?:\s*\.\s*{_NAME}){{0,2}}"
_CREATE = re.compile(
    rf"CREATE\s+(?P<replace>OR\s+(?:REPLACE|ALTER)\s+)?(?:DEFINER\s*=\s*\S+(?:\s*@\s*\S+)?\s+)?(?:TEMP(?:ORARY)?\s+)?"
    rf"(?:CONSTRAINT\s+)?(?:AGGREGATE\s+)?(?P<kind>FUNCTION|PROCEDURE|PROC|TRIGGER)\s+"
    rf"(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>{_FULL_NAME})(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ON = re.compile(rf"\bON\s+(?P<table>{_FULL_NAME})", re.IGNORECASE)
_RUNS = re.compile(rf"\bEXECUTE\s+(?:FUNCTION|PROCEDURE)\s+(?P<name>{_FULL_NAME})\s*\(", re.IGNORECASE)
_QUOTED = re.compile(r"(\$\w*\$).*?\1|'(?:[^']|'')*'", re.DOTALL)
_TEXTS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
# What makes a write fail, or silently not happen.
_REFUSES = re.compile(
    r"\bRAISE\s+(?!NOTICE|WARNING|INFO|LOG|DEBUG)|\bRAISE\s*\(\s*(?!IGNORE)|\bRAISE\s*;|\bRAISE\s*\(\s*IGNORE|\bSIGNAL\b|\bRAISERROR\b|\bTHROW\b"
    r"|\bROLLBACK\b|\bASSERT\b|\bINSTEAD\s+OF\b|\bEXECUTE\s+IMMEDIATE\b|\bEXECUTE\s+(?!FUNCTION|PROCEDURE)|\bEXEC\b|\bCALL\b"
    r"|\bDELETE\s+FROM\b|\bTRUNCATE\b|\bDROP\b|\bALTER\b",
    re.IGNORECASE,
)
_RETURNS_NOTHING = re.compile(r"\bRETURN\s+NULL\b", re.IGNORECASE)
_BEFORE = re.compile(r"\bBEFORE\b", re.IGNORECASE)
# The new row, as the trigger sees it: what it may be given without hurting who wrote it.
_OVERWRITES = re.compile(r"\bNEW\s*\.\s*([\w\"`]+)\s*:?=(?!=)", re.IGNORECASE)
_PLAIN = str.maketrans("", "", '"`[]')


def judge_routine(sql: str, reach: Reach, *, maybe: bool) -> Iterator[Judgement] | None:
    """A created trigger, function or procedure; ``None`` when the text is none.

    Args:
        sql: the statement.
        reach: what it can hurt.
        maybe: whether it may not run at all.
    """
    match = _CREATE.match(sql.strip())
    if match is None:
        return None
    kind = match.group("kind").upper()
    if kind == "TRIGGER":
        return _judge_trigger(match, reach)
    return _judge_function(match, "FUNCTION" if kind == "FUNCTION" else "PROCEDURE", reach, maybe=maybe)


def _judge_trigger(match: re.Match[str], reach: Reach) -> Iterator[Judgement]:
    catalog, name, rest = reach.catalog, _plain(match.group("name")), match.group("rest")
    on = _ON.search(rest)
    table = _plain(on.group("table")) if on else ""
    catalog.routines[("TRIGGER", name)] = table
    catalog.create("TRIGGER", name)
    if catalog.reading or not reach.needs(table):
        return
    body, runs = rest, _RUNS.search(rest)
    if runs:
        kept = catalog.routines.get(("BODY", _plain(runs.group("name"))))
        if kept is None:
            yield (
                f"trigger {name} on {table}, which runs {runs.group('name')}, of which the body is not known",
                UNJUDGED[1],
            )
            return
        body = rest[: runs.start()] + kept
    bare = _TEXTS.sub("''", body)
    stops = _REFUSES.search(bare) or (_BEFORE.search(bare) and _RETURNS_NOTHING.search(bare))
    if stops:
        yield f"trigger {name} on {table}, which may refuse or undo a write ({stops.group().strip()})", WayOut.TRIGGER
    for written in _OVERWRITES.finditer(bare):
        column = _plain(written.group(1))
        if reach.needs_column(table, column):
            yield f"trigger {name}, which overwrites {table}.{column}", WayOut.TRIGGER
            return


def _judge_function(match: re.Match[str], kind: str, reach: Reach, *, maybe: bool) -> Iterator[Judgement]:
    catalog, name, rest = reach.catalog, _plain(match.group("name")), match.group("rest")
    signature, body = _signature(rest)
    at = (kind, name)
    former, was_dropped = catalog.routines.get(at), catalog.routines.pop(("DROPPED", f"{kind} {name}"), None)
    exists = former is not None and not catalog.is_new(kind, name)
    if not catalog.reading and not (_QUOTED.search(rest) or catalog.dialect != "postgres"):
        yield UNJUDGED
    before = was_dropped if was_dropped is not None else former if exists else None
    refuses = _REFUSES.search(_TEXTS.sub("''", body))
    if not catalog.reading and match.group("replace") and not catalog.is_new(kind, name):
        if before is not None and before != signature and catalog.dialect != "postgres":
            yield f"new signature of {kind.lower()} {name}", WayOut.ROUTINE
        elif before is None and catalog.dialect != "postgres" and not catalog.complete:
            yield f"replace {kind.lower()} {name}, of which the signature is not known from `applied`", WayOut.ROUTINE
        if refuses and (before is None or catalog.routines.get(("BODY", name)) != body) and "trigger" in rest.lower():
            yield f"replace {kind.lower()} {name}, which may refuse a write ({refuses.group().strip()})", WayOut.TRIGGER
    catalog.routines[at], catalog.routines[("BODY", name)] = signature, body
    if was_dropped is None:
        catalog.create(kind, name, maybe=maybe or bool(match.group("replace")))


def _signature(rest: str) -> tuple[str, str]:
    """The normalized arguments and result of a routine, and its body."""
    depth, end = 0, 0
    for end, character in enumerate(rest):  # noqa: B007
        depth += (character == "(") - (character == ")")
        if depth == 0 and character == ")":
            break
    given = re.match(r"\s*RETURNS?\s+(?:SETOF\s+)?[\w.]+(?:\s*\([^)]*\))?", rest[end + 1 :], re.IGNORECASE)
    text = rest[: end + 1] + (given.group() if given else "")
    return " ".join(_TEXTS.sub(" ", text).lower().split()), rest[end + 1 :]


def judge_drop_routine(tree: exp.Drop, kind: str, reach: Reach, rest: str) -> Iterator[Judgement]:
    """A dropped trigger, function or procedure. One that is made again in the same text is no loss.

    Args:
        tree: the statement.
        kind: of what.
        reach: what it can hurt.
        rest: the text that follows.
    """
    catalog = reach.catalog
    for target in tree.args.get("tables") or [tree.this]:
        name = catalog.name(target)
        if catalog.is_new(kind, name):
            catalog.drop(kind, name)
            catalog.routines.pop((kind, name), None)
            continue
        again = _made_again(kind, name, rest)
        if again is not None and kind == "TRIGGER":
            continue
        former = catalog.routines.pop((kind, name), None)
        if again is not None:
            taken = ", ".join(item.sql(catalog.dialect).lower() for item in tree.expressions or ())
            signature = _signature(again.group("rest"))[0]
            same = former == signature if former is not None else _types(signature) == taken if taken else False
            same = same and (catalog.dialect not in TSQL_FAMILY or not catalog.granted & {name.rpartition(".")[2], "*"})
            if same or (former is None and tree.args.get("exists") and catalog.complete):
                catalog.routines[("DROPPED", f"{kind} {name}")] = signature
                continue
            yield f"drop {kind.lower()} {name}, and make it with a signature that may be another", WayOut.ROUTINE
            continue
        if kind == "TRIGGER" and catalog.routines.get((kind, name)) and not reach.needs(catalog.routines[(kind, name)]):
            continue
        yield f"drop {kind.lower()} {name}".strip(), WayOut.DROP


def _types(signature: str) -> str:
    inside = signature[signature.find("(") + 1 : signature.rfind(")")] if ")" in signature else ""
    return ", ".join(item.split(" default ")[0].split("=")[0].split()[-1] for item in inside.split(",") if item.split())


def _made_again(kind: str, name: str, rest: str) -> re.Match[str] | None:
    for match in re.finditer(r"\bCREATE\b", rest, re.IGNORECASE):
        made = _CREATE.match(rest, match.start())
        if made and made.group("kind").upper().startswith(kind[:4]) and _plain(made.group("name")) == name:
            return made
    return None


def _plain(name: str) -> str:
    parts = [part.strip().translate(_PLAIN).lower() for part in name.split(".")]
    return ".".join(part for part in parts if part and part not in ("public", "dbo", "main"))


def columns_of_view(tree: exp.Create, catalog: Catalog) -> list[str] | None:
    """The names that a view gives, in their order; ``None`` when not all are known."""
    if isinstance(tree.this, exp.Schema):
        return [
            catalog.column_name(getattr(item, "this", item)) or catalog.column_name(item)
            for item in tree.this.expressions
        ]
    query = tree.args.get("expression")
    if not isinstance(query, exp.Query) or any(item.is_star for item in query.selects):
        return None
    return [item.alias_or_name.lower() for item in query.selects]


def judge_view(tree: exp.Create, name: str, reach: Reach, *, former: list[str] | None) -> Iterator[Judgement]:
    """Judge a view that takes another's place: it has to give all columns of the former one."""
    catalog = reach.catalog
    columns = columns_of_view(tree, catalog)
    if former is not None and columns is not None and columns[: len(former)] == former:
        return
    if catalog.dialect == "postgres" and tree.args.get("replace"):
        return  # which refuses a replaced view that lacks a column
    if catalog.dialect in TSQL_FAMILY or former is None or columns is None or not set(former) <= set(columns):
        yield f"replace view {name}, which may lack what the former one had", WayOut.UNJUDGED


def gives(tree: exp.Create, catalog: Catalog, former: list[str]) -> bool:
    """Whether a view surely has every column of a former one."""
    columns = columns_of_view(tree, catalog) if tree.args.get("kind") == "VIEW" else None
    return columns is not None and set(former) <= set(columns)


def note_view(tree: exp.Create, name: str, catalog: Catalog) -> None:
    """Remember a view's columns."""
    columns = columns_of_view(tree, catalog)
    query = tree.args.get("expression")
    if isinstance(query, exp.Expression):
        catalog.views[name] = frozenset(catalog.name(table) for table in query.find_all(exp.Table))
    for column in columns or ():
        catalog.put(name, column, Column(fresh=catalog.is_new(RELATION, name)))
    if columns:
        catalog.complete_table(name)
