"""The judgement after somebody else has acted: of each write of the swap, of its words, and of the next update."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bluegreen.swap.lease import FENCE_SECONDS, LEASE_SECONDS, leases_in
from bluegreen.swap.marks import lasting_seconds
from dev.matrix.somebody_else import acts
from dev.matrix.somebody_else.acts import Act
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER
from dev.matrix.somebody_else.swaps import Operation, weights_of
from dev.matrix.somebody_else.tape import Tape, Write

_CHANGES = (
    acts.MOVES,
    acts.HALVES,
    acts.RELOCATES,
    acts.DELETES,
    acts.RIVAL,
    acts.RIVAL_GOES_ON,
)
"""After these what the gates have said before is about another world; after another release about another color."""
_LATER_CALLS = (acts.SCALES, acts.DEPLOYS, acts.DELETES)
Kind = Literal["unsafe", "unconverged", "in flight"]
Trouble = tuple[Kind, str]

AT_ONCE_CALLS, AT_ONCE_SECONDS = 2, 1.0
"""A write that comes so soon after the act: what was looked at right before it was true then, and the platform has no
write that is for what was read. It has as many calls as the longest row of them that one look is for."""
LONG_SECONDS = 10.0
"""What took longer than this is seen on the clock: then only the one request is excused that was being sent."""
_STALE_SECONDS, _POLL_SECONDS = 5.0, 4.0


@dataclass(slots=True)
class Ended:
    """The end of an operation.

    Attributes:
        succeeded: whether it said so.
        claim: the weights that a failure says are live, confirmed; ``None`` where it says nothing.
        error: what it said.
        wrong_error: an error that is not the package's own.
        named: what a warning says of an object that could not be looked at.
        at_seconds: when.
        seen: what there was then.
    """

    succeeded: bool
    claim: Mapping[str, int] | None
    error: str
    wrong_error: str
    named: str
    at_seconds: float
    seen: Sight


def of_writes(
    operation: Operation, act: Act, tape: Tape, proved: Callable[[Write], bool], ended: Ended
) -> Iterator[Trouble]:
    """The troubles that a write made worse than before it.

    Args:
        operation: what was running.
        act: what somebody had done.
        tape: the writes.
        proved: whether the color that is promoted had been looked at since the act.
        ended: how it ended.
    """
    erased = False
    for write in tape.writes:
        asked, flying = proved(write) or not tape.disturbed, at_once(act, tape, write)
        seen = set(_worse(operation, act, write, ended, asked=True))
        for text in (*_worse(operation, act, write, ended, asked=asked), *_not_its_own(act, tape, write)):
            unknowable = erased and text not in seen and text.endswith(f"since {act.name!r}")
            kind: Kind = "in flight" if flying or unknowable else "unsafe"
            yield kind, f"call {write.number} {write.name}: {text}"
        erased = erased or (flying and _takes_away(act, tape, write))


def _takes_away(act: Act, tape: Tape, write: Write) -> bool:
    """Whether a write moves traffic that somebody has just moved: nobody who looks later can tell that they did."""
    if act not in (acts.MOVES, acts.HALVES) or tape.left is None:
        return False
    return dict(tape.left.weights) == dict(write.before.weights) != dict(write.after.weights)


def at_once(act: Act, tape: Tape, write: Write) -> bool:
    """Whether a write was on its way when somebody acted."""
    if not tape.number or tape.acted_at_seconds is None or tape.began_at_seconds is None:
        return False
    most = AT_ONCE_CALLS + (act in _LATER_CALLS)
    if tape.acted_at_seconds - tape.began_at_seconds > LONG_SECONDS:
        most = 1
    return write.number - tape.number <= most and write.at_seconds - tape.acted_at_seconds < AT_ONCE_SECONDS


def _worse(operation: Operation, act: Act, write: Write, ended: Ended, *, asked: bool) -> Iterator[str]:
    before, after = write.before, write.after
    for color in ("blue", "green"):
        more, share = after.of(color) > before.of(color), after.of(color)
        if more and color not in after.fit:
            yield f"{share} % of the requests were sent to {color}, which cannot serve them"
        if share and color in before.fit and color not in after.fit:
            yield f"{color} was scaled down with {share} % of the requests on it"
        # An hour ahead, and taken back by a look right after it, it takes nothing away.
        if share and color in (after.retiring - before.retiring) & ended.seen.retiring:
            yield f"{color} is going to be scaled down with {share} % of the requests on it"
        # All goes back to where it was, since the other one was refused; that this one is another now has to be
        # reported.
        told = operation.refused and color == "blue" and f"{color} is not as declared" in ended.error
        if more and color in after.changed and not asked and not told:
            yield f"{share} % of the requests were sent to {color}, which runs a release that nobody has asked about"
        if more and color == "green" and operation.analyzed and act in _CHANGES and not asked:
            yield f"{share} % of the requests were sent to green, and nothing was asked about it since {act.name!r}"
    if after.served < before.served and before.fit.intersection(before.weights):
        yield f"{before.served - after.served} % of the requests reach nobody any more"
    lost = {name for name, value in before.theirs.items() if after.theirs.get(name) != value}
    if lost:
        yield f"what somebody added is gone: {', '.join(sorted(lost))}"


def _not_its_own(act: Act, tape: Tape, write: Write) -> Iterator[str]:
    before, after = write.before, write.after
    moved = dict(before.weights) != dict(after.weights)
    leases = leases_in(before.marks)
    looked = _since(tape, write) > FENCE_SECONDS + _POLL_SECONDS  # nobody looks at marks all the time
    if act is acts.UNMARKS and tape.taken_over and moved and not leases and looked:
        yield "it moved traffic with no lease on the object: nobody else could see that a swap goes on"
    # One that comes while ours is there and fresh has no owner: whoever takes over removes ours.
    alone = act is acts.LEASE and tape.left is not None and {acts.FORGED} == set(leases_in(tape.left.marks))
    owned = tape.left is not None and tape.left.served > 0
    if alone and owned and moved and _since(tape, write) < LEASE_SECONDS:
        yield "it moved traffic while another lease was there that may be alive"
    # One that was made longer before it, for a platform that is at work for long, has not run out.
    lasts_seconds = max(map(lasting_seconds, leases.values()), default=0)
    stood = act is acts.STANDS and _stood_seconds(tape) > lasts_seconds
    stale = stood and tape.left is not None and leases == leases_in(tape.left.marks)
    if stale and leases and _does_something(before, after):
        yield "it wrote with a lease that had run out while it stood still"
    if act in (acts.RIVAL, acts.RIVAL_GOES_ON) and tape.taken_over and _does_something(before, after):
        yield f"it wrote although a second swap had taken over: {dict(before.weights)} to {dict(after.weights)}"
    if act is acts.TAKES and moved and STRANGER in before.theirs.values():
        yield f"it moved traffic by what is somebody else's: {dict(after.weights)}"


def _stood_seconds(tape: Tape) -> float:
    return (tape.acted_at_seconds or 0) - (tape.began_at_seconds or 0)


def _since(tape: Tape, write: Write) -> float:
    return write.at_seconds - (tape.acted_at_seconds or 0)


def _does_something(before: Sight, after: Sight) -> bool:
    return before.serving != after.serving


def of_words(operation: Operation, act: Act, tape: Tape, ended: Ended) -> Iterator[Trouble]:
    """The troubles with the swap's last words, compared with the world."""
    if ended.wrong_error:
        yield "unsafe", f"it raised what is not its own error: {ended.wrong_error}"
    if act is acts.FORGES and not ended.succeeded and not operation.refused and tape.number % 2 == 0:
        yield "unsafe", f"a note that nobody of ours has written stopped it: {ended.error}"
    said = operation.goal if ended.succeeded else ended.claim
    if said is None or dict(ended.seen.weights) in (said, _begun(said)):
        return
    assert tape.acted_at_seconds is not None
    # What was true at the last look, a moment ago, is no lie.
    since = ended.at_seconds - tape.acted_at_seconds
    soon = len(tape.calls) - tape.number <= AT_ONCE_CALLS and since < AT_ONCE_SECONDS
    stale = soon or (not tape.looks and since < _STALE_SECONDS)
    text = f"it said that {dict(said)} is live, and {dict(ended.seen.weights)} is: {ended.error or 'a success'}"
    yield ("in flight" if stale else "unsafe"), text


def _begun(said: Mapping[str, int]) -> dict[str, int]:
    """The weights that are meant where a platform moves all at once: 1 % less than all is what runs there."""
    color = max(said, key=lambda name: said[name], default="")
    return {color: 100} if color and said[color] == 99 else {}


def of_recovery(
    config: tuple[str, int], tape: Tape, ended: Ended, outputs: Mapping[str, Any], left: bool | None
) -> Iterator[Trouble]:
    """The next ``pulumi up``.

    Args:
        config: the active color and the percent that it was run with.
        tape: what it wrote.
        ended: how it ended.
        outputs: what it left.
        left: whether another one would have something to do; ``None`` where that was not looked up.
    """
    if ended.wrong_error:
        yield "unsafe", f"the next update raised {ended.wrong_error}"
        return
    seen = ended.seen
    if not ended.succeeded:
        wrote = [write.name for write in tape.writes]
        if wrote:
            yield "unconverged", f"the next update failed after {', '.join(dict.fromkeys(wrote))}: {ended.error}"
        return
    if ended.named and not tape.writes:
        return  # nothing had to be done, and what stands in the way is named
    wanted = weights_of(*config)
    # A promotion that a verdict stops stays where it was; one that has come to its end knows no pause any more.
    elsewhere = (bool(outputs.get("held")) and seen.all_on("blue")) or (config[1] != 100 and seen.all_on(config[0]))
    if dict(seen.weights) != wanted and not elsewhere:
        yield "unconverged", f"after the next update {dict(seen.weights)} is live instead of {wanted}"
    live = outputs.get("live_color")
    if len(seen.weights) == 1 and not seen.all_on(str(live)):
        yield "unsafe", f"the state says that {live} is live, and {dict(seen.weights)} is"
    for color, share in seen.weights.items():
        if color in seen.retiring:
            yield "unsafe", f"after the next update {color} has {share} % and is going to be scaled down"
        if color in seen.held and len(seen.weights) == 1:
            yield "unconverged", f"{color} is live and its autoscaling is left suspended"
    if left:
        yield "unconverged", "a change is left after the next update"
