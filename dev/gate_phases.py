"""Write the table of the phases in which each gate runs, from what the gates declare.

python -m dev.gate_phases               # writes the table in docs/gate-phases.md
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bluegreen.gates.registry import GATES
from bluegreen.gates.webhook_gate import HOOKS
from bluegreen.rollout.model import Phase

PAGE = Path(__file__).resolve().parent.parent / "docs" / "gate-phases.md"
_TABLE = re.compile(r"(?<=<!-- phases -->\n).*?(?=<!-- /phases -->)", re.DOTALL)
_OWN_NAMES = {"metric": ("prometheus", "success_rate", "p99", "cloudwatch", "metric")}
"""The functions that declare a gate, where they are not called as its kind."""


def rows() -> Iterator[tuple[str, frozenset[Phase], bool]]:
    """Each gate as programs call it, the phases in which it runs by default, and whether it needs a preview address."""
    for kind in sorted(GATES.entries):
        cls: Any = GATES.load(kind)
        defaults: dict[str, Any] = {one.name: one.default for one in dataclasses.fields(cls)}
        name = ", ".join(f"`{one}`" for one in _OWN_NAMES.get(kind, (kind,)))
        anchor = "prometheus" if kind == "metric" else kind.replace("_", "-")
        link = f"[{name}](gates.md#{anchor})"
        if kind == "webhook":
            yield from ((f"{link} as `{hook}`", phases, defaults["needs_preview"]) for hook, phases in HOOKS.items())
        else:
            yield link, defaults["phases"], defaults["needs_preview"]


def table() -> str:
    """The table in Markdown."""
    phases = [phase.value for phase in Phase]
    lines = [f"| gate | {' | '.join(phases)} | needs |", f"| --- |{' :---: |' * len(phases)} --- |"]
    for name, runs, needs_preview in rows():
        cells = " | ".join("●" if phase in runs else "" for phase in Phase)
        lines.append(f"| {name} | {cells} | {'a preview address' if needs_preview else ''} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """The page with its table renewed."""
    return _TABLE.sub(lambda _: table(), text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
