"""Expand and contract: the statements that take something away which the release before still needs.

Both colors run on one database. So a pending migration may add, and widen; what it takes away or tightens has to wait
for the release after. What cannot be judged is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from bluegreen.schema.alter import judge_alter
from bluegreen.schema.catalog import RELATION, Catalog
from bluegreen.schema.dumps import note_of_dump
from bluegreen.schema.keys import create_index, drop_key, note, note_column, said_by
from bluegreen.schema.locks import Locks, blocks
from bluegreen.schema.parts import Column
from bluegreen.schema.rebuild import takes_its_place
from bluegreen.schema.routines import gives, judge_drop_routine, judge_routine, judge_view, note_view
from bluegreen.schema.rows import judge_rows
from bluegreen.schema.rules import UNJUDGED, Judgement, Reach, WayOut, is_temporary
from bluegreen.schema.sections import unsaid, way_there
from bluegreen.schema.session import follow, keeps_rights
from bluegreen.schema.sql import TSQL_FAMILY, Statement, statements
from bluegreen.schema.usage import Used

# What changes rows or a session, and no shape. Rows are judged by themselves.
_HARMLESS_KIND = re.compile(
    "select|union|except|intersect|subquery|insert|update|delete|merge|values|copy|set|use|comment|transaction|commit"
    "|rollback|pragma|grant|analyze|describe|show|declare|refresh|endstatement"
)
_HARMLESS_WORD = re.compile(
    r"(INSERT|SELECT|WITH|REPLACE|VALUES|COPY|SET|RESET|GRANT|COMMENT|ANALYZE|VACUUM|LOCK"
    r"|UNLOCK|BEGIN|START|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|PRINT|DECLARE|USE|REINDEX|PRAGMA|REFRESH|NOTIFY|SHOW"
    r"|EXPLAIN|OPTIMIZE|DO)\b",
    re.IGNORECASE,
)
_CHANGES_SHAPE = re.compile(
    r"\b(ALTER|CREATE|DROP|TRUNCATE|RENAME|EXECUTE|EXEC|CALL|REVOKE|sp_rename|DELETE"
    r"|(?<!DO )(?<!KEY )(?<!FOR )UPDATE)\b",
    re.IGNORECASE,
)
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_NAME = r'[\w."\[\]`$-]+'
# What the library does not read, and what takes nothing away. Whole statements: nothing may follow.
_HARMLESS = re.compile(
    rf"(ALTER\s+TABLE\s+(IF\s+EXISTS\s+)?(ONLY\s+)?{_NAME}\s+("
    rf"(DISABLE|ENABLE)\s+KEYS|VALIDATE\s+CONSTRAINT\s+{_NAME}|RENAME\s+CONSTRAINT\s+{_NAME}\s+TO\s+{_NAME}"
    rf"|(WITH\s+(NO)?CHECK\s+)?CHECK\s+CONSTRAINT\s+{_NAME}"
    rf"|ADD\s+(CONSTRAINT\s+{_NAME}\s+)?DEFAULT\s+\(*(\d+|N?'[^']*'|\w+\(\))\)*\s+FOR\s+{_NAME}"
    rf"|ALTER\s+(COLUMN\s+)?{_NAME}\s+SET\s+STATISTICS\s+-?\d+)"
    rf"|ALTER\s+TYPE\s+{_NAME}\s+ADD\s+VALUE\s+(IF\s+NOT\s+EXISTS\s+)?'[^']*'(\s+(BEFORE|AFTER)\s+'[^']*')?"
    rf"|ALTER\s+SEQUENCE\s+(IF\s+EXISTS\s+)?{_NAME}\s+OWNED\s+BY\s+{_NAME}"
    rf"|CREATE\s+(EXTENSION|ROLE|USER|SEQUENCE)\s+(IF\s+NOT\s+EXISTS\s+)?{_NAME}"
    r"(\s+(WITH|SCHEMA|LOGIN|NOLOGIN|VERSION|CASCADE)\b[^;()]*)?"
    r"|CREATE\s+((GLOBAL|LOCAL)\s+)?TEMP(ORARY)?\s+TABLE\s+[^;]*)",
    re.IGNORECASE | re.DOTALL,
)


# What is set for all sessions is set for the live color's, too.
_EVERYBODY = re.compile(r"SET\s+(GLOBAL|PERSIST|@@GLOBAL|@@PERSIST)\b|REPLACE\b.*\bSELECT\b", re.IGNORECASE | re.DOTALL)
_RENAMES_CONSTRAINT = re.compile(
    rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{_NAME}\s+RENAME\s+CONSTRAINT\s+(?P<old>{_NAME})\s+TO"
    rf"\s+(?P<new>{_NAME})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One change that the live color could not live with.

    Attributes:
        line: of the statement, from 1.
        statement: its text, shortened.
        change: what it takes away.
        way_out: how the same is reached in two releases.
        blocking: whether nothing is taken away, and others only wait meanwhile.
    """

    line: int
    statement: str
    change: str
    way_out: str
    blocking: bool = False


def judge(sql: str, catalog: Catalog, used: Used) -> list[Finding]:
    """Everything in a text that has to wait. The catalog notes the objects that the text makes."""
    return judge_read(sql, statements(sql, catalog.dialect), catalog, used)


def judge_read(
    sql: str, read: Sequence[Statement], catalog: Catalog, used: Used, locks: Locks | None = None
) -> list[Finding]:
    """Judge a text whose statements were read already; with ``locks``, also the work of others that it stops."""
    catalog.reading = used.names == frozenset() and not catalog.complete
    findings = []
    left_out = None if catalog.reading else unsaid(way_there(sql))
    if left_out is not None:
        line, what, words = left_out
        way_out = WayOut.TEMPLATE if "template" in what else WayOut.NO_SQL
        findings.append(Finding(line, words[:120], what, way_out.value))
    reach = Reach(catalog, used)
    for index, statement in enumerate(read):
        try:
            blocked = blocks(statement, catalog, locks) if locks is not None else []
            judgements = list(_judge(statement, reach, read, index))
        except Exception as error:  # noqa: BLE001 - a tree of a shape that is not known; it is refused, too
            judgements, blocked = [(f"it cannot be judged ({type(error).__name__})", WayOut.UNJUDGED)], []
        if any(way_out is WayOut.UNJUDGED for _, way_out in judgements):
            catalog.forget_named_in(statement.sql)
            catalog.complete = catalog.complete and statement.alone
        follow(statement.sql, statement.tree, catalog)
        findings += [Finding(statement.line, str(statement), change, way.value) for change, way in judgements]
        findings += [Finding(statement.line, str(statement), change, way, blocking=True) for change, way in blocked]
    return findings


def _judge(statement: Statement, reach: Reach, read: Sequence[Statement], index: int) -> Iterator[Judgement]:
    tree, sql = statement.tree, statement.sql
    in_block = " (in a block; whether it runs cannot be judged)" if statement.conditional else ""
    if statement.conditional and reach.catalog.dialect in TSQL_FAMILY:
        in_block = ""
    for change, way_out in _judge_alone(tree, statement, reach, read, index, sql):
        yield change + ("" if "cannot be judged" in change else in_block), way_out


def _judge_alone(
    tree: exp.Expression | None,
    statement: Statement,
    reach: Reach,
    read: Sequence[Statement],
    index: int,
    sql: str,
) -> Iterator[Judgement]:
    routine = judge_routine(sql, reach, maybe=statement.conditional) if statement.alone else None
    if routine is not None:
        yield from routine
    elif re.match(r"\s*REVOKE\b", sql, re.IGNORECASE):
        target = tree.args.get("securable") if tree is not None else None
        table = reach.catalog.name(target) if isinstance(target, exp.Table) else ""
        if reach.needs(table):
            yield f"revoke rights{' on ' + table if table else ''}", WayOut.RIGHTS
    elif isinstance(tree, exp.Drop):
        yield from _judge_drop(tree, reach, read, index, maybe=statement.conditional)
    elif _EVERYBODY.match(sql.strip()):
        yield UNJUDGED
    elif tree is None or isinstance(tree, (exp.Command, exp.Alias, exp.Column)):
        if not (
            statement.alone and (_is_harmless(sql) or (reach.catalog.reading and note_of_dump(sql, reach.catalog)))
        ):
            yield UNJUDGED
        renamed = _RENAMES_CONSTRAINT.fullmatch(sql.strip())
        if renamed:
            old, new = (renamed.group(part).strip('"`[]').lower() for part in ("old", "new"))
            reach.catalog.rename_key("", old, new)
    else:
        yield from _judge_tree(tree, reach, maybe=statement.conditional)


def _judge_tree(tree: exp.Expression, reach: Reach, *, maybe: bool = False) -> Iterator[Judgement]:
    if tree.key in ("ifblock", "whileblock", "block"):
        # Whether it runs is not known, so nothing in it is certain to be made.
        blocks = [tree] if tree.key == "block" else [tree.args.get(key) for key in ("true", "false", "body")]
        for block in blocks:
            for item in block.expressions if isinstance(block, exp.Expression) else ():
                yield from _judge_tree(item, reach, maybe=True)
    elif isinstance(tree, exp.Drop):
        yield from _judge_drop(tree, reach, (), 0, maybe=True)
    elif isinstance(tree, exp.Create):
        yield from _judge_create(tree, reach, maybe=maybe or bool(tree.args.get("exists")))
    elif isinstance(tree, exp.Alter):
        yield from judge_alter(tree, reach, maybe=maybe)
        _finish_rebuild(tree, reach.catalog)
    elif isinstance(tree, exp.TruncateTable):
        for table in tree.expressions:
            if tree.args.get("is_database") or reach.needs(reach.catalog.name(table)):
                yield f"truncate {reach.catalog.name(table)}", WayOut.TRUNCATE
    elif not _HARMLESS_KIND.fullmatch(tree.key) or tree.find(exp.Command):
        yield UNJUDGED
    else:
        yield from judge_rows(tree, reach)


def _finish_rebuild(tree: exp.Alter, catalog: Catalog) -> None:
    for action in tree.args.get("actions") or []:
        if isinstance(action, exp.AlterRename):
            catalog.finish_rebuild(catalog.name(action.this))


def _is_harmless(sql: str) -> bool:
    text = sql.strip()
    if _HARMLESS.fullmatch(text):
        return True
    word = _HARMLESS_WORD.match(text)
    if word is None:
        return False
    # A block is a text that is run, everywhere else texts are values.
    bare = " ".join((text if word.group().upper() == "DO" else _LITERAL.sub("''", text)).split())
    shape = _CHANGES_SHAPE.search(bare)
    return not shape or (word.group().upper() == "GRANT" and not _CHANGES_SHAPE.search(bare.partition(" TO ")[2]))


def _judge_drop(
    tree: exp.Drop, reach: Reach, read: Sequence[Statement], index: int, *, maybe: bool
) -> Iterator[Judgement]:
    kind = str(tree.args.get("kind") or "").upper()
    catalog, rest = reach.catalog, read[index + 1 :]
    targets: Sequence[object] = tree.args.get("tables") or [tree.this]
    if kind in ("TRIGGER", "FUNCTION", "PROCEDURE", "PROC"):
        text = ";\n".join(item.sql for item in rest if item.sql[:6].upper() == "CREATE")
        yield from judge_drop_routine(tree, "PROCEDURE" if kind == "PROC" else kind, reach, text)
        return
    for target in targets:
        name = catalog.name(target)
        if kind == "INDEX":
            on = tree.args.get("cluster")
            table = catalog.name(on) if isinstance(on, exp.Expression) and on.find(exp.Table) else ""
            yield from drop_key(reach, table, name.rpartition(".")[2], index=True)
        elif kind in ("TABLE", "VIEW"):
            yield from _drop_relation(tree, kind, name, reach, read, index)
            if not maybe or catalog.is_new(RELATION, name):
                catalog.drop(RELATION, name)
        # Which columns are of a type, or which tables in a schema, no list of tables and columns says.
        elif catalog.is_new(kind, name):
            catalog.drop(kind, name)
        else:
            yield f"drop {kind.lower()} {name}".strip(), WayOut.DROP


def _drop_relation(
    tree: exp.Drop, kind: str, name: str, reach: Reach, read: Sequence[Statement], index: int
) -> Iterator[Judgement]:
    catalog = reach.catalog
    if not reach.needs(name) or (tree.args.get("exists") and catalog.lacks(name) and not tree.args.get("cascade")):
        return
    if kind == "VIEW":
        again = (item.tree for item in read[index + 1 :] if isinstance(item.tree, exp.Create) and not item.conditional)
        former = catalog.columns(name)
        for made in again:
            same = former is not None and catalog.name(made.this) == name and gives(made, catalog, list(former))
            if same and keeps_rights(name, catalog, (item.sql for item in read[index + 1 :])):
                return
    elif catalog.dialect == "sqlite":
        successor = takes_its_place(reach, name, read[:index], read[index + 1 :])
        if successor is not None:
            catalog.begin_rebuild(name, successor)
            return
    yield f"drop {kind.lower()} {name}", WayOut.DROP


def _judge_create(tree: exp.Create, reach: Reach, *, maybe: bool) -> Iterator[Judgement]:
    kind = str(tree.args.get("kind") or "").upper()
    catalog, replaces = reach.catalog, bool(tree.args.get("replace"))
    if kind.endswith("INDEX"):
        yield from create_index(reach, tree)
        return
    if kind not in ("TABLE", "VIEW"):
        # Types, sequences, schemas and the like.
        catalog.create(kind, catalog.name(tree.this), maybe=maybe)
        return
    name = catalog.name(tree.this, real=True)
    if is_temporary(name):
        return
    properties = tree.args.get("properties")
    if properties is not None and properties.find(exp.TemporaryProperty):
        if not maybe and "." not in name:
            catalog.create_temporary(name)
    elif kind == "VIEW" and replaces and (reach.needs(name) or catalog.reading):
        former = catalog.columns(name)
        yield from judge_view(tree, name, reach, former=list(former) if former is not None else None)
        if catalog.reading:
            catalog.create(RELATION, name)
            note_view(tree, name, catalog)
    elif replaces and reach.needs(name):
        yield f"replace table {name}", WayOut.DROP
    else:
        yield from _create_relation(tree, kind, name, reach, maybe=maybe or replaces)


def _create_relation(tree: exp.Create, kind: str, name: str, reach: Reach, *, maybe: bool) -> Iterator[Judgement]:
    catalog = reach.catalog
    existed = catalog.has(name) or (catalog.reading and catalog.is_new(RELATION, name))
    if existed and not catalog.is_new(RELATION, name):
        if not maybe and catalog.complete:
            yield f"create {kind.lower()} {name}, which exists already by what is applied", WayOut.APPLIED
        return
    catalog.create(RELATION, name, maybe=maybe)
    if existed and catalog.reading and maybe:
        return
    if kind == "VIEW":
        note_view(tree, name, catalog)
    elif catalog.is_new(RELATION, name) and isinstance(tree.this, exp.Schema):
        _note_table(tree, name, catalog)


def _note_table(tree: exp.Create, name: str, catalog: Catalog) -> None:
    whole = True
    for definition in tree.this.expressions:
        if isinstance(definition, exp.ColumnDef):
            column = catalog.column_name(definition.this)
            catalog.put(name, column, Column.of(definition, fresh=True, dialect=catalog.dialect))
            note_column(catalog, name, column, definition)
        elif isinstance(definition, exp.Property):
            whole = False  # LIKE another table
        else:
            for said in said_by(catalog, name, definition):
                note(catalog, said)
                for column in said.key.columns if said.key.kind == "primary key" else ():
                    catalog.put(name, column, replace(catalog.column(name, column), nullable=False))
    properties = tree.args.get("properties")
    kinds = {type(item).__name__ for item in properties.expressions} if properties is not None else set()
    if whole and not kinds & {"InheritsProperty", "PartitionedOfProperty", "LikeProperty"}:
        catalog.complete_table(name)
