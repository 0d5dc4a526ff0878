"""`python -m dev.benchmarks [--json FILE] [--rounds N] [--services N ...] [--swaps N ...] [--only PART]`."""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dev.benchmarks import scale, swaps, swaps_report
from dev.benchmarks.at_once import measured as at_once
from dev.benchmarks.rounds import RATE_PER_SECOND, Bench, Measured
from localcloud import progress
from localcloud.errors import LocalCloudError

PARTS = ("rounds", "services", "swaps", "at-once")
LEAST_ROUNDS = 5
RATIO_LIMIT = 2.0
PREVIEW_LIMIT_SECONDS = 5.0
ROLLBACK_LIMIT_SECONDS = 1.0


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the exit status is 1 if a request failed or a swap did not do what it should."""
    parser = argparse.ArgumentParser(prog="python -m dev.benchmarks", description=sys.modules["dev.benchmarks"].__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the medians to FILE, too")
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help=f"at least {LEAST_ROUNDS}")
    parser.add_argument(
        "--services",
        type=int,
        nargs="*",
        default=scale.SIZES,
        metavar="N",
        help="sizes of the stack; none: not measured",
    )
    parser.add_argument(
        "--swaps",
        type=int,
        nargs="*",
        default=swaps.SIZES,
        metavar="N",
        help="numbers of swaps at once, dynamic and native; none: not measured",
    )
    parser.add_argument("--only", choices=PARTS, help="measure this part alone")
    parser.add_argument("--state-dir", type=Path, help="where the local cloud's state is (default: this checkout's)")
    options = parser.parse_args(arguments)
    if options.rounds < LEAST_ROUNDS:
        parser.error(f"--rounds {options.rounds}: medians want {LEAST_ROUNDS} at least")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    if options.json:
        options.json.unlink(missing_ok=True)  # nobody may take an earlier run's numbers for this one's
    try:
        figures, failed = _measure(options)
    except LocalCloudError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 1 if failed else 0


def _measure(options: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    """Measure every part that is wanted, then show them all: the figures, and whether one is not what it should be."""
    parts = (options.only,) if options.only else PARTS
    show = progress.for_terminal()
    measured = Bench(options.rounds, show, options.state_dir).run() if "rounds" in parts else None
    scaled = together = alone = None
    if "services" in parts and options.services:
        scaled = scale.run(options.services, show, options.state_dir)
    if "swaps" in parts and options.swaps:
        together = swaps.run(options.swaps, show, options.state_dir)
    if "at-once" in parts:
        alone = at_once.run(show, options.state_dir)
    figures: dict[str, Any] = {}
    failed = False
    if measured is not None:
        values = columns(measured)
        show_rounds(measured, values)
        figures |= medians(values)
        failed |= bool(measured.result.failed)
    if scaled is not None:
        scale.show(scaled)
        figures |= scaled.figures
        failed |= scaled.calls_differ
    if together is not None:
        swaps_report.show(together)
        figures |= together.figures
        failed |= bool(together.misses)
    if alone is not None:
        at_once.show(alone)
        figures |= alone.figures
        failed |= bool(alone.misses)
    return figures, failed


def columns(measured: Measured) -> dict[str, list[float]]:
    """Every round's value of each measure."""
    rounds = measured.rounds
    return {
        "noop_up_seconds": [r.noop.seconds for r in rounds],
        "promotion_up_seconds": [r.promotion.up.seconds for r in rounds],
        "promotion_calls": [r.promotion.calls for r in rounds],
        "shift_to_converged_ms": [measured.converged_milliseconds(r.promotion, "blue") for r in rounds],
        "rollback_up_seconds": [r.rollback.up.seconds for r in rounds],
        "rollback_calls": [r.rollback.calls for r in rounds],
        "promotion_seconds": [r.promotion.swap_seconds for r in rounds],
        "rollback_seconds": [r.rollback.swap_seconds for r in rounds],
        "promotion_first_call_to_last_weight_seconds": [r.promotion.to_last_weight_seconds for r in rounds],
        "rollback_first_call_to_last_weight_seconds": [r.rollback.to_last_weight_seconds for r in rounds],
    }


def medians(values: dict[str, list[float]]) -> dict[str, float]:
    """The medians, as `--json` writes them."""
    return {name: round(statistics.median(column), 3) for name, column in values.items()}


def show_rounds(measured: Measured, values: dict[str, list[float]]) -> None:
    """Everything for people."""
    console = Console()
    result, rounds = measured.result, measured.rounds
    table = Table(
        title=f"Medians of {len(rounds)} rounds, at {result.requests_per_second:.0f} requests a second",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for name in ("", "median", "least", "most"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    titles = {
        "noop_up_seconds": "`pulumi up` with nothing to do, seconds",
        "promotion_up_seconds": "promotion: `pulumi up`, seconds",
        "promotion_calls": "promotion: API calls",
        "shift_to_converged_ms": "promotion: shift to all traffic on green, ms",
        "rollback_up_seconds": "rollback: `pulumi up`, seconds",
        "rollback_calls": "rollback: API calls",
        "promotion_seconds": "promotion: the swap alone, seconds",
        "rollback_seconds": "rollback: the swap alone, seconds",
        "promotion_first_call_to_last_weight_seconds": "promotion: first call to last weight, seconds",
        "rollback_first_call_to_last_weight_seconds": "rollback: first call to last weight, seconds",
    }
    for title, column in ((titles[name], column) for name, column in values.items()):
        table.add_row(title, *(_number(value) for value in (statistics.median(column), min(column), max(column))))
    console.print(table)
    middle = medians(values)
    ratio = middle["promotion_up_seconds"] / middle["noop_up_seconds"]
    back = middle["rollback_up_seconds"] / middle["noop_up_seconds"]
    last_weight = middle["rollback_first_call_to_last_weight_seconds"]
    seen = sum(r.promotion.calls_seen + r.rollback.calls_seen for r in rounds)
    counted = sum(r.promotion.calls + r.rollback.calls for r in rounds)
    lines = [
        f"promotion / no-op: {ratio:.2f} (limit {RATIO_LIMIT:g}{_over(ratio, RATIO_LIMIT)})",
        f"rollback / no-op: {back:.2f}",
        f"rollback, first call to last weight: {last_weight:.2f} s (limit {ROLLBACK_LIMIT_SECONDS:g}"
        f"{_over(last_weight, ROLLBACK_LIMIT_SECONDS)})",
        f"first `pulumi preview` of the stack: {measured.first_preview_seconds:.1f} s "
        f"(limit {PREVIEW_LIMIT_SECONDS:g}{_over(measured.first_preview_seconds, PREVIEW_LIMIT_SECONDS)})",
        f"API calls are counted by the swap itself: {counted} in all; the emulator's log has {seen} in the same time",
        "the shift begins when the emulator receives ModifyRule (its log) and ends with the first answer that a client "
        "got after which none was blue",
        f"load: {RATE_PER_SECOND} requests a second asked for, {result.requests} made, {result.failed} failed",
    ]
    for line in lines:
        console.print(line, highlight=False)
    for error, count in result.errors.items():
        console.print(f"  {count} x {error}", style="red", highlight=False, markup=False)


def _number(value: float) -> str:
    return f"{value:g}" if value == int(value) else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _over(value: float, limit: float) -> str:
    return ": EXCEEDED" if value > limit else ""


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
