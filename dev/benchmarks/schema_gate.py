"""`python -m dev.benchmarks.schema_gate`: how long the schema gate reads 300 files, and files of 5 MB."""

from __future__ import annotations

import sys
import time

from rich import box
from rich.console import Console
from rich.table import Table

from bluegreen.schema.review import Source, review
from bluegreen.schema.usage import Used

FILES, FILES_LIMIT_SECONDS = 300, 3.0
BYTES, BYTES_LIMIT_SECONDS = 5_000_000, 20.0


def _migration(number: int) -> str:
    return (
        f"CREATE TABLE t{number} (id bigint PRIMARY KEY, name varchar(40) NOT NULL, note text,\n"
        f"    at timestamptz DEFAULT now(), price numeric(10, 2));\n"
        f"CREATE INDEX t{number}_name ON t{number} (name);\n"
        f"ALTER TABLE t{number} ADD COLUMN extra int;\n"
        f"INSERT INTO t{number} (id, name) VALUES (1, 'first');\n"
    )


def _seconds(sources: list[Source]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    findings = review(sources, [], Used(), "postgres", known=False, rows={})
    assert not findings, findings[:1]
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> int:
    """Measure and print; the exit status is 1 if it took longer than it may."""
    count = BYTES // len(_migration(1_000))
    values = ",\n".join(f"({number}, 'name {number}')" for number in range(BYTES // 23))
    cases = [
        (f"{FILES} files", [Source(f"{n}.sql", _migration(n)) for n in range(FILES)], FILES_LIMIT_SECONDS),
        ("5 MB of statements", [Source("1.sql", "".join(map(_migration, range(count))))], BYTES_LIMIT_SECONDS),
        ("5 MB of rows", [Source("1.sql", f"INSERT INTO t (id, name) VALUES\n{values};")], BYTES_LIMIT_SECONDS),
    ]
    table = Table(box=box.SIMPLE)
    for title in ("read", "seconds", "of a processor", "limit"):
        table.add_column(title, justify="left" if title == "read" else "right")
    late = False
    for name, sources, limit in cases:
        wall, processor = _seconds(sources)
        late = late or wall > limit
        table.add_row(name, f"{wall:.1f}", f"{processor:.1f}", f"{limit:.0f}")
    Console().print(table)
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
