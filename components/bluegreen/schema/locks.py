"""Locks: the work of others that a compatible statement stops while it runs.

The rules are those of the databases' documentation and of the lock linters made of it; docs/gates.md names them. Only
a table that exists already has anybody to stop: one that the pending set makes has not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from bluegreen.schema.catalog import RELATION, Catalog
from bluegreen.schema.column_types import type_text
from bluegreen.schema.lock_rules import IN_PLACE, REWRITES, VALIDATED, WAITS, Block, mysql_action, postgres_action
from bluegreen.schema.rules import is_temporary
from bluegreen.schema.sql import MYSQL_FAMILY, TSQL_FAMILY, Statement

SMALL_ROWS = 10_000
"""A table of so many rows is through before anybody notices."""

_LIMITED = re.compile(
    r"SET\s+(?:SESSION\s+|LOCAL\s+|GLOBAL\s+)?(?:innodb_)?lock_(?:wait_)?timeout\b(?P<value>.*)", re.I | re.S
)
_TEXTS = (
    (re.compile(r"VACUUM\s+(?:\(\s*)?FULL\b|VACUUM\s*\([^)]*\bFULL\b", re.I), "VACUUM FULL rewrites the table"),
    (re.compile(r"CLUSTER\b", re.I), "CLUSTER rewrites the table"),
    (re.compile(r"REINDEX\s+(?!.*\bCONCURRENTLY\b)", re.I | re.S), "REINDEX stops writes while it runs"),
    (re.compile(r"REFRESH\s+MATERIALIZED\s+VIEW\s+(?!CONCURRENTLY)", re.I), "REFRESH stops reads while it runs"),
    (re.compile(r"LOCK\s+TABLES?\b", re.I), "LOCK TABLE blocks everything that uses the table"),
    (re.compile(r"OPTIMIZE\s+TABLE\b", re.I), "OPTIMIZE TABLE rebuilds the table"),
)
_NAME_AFTER = re.compile(
    r"(?:VACUUM\s*(?:\([^)]*\))?\s*(?:FULL)?|CLUSTER|REINDEX\s+\w+|REFRESH\s+MATERIALIZED\s+VIEW|LOCK\s+TABLES?(?:\s+ONLY)?|OPTIMIZE\s+TABLE)"
    r"\s+(?P<name>[\w.\"`]+)",
    re.I,
)


@dataclass(slots=True)
class Locks:
    """The known locks so far.

    Attributes:
        rows: how many rows tables have, by name; one that is not in it may have any number.
        small: a table of so many rows is silent.
        limited: whether the session gives up a lock that it does not get.
    """

    rows: Mapping[str, int]
    small: int = SMALL_ROWS
    limited: bool = False
    waited: bool = False

    def next_file(self) -> None:
        """Begin another session."""
        self.limited = self.waited = False

    def matters(self, catalog: Catalog, table: str) -> bool:
        """Whether anybody is stopped by a lock on it."""
        if table and (catalog.is_new(RELATION, table) or is_temporary(table)):
            return False
        known = {name.lower(): rows for name, rows in self.rows.items()}
        rows = known.get(table.lower(), known.get(table.rpartition(".")[2].lower()))
        return rows is None or rows > self.small


def blocks(statement: Statement, catalog: Catalog, locks: Locks) -> list[Block]:
    """The work that a statement stops. Called before it is judged: the catalog does not know its changes yet."""
    said = _LIMITED.match(statement.sql.strip())
    if said:
        locks.limited = not re.fullmatch(
            r"\s*(?:=|TO)\s*'?0\w*'?\s*;?|\s*(?:=|TO)\s*DEFAULT\s*", said.group("value"), re.I
        )
        return []
    stopped = list(_found(statement, catalog, locks))
    if catalog.dialect == "postgres" and not locks.limited and not locks.waited:
        table = _exclusive(statement.tree, catalog)
        if table is not None and locks.matters(catalog, table):
            locks.waited = True
            stopped.append((f"a lock on {table} is waited for without a limit, and all who need it wait behind", WAITS))
    return stopped


def _found(statement: Statement, catalog: Catalog, locks: Locks) -> Iterator[Block]:
    tree, sql, dialect = statement.tree, statement.sql.strip(), catalog.dialect
    for pattern, what in _TEXTS:
        if pattern.match(sql):
            name = _NAME_AFTER.match(sql)
            table = (name.group("name") if name else "").strip('"`').lower()
            if locks.matters(catalog, table):
                yield f"{what}{' ' + table if table else ''}", IN_PLACE
            return
    if isinstance(tree, exp.Create) and str(tree.args.get("kind")).upper().endswith("INDEX"):
        yield from _index(tree, catalog, locks)
    elif isinstance(tree, exp.Drop) and str(tree.args.get("kind")).upper() == "INDEX" and dialect == "postgres":
        keys = catalog.keys(catalog.name(tree.args["tables"][0]).rpartition(".")[2]) if tree.args.get("tables") else []
        table = keys[0].table if keys else ""
        if not tree.args.get("concurrently") and locks.matters(catalog, table):
            yield "drop an index without CONCURRENTLY, which waits for every reader", "DROP INDEX CONCURRENTLY"
    elif isinstance(tree, exp.Alter):
        table = catalog.name(tree.this)
        if str(tree.args.get("kind")).upper() == "TABLE" and locks.matters(catalog, table):
            yield from _alter(tree, table, catalog)


def _index(tree: exp.Create, catalog: Catalog, locks: Locks) -> Iterator[Block]:
    index = tree.this
    table = catalog.name(index.args.get("table")) if isinstance(index, exp.Index) else ""
    if not locks.matters(catalog, table):
        return
    if catalog.dialect == "postgres" and not tree.args.get("concurrently"):
        way = "CREATE INDEX CONCURRENTLY, in a file that its tool runs without a transaction"
        yield f"an index on {table} that is not made concurrently stops writes until it is done", way
    elif catalog.dialect in TSQL_FAMILY and "online = on" not in tree.sql(catalog.dialect).lower().replace(
        "=", " = "
    ).replace("  ", " "):
        yield f"an index on {table} that is not made online stops writes until it is done", "WITH (ONLINE = ON)"


def _alter(tree: exp.Alter, table: str, catalog: Catalog) -> Iterator[Block]:
    actions: Sequence[exp.Expression] = tree.args.get("actions") or []
    if catalog.dialect in MYSQL_FAMILY:
        options = {type(item).__name__: item.name.upper() for item in tree.args.get("options") or []}
        algorithm, lock = options.get("AlgorithmProperty", ""), options.get("LockProperty", "")
        if algorithm == "COPY" or lock in ("SHARED", "EXCLUSIVE"):
            yield f"{table} is copied or locked as a whole", IN_PLACE
            return
        if algorithm == "INSTANT" or (algorithm in ("INPLACE", "NOCOPY") and lock == "NONE"):
            return  # the server refuses what it cannot do so
        for action in actions:
            yield from mysql_action(action, table, catalog)
    elif catalog.dialect == "postgres":
        for action in actions:
            yield from postgres_action(action, table, catalog, checked=not tree.args.get("not_valid"))
    elif catalog.dialect in TSQL_FAMILY:
        for action in actions:
            if isinstance(action, exp.AlterColumn) and action.args.get("dtype") is not None:
                new = type_text(action.args["dtype"], catalog.dialect)
                yield f"{table} may be rewritten for {new}", REWRITES
            elif (
                isinstance(action, exp.AddConstraint)
                and tree.args.get("check") is not False
                and tree.find(exp.ForeignKey)
            ):
                yield f"a foreign key on {table} is validated at once", VALIDATED


def _exclusive(tree: exp.Expression | None, catalog: Catalog) -> str | None:
    """The table on which nobody else may do anything meanwhile."""
    if isinstance(tree, exp.Alter) and str(tree.args.get("kind")).upper() in ("TABLE", "VIEW"):
        return catalog.name(tree.this)
    if isinstance(tree, exp.Drop) and str(tree.args.get("kind")).upper() in ("TABLE", "VIEW", "TRIGGER"):
        on = tree.args.get("cluster")
        return catalog.name(on) if isinstance(on, exp.Expression) else catalog.name(tree.this or tree.args["tables"][0])
    if isinstance(tree, exp.TruncateTable) and tree.expressions:
        return catalog.name(tree.expressions[0])
    return None
