"""Expand and contract: which statements take something away that the release before still needs.

Both colors run on one database. So a pending migration may add, and widen; what it takes away or tightens has to wait
for the release after. What cannot be judged is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from bluegreen.schema.alter import judge_alter
from bluegreen.schema.catalog import RELATION, Catalog, Column
from bluegreen.schema.rules import LOOSENS, Judgement, Reach, WayOut, judge_constraint
from bluegreen.schema.sql import Statement, statements
from bluegreen.schema.usage import Used

# What changes rows, rights or a session, and no shape.
_HARMLESS_KIND = re.compile(
    "select|union|except|intersect|subquery|insert|update|delete|merge|values|copy|set|use|comment|transaction|commit"
    "|rollback|pragma|grant|revoke|analyze|describe|show|declare|refresh|endstatement"
)
_HARMLESS_WORD = re.compile(
    r"(INSERT|UPDATE|DELETE|SELECT|WITH|MERGE|REPLACE|VALUES|COPY|SET|RESET|GRANT|REVOKE|COMMENT|ANALYZE|VACUUM|LOCK"
    r"|UNLOCK|BEGIN|START|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|PRINT|DECLARE|USE|REINDEX|PRAGMA|REFRESH|NOTIFY|SHOW"
    r"|EXPLAIN|OPTIMIZE|DO)\b",
    re.IGNORECASE,
)
_CHANGES_SHAPE = re.compile(r"\b(ALTER|CREATE|DROP|TRUNCATE|RENAME|EXECUTE|EXEC|CALL|sp_rename)\b", re.IGNORECASE)
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_NAME = r'[\w."\[\]`$]+'
# What the library does not read, and what takes nothing away. Whole statements: nothing may follow.
_HARMLESS = re.compile(
    rf"(ALTER\s+TABLE\s+(IF\s+EXISTS\s+)?(ONLY\s+)?{_NAME}\s+("
    rf"VALIDATE\s+CONSTRAINT\s+{_NAME}|RENAME\s+CONSTRAINT\s+{_NAME}\s+TO\s+{_NAME}"
    rf"|ADD\s+(CONSTRAINT\s+{_NAME}\s+)?DEFAULT\s+(\d+|'[^']*'|\(?\w+\(\)\)?|\(\d+\))\s+FOR\s+{_NAME}"
    rf"|ALTER\s+(COLUMN\s+)?{_NAME}\s+SET\s+STATISTICS\s+-?\d+)"
    rf"|ALTER\s+TYPE\s+{_NAME}\s+ADD\s+VALUE\s+(IF\s+NOT\s+EXISTS\s+)?'[^']*'(\s+(BEFORE|AFTER)\s+'[^']*')?"
    rf"|ALTER\s+SEQUENCE\s+(IF\s+EXISTS\s+)?{_NAME}\s+OWNED\s+BY\s+{_NAME}"
    rf"|CREATE\s+(EXTENSION|ROLE|USER|SEQUENCE)\s+(IF\s+NOT\s+EXISTS\s+)?{_NAME}(\s+(WITH|SCHEMA|LOGIN|NOLOGIN)\b[^;()]*)?)",
    re.IGNORECASE,
)
# Made to keep old and new in step. Where the body is one quoted text, nothing can follow it unseen.
_ROUTINE = re.compile(r"CREATE\s+(OR\s+REPLACE\s+)?(FUNCTION|PROCEDURE)\b[^$]*\$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One change that the live color could not live with.

    Attributes:
        line: of the statement, from 1.
        statement: its text, shortened.
        change: what it takes away.
        way_out: how the same is reached in two releases.
    """

    line: int
    statement: str
    change: str
    way_out: str


def judge(sql: str, catalog: Catalog, used: Used) -> list[Finding]:
    """Everything in a text that has to wait. What the text makes is noted in the catalog."""
    found = []
    for statement in statements(sql, catalog.dialect):
        reach = Reach(catalog, used)
        try:
            judgements = list(_judge(statement, reach))
        except Exception as error:  # noqa: BLE001 - a tree of a shape that is not known; it is refused, too
            judgements = [(f"it cannot be judged ({type(error).__name__})", WayOut.UNJUDGED)]
        if any(way_out is WayOut.UNJUDGED for _, way_out in judgements):
            catalog.forget_named_in(statement.sql)
        found += [Finding(statement.line, str(statement), change, way.value) for change, way in judgements]
    return found


def _judge(statement: Statement, reach: Reach) -> Iterator[Judgement]:
    tree = statement.tree
    if tree is None or isinstance(tree, (exp.Command, exp.Alias, exp.Column)):
        if not (statement.alone and _is_harmless(statement.sql, reach.catalog.dialect)):
            yield "it cannot be judged", WayOut.UNJUDGED
    else:
        yield from _judge_tree(tree, reach)


def _judge_tree(tree: exp.Expression, reach: Reach, *, maybe: bool = False) -> Iterator[Judgement]:
    if tree.key in ("ifblock", "whileblock", "block"):
        # Whether it runs is not known, so nothing in it is certain to be made.
        blocks = [tree] if tree.key == "block" else [tree.args.get(key) for key in ("true", "false", "body")]
        for block in blocks:
            for item in block.expressions if isinstance(block, exp.Expression) else ():
                yield from _judge_tree(item, reach, maybe=True)
    elif isinstance(tree, exp.Drop):
        yield from _judge_drop(tree, reach)
    elif isinstance(tree, exp.Create):
        yield from _judge_create(tree, reach, maybe=maybe or bool(tree.args.get("exists")))
    elif isinstance(tree, exp.Alter):
        yield from judge_alter(tree, reach)
    elif isinstance(tree, exp.TruncateTable):
        for table in tree.expressions:
            if tree.args.get("is_database") or reach.needs(reach.catalog.name(table)):
                yield f"truncate {reach.catalog.name(table)}", WayOut.TRUNCATE
    elif not _HARMLESS_KIND.fullmatch(tree.key) or tree.find(exp.Command):
        yield "it cannot be judged", WayOut.UNJUDGED


def _is_harmless(sql: str, dialect: str) -> bool:
    text = sql.strip()
    if _HARMLESS.fullmatch(text) or (dialect == "postgres" and _ROUTINE.match(text)):
        return True
    word = _HARMLESS_WORD.match(text)
    if word is None:
        return False
    # A block is a text that is run, everywhere else texts are values.
    return not _CHANGES_SHAPE.search(text if word.group().upper() == "DO" else _LITERAL.sub("''", text))


def _judge_drop(tree: exp.Drop, reach: Reach) -> Iterator[Judgement]:
    kind = str(tree.args.get("kind") or "").upper()
    if kind in LOOSENS:
        return
    targets: Sequence[object] = tree.args.get("tables") or [tree.this]
    for target in targets:
        name = reach.catalog.name(target)
        if kind in ("TABLE", "VIEW"):
            if reach.needs(name):
                yield f"drop {kind.lower()} {name}", WayOut.DROP
            reach.catalog.drop(RELATION, name)
        # Which columns are of a type, or which tables in a schema, no list of tables and columns says.
        elif reach.catalog.is_new(kind, name):
            reach.catalog.drop(kind, name)
        else:
            yield f"drop {kind.lower()} {name}".strip(), WayOut.DROP


def _judge_create(tree: exp.Create, reach: Reach, *, maybe: bool) -> Iterator[Judgement]:
    kind = str(tree.args.get("kind") or "").upper()
    catalog, replaces = reach.catalog, bool(tree.args.get("replace"))
    if kind.endswith("INDEX"):
        index = tree.this
        if tree.args.get("unique"):
            parameters = index.args.get("params") if isinstance(index, exp.Expression) else None
            columns = [catalog.column_name(column.this) for column in tree.find_all(exp.Column)] if parameters else []
            table = catalog.name(index.args.get("table") if isinstance(index, exp.Index) else None)
            yield from judge_constraint(reach, table, "unique index", columns)
        return
    if kind not in ("TABLE", "VIEW"):
        # Functions, triggers and the like: they are made to keep old and new in step.
        catalog.create(kind, catalog.name(tree.this), maybe=maybe)
        return
    name = catalog.name(tree.this)
    if replaces and reach.needs(name):
        if kind == "TABLE":
            yield f"replace table {name}", WayOut.DROP
        elif catalog.dialect != "postgres":  # which refuses a replaced view that lacks a column
            yield f"replace view {name}, which may lack what the former one had", WayOut.UNJUDGED
        return
    catalog.create(RELATION, name, maybe=maybe or replaces)
    if catalog.is_new(RELATION, name) and isinstance(tree.this, exp.Schema):
        for definition in tree.this.expressions:
            if isinstance(definition, exp.ColumnDef):
                catalog.put(name, catalog.column_name(definition.this), Column.of(definition, fresh=True))
