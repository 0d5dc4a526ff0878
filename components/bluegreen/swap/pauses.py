"""Pauses, noted as marks on the object: the live color of a mix is known also where the state is lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from bluegreen.rollout.model import Color, Plan, Recorded, Traffic, other

PAUSED = "paused"
_MARK = re.compile(r"(blue|green) (\d{1,2})")


def remembered(traffic: Traffic) -> Recorded | None:
    """The pause that the object's marks note; ``None`` where they note none, or there is no mix."""
    told = _MARK.fullmatch(traffic.marks.get(PAUSED, ""))
    if told is None or traffic.weights.live_color is not None or traffic.weights.elsewhere:
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
    """The removal of the marks of a pause."""
    return {PAUSED: None} if PAUSED in marks else {}
