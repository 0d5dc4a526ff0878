"""A pause is noted on the object, too: who is live in a mix is known also where the state is lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from bluegreen.rollout.model import Color, Plan, Recorded, Traffic, other

PAUSED = "paused"
_MARK = re.compile(r"(blue|green) (\d{1,2})")


def remembered(found: Traffic) -> Recorded | None:
    """What the object says of a pause; ``None`` where it says nothing, or there is no mix."""
    told = _MARK.fullmatch(found.marks.get(PAUSED, ""))
    if told is None or found.weights.live_color is not None or found.weights.elsewhere:
        return None
    waiting = cast("Color", told[1])
    return Recorded(other(waiting), {}, paused_percent=int(told[2]))


def marks_after(plan: Plan, marks: Mapping[str, str]) -> dict[str, str | None]:
    """The marks to set once a plan is at its end."""
    if plan.pauses:
        text = f"{plan.target} {plan.goal.of(plan.target)}"
        return {} if marks.get(PAUSED) == text else {PAUSED: text}
    return gone(marks)


def gone(marks: Mapping[str, str]) -> dict[str, str | None]:
    """The removal of what tells of a pause."""
    return {PAUSED: None} if PAUSED in marks else {}
