"""The time that Pulumi takes around a swap, without the swap itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localcloud.progress import Progress
from localcloud.stack import Stack


@dataclass(frozen=True)
class Started:
    """Seconds of `pulumi up`: with nothing to do, of a promotion, and of the swap in that."""

    noop_seconds: float
    up_seconds: float
    swap_seconds: float


def measure(state_dir: Path | None, progress: Progress) -> Started:
    """One promotion of the sample stack, by the real engine."""
    with Stack("bench-kubernetes", like="kubernetes", kubernetes=True, state_dir=state_dir, progress=progress) as stack:
        with progress.step("One promotion through `pulumi up`"):
            stack.config_set("activeColor", "blue")
            stack.up()
            noop = stack.up()
            stack.config_set("activeColor", "green")
            promotion = stack.up()
            entry = stack.output("history")[0]
        return Started(noop.seconds, promotion.seconds, float(entry["seconds"]))
