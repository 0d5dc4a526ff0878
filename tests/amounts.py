"""How much of what tests generate is tried: all of it, but between two changes (`make check`) a part.

A test that tries every call of a swap, or some hundred generated cases, takes seconds by itself.
"""

from __future__ import annotations

import os

ALL = not os.environ.get("TESTS_IN_PART")
"""Whether everything is tried. No name of ours begins the variable's: a gate's program is told all those."""
PART = 8


def examples(number: int) -> int:
    """How many generated cases to try, of so many."""
    return number if ALL else max(1, number // PART)


def stride(step: int) -> int:
    """From one case to the next of those that are tried: 1, or every so manieth. An odd step keeps what takes turns."""
    return 1 if ALL else step
