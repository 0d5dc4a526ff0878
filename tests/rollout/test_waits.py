"""Whatever waits within an operation takes the swap's own clock: a lease is renewed, a cancellation wakes it up."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import bluegreen

PACKAGE = Path(bluegreen.__file__).parent
# The clocks themselves; who waits where no swap runs, or is the swap's own loop and has its clock.
WAITERS = {
    "rollout/calls.py": "the pause itself",
    "rollout/clock.py": "the machine's clock",
    "rollout/restoring.py": "by the runner's clock",
    "rollout/stopping.py": "by the runner's clock",
    "swap/cancelling.py": "the clock that a cancellation wakes up",
    "swap/leaving.py": "by the service's clock",
    "swap/lease.py": "by the service's clock",
    "cli/waiting.py": "no swap goes on in this process",
    "cli/posting.py": "no swap goes on in this process",
    "cli/stopping.py": "no swap goes on in this process",
    "testing/routers.py": "a rule waits for a platform, and no swap goes on",
    "adapters/plugin/host.py": "the plugin's loop, in which no swap runs",
}


def sleeps(path):
    """The lines in which a module sleeps by itself."""
    tree = ast.parse(path.read_text())
    return [
        found.lineno
        for found in ast.walk(tree)
        if isinstance(found, ast.Call) and isinstance(found.func, ast.Attribute) and found.func.attr == "sleep"
    ]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_sleeps_past_the_swaps_clock(path):
    name = str(path.relative_to(PACKAGE))
    assert bool(sleeps(path)) <= (name in WAITERS), f"{name} waits: bluegreen.rollout.calls.pause is for that"


@pytest.mark.parametrize("name", WAITERS)
def test_who_may_sleep_does(name):
    text = (PACKAGE / name).read_text()
    assert ".sleep" in text or "time.sleep" in text
