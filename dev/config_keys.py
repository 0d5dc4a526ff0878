"""The config keys of each program in stacks/, as a table in docs/config.md: ``python -m dev.config_keys``."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "config.md"
BEGIN, END = "<!-- keys:begin -->", "<!-- keys:end -->"


def table() -> str:
    """One row a program: the keys that it reads beside the settings of swaps."""
    sys.path.insert(0, str(ROOT / "stacks"))
    try:
        keys = runpy.run_path(str(ROOT / "stacks" / "keys.py"))
        swaps = set(runpy.run_path(str(ROOT / "stacks" / "settings.py"))["SWAP_KEYS"].values())
    finally:
        sys.path.pop(0)
    rows = ["| program | config keys |", "| --- | --- |"]
    for program in keys["programs"]():
        read = ", ".join(f"`{key}`" for key in sorted(keys["keys_of"](program) - swaps))
        rows.append(f"| [{program}](../stacks/{program}.py) | {read} |")
    return "\n".join(rows)


def page(text: str) -> str:
    """The page with the table as the programs are now."""
    before, after = text.split(BEGIN, maxsplit=1)[0], text.split(END)[1]
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
