"""64 swaps at once beside one, through the real Pulumi, without an emulator that takes the CPU which they need.

What is measured is what Pulumi and the swap's adapters take. Each swap holds at 50 % for 5 seconds, so that 64 of them
one after the other would take minutes.
"""

from __future__ import annotations

import dataclasses
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from bluegreen.rollout.model import Color
from dev.benchmarks.at_once.balancer import LISTENER, target_groups_of
from dev.benchmarks.swaps_report import PROVIDERS
from dev.benchmarks.swaps_world import Rules, SwapsStack, World
from localcloud import paths
from localcloud.errors import LocalCloudError
from localcloud.progress import Progress

PROJECT = paths.CHECKOUT / "dev" / "benchmarks" / "programs" / "at_once"
SIZES = (1, 64)
ROUNDS = 3
WEIGHT_PERCENT, HOLD_SECONDS = 50, 5
TIMES_LIMIT = 1.5
"""How many times as long as the smallest number of swaps the largest one may take, with the dynamic provider."""


@dataclasses.dataclass
class Report:
    """The measurements.

    Attributes:
        seconds: of every `pulumi up`, by number of swaps and adapter.
    """

    seconds: dict[tuple[int, str], list[float]] = dataclasses.field(default_factory=dict)

    def median(self, swaps: int, provider: str) -> float:
        """Of one number and adapter, in seconds."""
        return statistics.median(self.seconds[swaps, provider])

    def times(self, provider: str) -> float | None:
        """The ratio between the largest number and one alone; ``None`` where one alone was measured."""
        sizes = sorted({size for size, known in self.seconds if known == provider})
        return self.median(sizes[-1], provider) / self.median(sizes[0], provider) if len(sizes) > 1 else None

    @property
    def misses(self) -> list[str]:
        """The measurements that took too long."""
        times = self.times("dynamic")
        if times is None or times <= TIMES_LIMIT:
            return []
        return [f"dynamic swaps take {times:.2f} times as long as one: limit {TIMES_LIMIT:g}"]

    @property
    def figures(self) -> dict[str, Any]:
        """The figures, as `--json` writes them."""
        figures: dict[str, Any] = {}
        for size, provider in self.seconds:
            figures.setdefault(str(size), {})[f"{provider}_seconds"] = round(self.median(size, provider), 3)
        times = {provider: self.times(provider) for provider in PROVIDERS if (min(SIZES), provider) in self.seconds}
        return {"at_once": figures | {f"{name}_times": round(one, 3) for name, one in times.items() if one is not None}}


class _Rules(Rules):
    """Of services with target groups of their own."""

    def _groups_of(self, host: str) -> Mapping[Color, str]:
        return target_groups_of(host.partition(".")[0])


@dataclasses.dataclass
class _Swaps(World):
    """Swaps of the balancer in memory."""

    endpoint: str = ""

    def rules(self) -> Rules:
        """The balancer's."""
        return _Rules(self.endpoint, LISTENER, {})


def run(
    progress: Progress,
    state_dir: Path | None = None,
    sizes: Sequence[int] = SIZES,
    rounds: int = ROUNDS,
    providers: Sequence[str] = PROVIDERS,
) -> Report:
    """Measure.

    Raises:
        LocalCloudError: a command failed, or traffic was not where it should be.
    """
    report = Report()
    with _swaps(progress, state_dir) as built:
        for size in sorted(sizes):
            for provider in providers:
                with progress.step(f"{size} swaps at once without an emulator, {provider}") as note:
                    note("setting up")
                    built.place(size, provider)
                    for number in range(rounds):
                        note(f"promotion {number + 1} of {rounds}")
                        report.seconds.setdefault((size, provider), []).append(_promoted(built))
    return report


def _promoted(built: World) -> float:
    built.declare_promotion(WEIGHT_PERCENT, HOLD_SECONDS)
    ran = built.promote()
    newest = built.stack.output("newest")
    outcomes = {(entry["outcome"], entry["to"]) for entry in newest}
    if outcomes != {("promoted", built.live)} or len(newest) != built.services:
        raise LocalCloudError(f"expected {built.services} promotions to {built.live}; there are {outcomes}")
    return ran.seconds


@contextmanager
def _swaps(progress: Progress, state_dir: Path | None) -> Iterator[World]:
    command = [sys.executable, "-m", "dev.benchmarks.at_once.balancer"]
    with subprocess.Popen(
        command, cwd=paths.CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as balancer:
        assert balancer.stdin is not None
        assert balancer.stdout is not None
        try:
            endpoint = f"http://127.0.0.1:{int(balancer.stdout.readline())}"
            with SwapsStack("at-once", None, project=PROJECT, state_dir=state_dir, progress=progress) as stack:
                assert isinstance(stack, SwapsStack)
                built = _Swaps(stack, endpoint=endpoint)
                built.configure({"endpoint": endpoint})
                yield built
                with progress.step("Removing the swaps"):
                    stack.destroy()
        finally:
            balancer.stdin.close()  # which ends it


def show(report: Report, console: Console | None = None) -> None:
    """Everything for people."""
    console = console or Console()
    table = Table(
        title=f"Swaps at once without an emulator, each 50 % for {HOLD_SECONDS} s: seconds of `pulumi up`, medians",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for name in ("swaps", *PROVIDERS):
        table.add_column(name, justify="right", no_wrap=True)
    for size in sorted({size for size, _ in report.seconds}):
        cells = [
            f"{report.median(size, provider):.1f}" if (size, provider) in report.seconds else ""
            for provider in PROVIDERS
        ]
        table.add_row(str(size), *cells)
    console.print(table)
    for provider in PROVIDERS:
        times = report.times(provider)
        if times is not None:
            limit = f" (limit {TIMES_LIMIT:g})" if provider == "dynamic" else ""
            console.print(f"{provider}: {times:.2f} times as long{limit}", highlight=False)
    for miss in report.misses:
        console.print(f"  {miss}", style="red", highlight=False, markup=False)
