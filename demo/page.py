"""The run as a page: one file that needs no network, for people to look at."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

from demo import chart, report
from demo.measure import REFUSED, Story
from localcloud.load import Result

_TEMPLATE = Path(__file__).with_name("page.html")


def write(story: Story, path: Path) -> None:
    """Write the page; a run without load has nothing to show, and leaves none."""
    result = story.result
    if result is None or len(result) == 0:
        return
    page = Template(_TEMPLATE.read_text()).substitute(
        title=html.escape(_title(story)),
        headline=_headline(story),
        subtitle=html.escape(report.load_line(result)),
        problems=_problems(story.problems),
        numbers="".join(_cards(story, result)),
        chart=chart.drawn(story, result),
        requests=_table(report.COLUMNS, [report.row(window) for window in story.windows]),
        note=html.escape(report.NOTE),
        times=_table(("", *report.TIMES), [[_command(title), *cells] for title, cells in report.times(story)]),
    )
    path.write_text(page)


def _title(story: Story) -> str:
    failed = story.result.failed if story.result else 0
    if story.rollback is None:
        return "a swap that did not come to its end"
    lost = "not a single request lost" if not failed else f"{failed} requests lost"
    return f"blue to green and back under load, {lost}"


def _headline(story: Story) -> str:
    text = html.escape(_title(story)).replace("blue", '<span class="blue">Blue</span>', 1)
    return text.replace("green", '<span class="green">green</span>', 1)


def _problems(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    items = "".join(f"<li>{html.escape(problem)}</li>" for problem in problems)
    return f'<section class="card problems"><h2 class="bad">What went wrong</h2><ul>{items}</ul></section>'


def _cards(story: Story, result: Result) -> Iterable[str]:
    yield _card(f"{result.failed}", f"of {result.requests:,} requests failed", "bad" if result.failed else "green")
    if story.refused is not None:
        reached = sum(window.counts.get("green", 0) for window in story.windows if window.name == REFUSED)
        yield _card(
            f"{reached}", "requests reached the broken release, which its gate refused", "bad" if reached else "green"
        )
    for swap in story.swaps:
        shifts = len(swap.shifts)
        what = (
            f"{swap.name}, command to the last of {shifts} shifts" if shifts > 1 else f"{swap.name}, command to shift"
        )
        yield _card(f"{swap.last_shift_seconds:.1f} s", what)
    if story.noop is not None:
        yield _card(f"{story.noop.seconds:.1f} s", "`pulumi up` with nothing to do, for comparison")
    if story.promotion is not None:
        worst = story.max_split_error_points(story.promotion.name)
        yield _card(f"{worst:.1f} points", "between declared and measured split, at most")


def _card(number: str, what: str, style: str = "") -> str:
    text = _command(what) if "`" in what else html.escape(what)
    return f'<div class="card number"><strong class="{style}">{html.escape(number)}</strong><span>{text}</span></div>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    titles = "".join(f"<th>{html.escape(title)}</th>" for title in head)
    lines = ("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _command(text: str) -> str:
    before, mark, rest = html.escape(text).partition("`")
    command, _, after = rest.partition("`")
    return f"{before}<code>{command}</code>{after}" if mark else before
