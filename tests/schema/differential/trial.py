"""One case after the other: what the gate says, and what the old release then meets."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bluegreen.schema.review import Source, review
from bluegreen.schema.usage import Used, used_in
from tests.schema.differential import kinds_other, kinds_shape
from tests.schema.differential.generator import Release, world
from tests.schema.differential.migrations import Migration, kinds
from tests.schema.differential.servers import Connection, Failed, Server

WITH_KINDS = (kinds_shape, kinds_other)
"""What notes its kinds of statements where it is imported."""
SEED = 18
_SAFE = 0.85


@dataclass
class Case:
    """One case and what came of it.

    Attributes:
        passed: whether the gate passed it.
        works: whether all that the old release did before it can do, with the same results.
        applied: whether the server took the whole migration.
    """

    number: int
    schema: list[str]
    statements: list[str]
    migration: list[str]
    kinds: list[str]
    findings: list[str] = field(default_factory=list)
    passed: bool = False
    works: bool = True
    applied: bool = True
    broken: str = ""

    def __str__(self) -> str:
        parts = [";\n".join(part) for part in (self.schema, self.migration)]
        return f"case {self.number}\n{parts[0]}\n-- migration\n{parts[1]}\n-- broken: {self.broken}\n{self.findings}"


def cases(server: Server, number: int, *, seed: int = SEED) -> Iterator[Case]:
    """Run that many of them, one schema or database each."""
    names = kinds(server.dialect)
    if server.dialect == "postgres":
        server.session().run("CREATE ROLE app")
    counts: Counter[str] = Counter()
    for index in range(number):
        dice = random.Random(f"{seed} {server.dialect} {index}")
        own = f"case_{index}"
        of = world(dice, server.dialect)
        migration = Migration(dice, of)
        migration.own = own
        for _ in range(dice.choice([2, 3])):
            # The rarest first; one that has nothing to say to this schema waits for another.
            for name in sorted(names, key=lambda name: counts[name]):
                before = len(migration.kinds)
                migration.add(name, safe=dice.random() < _SAFE)
                if len(migration.kinds) > before:
                    counts[name] += 1
                    break
        everything = dice.random() < 0.3
        # Without its statements nobody knows that a release counts columns: docs/gates.md says so.
        release = Release(dice, of, counts_columns=not everything)
        case = Case(index, of.schema(), release.statements, migration.sql, migration.kinds)
        if server.dialect == "postgres" and "revoke" in case.kinds:
            case.schema += [f"GRANT ALL ON SCHEMA {own} TO app", f"GRANT ALL ON ALL TABLES IN SCHEMA {own} TO app"]
        _judge(case, server.dialect, everything=everything)
        _ask(case, server, own, of.rows())
        yield case


def _judge(case: Case, dialect: str, *, everything: bool) -> None:
    applied = ";\n".join(case.schema)
    used = Used() if everything else Used.of(used_in(";\n".join(case.statements), dialect))
    pending = Source("pending.sql", ";\n".join(case.migration) + ";\n")
    findings = review([pending], [Source("schema.sql", applied)], used, dialect, known=True)
    case.findings = [item.change for _, item in findings]
    case.passed = not findings


def _ask(case: Case, server: Server, own: str, rows: list[str]) -> None:
    server.place(own)
    connection = server.session()
    role = server.dialect == "postgres" and "revoke" in case.kinds
    for sql in [*case.schema, *rows]:
        connection.run(sql)
    before = list(_results(connection, case.statements, role=role))
    try:
        for sql in case.migration:
            connection.run(sql)
    except Failed as error:
        case.applied, case.broken = False, f"not applied: {error}"
    connection = server.reset(connection)
    for sql, was, now in zip(case.statements, before, _results(connection, case.statements, role=role), strict=True):
        assert not isinstance(was, str), f"{was}\n{case}"  # the old release works on its own schema
        if isinstance(now, str) or not _same(was, now):
            case.works, case.broken = False, f"{sql}: {was} -> {now}"
            break


def _results(connection: Connection, statements: list[str], *, role: bool) -> Iterator[list[dict[str, Any]] | str]:
    """The result of each statement, in a transaction that is rolled back; a text where it fails."""
    connection.run("BEGIN")
    if role:
        connection.run("SET LOCAL ROLE app")
    failed = None
    for sql in statements:
        result = failed if failed is not None else _result(connection, sql)
        failed = result if isinstance(result, str) else None
        yield result
    connection.run("ROLLBACK")


def _result(connection: Connection, sql: str) -> list[dict[str, Any]] | str:
    try:
        return connection.run(sql)
    except Failed as error:
        return str(error)


def _same(was: list[dict[str, Any]], now: list[dict[str, Any]]) -> bool:
    """By the columns that there were: a release reads by name."""
    if len(was) != len(now):
        return False
    return all(
        name in new and new[name] == value for old, new in zip(was, now, strict=True) for name, value in old.items()
    )


@dataclass
class Figures:
    """The outcome of all cases."""

    total: int = 0
    passed: int = 0
    rightly: int = 0
    harmless: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    dangers: list[Case] = field(default_factory=list)
    needless: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case) -> None:
        self.total += 1
        self.kinds.update(case.kinds)
        if case.passed:
            self.passed += 1
            if not case.works:
                self.dangers.append(case)
        elif case.works:
            self.harmless += 1
            self.needless.update(case.findings)
        else:
            self.rightly += 1
