"""The moves of traffic in a `pulumi preview --json`: one for each swap of the stack. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from bluegreen.cli.stack import SECRET, SIGNATURE, TYPES
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.registry import GATES
from bluegreen.rollout.analysis import GatedCheck
from bluegreen.rollout.model import COLORS, Color, Kind, Phase, Plan, Recorded, Weights, other
from bluegreen.rollout.plan import make_plan
from bluegreen.secrets import redact
from bluegreen.swap import contract, gating, strategies, verdicts
from bluegreen.swap.settings import Settings

# How the engine writes a value that only the update will know; the SDK has it as ``pulumi.runtime.rpc.UNKNOWN``.
_UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_DRIFT = "drift: "
_LEVEL = re.compile(r"^(warning|info|error): ")
_KINDS = {
    Kind.FIRST: "first start",
    Kind.PROMOTION: "promotion",
    Kind.RESUME: "promotion that was interrupted",
    Kind.ROLLBACK: "rollback",
    Kind.HEAL: "heal",
    Kind.NOTHING: "no traffic moves",
}


@dataclass(frozen=True, slots=True)
class Move:
    """The move of one swap's traffic by an update.

    Attributes:
        name: the service's.
        urn: the resource's.
        does: in words: ``promotion``, ``rollback``, ``no traffic moves``, ``held: nothing moves``, ``destroyed``.
        before: the weights now; ``None`` where there are none yet.
        after: the weights that the update leaves; ``None`` where only it can know.
        target: the color that it is about.
        release: what that color runs, for people.
        steps: the plan, a line each.
        planned_seconds: what holds, propagation and the bake take together; ``None`` where it is not known.
        longest_seconds: the same with every limit reached: ready, converged, gates answered.
        warnings: what the preview warns of: drift, verdicts, others' leases.
        notes: what it says besides.
        changed: whether the resource changes at all.
    """

    name: str
    urn: str
    does: str
    before: Weights | None = None
    after: Weights | None = None
    target: str = ""
    release: str = ""
    steps: tuple[str, ...] = ()
    planned_seconds: float | None = None
    longest_seconds: float | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    changed: bool = True

    @property
    def moves(self) -> bool:
        """Whether traffic moves, or may move."""
        return self.after is None or self.after != self.before

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for programs."""
        return {
            "name": self.name,
            "does": self.does,
            "before": self.before.as_dict() if self.before is not None else None,
            "after": self.after.as_dict() if self.after is not None else None,
            "target": self.target,
            "release": self.release,
            "steps": list(self.steps),
            "planned_seconds": self.planned_seconds,
            "longest_seconds": self.longest_seconds,
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "changed": self.changed,
        }


def moves_in(preview: Mapping[str, Any]) -> list[Move]:
    """The moves of a preview, those that do something first.

    Args:
        preview: what `pulumi preview --json` printed.
    """
    steps: dict[str, list[Mapping[str, Any]]] = {}
    for step in preview.get("steps") or ():
        state = step.get("newState") or step.get("oldState") or {}
        if state.get("type") in TYPES and step.get("op") != "refresh":
            steps.setdefault(str(step["urn"]), []).append(step)
    names = [_name(its_steps[-1]) for its_steps in steps.values()]
    moves = []
    for (urn, its_steps), name in zip(steps.items(), names, strict=True):
        warnings, notes = _said_of(name, urn, names, preview.get("diagnostics") or ())
        moves.append(_move(name, urn, its_steps, warnings, notes))
    return sorted(moves, key=lambda move: (not move.moves, not move.warnings, not move.changed))


def shows_all(preview: Mapping[str, Any]) -> bool:
    """Whether a preview lists every resource of the stack.

    Without `--show-sames` Pulumi counts those that stay as they are, and leaves most of them out.
    """
    listed = sum(step.get("op") == "same" for step in preview.get("steps") or ())
    same = (preview.get("changeSummary") or {}).get("same", 0)
    return int(same) <= int(listed)


def _name(step: Mapping[str, Any]) -> str:
    state = step.get("newState") or step.get("oldState") or {}
    name = (state.get("inputs") or {}).get("name")
    return name if isinstance(name, str) and name else str(step["urn"]).rpartition("::")[2]


def _said_of(
    name: str, urn: str, names: Iterable[str], diagnostics: Iterable[Mapping[str, Any]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The preview's lines about a swap: by its URN, or by its name where the program's own provider says them."""
    warnings: list[str] = []
    notes: list[str] = []
    for one in diagnostics:
        text, severity = str(one.get("message", "")).strip(), str(one.get("severity", "")).partition("#")[0]
        level = _LEVEL.match(text)
        if level:
            text, severity = text[level.end() :], level[1]
        if one.get("urn") != urn:
            head = max((each for each in names if text.startswith(f"{each}: ")), key=len, default="")
            if head != name or one.get("urn") not in (None, ""):
                continue
            text = text[len(name) + 2 :]
        into = warnings if severity in ("warning", "error") else notes
        if text and text not in into:
            into.append(redact(text))
    return tuple(warnings), tuple(notes)


def _move(
    name: str, urn: str, steps: list[Mapping[str, Any]], warnings: tuple[str, ...], notes: tuple[str, ...]
) -> Move:
    ops = {str(step.get("op")) for step in steps}
    olds = next((step["oldState"].get("outputs") or {} for step in steps if step.get("oldState")), {})
    before = _weights(olds.get("weights"))
    said: dict[str, Any] = {"warnings": warnings, "notes": notes}
    if ops == {"delete"}:
        return Move(name, urn, "destroyed", before, None, **said)
    news = next((step["newState"].get("inputs") or {} for step in reversed(steps) if step.get("newState")), {})
    said["changed"] = ops != {"same"}
    known = cast("Mapping[str, Any]", _plain(news))
    target = known.get("active_color")
    release = (known.get("releases") or {}).get(target) if isinstance(known.get("releases"), Mapping) else None
    if target not in COLORS or not _is_known(known):
        return Move(name, urn, "known once its inputs are", before, None, **said)
    if any("replace" in op for op in ops):
        return Move(name, urn, "replaced", before, None, target, _text(release), **said)
    olds = contract.caught_up(olds, known)
    held = verdicts.held(None, olds, known)
    recorded = contract.recorded_in(olds)
    if held is not None:
        kept = Weights.all_on(verdicts.kept(held, recorded))
        does = "held: nothing moves" if before == kept else f"held; drift goes back to {kept}"
        return Move(name, urn, does, before, kept, target, _text(release), **said)
    plan, limits, gates = _plan(known, olds, recorded, before or Weights(), target)
    if plan.kind is Kind.NOTHING and any(warning.startswith(_DRIFT) for warning in warnings):
        # The program's own provider says what it found in words alone.
        return Move(name, urn, _KINDS[Kind.HEAL], None, plan.goal, target, _text(release), **said)
    lines = tuple(_lines(known, plan)) if plan.kind is not Kind.NOTHING else ()
    times = (_planned(plan, limits), _longest(plan, limits, gates if plan.analysis else []))
    return Move(name, urn, _KINDS[plan.kind], before, plan.goal, target, _text(release), lines, *times, **said)


def _plan(
    news: Mapping[str, Any], olds: Mapping[str, Any], recorded: Recorded | None, live: Weights, target: Color
) -> tuple[Plan, Mapping[str, float], list[GatedCheck]]:
    fields = Fields(news)
    limits = _limits(news)
    parsed = [gate for entry in fields.sections("gates") if (gate := gating.parse(entry)) is not None]
    made = gating.with_target_health(parsed)
    checks = [GatedCheck(GATES.build(section), policy) for section, policy in made]
    plan = make_plan(
        live,
        recorded,
        target,
        _digest(news, olds, recorded, target),
        strategies.read(fields),
        limits["bake_seconds"],
        warm=False,
        promote_to_percent=int(news.get("promote_to_percent") or 100),
    )
    return plan, limits, checks


def _digest(news: Mapping[str, Any], olds: Mapping[str, Any], recorded: Recorded | None, target: Color) -> str:
    digest = contract.fingerprint(news, target)
    if isinstance(digest, str) and not _has_secrets(news):
        return digest
    # What a preview shows of a router may lack its secrets, and with them what the digest was made of.
    same = (olds.get("previous") or {}).get("release") == (news.get("releases") or {}).get(target)
    return str(recorded.previous_digest) if recorded is not None and same else ""


def _limits(news: Mapping[str, Any]) -> dict[str, float]:
    read = dict(Settings.parse(Fields({key: value for key, value in news.items() if _is_known(value)})))
    names = ("steady_state_timeout_seconds", "converge_timeout_seconds", "bake_seconds", "propagation_seconds")
    return {name: float(value) if isinstance(value := read.get(name), (int, float)) else 0.0 for name in names}


def _lines(news: Mapping[str, Any], plan: Plan) -> list[str]:
    if plan.analysis:
        return contract.plan_of(news)
    share = plan.goal.of(plan.target)
    rest = "" if share == 100 else f", {100 - share} % {other(plan.target)}"
    return [f"{share} % {plan.target}{rest}; no holds, no gates"]


def _planned(plan: Plan, limits: Mapping[str, float]) -> float:
    if plan.kind is Kind.NOTHING:
        return 0
    holds = sum(step.hold_seconds for step in plan.steps)
    return holds + len(plan.steps) * limits["propagation_seconds"] + plan.bake_seconds


def _longest(plan: Plan, limits: Mapping[str, float], gates: Iterable[GatedCheck]) -> float:
    """With every limit reached: a restore is not in it."""
    if plan.kind is Kind.NOTHING:
        return 0
    waits = limits["steady_state_timeout_seconds"] + len(plan.steps) * limits["converge_timeout_seconds"]
    times = {Phase.CONFIRM: 1, Phase.BEFORE: 1, Phase.INCREASE: max(len(plan.steps) - 1, 0), Phase.PROMOTE: 1}
    for phase, count in times.items():
        # Gates of a phase run side by side; the slowest one counts.
        pending = [
            limits["steady_state_timeout_seconds"]
            if gate.policy.timeout_seconds is None
            else gate.policy.timeout_seconds
            for gate in gates
            if phase in gate.phases
        ]
        waits += count * max(pending, default=0)
    return _planned(plan, limits) + waits


def _weights(given: object) -> Weights | None:
    try:
        return Weights(*(int(cast("Mapping[str, Any]", given)[color]) for color in COLORS))
    except (KeyError, TypeError, ValueError):
        return None


def _plain(value: Any) -> Any:
    if value == _UNKNOWN_VALUE:
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _is_known(value: Any) -> bool:
    """Whether there is nothing in what the plan is made of that only the update will know."""
    if isinstance(value, Mapping) and "active_color" in value:
        keys = ("active_color", "gates", "strategy", "bake_seconds", "promote_to_percent")
        return all(_is_known(value.get(key)) for key in keys)
    if isinstance(value, Mapping):
        return all(map(_is_known, value.values()))
    return all(map(_is_known, value)) if isinstance(value, list) else value is not UNKNOWN


def _has_secrets(value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.get(SIGNATURE) == SECRET or any(map(_has_secrets, value.values()))
    return any(map(_has_secrets, value)) if isinstance(value, list) else value == "[secret]"


def _text(release: object) -> str:
    return redact(release) if isinstance(release, str) else ""
