"""Many services in one stack, all of them promoted by one `pulumi up`, against what the engine itself takes.

A size is measured in rounds: an `up` with nothing to do, one that updates an idle resource of each service (all that
happens is the engine's own work), and the promotion of every service. Between rounds all are rolled back, untimed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import statistics
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from localcloud import loopback, paths
from localcloud.errors import LocalCloudError
from localcloud.progress import Progress
from localcloud.stack import Stack

PROJECT = paths.CHECKOUT / "dev" / "benchmarks" / "programs" / "fleet"
SIZES = (1, 10, 50)
ROUNDS = 3


@dataclasses.dataclass
class Size:
    """One number of services, and every round's values."""

    services: int
    resources: int = 0
    noop_seconds: list[float] = dataclasses.field(default_factory=list)
    idle_updates_seconds: list[float] = dataclasses.field(default_factory=list)
    promotion_seconds: list[float] = dataclasses.field(default_factory=list)
    calls: list[int] = dataclasses.field(default_factory=list)
    swap_seconds: list[float] = dataclasses.field(default_factory=list)

    @property
    def figures(self) -> dict[str, float]:
        """The figures of one size, as `--json` writes them; times are medians."""
        prefix = f"scale_{self.services}_"
        return {
            f"{prefix}resources": self.resources,
            f"{prefix}noop_up_seconds": _median(self.noop_seconds),
            f"{prefix}idle_updates_up_seconds": _median(self.idle_updates_seconds),
            f"{prefix}promotion_up_seconds": _median(self.promotion_seconds),
            f"{prefix}swap_seconds": _median(self.swap_seconds),
            f"{prefix}calls_per_service_least": min(self.calls),
            f"{prefix}calls_per_service_most": max(self.calls),
        }


@dataclasses.dataclass
class Scale:
    """All sizes, the smallest first."""

    sizes: list[Size]

    @property
    def calls_differ(self) -> bool:
        """Whether a service's promotion took another number of calls in one stack than in another."""
        return len({calls for size in self.sizes for calls in size.calls}) > 1

    def growth(self, values: str) -> float:
        """Seconds that each further service adds to an `up`, from the smallest size to the largest."""
        least, most = self.sizes[0], self.sizes[-1]
        added = _median(getattr(most, values)) - _median(getattr(least, values))
        return added / max(most.services - least.services, 1)

    @property
    def figures(self) -> dict[str, float]:
        """The figures of all sizes, as `--json` writes them."""
        figures = {name: value for size in self.sizes for name, value in size.figures.items()}
        for kind in ("noop", "idle_updates", "promotion"):
            figures[f"scale_{kind}_up_seconds_per_further_service"] = round(self.growth(f"{kind}_seconds"), 4)
        return figures


def run(sizes: Sequence[int], progress: Progress, state_dir: Path | None = None, rounds: int = ROUNDS) -> Scale:
    """Measure every size in one stack that grows.

    Raises:
        LocalCloudError: a command failed, or a service was not promoted.
    """
    with _target() as port, Stack("scale", None, project=PROJECT, state_dir=state_dir, progress=progress) as stack:
        for key, value in {"aws:region": "us-east-1", "targetPort": str(port), "activeColor": "blue"}.items():
            stack.config_set(key, value)
        measured = [_measure(stack, count, rounds, progress) for count in sorted(sizes)]
        with progress.step("Removing the services"):
            stack.destroy()
    return Scale(measured)


def _measure(stack: Stack, count: int, rounds: int, progress: Progress) -> Size:
    size = Size(count)
    stack.config_set("services", str(count))
    with progress.step(f"{count} services in one stack") as note:
        note("setting up")
        stack.up()
        deployment = json.loads(stack.quiet("stack", "export").output)["deployment"]
        size.resources = len(deployment["resources"])
        for number in range(rounds):
            note(f"round {number + 1} of {rounds}")
            size.noop_seconds.append(stack.up().seconds)
            stack.config_set("turn", f"{count}-{number}")
            size.idle_updates_seconds.append(stack.up().seconds)
            stack.config_set("activeColor", "green")
            size.promotion_seconds.append(stack.up().seconds)
            for entry in _newest(stack, "promoted", count):
                size.calls.append(int(entry["calls"]))
                size.swap_seconds.append(float(entry["seconds"]))
            # What was rolled back from has to prove itself again: the next round's is a promotion, too.
            stack.config_set("activeColor", "blue")
            stack.up()
            _newest(stack, "rolled_back", count)
    return size


def _newest(stack: Stack, outcome: str, count: int) -> list[dict[str, Any]]:
    entries = [history[0] for history in stack.output("histories")]
    others = [entry for entry in entries if entry["outcome"] != outcome]
    if others or len(entries) != count:
        raise LocalCloudError(f"expected {count} services to be {outcome}; of {len(entries)} not: {others[:1]}")
    return entries


class _Target(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Health checks are no news."""


@contextlib.contextmanager
def _target() -> Iterator[int]:
    """A process-local server in the place of all tasks; its port."""
    with loopback.Server(("127.0.0.1", 0), _Target) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def show(scale: Scale) -> None:
    """Everything for people."""
    console = Console()
    table = Table(
        title="All services of a stack promoted by one `pulumi up`: medians in seconds, calls of each service",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for name in ("services", "resources", "no-op", "idle updates", "promotion", "one swap", "calls"):
        table.add_column(name, justify="right", no_wrap=True)
    for size in scale.sizes:
        figures = list(size.figures.values())
        calls = f"{min(size.calls)}" if len(set(size.calls)) == 1 else f"{min(size.calls)}-{max(size.calls)}"
        table.add_row(str(size.services), str(size.resources), *(f"{value:.2f}" for value in figures[1:5]), calls)
    console.print(table)
    noop, engine, promotion = (scale.growth(f"{kind}_seconds") for kind in ("noop", "idle_updates", "promotion"))
    swaps = promotion - engine
    lines = [
        f"each further service adds {noop:.3f} s to a no-op, {engine:.3f} s to an `up` that updates an idle resource "
        f"of each (the engine's own cost), {promotion:.3f} s to a promotion",
        f"so the swaps add {swaps:.3f} s a service (limit {engine:.3f}, the engine's own"
        f"{': EXCEEDED' if swaps > engine else ''})",
        f"API calls of a service: {'DIFFER' if scale.calls_differ else 'the same in every stack'}",
        "services here: an `alb` entry's target groups and rules and a swap, with local processes as targets, no ECS "
        "tasks; Pulumi's dynamic provider does 4 swaps at a time",
    ]
    for line in lines:
        console.print(line, highlight=False)


def _median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 3)
