"""How a swap stands, as plain data with a version: what `status`, `list` and `history` show, and programs read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from enum import Enum
from typing import Any

from bluegreen.cli.live import Live
from bluegreen.cli.stack import Found
from bluegreen.rollout.apart import Apart, joined
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import Outcome, Weights, other
from bluegreen.swap import contract, verdicts
from bluegreen.swap.journal import outcome_marks, with_marks
from bluegreen.swap.lease import holder_of, leases_in

VERSION = 1
"""Of the JSON that every verb prints; counted up when a field means something else or goes."""
_AT_ONCE = 16


class State(str, Enum):
    """How a swap stands.

    Attributes:
        LIVE: all is as the last update left it.
        MOVING: a swap runs, or was interrupted.
        PAUSED: a promotion waits at a part of the traffic.
        RESTORED: the last swap failed, and the former weights are back.
        ABORTED: the last swap was aborted, and the former weights are back.
        NOT_RESTORED: the last swap failed, and its restore was not confirmed.
        HELD: a verdict holds the promotion.
        DRIFTED: the weights are not those that the last update left.
        UNREACHABLE: the platform could not be read.
    """

    LIVE = "live"
    MOVING = "moving"
    PAUSED = "paused"
    RESTORED = "restored"
    ABORTED = "aborted"
    NOT_RESTORED = "not_restored"
    HELD = "held"
    DRIFTED = "drifted"
    UNREACHABLE = "unreachable"


FAILED = {
    Outcome.RESTORED.value: State.RESTORED,
    Outcome.ABORTED.value: State.ABORTED,
    Outcome.NOT_RESTORED.value: State.NOT_RESTORED,
    Outcome.TAKEN_OVER.value: State.RESTORED,
}
"""What a failed swap's entry in the history says of its end."""


def described(swap: Found, live: Live | None = None) -> dict[str, Any]:
    """One swap; one whose platform cannot be read has ``error``, and what its state says.

    Args:
        swap: which.
        live: reads sizes and gates beside; ``None``: they are not looked at.
    """
    outputs = swap.outputs
    recorded = contract.recorded_in(outputs)
    known: dict[str, Any] = {
        "name": swap.name,
        **({"stack": swap.stack} if swap.stack else {}),
        "live_color": outputs.get("live_color"),
        "active_color": outputs.get("active_color"),
        "releases": dict(outputs.get("releases") or {}),
        "recorded_weights": dict(outputs.get("weights") or {}) or None,
        "paused": dict(outputs.get("paused") or {}),
    }
    try:
        router = swap.router()
        traffic = router.read()
    except BluegreenError as error:
        history = list(outputs.get("history") or [])
        shown = {**known, "state": State.UNREACHABLE.value, "error": str(error), "weights": None, "held": {}}
        return {**shown, "held_by": [], "history": history, "next_steps": next_steps(State.UNREACHABLE, known)}
    verdict = verdicts.standing(traffic, outputs)
    held = {} if verdict is None else {**verdict.as_dict(), "said": verdicts.warnings(verdict, recorded, outputs)[0]}
    history = with_marks(outputs.get("history") or [], traffic.marks)
    holders = [holder_of(holder) for holder in leases_in(traffic.marks).values()]
    shown = {
        **known,
        "weights": traffic.weights.as_dict(),
        **contract.members_of(traffic.weights, getattr(router, "names", ())),
        "held": held,
        "held_by": holders,
        "history": history,
    }
    state = _state(shown, recent={name.rpartition(".")[2] for name in outcome_marks(traffic.marks)})
    beside = {} if live is None else live.of(swap, traffic, moves=state is State.MOVING)
    return {**shown, **beside, "state": state.value, "next_steps": next_steps(state, shown)}


def described_all(swaps: Sequence[Found], live: Live | None = None) -> list[dict[str, Any]]:
    """Several swaps, which are read side by side, in their order; see ``described``."""
    if len(swaps) < 2:
        return [described(swap, live) for swap in swaps]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda swap: described(swap, live), swaps))


def _state(shown: Mapping[str, Any], recent: Collection[str]) -> State:
    """How it stands; ``recent`` are the failed swaps after which no update has succeeded yet."""
    newest: Mapping[str, Any] = next(iter(shown["history"]), {})
    if shown["held_by"]:
        return State.MOVING
    if shown["weights"] != _whole(shown["recorded_weights"]):
        failed = FAILED.get(str(newest.get("outcome")))
        return State.NOT_RESTORED if failed is State.NOT_RESTORED else State.DRIFTED
    if shown["held"]:
        return State.HELD
    if str(newest.get("outcome")) in FAILED and newest.get("id") in recent:
        return FAILED[str(newest["outcome"])]
    return State.PAUSED if shown["paused"] else State.LIVE


def _whole(weights: Mapping[str, Any] | None) -> dict[str, int] | None:
    """Weights as a state has them, where every number is a float."""
    return None if weights is None else {color: int(percent) for color, percent in weights.items()}


def next_steps(state: State, shown: Mapping[str, Any]) -> list[str]:
    """The next steps of a person, the likeliest first: sentences with the command to type in backquotes."""
    name, live = shown["name"], shown.get("live_color")
    back = f"set activeColor to {live} and run `pulumi up` to give it up" if live else ""
    steps: dict[State, list[str]] = {
        State.MOVING: [
            f"`bluegreen status --swap {name} --watch` follows it",
            f"`bluegreen abort --swap {name}` stops it; the former weights come back",
            "if its process is dead, `pulumi up` puts it right",
        ],
        State.PAUSED: ["raise or remove promoteToPercent and run `pulumi up` to continue", back],
        State.HELD: [
            "put another release into the color, and run `pulumi up`",
            f"`bluegreen retry --swap {name}` and `pulumi up` try the same one again",
            back,
        ],
        State.RESTORED: ["`pulumi up` tries it again", back],
        State.ABORTED: ["`pulumi up` tries it again", back],
        State.NOT_RESTORED: ["`pulumi up` puts the weights right"],
        State.DRIFTED: ["`pulumi preview` shows what changed, `pulumi up` puts the weights right"],
        State.UNREACHABLE: ["check the credentials and the network of this machine: the error names the call"],
        State.LIVE: [f"set activeColor to {other(live)} and run `pulumi up` to promote {other(live)}"] if live else [],
    }
    return [step for step in steps[state] if step]


def weights_text(shown: Mapping[str, Any]) -> str:
    """The weights for people; of several routers each, where they differ."""
    if shown.get("weights") is None:
        return "unknown"
    parts = [(one["router"], Weights(one["blue"], one["green"])) for one in shown.get("members", ())]
    if not parts:
        return str(Weights(**shown["weights"]))
    weights = joined(parts)
    if isinstance(weights, Apart):
        return str(weights)
    return f"{weights}, on all of {'; '.join(name for name, _ in parts)}"


def when(seconds: float) -> str:
    """A time for people, in UTC."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S}Z"


def entry_text(entry: Mapping[str, Any]) -> str:
    """One line of a history."""
    reason = f": {entry['reason']}" if entry.get("reason") else ""
    by = f" by {entry['by']['who']}" if (entry.get("by") or {}).get("who") else ""
    took = f"{entry['seconds']:g} s"
    return f"{when(entry['started_at_seconds'])} {entry['outcome']} -> {entry['to']}, {took}{by}{reason}"


def since(shown: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry of the swap that made live what is live; empty where the history does not reach so far."""
    ended = (Outcome.STARTED.value, Outcome.PROMOTED.value, Outcome.RESUMED.value, Outcome.ROLLED_BACK.value)
    entries = (one for one in shown["history"] if one.get("outcome") in ended and one.get("to") == shown["live_color"])
    return next(entries, {})
