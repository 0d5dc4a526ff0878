"""The ``gates`` of the inputs: each with its policy, the one that every swap has, those that would never run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.limits import Policy
from bluegreen.gates.registry import GATES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.analysis import GatedCheck, GatePolicy
from bluegreen.rollout.model import COLORS, Color, Phase, Strategy
from bluegreen.rollout.ports import Gate, Preview
from bluegreen.swap import several

Parsed = tuple[str, Mapping[str, object]]
ParsedGate = tuple[Parsed, GatePolicy]


def section_of(registry: Any, fields: Fields | None) -> Parsed | None:
    """A section checked by its own kind; ``None`` while it is not known or not valid."""
    return None if fields is None or fields.unknown else cast("Parsed | None", registry.parse(fields))


def routers_in(fields: Fields) -> list[Parsed | None]:
    """The ``router``, or each of the ``routers``; ``None`` for one that is not known or not valid."""
    given = fields.raw(several.MANY)
    if given is None:
        return [section_of(ROUTERS, fields.section(several.ONE))]
    if fields.raw(several.ONE) is not None:
        fields.problem(several.ONE, "given", f"one of both, {several.ONE} or {several.MANY}")
    routers = [section_of(ROUTERS, section) for section in fields.sections(several.MANY)]
    if not routers and isinstance(given, (list, tuple)):
        fields.problem(several.MANY, given, "one router at least")
    known = several.sections_of({several.MANY: given})
    for index, section in enumerate(known):
        same = next((at for at in range(index) if several.names_one_place(known[at], section)), None)
        if same is not None:
            allowed = f"another place than that of {several.MANY}[{same}]: each object is moved once"
            fields.problem(f"{several.MANY}[{index}]", section.get("kind"), allowed)
    return routers or [None]


def parse(fields: Fields) -> ParsedGate | None:
    """One entry of ``gates``: the gate and how its answers are counted."""
    policy = Policy.of(fields)
    parsed = section_of(GATES, fields)
    return None if parsed is None else (parsed, policy)


def with_target_health(gates: Sequence[ParsedGate]) -> list[ParsedGate]:
    """The gates, with the one that every swap has."""
    if any(parsed[0] == "target_health" for parsed, _ in gates):
        return list(gates)
    return [(("target_health", {}), GatePolicy(interval_seconds=5)), *gates]


def built(parsed: Parsed, sections: Sequence[Mapping[str, Any]]) -> Gate:
    """The gate itself. One that asks the entry (it has ``entered``) learns from the routers' sections which that is."""
    gate = GATES.build(parsed)
    entered = getattr(gate, "entered", None)
    return gate if entered is None else cast("Gate", entered(sections))


def labels_by_phase(gates: Sequence[ParsedGate]) -> dict[Phase, list[str]]:
    """The labels of the gates that run in each phase."""
    labels: dict[Phase, list[str]] = {}
    for parsed, policy in with_target_health(gates):
        gate = GATES.build(parsed)
        for phase in GatedCheck(gate, policy).phases:
            labels.setdefault(phase, []).append(gate.label)
    return labels


def validate_reachable_gates(
    fields: Fields,
    strategy: Strategy,
    bake: Any,
    gates: Sequence[ParsedGate | None],
    previews: Mapping[Color, Preview] | None,
) -> None:
    """Refuse gates that would never run: such a gate would look like one that passed."""
    never = set() if any(step.hold_seconds for step in strategy.steps) else {Phase.HOLD}
    if bake is not UNKNOWN and not bake:
        never.add(Phase.BAKE)
    if not strategy.steps:
        never.add(Phase.INCREASE)
    for index, gate in enumerate(gates):
        if gate is None:
            continue
        made = GATES.build(gate[0])
        if made.needs_preview and previews is not None and len(previews) < len(COLORS):
            fields.problem(f"gates[{index}].kind", gate[0][0], "only with previews of both colors (an url for each)")
        if GatedCheck(made, gate[1]).phases <= never:
            when = " and ".join(sorted(phase.value for phase in GatedCheck(made, gate[1]).phases))
            allowed = f"only where it ever runs ({when}): give the strategy a step with a hold, or bake_seconds"
            fields.problem(f"gates[{index}].kind", gate[0][0], allowed)
