"""`python -m dev.benchmarks.kubernetes [--json FILE] [--rounds N] [--services N ...]`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from types import FrameType

from rich import box
from rich.console import Console
from rich.table import Table

from dev.benchmarks.kubernetes import started
from dev.benchmarks.kubernetes.rounds import CONNECTIONS, RATE_PER_SECOND, RIVALS, Measured, median, run
from localcloud import progress
from localcloud.errors import LocalCloudError
from localcloud.kubernetes.node import LocalNode

SIZES = {1: 20, 10: 6, 50: 2}
"""Rounds by how many services are swapped at once: more where they are short."""
LEAST_ROUNDS = 2
LEAST_REQUESTS = 50_000


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the exit status is 1 if a request failed or a swap was slower than Argo Rollouts'."""
    parser = argparse.ArgumentParser(
        prog="python -m dev.benchmarks.kubernetes", description=sys.modules["dev.benchmarks.kubernetes"].__doc__
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the medians to FILE, too")
    parser.add_argument("--rounds", type=int, help="of each size (default: the fewer the more services)")
    parser.add_argument(
        "--services", type=int, nargs="+", default=[*SIZES], metavar="N", help="how many are swapped at once"
    )
    parser.add_argument("--state-dir", type=Path, help="where the local cloud's state is (default: this checkout's)")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    if options.json:
        options.json.unlink(missing_ok=True)  # nobody may take an earlier run's numbers for this one's
    say = progress.for_terminal()
    try:
        with LocalNode.running(options.state_dir, say) as node, node.argo_rollouts():
            measured = {
                size: run(node, size, options.rounds or SIZES.get(size, LEAST_ROUNDS), say) for size in options.services
            }
            apart = started.measure(options.state_dir, say)
    except LocalCloudError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    show(measured, apart)
    figures = numbers(measured)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if good(measured) else 1


def numbers(by_size: dict[int, dict[str, Measured]]) -> dict[str, object]:
    """For programs: medians of the smallest size by rival, and of all sizes; requests of everything."""
    everything = [measured for rivals in by_size.values() for measured in rivals.values()]
    first = by_size[min(by_size)]
    return {
        "swap_ms": {name: median(measured.swap_ms) for name, measured in first.items()},
        "rollback_ms": {name: median(measured.rollback_ms) for name, measured in first.items()},
        "requests": sum(measured.requests for measured in everything),
        "failed": sum(measured.failed for measured in everything),
        "by_services": {
            str(size): {
                name: {"swap_ms": median(measured.swap_ms), "rollback_ms": median(measured.rollback_ms)}
                for name, measured in rivals.items()
            }
            for size, rivals in by_size.items()
        },
    }


def good(by_size: dict[int, dict[str, Measured]]) -> bool:
    """Whether no request failed, and one service's swap is no slower than Argo Rollouts'."""
    ours, argo = (by_size[min(by_size)][name] for name in ("bluegreen", "argo_rollouts"))
    lost = sum(measured.failed for rivals in by_size.values() for measured in rivals.values())
    slower = median(ours.swap_ms) > median(argo.swap_ms) or median(ours.rollback_ms) > median(argo.rollback_ms)
    return not lost and not slower


def show(by_size: dict[int, dict[str, Measured]], apart: started.Started) -> None:
    """Tables for people."""
    console = Console()
    table = Table(box=box.SIMPLE_HEAD, title="From the go-ahead until all new connections are on the new color, ms")
    for heading in (
        "services",
        "rival",
        "promotion",
        "worst",
        "rollback",
        "worst",
        "says done after",
        "requests",
        "failed",
    ):
        table.add_column(heading, justify="left" if heading == "rival" else "right")
    for size, rivals in by_size.items():
        for name, measured in rivals.items():
            table.add_row(
                str(size),
                name,
                f"{median(measured.swap_ms):.0f}",
                f"{max(measured.swap_ms):.0f}",
                f"{median(measured.rollback_ms):.0f}",
                f"{max(measured.rollback_ms):.0f}",
                f"{median(measured.said_ms):.0f}",
                str(measured.requests),
                str(measured.failed),
            )
    console.print(table)
    for rivals in by_size.values():
        for name, measured in rivals.items():
            for kind, count in measured.errors.items():
                console.print(f"{name}: {count} x {kind}", style="red")
    console.print(
        f"Under {CONNECTIONS} kept and {CONNECTIONS} new connections, {RATE_PER_SECOND} requests a second; "
        f"{len(RIVALS)} rivals in turns on one node. Medians of each rival's rounds."
    )
    console.print(
        f"Around a swap, `pulumi up` takes {apart.up_seconds:.2f} s for a promotion of which the swap itself is "
        f"{apart.swap_seconds:.2f} s, and {apart.noop_seconds:.2f} s where there is nothing to do."
    )
    everything = [measured for rivals in by_size.values() for measured in rivals.values()]
    requests, failed = sum(each.requests for each in everything), sum(each.failed for each in everything)
    console.print(f"{requests} requests, of which {failed} failed.")
    if requests < LEAST_REQUESTS:
        console.print(f"That is fewer than {LEAST_REQUESTS}: more rounds say more.")


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
