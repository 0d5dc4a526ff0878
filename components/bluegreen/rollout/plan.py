"""The planner: live weights, what the last swap recorded and what is wanted now make a plan. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bluegreen.rollout.model import Color, Kind, Plan, Recorded, Step, Strategy, Weights, other


def make_plan(
    live: Weights,
    recorded: Recorded | None,
    target: Color,
    target_release: str,
    strategy: Strategy,
    bake_seconds: float,
    *,
    warm: bool,
) -> Plan:
    """Decide what to do, from the live truth first and the record second.

    Args:
        live: the weights as the platform has them now.
        recorded: what the last finished swap left; ``None`` on the first one.
        target: the color that shall be live.
        target_release: what is installed in it.
        strategy: the steps of a promotion.
        bake_seconds: the time at 100 % under gates.
        warm: whether ``target`` could take all of the traffic at this moment; asked only for a rollback.
    """
    kind = _kind(live, recorded, target, target_release)
    analysis = kind in (Kind.PROMOTION, Kind.RESUME)
    steps: tuple[Step, ...] = ()
    if analysis and live != Weights():  # with nobody live there is nothing to split with
        # A resumed step is held again in full: nobody knows how long it was held before.
        steps = tuple(step for step in strategy.steps if step.weight_percent >= live.of(target))
    if kind is not Kind.NOTHING:
        steps = (*steps, Step(100))
    return Plan(
        kind=kind,
        target=target,
        start=live,
        steps=steps,
        bake_seconds=bake_seconds if analysis else 0,
        restore_to=_restore_to(live, recorded, target),
        analysis=analysis,
        warm=warm,
    )


def _kind(live: Weights, recorded: Recorded | None, target: Color, release: str) -> Kind:
    arrived = live.live_color == target
    if recorded is None:
        if arrived:
            return Kind.NOTHING
        return Kind.FIRST if live == Weights() else Kind.PROMOTION
    if recorded.live_color == target:
        return Kind.NOTHING if arrived else Kind.HEAL
    if can_roll_back(recorded, target, release):
        # The release proved itself when it was live: no canary on the way back, whether it is still warm or not.
        return Kind.ROLLBACK
    # Where the record's color serves nobody, an interrupted swap is taken up too: gates first, then all at once.
    return Kind.RESUME if live.of(target) > 0 or live == Weights() else Kind.PROMOTION


def can_roll_back(recorded: Recorded | None, target: Color, target_release: str) -> bool:
    """Whether ``target`` was live right before and still has the release that it had then."""
    return (
        recorded is not None
        and recorded.live_color != target
        and recorded.previous_color == target
        and recorded.previous_release == target_release
    )


def _restore_to(live: Weights, recorded: Recorded | None, target: Color) -> Weights:
    """What a failure writes back: the last proven state, which is not a half-way mix that a kill left."""
    if recorded is None:
        return live if live.elsewhere in (0, 100) else Weights.all_on(target)
    if recorded.live_color == target:
        return live if live.elsewhere == 0 else Weights.all_on(target)
    whole = live.of(target) == 0 and live.elsewhere == 0
    return live if whole else Weights.all_on(recorded.live_color)


def plan_lines(target: Color, strategy: Strategy, gates: Sequence[str], bake_seconds: float) -> list[str]:
    """A promotion's plan for a reviewer, one line a step, from the declaration alone (no I/O).

    Args:
        target: the color that becomes live.
        strategy: the steps.
        gates: the gates as people call them.
        bake_seconds: the time at 100 % under gates.
    """
    gated = f", gates: {', '.join(gates)}" if gates else ""
    lines = [
        f"{other(target)} {100 - step.weight_percent} % -> {target} {step.weight_percent} %, "
        f"hold {step.hold_seconds:g} s{gated}"
        for step in strategy.steps
    ]
    bake = f", bake {bake_seconds:g} s" if bake_seconds else ""
    # Without a step before it, the gates are asked before the one write.
    return [*lines, f"{target} 100 %{bake}{'' if lines and not bake_seconds else gated}"]
