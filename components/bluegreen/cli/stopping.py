"""`bluegreen abort` and `bluegreen retry`: what `pulumi up` cannot say while one is running."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timezone

from bluegreen.cli.exits import Exit
from bluegreen.cli.stack import Found
from bluegreen.rollout.clock import Clock
from bluegreen.rollout.ports import TrafficRouter
from bluegreen.swap import verdicts
from bluegreen.swap.journal import with_marks
from bluegreen.swap.lease import ABORT, holder_of, leases_in, mark_text, who

_POLL_SECONDS = 0.5


def abort(swaps: Sequence[Found], reason: str, wait_seconds: float, clock: Clock) -> Exit:
    """Ask each running swap to stop, and wait for its end.

    Args:
        swaps: those that may be running.
        reason: shown where the swap runs, and kept in the history.
        wait_seconds: the longest time to wait; 0 does not wait.
        clock: time.
    """
    asked: list[tuple[Found, TrafficRouter, str]] = []
    for swap in swaps:
        router = swap.router()
        marks = router.read().marks
        # Several at once are a newcomer that is just being refused: the first one is the one that runs.
        for lease, holder in sorted(leases_in(marks).items(), key=lambda item: item[1])[:1]:
            at = datetime.fromtimestamp(clock.wall_seconds(), timezone.utc)
            router.mark({ABORT: mark_text(f"{lease} {who()} at {at:%Y-%m-%dT%H:%M:%SZ} {reason}")})
            print(f"{swap.name}: requested to stop: {holder_of(holder)}")
            asked.append((swap, router, lease))
    if not asked:
        print("no swap is running; to go back, set activeColor back and run `pulumi up`", file=sys.stderr)
        return Exit.REFUSED
    return max(_wait(swap, router, lease, wait_seconds, clock) for swap, router, lease in asked)


def _wait(swap: Found, router: TrafficRouter, lease: str, wait_seconds: float, clock: Clock) -> Exit:
    deadline = clock.monotonic_seconds() + wait_seconds
    while wait_seconds:
        traffic = router.read()
        if lease not in leases_in(traffic.marks):
            traffic = router.read()  # weights may be read before the marks, and before the swap's last write
            entry = next((entry for entry in with_marks([], traffic.marks) if entry["id"] == lease), None)
            ended = f"{entry['outcome']}: {entry['reason']}" if entry else "it came to its end before it saw the wish"
            print(f"{swap.name}: {ended}\n  Now: {traffic.weights}")
            return Exit.DONE if entry else Exit.REFUSED
        if clock.monotonic_seconds() >= deadline:
            print(
                f"{swap.name}: still held after {wait_seconds:g} s. If its process is dead, `pulumi up` puts it right "
                f"(with activeColor set back, if you want the former color).\n  Now: {traffic.weights}",
                file=sys.stderr,
            )
            return Exit.TIMED_OUT
        clock.sleep(_POLL_SECONDS)
    return Exit.DONE


def retry(swaps: Sequence[Found]) -> Exit:
    """Take the verdicts away that hold promotions, so that the next `pulumi up` tries them again."""
    cleared = 0
    for swap in swaps:
        verdict = verdicts.clear(swap.router(), swap.outputs)
        if verdict is not None:
            cleared += 1
            print(f"{swap.name}: {verdict}\n  Next: `pulumi up` tries it again")
    if not cleared:
        print("no promotion is held: `pulumi up` promotes the color that the config names", file=sys.stderr)
    return Exit.DONE if cleared else Exit.REFUSED
