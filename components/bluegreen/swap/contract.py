"""The inputs and outputs of a swap: inputs parsed and checked, named keys compared, outputs written.

Both are plain data; ``bluegreen.swap.properties`` says what there is of them. ``live_release_change`` is an input that
the check itself adds when an update changes what the live color runs in place; it is no part of the comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bluegreen import plain as plain_data
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.plain import holds_unknown
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.analysis import GatedCheck, GatePolicy
from bluegreen.rollout.apart import parts_of
from bluegreen.rollout.errors import InvalidInput, Problem
from bluegreen.rollout.limits import Limits
from bluegreen.rollout.model import COLORS, Color, Recorded, Strategy, Weights, other
from bluegreen.rollout.plan import plan_lines
from bluegreen.rollout.ports import Capability, Capacity, Preview, TrafficRouter
from bluegreen.secrets import redact, refuse_credentials, remember_tokens
from bluegreen.swap import gating, properties, releases, several, strategies
from bluegreen.swap.gating import Parsed
from bluegreen.swap.members import Members
from bluegreen.swap.settings import Settings, all_of_them

HISTORY_LIMIT = 20
INPUT_KEYS = tuple(one.name for one in properties.INPUTS)
OUTPUT_KEYS = tuple(one.name for one in properties.OUTPUTS)
# What a color runs has a file of its own; whoever asks the contract finds it here.
plain, fingerprint, where_changed = plain_data.plain, releases.fingerprint, several.moved
caught_up, live_release_change = releases.caught_up, releases.live_release_change
_LIMITS = tuple(one.attribute for one in all_of_them() if one.attribute in Limits.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapSpec(Settings):
    """Checked inputs: the settings, and what stands beside them.

    Routers, capacity and gates are built from it when they are needed.
    """

    active_color: Color
    releases: Mapping[Color, str]
    strategy: Strategy
    propagation_seconds: float
    previews: Mapping[Color, Preview]
    routers: Sequence[Parsed]
    sections: Sequence[Mapping[str, Any]]
    capacity: Parsed | None
    gates: Sequence[tuple[Parsed, GatePolicy]]
    notifications: Sequence[Parsed]
    converge_is_said: bool = True

    @property
    def limits(self) -> Limits:
        """The settings that a swap waits by."""
        return Limits(**{key: getattr(self, key) for key in _LIMITS}, converge_is_said=self.converge_is_said)

    def build_router(self) -> TrafficRouter:
        """The router; several are joined into one."""
        if len(self.routers) == 1:
            return ROUTERS.build(self.routers[0])
        pairs = zip(self.routers, self.sections, strict=True)
        members = [(ROUTERS.build(parsed), several.mark_suffix(section)) for parsed, section in pairs]
        return cast("TrafficRouter", Members.of(members, in_order=self.write_order == "declared"))

    def build_capacity(self) -> Capacity | None:
        """The capacity, if there is one."""
        return None if self.capacity is None else CAPACITIES.build(self.capacity)

    def build_checks(self, only: str | None = None) -> list[GatedCheck]:
        """The gates with their policies; target health last: of all answers it has to be the freshest.

        Args:
            only: the kind of those that are read; ``None``: all of them.
        """
        ordered = sorted(self.gates, key=lambda gate: gate[0][0] == "target_health")
        return [
            GatedCheck(gating.built(parsed, self.sections), policy)
            for parsed, policy in ordered
            if only in (None, parsed[0])
        ]


def problems_in(inputs: Mapping[str, object]) -> list[Problem]:
    """The problems with the inputs; empty when all is well or not known yet."""
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
    color = fields.text("active_color", choices=COLORS)
    labels = fields.section("releases") or Fields({})
    found_labels = {name: labels.text(name) for name in COLORS}
    labels.done()
    digests = fields.section("digests", None) or Fields({})
    for each in COLORS:
        digests.text(each, None)
    digests.done()
    strategy = strategies.read(fields)
    routers = gating.routers_in(fields)
    capacity_fields = fields.section("capacity", None)
    capacity = None if capacity_fields is None else gating.section_of(CAPACITIES, capacity_fields)
    previews = _previews(fields.section("previews", None))
    gates = [gating.parse(entry) for entry in fields.sections("gates")]
    notifications = [gating.section_of(NOTIFIERS, entry) for entry in fields.sections("notifications")]
    settings: dict[str, Any] = dict(Settings.parse(fields))
    if settings["propagation_seconds"] is None:
        settings["propagation_seconds"] = _propagation_seconds(routers)
    converge_is_said = inputs.get("converge_timeout_seconds") is not None
    if not converge_is_said:
        least = _least_converge_seconds(routers)
        settings["converge_timeout_seconds"] = max(settings["converge_timeout_seconds"], least)
    for key in ("plan", *properties.ADDED_BY_THE_CHECK, *OUTPUT_KEYS):
        fields.raw(key)
    fields.done()
    _refuse_what_cannot_be(fields, routers, strategy, settings["promote_to_percent"])
    gating.validate_reachable_gates(fields, strategy, settings["bake_seconds"], gates, previews)
    unknown = None in routers or color is UNKNOWN or None in gates or None in notifications
    if unknown or fields.problems:
        return None, fields.problems
    return (
        SwapSpec(
            **settings,
            active_color=color,
            releases=found_labels,
            strategy=strategy,
            previews=previews or {},
            routers=cast("Sequence[Parsed]", routers),
            sections=several.sections_of(inputs),
            capacity=capacity,
            gates=gating.with_target_health([gate for gate in gates if gate is not None]),
            notifications=[notifier for notifier in notifications if notifier is not None],
            converge_is_said=converge_is_said,
        ),
        [],
    )


def _previews(fields: Fields | None) -> dict[Color, Preview] | None:
    """The way to each color; ``None`` while it is not known."""
    if fields is None:
        return {}
    if fields.unknown:
        return None
    previews: dict[Color, Preview] | None = {}
    for color in COLORS:
        entry = fields.section(color, None)
        if entry is None:
            continue
        url, headers = entry.text("url"), entry.mapping("headers")
        remember_tokens(headers)
        entry.done()
        refuse_credentials(entry, "url", url)
        if url is UNKNOWN:
            previews = None
        elif previews is not None:
            previews[color] = Preview(url, headers)
    fields.done()
    return previews


def _propagation_seconds(routers: Sequence[Parsed | None]) -> float:
    """The longest of the platforms' own defaults; a router that is not known yet counts when it is."""
    return max(0 if router is None else float(ROUTERS.load(router[0]).propagation_seconds) for router in routers)


def _least_converge_seconds(routers: Sequence[Parsed | None]) -> float:
    """The longest time that routers need which know for how long answers from before are kept; else 0."""
    known = [
        (getattr(ROUTERS.load(one[0]), "least_converge_seconds", None), one[1]) for one in routers if one is not None
    ]
    return max((float(needed(arguments)) for needed, arguments in known if needed is not None), default=0.0)


def _refuse_what_cannot_be(
    fields: Fields,
    routers: Sequence[Parsed | None],
    strategy: Strategy,
    pause: Any,
) -> None:
    """Refuse inputs that not every router supports, by the name of the first that does not."""
    for index, router in enumerate(routers):
        if router is None or Capability.WEIGHTS in ROUTERS.load(router[0]).capabilities:
            continue
        which = f"{router[0]} router" + (f" (routers[{index}])" if len(routers) > 1 else "")
        if strategy.steps:
            fields.problem("strategy.steps", len(strategy.steps), f"none: the {which} cannot split traffic")
        if pause not in (100, UNKNOWN):
            fields.problem("promote_to_percent", pause, f"100: the {which} cannot split traffic")
        return


def plan_of(inputs: Mapping[str, object]) -> list[str]:
    """The promotion's plan as text, from inputs that are valid as far as they are known."""
    keys = ("active_color", "gates", "strategy", "bake_seconds", "promote_to_percent")
    if any(holds_unknown(inputs.get(key)) for key in keys):
        return ["known once its inputs are"]
    fields = Fields(inputs)
    color = cast("Color", fields.text("active_color"))
    gates = [gate for entry in fields.sections("gates") if (gate := gating.parse(entry)) is not None]
    bake, pause = fields.number("bake_seconds", 0), fields.whole("promote_to_percent", 100)
    lines = plan_lines(color, strategies.read(fields), gating.labels_by_phase(gates), bake, pause)
    return [redact(line) for line in lines]


def changed_keys(olds: Mapping[str, object], news: Mapping[str, object]) -> list[str]:
    """The input keys whose values differ. What is not known yet differs from everything."""
    return [key for key in INPUT_KEYS if plain(olds.get(key)) != plain(news.get(key))]


def recorded_in(outputs: Mapping[str, Any]) -> Recorded | None:
    """The result of the last finished swap; ``None`` when there is none.

    Args:
        outputs: caught up, where releases are to be compared.
    """
    live = outputs.get("live_color")
    if live not in COLORS:
        return None
    previous, paused = outputs.get("previous") or {}, outputs.get("paused") or {}
    color = previous.get("color")
    return Recorded(
        live_color=live,
        releases=outputs.get("releases") or {},
        previous_color=color if color in COLORS else None,
        previous_digest=previous.get("digest"),
        paused_percent=int(paused.get("percent", 0)),
    )


def members_of(weights: Weights, names: Sequence[str]) -> dict[str, Any]:
    """The output ``members``: the weights by router; nothing where there is one router.

    Args:
        weights: of all, or of each.
        names: what the routers are called, in the declared order; none where there is one.
    """
    named = zip(names, parts_of(weights, len(names)), strict=True) if names else ()
    return {"members": [{"router": name, **part.as_dict()} for name, part in named]} if names else {}


def outputs_of(
    inputs: Mapping[str, Any],
    live_color: Color,
    weights: Weights,
    previous: Mapping[str, str],
    history: Sequence[object],
    proved: str | None = None,
    held: Mapping[str, Any] | None = None,
    names: Sequence[str] = (),
) -> dict[str, Any]:
    """The outputs: every input, and what is true now. A mix is a promotion that waits for more."""
    waiting = other(live_color)
    percent = weights.of(waiting)
    return {
        **{key: inputs[key] for key in INPUT_KEYS if inputs.get(key) is not None},
        "live_color": live_color,
        "weights": weights.as_dict(),
        **members_of(weights, names),
        "paused": {"color": waiting, "percent": percent} if percent else {},
        "held": dict(held or {}),
        "previous": dict(previous),
        **({} if proved is None else {"proved": proved}),
        "history": list(history)[:HISTORY_LIMIT],
    }


def outputs_after(
    kept: Mapping[str, Any],
    weights: Weights,
    history: Sequence[object],
    held: Mapping[str, Any] | None = None,
    names: Sequence[str] = (),
) -> dict[str, Any]:
    """The outputs after a failure: those of the last finished swap, the weights that are live, and what failed.

    Args:
        kept: the last finished swap's outputs; the inputs where there was none.
        weights: the live weights, as far as they could be confirmed.
        history: newest first.
        held: the verdict on what failed; ``None`` where it was an accident.
        names: what several routers are called.
    """
    return {
        "live_color": weights.live_color,
        "paused": {},
        "held": {},
        "previous": {},
        **{key: value for key, value in kept.items() if value is not None},
        "weights": weights.as_dict(),
        **members_of(weights, names),
        "history": list(history)[:HISTORY_LIMIT],
        **({} if held is None else {"held": dict(held)}),
    }


def desired_weights(inputs: Mapping[str, Any]) -> Weights | None:
    """The weights that an update leaves, from the inputs alone; ``None`` where what was live before decides."""
    color = inputs.get("active_color")
    if color not in COLORS or plain(inputs.get("promote_to_percent")) not in (None, 100):
        return None
    return Weights.all_on(cast("Color", color))
