"""The checks after an interruption and after the update that follows it, by the world's own APIs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

from bluegreen.rollout.clock import Clock, FakeClock
from bluegreen.rollout.errors import BluegreenError
from dev.matrix.engine import State
from dev.matrix.points import Operation
from dev.matrix.shapes import AUTOSCALED
from dev.matrix.strikes import Make, Outcome, fresh_clock
from dev.matrix.world import Look

Kind = Literal["unsafe", "unconverged"]
Trouble = tuple[Kind, str]


class WaitingClock(FakeClock):
    """Real tasks take their time: a fifth of what is requested is waited."""

    def sleep(self, seconds: float) -> None:
        """Wait, for a while."""
        super().sleep(seconds)
        time.sleep(seconds / 5)


def unsafe_traffic(look: Look, when: str) -> list[Trouble]:
    """The trouble of production on units that cannot serve it, or nowhere."""
    found: list[Trouble] = []
    if not look.weights:
        found.append(("unsafe", f"{when}: both colors are at 0"))
    for part, percent in look.weights.items():
        if part not in look.healthy:
            found.append(("unsafe", f"{when}: {percent} % of production is on {part}, which is not healthy"))
        elif not look.desired.get(part):
            found.append(("unsafe", f"{when}: {percent} % of production is on {part}, which is scaled to 0"))
    return found


def after_the_strike(operation: Operation, outcome: Outcome, look: Look) -> list[Trouble]:
    """Check right after the kill, or when the operation has ended with or without a success."""
    found = unsafe_traffic(look, "after the interruption")
    wanted = operation.part(operation.wanted)
    if outcome.wrong_error:
        found.append(("unsafe", f"it raised what is not its own error: {outcome.wrong_error}"))
    outputs = outcome.state.outputs
    if outcome.succeeded and not (look.all_on(wanted) and outputs.get("live_color") == operation.wanted):
        found.append(("unsafe", f"a success that is none: the rule has {dict(look.weights)}"))
    if outcome.claim is not None:
        claims = [("it said", outcome.claim)]
        if outcome.state.failed:
            claims.append(("the state says", outputs["weights"]))
        for who, weights in claims:
            claimed = {operation.part(color): percent for color, percent in weights.items() if percent}
            if claimed != dict(look.weights):
                said = f"{who} that {claimed} is live, and the rule has {dict(look.weights)}: {outcome.error}"
                found.append(("unsafe", said))
    if operation.lame and (outcome.succeeded or any(operation.green in weights for weights in outcome.written)):
        found.append(("unsafe", f"traffic was sent to what was never healthy: {outcome.written}"))
    return found


def recover(
    make: Make, adapter: str, state: State, news: Mapping[str, Any], clock: Clock
) -> tuple[Mapping[str, Any] | None, list[Trouble]]:
    """The next ``pulumi up``: the outputs that it leaves, ``None`` when it failed, and what went wrong with it."""
    stack = make(adapter, clock, state)
    try:
        stack.up(news)
        left = stack.preview(news)
    except BluegreenError as error:
        return None, [("unconverged", f"the update that followed failed: {type(error).__name__}: {error}")]
    except Exception as error:  # noqa: BLE001 - that it is another one is the finding
        return None, [("unsafe", f"the update that followed raised {type(error).__name__}: {error}")]
    outputs = stack.state.outputs if stack.state is not None else None
    return outputs, [("unconverged", "a change is left after the update that followed")] if left else []


def after_the_recovery(
    operation: Operation, color: str, outputs: Mapping[str, Any] | None, look: Look
) -> list[Trouble]:
    """Check that the world is as the program wants it, with no time bomb in it."""
    found = unsafe_traffic(look, "after the update that followed")
    wanted = operation.part(color)
    if outputs is None:
        return found
    if not look.all_on(wanted):
        found.append(("unconverged", f"after the update that followed the rule has {dict(look.weights)}"))
    if outputs.get("live_color") != color:
        found.append(("unsafe", f"the state says that {outputs.get('live_color')} is live instead of {color}"))
    if wanted in look.retiring:
        found.append(("unsafe", f"{wanted} is live and is going to be scaled down by a scheduled action"))
    # The other color's may be suspended until it is retired; the live one has to scale.
    if wanted in look.held:
        found.append(("unconverged", f"{wanted} is live and its autoscaling is left suspended"))
    if operation.autoscaled and look.ranges.get(wanted) != AUTOSCALED:
        found.append(("unconverged", f"{wanted} is live and autoscaled within {look.ranges.get(wanted)}"))
    return found


def clock_for(operation: Operation) -> Clock:
    """For the update that follows."""
    return WaitingClock(time.time()) if operation.cold else fresh_clock()
