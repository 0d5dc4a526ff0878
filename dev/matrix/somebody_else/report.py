"""The report of the strikes: for people, for programs, and as a table in the docs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dev.matrix.somebody_else.acts import ACTS
from dev.matrix.somebody_else.controls import Controlled
from dev.matrix.somebody_else.judge import Kind
from dev.matrix.somebody_else.run import Struck
from dev.matrix.somebody_else.swaps import OPERATIONS
from dev.matrix.somebody_else.trial import Tried

BEGIN, END = "<!-- world:begin -->", "<!-- world:end -->"

_HEAD = " without its guard, wrong |"
KINDS: tuple[Kind, ...] = ("in flight", "unconverged", "unsafe")


def count(tried: Sequence[Tried], kind: Kind) -> int:
    """The number of points with a trouble of a kind; an unsafe one is counted as nothing less."""
    worse = {"in flight": ("unsafe", "unconverged"), "unconverged": (), "unsafe": ()}[kind]
    kinds = [{found for found, _ in one.troubles} for one in tried]
    return sum(kind in found and not found & set(worse) for found in kinds)


def figures(struck: Struck, controls: Sequence[Controlled] = ()) -> dict[str, int]:
    """The figures, as ``--json`` writes them."""
    told = {"world_controls_without_effect": len(without_effect(controls))} if controls else {}
    return {
        "world_points": len(struck.tried),
        "world_unconverged": count(struck.tried, "unconverged"),
        "world_unsafe": count(struck.tried, "unsafe"),
        "world_in_flight": count(struck.tried, "in flight"),
        **told,
    }


def without_effect(controls: Sequence[Controlled]) -> list[str]:
    """The acts whose guard does nothing that these points would tell: without it, nothing was wrong either."""
    return [one.act for one in controls if not one.wrong]


def table(struck: Struck, controls: Sequence[Controlled] = ()) -> str:
    """Markdown; with a column of the controls where there are some."""
    found = figures(struck)
    heads = [operation.name for operation in OPERATIONS]
    stages = Counter(one.point.stage for one in struck.tried)
    lines = [
        f"{found['world_points']} points: {found['world_unconverged']} did not converge, "
        f"{found['world_unsafe']} were unsafe; of {found['world_in_flight']} a request was in flight.",
        "",
        f"| somebody | {' | '.join(heads)} | in flight | did not converge | unsafe |{_HEAD if controls else ''}",
        f"| --- |{' ---: |' * (len(heads) + 3)}{' ---: |' if controls else ''}",
        *rows(struck, controls),
        "",
        f"Where: {', '.join(f'{name} ({on})' for name, on in stages.items())}.",
    ]
    return "\n".join(lines)


def sums(struck: Struck) -> Iterator[tuple[str, int, int, int, int]]:
    """Of each act: its name, how many points, in flight, not converged, unsafe."""
    for act in ACTS:
        found = [one for one in struck.tried if one.point.act is act]
        flying, unconverged, unsafe = (count(found, kind) for kind in KINDS)
        yield act.name, len(found), flying, unconverged, unsafe


def rows(struck: Struck, controls: Sequence[Controlled] = ()) -> Iterator[str]:
    """One for each act."""
    without = {one.act: [one] for one in controls}
    for act in ACTS:
        found = [one for one in struck.tried if one.point.act is act]
        points = [sum(one.point.operation.name == operation.name for one in found) for operation in OPERATIONS]
        cells = [act.name, *points, *(count(found, kind) for kind in KINDS), *without.get(act.name, [])]
        yield f"| {' | '.join(map(str, cells))} |"


def in_docs(text: str, struck: Struck, controls: Sequence[Controlled] = ()) -> str:
    """A document with the table between its markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table(struck, controls)}\n{END}{after}"


def troubles(struck: Struck, most: int = 20) -> list[str]:
    """The troubles, a line each."""
    wrong = [
        f"{kind}: {one.point} ({one.call}): {text}"
        for one in struck.tried
        for kind, text in one.troubles
        if kind != "in flight"
    ]
    more = [f"and {len(wrong) - most} more"] if len(wrong) > most else []
    return [*wrong[:most], *more]
