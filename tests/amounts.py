"""How much of what tests generate is tried.

A test that tries every call of a swap, or some hundred generated cases, takes seconds by itself. `make exhaustive`
tries all that there is; `make test` some fifth of it, always the same in CI; `make check`, between two changes, an
eighth.
"""

from __future__ import annotations

import itertools
import os

# No name of ours begins the variables' names: a gate's program gets all those.
ALL = bool(os.environ.get("TESTS_IN_FULL"))
"""Whether everything is tried."""
IN_PART = bool(os.environ.get("TESTS_IN_PART"))
"""Whether as little as possible is."""


def examples(number: int) -> int:
    """How many generated cases to try, of so many."""
    return number if ALL else max(1, number // (8 if IN_PART else 5))


def stride(step: int) -> int:
    """From one case to the next of those that are tried: 1, or every so manieth.

    Args:
        step: what it is in `make check`, an odd number; in `make test` it is two less. Odd ones keep what takes turns.
    """
    if ALL:
        return 1
    return step if IN_PART else max(1, step - 2)


def every_call(test: int, step: int = 7) -> itertools.count[int]:
    """The numbers of the calls that a test strikes, from 1 without an end.

    Args:
        test: its number among those of its kind: each begins at another call, so that together they strike all.
        step: see `stride`.
    """
    return itertools.count(1 + test % stride(step), stride(step))
