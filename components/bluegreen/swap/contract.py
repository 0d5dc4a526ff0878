"""What a swap takes and leaves: inputs parsed and checked, named keys compared, outputs written.

Inputs (all plain data):

=============================== ======================================================================================
``name``                         what the service is called in messages
``active_color``                 ``"blue"`` or ``"green"``: the color that shall carry production traffic
``releases``                     what is installed in each color, as people read it: ``{"blue": "app:v1", ...}``
``router``                       ``kind`` and what that router wants
``capacity``                     ``kind`` and what that capacity wants; absent: nothing is scaled
``gates``                        a list of ``kind`` and what that gate wants
``strategy``                     ``{"name", "steps": [{"weight_percent", "hold_seconds"}]}``; absent: all at once
``previews``                     how to reach each color before it is live: ``{"blue": {"url", "headers"}}``
``bake_seconds``                 time at 100 % under gates, default 0
``scale_down_delay_seconds``     how long the old color stays warm for a rollback, default 600
``steady_state_timeout_seconds`` how long the new color may take to be ready, default 600
``poll_interval_seconds``        between two looks, default 1
``plan``                         the promotion's plan as text, for reviewers
=============================== ======================================================================================

``live_release_change`` is an input that the check itself adds when an update changes what the live color runs in
place: reviewers and policies see it. It is no part of the comparison.

Outputs: the inputs, and ``live_color``, ``weights``, ``previous`` and ``history`` (newest first, at most 20).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bluegreen.capacity.base import Capacity
from bluegreen.capacity.registry import CAPACITIES
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.base import Gate, Preview
from bluegreen.gates.registry import GATES
from bluegreen.rollout.analysis import GatedCheck, GatePolicy
from bluegreen.rollout.errors import InvalidInput, Problem
from bluegreen.rollout.model import COLORS, Color, Recorded, Step, Strategy, Weights
from bluegreen.rollout.plan import plan_lines
from bluegreen.rollout.runner import Limits
from bluegreen.rollout.strategy import problems_of
from bluegreen.routers.base import Capability, TrafficRouter
from bluegreen.routers.registry import ROUTERS

HISTORY_LIMIT = 20
INPUT_KEYS = (
    "name",
    "active_color",
    "releases",
    "router",
    "capacity",
    "gates",
    "strategy",
    "previews",
    "bake_seconds",
    "scale_down_delay_seconds",
    "steady_state_timeout_seconds",
    "poll_interval_seconds",
    "plan",
)
OUTPUT_KEYS = ("live_color", "weights", "previous", "history")

_Parsed = tuple[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class SwapSpec:
    """Checked inputs. Routers, capacity and gates are built from it when they are needed."""

    active_color: Color
    releases: Mapping[Color, str]
    strategy: Strategy
    bake_seconds: float
    scale_down_delay_seconds: float
    limits: Limits
    previews: Mapping[Color, Preview]
    router: _Parsed
    capacity: _Parsed | None
    gates: Sequence[tuple[_Parsed, GatePolicy]]

    def build_router(self) -> TrafficRouter:
        """The router."""
        return ROUTERS.build(self.router)

    def build_capacity(self) -> Capacity | None:
        """The capacity, if there is one."""
        return None if self.capacity is None else CAPACITIES.build(self.capacity)

    def build_checks(self) -> list[GatedCheck]:
        """The gates with their policies."""
        return [GatedCheck(GATES.build(parsed), policy) for parsed, policy in self.gates]


def problems_in(inputs: Mapping[str, object]) -> list[Problem]:
    """Everything that is wrong with the inputs; empty when all is well or not known yet."""
    return _read(inputs)[1]


def parse(inputs: Mapping[str, object]) -> SwapSpec:
    """Checked inputs, all of them known.

    Raises:
        InvalidInput: naming every field that is wrong.
    """
    spec, problems = _read(inputs)
    if problems or spec is None:
        raise InvalidInput(problems or [Problem("", UNKNOWN, "values that are known")])
    return spec


def _read(inputs: Mapping[str, object]) -> tuple[SwapSpec | None, list[Problem]]:
    fields = Fields(inputs)
    fields.text("name", "")
    color = fields.text("active_color", choices=COLORS)
    releases = fields.section("releases") or Fields({})
    found_releases = {name: releases.text(name) for name in COLORS}
    releases.done()
    strategy = _strategy(fields.section("strategy", None))
    fields.problems.extend(problems_of(strategy, "strategy"))
    router = _one(ROUTERS, fields.section("router"))
    capacity_fields = fields.section("capacity", None)
    capacity = None if capacity_fields is None else _one(CAPACITIES, capacity_fields)
    previews = _previews(fields.section("previews", None))
    gates = [_gate(entry) for entry in fields.sections("gates")]
    limits = Limits(
        steady_state_timeout_seconds=fields.number("steady_state_timeout_seconds", 600, least=1, unit="seconds"),
        poll_interval_seconds=fields.number("poll_interval_seconds", 1, least=0.05, most=60, unit="seconds"),
    )
    bake = fields.number("bake_seconds", 0, most=86_400, unit="seconds")
    delay = fields.number("scale_down_delay_seconds", 600, most=604_800, unit="seconds")
    for name in ("plan", "live_release_change", *OUTPUT_KEYS):
        fields.raw(name)
    fields.done()
    _refuse_what_cannot_be(fields, router, strategy, gates, previews)
    if router is None or any(gate is None for gate in gates) or color is UNKNOWN or fields.problems:
        return None, fields.problems
    known_gates = [gate for gate in gates if gate is not None]
    if not any(parsed[0] == "target_health" for parsed, _ in known_gates):
        known_gates.insert(0, (("target_health", {}), GatePolicy(interval_seconds=5)))
    return (
        SwapSpec(color, found_releases, strategy, bake, delay, limits, previews or {}, router, capacity, known_gates),
        [],
    )


def _one(registry: Any, fields: Fields | None) -> _Parsed | None:
    return None if fields is None or fields.unknown else cast("_Parsed | None", registry.parse(fields))


def _strategy(fields: Fields | None) -> Strategy:
    if fields is None or fields.unknown:
        return Strategy()
    name = fields.text("name", "steps")
    steps = []
    for entry in fields.sections("steps"):
        weight = entry.whole("weight_percent", least=1, most=99)
        hold = entry.number("hold_seconds", 0, most=604_800, unit="seconds")
        entry.done()
        if weight is not UNKNOWN and hold is not UNKNOWN:
            steps.append(Step(weight, hold))
    fields.done()
    return Strategy(name, tuple(steps))


def _previews(fields: Fields | None) -> dict[Color, Preview] | None:
    """``None`` while it is not known how to reach a color."""
    if fields is None:
        return {}
    if fields.unknown:
        return None
    found: dict[Color, Preview] | None = {}
    for color in COLORS:
        entry = fields.section(color, None)
        if entry is None:
            continue
        url, headers = entry.text("url"), entry.mapping("headers")
        entry.done()
        if url is UNKNOWN:
            found = None
        elif found is not None:
            found[color] = Preview(url, headers)
    fields.done()
    return found


def _gate(fields: Fields) -> tuple[_Parsed, GatePolicy] | None:
    policy = GatePolicy(
        interval_seconds=fields.number("interval_seconds", 10, least=0.05, most=86_400, unit="seconds"),
        failure_limit=fields.whole("failure_limit", 0, most=1_000),
        consecutive_error_limit=fields.whole("consecutive_error_limit", 4, most=1_000),
    )
    parsed = _one(GATES, fields)
    return None if parsed is None else (parsed, policy)


def _refuse_what_cannot_be(
    fields: Fields,
    router: _Parsed | None,
    strategy: Strategy,
    gates: Sequence[tuple[_Parsed, GatePolicy] | None],
    previews: Mapping[Color, Preview] | None,
) -> None:
    if router is not None and strategy.steps:
        capabilities = ROUTERS.load(router[0]).capabilities
        if Capability.WEIGHTS not in capabilities:
            fields.problem("strategy.steps", len(strategy.steps), f"none: the {router[0]} router cannot split traffic")
    for index, gate in enumerate(gates):
        if gate is None or previews is None or len(previews) == len(COLORS):
            continue
        made: Gate = GATES.build(gate[0])
        if made.needs_preview:
            fields.problem(f"gates[{index}].kind", gate[0][0], "only with previews of both colors (an url for each)")


def plan_of(inputs: Mapping[str, object]) -> list[str]:
    """The promotion's plan as text, from inputs that are valid as far as they are known."""
    if any(_holds_unknown(inputs.get(key)) for key in ("active_color", "gates", "strategy", "bake_seconds")):
        return ["known once its inputs are"]
    fields = Fields(inputs)
    color = cast("Color", fields.text("active_color"))
    gates = [_gate(entry) for entry in fields.sections("gates")]
    labels = [GATES.build(gate[0]).label for gate in gates if gate is not None]
    if "target health" not in labels:
        labels.insert(0, "target health")
    bake = fields.number("bake_seconds", 0)
    return plan_lines(color, _strategy(fields.section("strategy", None)), labels, bake)


def _holds_unknown(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_unknown(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(_holds_unknown(item) for item in value)
    return value is UNKNOWN


def plain(value: object) -> object:
    """One form for values that mean the same: no ``None`` entries, no tuples, whole floats as integers."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def changed_keys(olds: Mapping[str, object], news: Mapping[str, object]) -> list[str]:
    """The input keys whose values differ. What is not known yet differs from everything."""
    return [key for key in INPUT_KEYS if plain(olds.get(key)) != plain(news.get(key))]


def where_changed(olds: Mapping[str, object], news: Mapping[str, object]) -> bool:
    """Whether the new inputs route traffic at another place, which is another swap."""
    old, new = olds.get("router"), news.get("router")
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return False
    kind = str(old.get("kind"))
    if kind not in ROUTERS.entries:
        return True
    return any(plain(old.get(key)) != plain(new.get(key)) for key in ROUTERS.load(kind).where)


def live_release_change(olds: Mapping[str, object], news: Mapping[str, object]) -> str | None:
    """``"blue: app:v1 -> app:v2"`` when the update changes what the live color runs, in place."""
    live = olds.get("active_color")
    before, after = olds.get("releases"), news.get("releases")
    if not isinstance(live, str) or not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return None
    old, new = before.get(live), after.get(live)
    if not isinstance(old, str) or not isinstance(new, str):
        return None  # not known yet: the update's own check sees it
    return None if old == new else f"{live}: {old} -> {new}"


def recorded_in(outputs: Mapping[str, Any]) -> Recorded | None:
    """What the last finished swap left; ``None`` when none did."""
    live = outputs.get("live_color")
    if live not in COLORS:
        return None
    previous = outputs.get("previous") or {}
    color = previous.get("color")
    return Recorded(
        live_color=live,
        releases=outputs.get("releases") or {},
        previous_color=color if color in COLORS else None,
        previous_release=previous.get("release"),
    )


def outputs_of(
    inputs: Mapping[str, Any],
    live_color: Color,
    weights: Weights,
    previous: Mapping[str, str],
    history: Sequence[object],
) -> dict[str, Any]:
    """The outputs: every input, and what is true now."""
    return {
        **{key: inputs[key] for key in INPUT_KEYS if inputs.get(key) is not None},
        "live_color": live_color,
        "weights": weights.as_dict(),
        "previous": dict(previous),
        "history": list(history)[:HISTORY_LIMIT],
    }
