"""Many cases on every server, and what they came to, for docs/gates.md: ``make schema-proof``."""

from __future__ import annotations

import argparse
import re
import sys
from concurrent import futures
from pathlib import Path

from localcloud.progress import Silent
from localcloud.tools import system
from tests.schema.differential.servers import SERVERS
from tests.schema.differential.trial import SEED, Figures, cases

_NAMES = {"postgres": "PostgreSQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
_PLACE = re.compile(r"(<!-- schema-proof -->\n).*?(<!-- /schema-proof -->)", re.DOTALL)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def table(figures: dict[str, tuple[str, Figures]]) -> str:
    """The figures as docs have them."""
    lines = [
        "| server | cases | passed | of these dangers | refused rightly | refused though harmless | least of a kind |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, (version, of) in figures.items():
        shares = [_share(part, of.total) for part in (of.passed, of.rightly, of.harmless)]
        lines.append(
            f"| {_NAMES[name]} {version} | {of.total} | {shares[0]} | {len(of.dangers)} | {shares[1]} | {shares[2]} "
            f"| {min(of.kinds.values())} |"
        )
    return "\n".join(lines) + "\n"


def _figures(name: str, number: int, seed: int) -> tuple[str, Figures]:
    figures = Figures()
    with SERVERS[name]() as server:
        for case in cases(server, number, seed=seed):
            figures.add(case)
        return server.version(), figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--server", choices=SERVERS, action="append")
    parser.add_argument("--docs", type=Path, help="where the figures are written")
    given = parser.parse_args()
    system.ensure(tuple(system.DATABASES), Silent())
    names = given.server or list(SERVERS)
    with futures.ProcessPoolExecutor(len(names)) as pool:
        running = {name: pool.submit(_figures, name, given.cases, given.seed) for name in names}
        found = {name: future.result() for name, future in running.items()}
    for name, (_, figures) in found.items():
        sys.stdout.write(f"{name}: {figures.passed} of {figures.total} passed, {len(figures.dangers)} dangers\n")
        for danger in figures.dangers:
            sys.stdout.write(f"\n{danger}\n")
    sys.stdout.write(table(found))
    if given.docs:
        text = given.docs.read_text()
        given.docs.write_text(_PLACE.sub(lambda place: f"{place[1]}{table(found)}{place[2]}", text))
    return 1 if any(figures.dangers for _, figures in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
