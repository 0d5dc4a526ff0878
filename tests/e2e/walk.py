"""A page that people follow command by command: its blocks as a script, and what it promises that they print.

A block to be typed has the mark ``<!-- walk:run -->`` before it; one that has to fail, ``<!-- walk:fails -->``.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"<!-- walk:(\w+) -->\n```sh\n(.*?)```", re.DOTALL)
_TIME = re.compile(r"\d\d:\d\d:\d\d")


def program(page: Path) -> str:
    """The page's Python program."""
    (text,) = re.findall(r"`__main__\.py`:\n\n```python\n(.*?)```", page.read_text(), re.DOTALL)
    return str(text)


def script(text: str, after: Callable[[str], list[str]] = lambda block: []) -> str:
    """The blocks one after the other, each command shown.

    Args:
        text: the page's.
        after: more commands after a block, as a person waits who types.
    """
    lines = ["set -ex"]
    for kind, block in _BLOCK.findall(text):
        if kind == "fails":
            lines.append(f"if {block.strip()}; then exit 9; fi")
        elif kind == "run":
            lines += [*block.strip().splitlines(), *after(block)]
    return "\n".join(lines)


def follow(commands: str, folder: Path, env: Mapping[str, str]) -> str:
    """Type them, and return all that was printed.

    Raises:
        AssertionError: one failed, or one that has to fail did not.
    """
    done = subprocess.run(
        ["bash", "-c", commands], cwd=folder, env=env, capture_output=True, text=True, timeout=500, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def closely(text: str) -> str:
    """Without the blanks that Pulumi puts names below each other with."""
    return " ".join(text.split()).replace(" :", ":")


def promised(text: str) -> list[str]:
    """The lines of output on the page as patterns: no durations, any time of day, anything for an ellipsis."""
    listed = []
    for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            said = re.sub(r"^web: \d\d:\d\d:\d\d ", "", line.strip())
            pattern = re.escape(closely(re.sub(r"(, slowest| after) .*", "", said)))
            listed.append(_TIME.sub(r"\\d\\d:\\d\\d:\\d\\d", pattern.replace("…", ".*?")))
    return listed


def missing(text: str, said: str) -> list[str]:
    """The promised lines that were not printed."""
    printed = closely(said)
    return [line for line in promised(text) if not re.search(line, printed)]
