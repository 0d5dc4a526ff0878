"""The matrix as figures: for people, for programs, and as a table in the docs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dev.matrix.points import KILLS
from dev.matrix.run import Matrix
from dev.matrix.worker import Tried

BEGIN, END = "<!-- matrix:begin -->", "<!-- matrix:end -->"
_WAYS = {
    "killed before": "killed before",
    "killed after": "killed after",
    "throttled": "throttled",
    "server_error": "5xx",
    "timeout": "time-out",
    "refused": "refused",
    "reset": "cut off",
    "reply_lost": "reply lost",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One way in which calls go wrong, with its counts.

    Attributes:
        title: in words.
        points: how many were tried of each operation, in the order of the matrix.
        unconverged: how many did not converge, of all operations.
        unsafe: how many were unsafe.
    """

    title: str
    points: tuple[int, ...]
    unconverged: int
    unsafe: int


def rows(matrix: Matrix) -> Iterator[Row]:
    """One for each way in which a call goes wrong."""
    for way, title in _WAYS.items():
        found = [tried for tried in matrix.tried if tried.point.way == way]
        points = tuple(sum(one.point.operation.name == name for one in found) for name in matrix.calls)
        yield Row(title, points, _count(found, "unconverged"), _count(found, "unsafe"))


def _count(tried: list[Tried], kind: str) -> int:
    return sum(any(found == kind for found, _ in one.troubles) for one in tried)


def figures(matrix: Matrix) -> dict[str, int]:
    """The figures, as ``--json`` writes them."""
    crashes = sum(one.point.way in KILLS for one in matrix.tried)
    return {
        "crash_points": crashes,
        "fault_points": len(matrix.tried) - crashes,
        "unconverged": _count(matrix.tried, "unconverged"),
        "unsafe": _count(matrix.tried, "unsafe"),
    }


def table(matrix: Matrix) -> str:
    """Markdown."""
    found = figures(matrix)
    adapters = sorted({one.point.adapter for one in matrix.tried})
    heads = [f"{name}, {count} call{'s' * (count > 1)}" for name, count in matrix.calls.items()]
    lines = [
        f"{found['crash_points']} crash points and {found['fault_points']} fault points: "
        f"{found['unconverged']} did not converge, {found['unsafe']} were unsafe.",
        *(f"- {_of_adapter(matrix, adapter)}" for adapter in adapters),
        "",
        f"| each call | {' | '.join(heads)} | did not converge | unsafe |",
        f"| --- |{' ---: |' * (len(heads) + 2)}",
    ]
    for row in rows(matrix):
        cells = [row.title, *row.points, row.unconverged, row.unsafe]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _of_adapter(matrix: Matrix, adapter: str) -> str:
    found = figures(replace(matrix, tried=[one for one in matrix.tried if one.point.adapter == adapter]))
    return f"{adapter}: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found.items())


def in_docs(text: str, matrix: Matrix) -> str:
    """A document with the table between its markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table(matrix)}\n{END}{after}"


def troubles(matrix: Matrix, most: int = 20) -> list[str]:
    """The troubles, a line each."""
    wrong = [f"{kind}: {one.point}: {text}" for one in matrix.tried for kind, text in one.troubles]
    more = [f"and {len(wrong) - most} more"] if len(wrong) > most else []
    return [*wrong[:most], *more]
