"""``python -m tests.swap.two_at_once --docs docs/safety.md``: every interleaving, and how many there are of each."""

from __future__ import annotations

import argparse
import itertools
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bluegreen.swap import holders
from tests.swap.two_at_once.test_two_at_once import SITUATIONS, explored

PARTS = 8
BEGIN, END = "<!-- interleavings:begin -->", "<!-- interleavings:end -->"


def part_of(name: str, part: int) -> int:
    """Explore a part of a situation's interleavings in a process of its own."""
    holders.ended_here = lambda *_: False  # two machines, as in the tests
    return explored(name, part, PARTS)


def table(counts: dict[str, int]) -> str:
    """The block for the docs."""
    rows = [f"| {name} | {count:,} |" for name, count in counts.items()]
    head = [f"{sum(counts.values()):,} interleavings, and each keeps the promises.", "", "| who | interleavings |"]
    return "\n".join([BEGIN, *head, "| --- | ---: |", *rows, END])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", type=Path, help="the page with the block to write")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args()
    counts = dict.fromkeys(SITUATIONS, 0)
    work = list(itertools.product(SITUATIONS, range(PARTS)))
    with ProcessPoolExecutor(given.processes) as pool:
        for (name, _), found in zip(work, pool.map(part_of, *zip(*work, strict=True)), strict=True):
            counts[name] += found
    block = table(counts)
    print(block)  # noqa: T201
    if given.docs is not None:
        page = given.docs.read_text()
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        given.docs.write_text(f"{before}{block}{after}")


if __name__ == "__main__":
    main()
