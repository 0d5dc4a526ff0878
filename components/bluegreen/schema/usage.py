"""The tables and columns that the live color uses: as declared, and as its statements say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from bluegreen.schema.sql import statements


@dataclass(frozen=True, slots=True)
class Used:
    """Tables and columns. Names are compared without schema and case, which errs on the side of too much.

    Attributes:
        names: ``table`` (all of it) or ``table.column``; ``None`` is everything.
    """

    names: frozenset[str] | None = None

    @classmethod
    def of(cls, names: Iterable[str]) -> Used:
        """Make it from names as people write them: ``table``, ``table.column`` or ``schema.table.column``."""
        plain = (name.translate(_NO_QUOTES).lower().split(".") for name in names)
        return cls(frozenset(".".join(parts[-2:]) for parts in plain))

    def table(self, name: str) -> bool:
        """Whether any part of a table is used."""
        table = name.lower()
        return self.names is None or any(used.partition(".")[0] == table for used in self.names)

    def column(self, table: str, name: str) -> bool:
        """Whether a column is used."""
        table, name = table.lower(), name.lower()
        return self.names is None or not self.names.isdisjoint({table, f"{table}.*", f"{table}.{name}"})

    def ambiguous(self, table: str, name: str) -> bool:
        """Whether a statement names a column without its table, and would find this one as well."""
        return self.names is not None and f"{table}.{_WITHOUT_TABLE}{name}".lower() in self.names

    def by_position(self, table: str, dialect: str) -> bool:
        """Whether a statement counts a table's columns, so that one more breaks it."""
        table = table.lower()
        # Postgres takes fewer values than there are columns.
        counted = {f"{table}.{_ALL}"} | (set() if dialect == "postgres" else {f"{table}.{_VALUES}"})
        return self.names is not None and not self.names.isdisjoint(counted)


_NO_QUOTES = str.maketrans("", "", '"`[]')


class NotReadable(Exception):
    """A statement does not say which columns it uses."""

    def __init__(self, line: int, sql: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {sql}")


def used_in(sql: str, dialect: str) -> set[str]:
    """The tables and columns that statements use, as ``Used.of`` takes them.

    Raises:
        NotReadable: when a statement cannot be read, since what it uses would go unprotected.
    """
    used: set[str] = set()
    for statement in statements(sql, dialect):
        tree = statement.tree
        if tree is None or isinstance(tree, (exp.Command, exp.Alias, exp.Column)) or tree.find(exp.Command):
            raise NotReadable(statement.line, str(statement))
        used.update(_used_by(tree))
    return used


def _used_by(tree: exp.Expression) -> Iterator[str]:
    tables: dict[str, set[str]] = {}
    names: set[str] = set()
    for table in tree.find_all(exp.Table):
        if table.name:
            names.add(table.name.lower())
            tables.setdefault(table.alias_or_name.lower(), set()).add(table.name.lower())
    for name in names:
        yield f"{name}.{_SOMETHING}"
    for star in tree.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count):
            owner = star.parent.table.lower() if isinstance(star.parent, exp.Column) else ""
            yield from tables.get(owner, names)
    for insert in tree.find_all(exp.Insert):
        if isinstance(insert.this, exp.Table):  # all columns, in their order
            yield insert.this.name.lower()
            yield f"{insert.this.name.lower()}.{_VALUES}"
    yield from _what_one_more_column_breaks(tree)
    # Every other name may be a column, wherever it stands (USING, ON CONFLICT, SET, ...).
    for identifier in tree.find_all(exp.Identifier):
        column = identifier.parent if isinstance(identifier.parent, exp.Column) else None
        owner = column.table.lower() if column is not None else ""
        if column is not None and not owner:
            yield from tables.get(identifier.name.lower(), ())  # the whole row, as in row_to_json(t)
        for name in tables.get(owner, names):
            yield f"{name}.{identifier.name.lower()}"


def _what_one_more_column_breaks(tree: exp.Expression) -> Iterator[str]:
    for select in tree.find_all(exp.Select):
        joins = select.args.get("joins") or []
        froms = [select.args.get("from_"), *joins]
        own = [item.this for item in froms if isinstance(item, exp.Expression) and isinstance(item.this, exp.Table)]
        counts = any(isinstance(item, exp.Star) or item.is_star for item in select.expressions)
        inside = select.find_ancestor(exp.Insert, exp.SetOperation)
        for table in own:
            if (counts and inside is not None) or any(join.args.get("method") == "NATURAL" for join in joins):
                yield f"{table.name.lower()}.{_ALL}"
        yield from _without_table(select, own)
    if isinstance(tree, (exp.Update, exp.Delete)):
        yield from _without_table(tree, list(tree.find_all(exp.Table)))


def _without_table(tree: exp.Expression, tables: list[exp.Table]) -> Iterator[str]:
    if len(tables) > 1:
        for column in tree.find_all(exp.Column):
            for table in tables if not column.table else ():
                yield f"{table.name.lower()}.{_WITHOUT_TABLE}{column.name.lower()}"


# No names of columns: what stands for more than a name.
_SOMETHING, _VALUES, _ALL, _WITHOUT_TABLE = "?", "#", "##", "?"
