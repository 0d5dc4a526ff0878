"""The ``strategy`` of the inputs: steps, or a preset's name; one that says canary and is none is refused."""

from __future__ import annotations

from collections.abc import Mapping

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.model import Step, Strategy
from bluegreen.rollout.presets import PRESETS
from bluegreen.rollout.strategy import problems_of, untrue

_ONE_WEEK_SECONDS = 604_800


def read(inputs: Fields) -> Strategy:
    """The strategy, as far as it is known; what is wrong with it is noted in ``inputs``."""
    given = inputs.raw("strategy")
    if isinstance(given, str):
        preset = inputs.text("strategy", choices=PRESETS)
        return Strategy() if preset is UNKNOWN else PRESETS[preset]
    fields = inputs.section("strategy", None)
    if fields is None or fields.unknown:
        return Strategy()
    name = fields.text("name", "steps")
    entries = fields.sections("steps")
    before = len(inputs.problems)
    if isinstance(given, Mapping):
        _refuse_what_is_left_out(fields, given, name)
    steps = []
    for entry in entries:
        weight = entry.whole("weight_percent", least=1, most=99)
        hold = entry.number("hold_seconds", 0, most=_ONE_WEEK_SECONDS, unit="seconds")
        entry.done()
        if weight is not UNKNOWN and hold is not UNKNOWN:
            steps.append(Step(weight, hold))
    fields.done()
    strategy = Strategy(name if isinstance(name, str) else "steps", tuple(steps))
    inputs.problems.extend(problems_of(strategy, "strategy"))
    known = name is not UNKNOWN and given.get("steps") is not UNKNOWN if isinstance(given, Mapping) else False
    if known and len(steps) == len(entries) and len(inputs.problems) == before:
        inputs.problems.extend(untrue(strategy, "strategy", PRESETS.get(strategy.name)))
    return strategy


def _refuse_what_is_left_out(fields: Fields, given: Mapping[str, object], name: object) -> None:
    """Refuse an object without steps, or a hold that is ``None`` (a missing setting): it would be all at once."""
    steps = given.get("steps")
    if steps is None and name != "all_at_once":
        if isinstance(name, str) and name in PRESETS:
            fields.problem("name", name, f"the name alone, not within an object: strategy = {name!r}")
        else:
            fields.problem("steps", None, "a list of steps, each with weight_percent and hold_seconds; it is required")
    for index, step in enumerate(steps if isinstance(steps, (list, tuple)) else ()):
        if isinstance(step, Mapping) and "hold_seconds" in step and step["hold_seconds"] is None:
            fields.problem(f"steps[{index}].hold_seconds", None, "a number of seconds, 0 or more")
