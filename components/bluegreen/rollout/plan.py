"""The planner: it makes a plan from the live weights, the record of the last swap and the wanted color. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bluegreen.rollout.apart import Apart
from bluegreen.rollout.model import Color, Kind, Phase, Plan, Recorded, Step, Strategy, Weights, other


def make_plan(
    live: Weights,
    recorded: Recorded | None,
    target: Color,
    target_digest: str,
    strategy: Strategy,
    bake_seconds: float,
    *,
    warm: bool,
    promote_to_percent: int = 100,
) -> Plan:
    """Decide what to do, from the live truth first and the record second.

    Args:
        live: the weights as the platform has them now.
        recorded: what the last finished swap left; ``None`` on the first one.
        target: the color that is to be live.
        target_digest: what is installed in it, identified by a digest.
        strategy: the steps of a promotion.
        bake_seconds: the time at 100 % under gates.
        warm: whether ``target`` could take all of the traffic at this moment; read only for a rollback.
        promote_to_percent: where a promotion pauses until a later update; a rollback never does.
    """
    goal = goal_of(live, recorded, target, target_digest, promote_to_percent)
    kind = _kind(live, recorded, target, target_digest, goal)
    analysis = kind in (Kind.PROMOTION, Kind.RESUME)
    share = goal.of(target)
    steps: tuple[Step, ...] = ()
    # Where nobody is live, or nobody but the target as far as anybody knows, there is nothing to split with.
    if analysis and live != Weights() and (recorded is not None or live.of(other(target)) > 0):
        # A resumed step is held again in full: nobody knows how long it was held before.
        has = live.least_of(target)
        steps = tuple(step for step in strategy.steps if has <= step.weight_percent <= share)
        proved = recorded.paused_percent if recorded is not None else 0
        if not steps and strategy.steps and proved < has < 100:
            # Nobody knows what was read on the way to where it is, past every step: it is held there once.
            steps = (Step(has, strategy.steps[-1].hold_seconds),)
    if kind is not Kind.NOTHING and (not steps or steps[-1].weight_percent != share):
        steps = (*steps, Step(share))
    return Plan(
        kind=kind,
        target=target,
        start=live,
        steps=steps,
        bake_seconds=bake_seconds if analysis and share == 100 else 0,
        restore_to=_restore_to(live, recorded, target, goal),
        analysis=analysis,
        goal=goal,
        warm=warm,
    )


def goal_of(
    live: Weights, recorded: Recorded | None, target: Color, target_digest: str, promote_to_percent: int
) -> Weights:
    """The weights that an update leaves: a mix only on the way to a color that has still to prove itself."""
    if recorded is None:
        # The weights say who is live: a promotion takes from the other color. A target that has more than its pause
        # may be what was live before, and then the rest is what must not get more.
        begun = live.of(other(target)) > 0 and live.of(target) <= promote_to_percent
    else:
        begun = recorded.live_color != target
    if not begun or can_roll_back(recorded, target, target_digest):
        return Weights.all_on(target)
    return Weights.split(target, promote_to_percent)


def _kind(live: Weights, recorded: Recorded | None, target: Color, digest: str, goal: Weights) -> Kind:
    arrived = live == goal
    if recorded is None:
        if arrived:
            return Kind.NOTHING
        return Kind.FIRST if live == Weights() else Kind.PROMOTION
    if arrived and recorded.weights == goal:
        return Kind.NOTHING
    if recorded.live_color == target:
        # From a paused promotion it is the user's own way back; from anything else it is drift.
        return Kind.ROLLBACK if recorded.paused_percent else Kind.HEAL
    if can_roll_back(recorded, target, digest):
        # The release proved itself when it was live: no canary on the way back, whether it is still warm or not.
        return Kind.ROLLBACK
    if (
        live.of(target) > goal.of(target) <= live.least_of(target)
    ):  # less of a color that has still to prove itself needs no proof
        return Kind.ROLLBACK if recorded.paused_percent > goal.of(target) else Kind.HEAL
    if recorded.paused_percent:
        return Kind.PROMOTION
    # Where the record's color serves nobody, an interrupted swap is taken up too: gates first, then all at once.
    return Kind.RESUME if live.of(target) > 0 or live == Weights() else Kind.PROMOTION


def can_roll_back(recorded: Recorded | None, target: Color, target_digest: str) -> bool:
    """Whether ``target`` was live right before and still has the release that it had then."""
    return (
        recorded is not None
        and recorded.live_color != target
        and recorded.previous_color == target
        and recorded.previous_digest == target_digest
    )


def _restore_to(live: Weights, recorded: Recorded | None, target: Color, goal: Weights) -> Weights:
    """The weights that a failure writes back: the last proven ones, never a half-way mix that a kill left."""
    if recorded is None:
        return live if live.elsewhere in (0, 100) else Weights.all_on(target)
    if isinstance(live, Apart):
        return Weights.all_on(recorded.live_color)  # on every member, wherever each of them was found
    if recorded.live_color == target:
        return live if live.elsewhere == 0 else Weights.all_on(target)
    if live.elsewhere == 0 and live.of(target) > goal.of(target):
        return live  # less for the target: where the other color is not fit for more, it stays as it is
    # Not to a mix either: what fails on its way up has no traffic afterwards, whatever share it had before.
    whole = live.of(target) == 0 and live.elsewhere == 0
    return live if whole else Weights.all_on(recorded.live_color)


def plan_lines(
    target: Color,
    strategy: Strategy,
    gates: Mapping[Phase, Sequence[str]],
    bake_seconds: float,
    promote_to_percent: int,
) -> list[str]:
    """A promotion's plan for a reviewer, one line a step, from the declaration alone (no I/O).

    Args:
        target: the color that becomes live.
        strategy: the steps.
        gates: the gates as people call them, by the phase in which they run.
        bake_seconds: the time at 100 % under gates.
        promote_to_percent: where it pauses; 100 is not at all.
    """

    def gated(*phases: Phase) -> str:
        asked = list(dict.fromkeys(label for phase in phases for label in gates.get(phase, ())))
        return f"; gates: {', '.join(asked)}" if asked else ""

    ahead = [Phase.CONFIRM, Phase.BEFORE]  # reported with the first line, whatever it is
    lines = []
    steps = [step for step in strategy.steps if step.weight_percent <= promote_to_percent]
    if promote_to_percent < 100 and (not steps or steps[-1].weight_percent < promote_to_percent):
        steps.append(Step(promote_to_percent))
    for step in steps:
        asked = gated(*ahead, Phase.INCREASE, *([Phase.HOLD] if step.hold_seconds else []))
        split = f"{step.weight_percent} % {target}, {100 - step.weight_percent} % {other(target)}"
        held = f" for {duration(step.hold_seconds)}" if step.hold_seconds else ""
        lines.append(f"{split}{held}{asked}")
        ahead = []
    if promote_to_percent < 100:
        return [*lines, f"pause at {promote_to_percent} % {target} until promote_to_percent is raised"]
    bake = f", bake for {duration(bake_seconds)}" if bake_seconds else ""
    return [
        *lines,
        f"100 % {target}{bake}{gated(*ahead, Phase.PROMOTE, *([Phase.BAKE] if bake_seconds else []))}",
    ]


def duration(seconds: float) -> str:
    """A time as people say it: ``5 min``, ``1 h 30 min``, ``2.5 s``."""
    parts = []
    for size, unit in ((3600, "h"), (60, "min")):
        count, seconds = divmod(seconds, size)
        parts += [f"{count:g} {unit}"] if count else []
    if seconds or not parts:
        parts.append(f"{seconds:g} s")
    return " ".join(parts)
