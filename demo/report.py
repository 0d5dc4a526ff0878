"""The report at the end, on the terminal."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.measure import SETTLE_SECONDS, Story, Swap, Window
from localcloud.load import Result

COLUMNS = ("phase", "time", "blue", "green", "failed", "weight", "measured", "error")
TIMES = ("to the first shift", "to the last shift", "to its end")
NOTE = (
    f"weight, measured: green's share as declared and as the load saw it, in percent; error: their distance in points. "
    f"Measured without {1000 * SETTLE_SECONDS:.0f} ms on both sides of a shift, nor while it takes effect; a shift "
    "counts from when the swap had verified it."
)
_LOOK: dict[str, Any] = {
    "title_justify": "left",
    "title_style": "bold",
    "box": box.SIMPLE_HEAD,
    "pad_edge": False,
    "padding": (0, 1, 0, 0),
}
_STYLES = {"blue": "blue", "green": "green", "failed": "red"}


def show(story: Story, console: Console, seconds: float) -> None:
    """Everything that was counted and timed, and what was wrong."""
    console.print()
    if story.result and len(story.result):
        console.print(_requests(story))
        console.print(f"[dim]{NOTE}[/dim]", highlight=False)
        console.print(load_line(story.result), highlight=False)
    if story.swaps:
        console.print(_times(story))
    if story.problems:
        console.print(f"[b red]The demo failed after {seconds:.0f} s:[/b red]")
        for problem in story.problems:
            console.print(f"[red]  {escape(problem)}[/red]", highlight=False)
    else:
        console.print(f"[b green]No request failed. The whole demo took {seconds:.0f} s.[/b green]", highlight=False)


def load_line(result: Result) -> str:
    """The load in a sentence."""
    kept = sum(sample.kept for sample in result.samples())
    return (
        f"{result.requests} requests ({result.requests_per_second:.0f} a second; {kept} on kept connections, "
        f"{result.requests - kept} on new ones), {result.failed} failed; "
        f"latency {result.latency_milliseconds(50):.1f} ms (median), {result.latency_milliseconds(99):.1f} ms (99 %)"
    )


def _requests(story: Story) -> Table:
    table = Table(title="Requests", **_LOOK)
    table.add_column("phase", no_wrap=True)
    for name in COLUMNS[1:]:
        table.add_column(name, justify="right", style=_STYLES.get(name, ""))
    for window in story.windows:
        table.add_row(*row(window))
    return table


def row(window: Window) -> list[str]:
    """A window as text, in the order of ``COLUMNS``."""
    measured, error = window.green_percent, window.split_error_points
    return [
        window.name,
        f"{window.end - window.start:.1f} s",
        str(window.counts.get("blue", 0)),
        str(window.counts.get("green", 0)),
        str(window.failed),
        "-" if window.weights is None else str(window.weights["green"]),
        "-" if measured is None else f"{measured:.1f}",
        "-" if error is None else f"{error:.2f}",
    ]


def _times(story: Story) -> Table:
    table = Table(title="Seconds from the command", **_LOOK)
    table.add_column("", no_wrap=True)
    for name in TIMES:
        table.add_column(name, justify="right")
    for title, cells in times(story):
        table.add_row(title, *cells)
    return table


def times(story: Story) -> list[tuple[str, list[str]]]:
    """Each timed command as text: to the first shift, to the last one, to its end."""
    rows = [("`pulumi up` with nothing to do", ["-", "-", f"{story.noop.seconds:.1f}"])] if story.noop else []
    rows += [("a broken release, refused", ["-", "-", f"{story.refused.seconds:.1f}"])] if story.refused else []
    return [*rows, *((swap.name, _swap_times(swap)) for swap in story.swaps)]


def _swap_times(swap: Swap) -> list[str]:
    return [f"{value:.1f}" for value in (swap.first_shift_seconds, swap.last_shift_seconds, swap.up.seconds)]
