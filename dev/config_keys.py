"""The config keys of each program in stacks/, and the settings of swaps, as tables in docs/config.md.

``python -m dev.config_keys`` writes them.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from bluegreen.component.settings import all_of_them

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "config.md"


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


def settings_table() -> str:
    """One row a setting of swaps, from what components declare of it."""
    sys.path.insert(0, str(ROOT / "stacks"))
    try:
        named = runpy.run_path(str(ROOT / "stacks" / "settings.py"))["SWAP_KEYS"]
    finally:
        sys.path.pop(0)
    rows = ["| config key | meaning |", "| --- | --- |"]
    options = {option.name: option for option in all_of_them()}
    for name, key in sorted(named.items(), key=lambda item: item[1]):
        text = options[name].text.replace("``", "`").replace("|", "\\|")
        rows.append(f"| `{key}` | {text} |")
    return "\n".join(rows)


def page(text: str) -> str:
    """The page with both tables as the programs are now."""
    for name, made in (("keys", table()), ("swaps", settings_table())):
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, after = text.split(begin, maxsplit=1)[0], text.split(end)[1]
        text = f"{before}{begin}\n{made}\n{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
