"""Make the README's pictures of the command: `status --watch` while a promotion holds, and a page of the report.

python -m dev.pictures          # writes docs/pictures/status.svg, and report.png where there is a Chromium

Nothing is drawn by hand: a swap of the memory world is promoted on a clock of its own, and looked at as users do.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from bluegreen.cli import report, screen, view
from bluegreen.cli.live import Live
from bluegreen.cli.stack import Found
from bluegreen.memory.router import WORLDS, world
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import Weights
from bluegreen.swap.service import SwapService
from dev import browser

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
_NAME = "pictures"
_BEGAN_AT_SECONDS = 1_790_000_000.0


class _Holding(FakeClock):
    """Looks once, in the second hold."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[dict[str, Any]] = []
        self.outputs: dict[str, Any] = {}

    def wall_seconds(self) -> float:
        return _BEGAN_AT_SECONDS + self.monotonic_seconds()

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if not self.drawn and world(_NAME).weights == Weights.split("green", 25) and self.outputs:
            self.drawn.append(view.described(Found("web", self.outputs), Live(self)))


def inputs(color: str, green: str, **more: Any) -> dict[str, Any]:
    """The swap's inputs, as a component declares them."""
    steps = [{"weight_percent": percent, "hold_seconds": 300} for percent in (10, 25, 50)]
    return {
        "name": "web",
        "active_color": color,
        "releases": {"blue": "shop:1.41", "green": green},
        "router": {"kind": "memory", "name": _NAME},
        "capacity": {"kind": "memory", "name": _NAME, "desired_count": 6},
        "strategy": {"name": "steps", "steps": steps},
        "bake_seconds": 600,
        **more,
    }


def played() -> tuple[dict[str, Any], dict[str, Any]]:
    """A service whose first try a gate refused, and whose second one is live: how it looked meanwhile, and now."""
    WORLDS.pop(_NAME, None)
    world(_NAME).desired = {"blue": 6, "green": 0}
    clock = _Holding()
    service = SwapService(clock=clock)
    _, outputs = service.create(inputs("blue", "shop:1.42"))
    no = {"kind": "command", "command": ["false"], "phases": ["hold"]}
    try:
        service.update(outputs, inputs("green", "shop:1.42", gates=[no]))
    except BluegreenError as failed:
        outputs = getattr(failed, "outputs", outputs)
    clock.outputs = outputs = service.update(outputs, inputs("blue", "shop:1.43"))
    outputs = service.update(outputs, inputs("green", "shop:1.43"))
    return clock.drawn[0], view.described(Found("web", outputs))


def status(shown: dict[str, Any]) -> str:
    """The view that `status --watch` draws, as SVG."""
    console = Console(record=True, width=110, file=sys.stderr, force_terminal=True)
    console.print(screen.watched([shown]))
    return console.export_svg(title="bluegreen status --watch", unique_id="status")


def main() -> None:
    """Write both."""
    os.environ["LOGNAME"], socket.gethostname = "ci", lambda: "runner-7"  # who they say it was
    meanwhile, afterwards = played()
    (PICTURES / "status.svg").write_text(status(meanwhile), "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        page.write_text(report.html(afterwards), "utf-8")
        subprocess.run(
            [*browser.command(), "--window-size=1000,1250", f"--screenshot={PICTURES / 'report.png'}", page.as_uri()],
            check=True,
            capture_output=True,
        )


if __name__ == "__main__":
    main()
