"""How the command ends: one exit code for each way in which a swap can stand, so that scripts need not read texts."""

from __future__ import annotations

from enum import IntEnum

from bluegreen.cli.view import State


class Exit(IntEnum):
    """The exit codes.

    Attributes:
        DONE: what was wanted is so; of ``status --until``, the swap is in that state.
        REFUSED: it cannot be done; the text says why.
        USAGE: the command was typed wrongly.
        PAUSED: the promotion waits at a part of the traffic.
        RESTORED: the last promotion failed, and the former weights are back.
        ABORTED: somebody aborted the last promotion, and the former weights are back.
        HELD: a verdict holds the promotion until somebody acts.
        TIMED_OUT: it was not so in time.
        UNREACHABLE: the platform could not be read.
        DRIFTED: the weights are not those that the last update left.
        NOT_RESTORED: the last promotion failed, and the former weights could not be confirmed.
    """

    DONE = 0
    REFUSED = 1
    USAGE = 2
    PAUSED = 3
    RESTORED = 4
    ABORTED = 5
    HELD = 6
    TIMED_OUT = 7
    UNREACHABLE = 8
    DRIFTED = 9
    NOT_RESTORED = 10


_CODES = {
    State.LIVE: Exit.DONE,
    State.MOVING: Exit.TIMED_OUT,
    State.PAUSED: Exit.PAUSED,
    State.RESTORED: Exit.RESTORED,
    State.ABORTED: Exit.ABORTED,
    State.NOT_RESTORED: Exit.NOT_RESTORED,
    State.HELD: Exit.HELD,
    State.DRIFTED: Exit.DRIFTED,
    State.UNREACHABLE: Exit.UNREACHABLE,
}


def code_of(state: State) -> Exit:
    """The exit code of a wait that ends in this state, which was not the one that was wanted."""
    return _CODES[state]
