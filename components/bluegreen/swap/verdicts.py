"""A verdict sticks, an accident does not: whether an update is held because its promotion was refused before.

A promotion that a gate refused, that somebody aborted or whose color was never ready leaves a verdict on the object
that the swap owns (the mark ``verdict``), set by the call that lets go of the lease: a process that ends before that
leaves none. Until there is another release, another ``retry`` or a ``bluegreen retry`` (the mark ``cleared``), an
update that asks for the same moves nothing towards that color. Whoever has to know asks here: updates, previews,
commands, tests.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, cast

from bluegreen.printable import printable
from bluegreen.rollout.model import COLORS, Color, Recorded, Traffic, Weights, other
from bluegreen.rollout.plan import can_roll_back
from bluegreen.rollout.ports import TrafficRouter
from bluegreen.secrets import redact
from bluegreen.swap import contract, installing, releases, several
from bluegreen.swap.lease import mark_text

VERDICT, CLEARED = "verdict", "cleared"
ALWAYS, ANOTHER_RELEASE = "always", "another_release"
"""The values of ``retry_after_verdict``."""
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_NO_RETRY = "-"
_MARK = re.compile(
    r"([\w.-]+) (blue|green) ([0-9a-f]{16}) (-|[0-9a-f]{8}) (\d{1,3})/(\d{1,3}) (\S+Z) (gate|abort|steady-state) ?(.*)"
)
_WHO = {"gate": "a gate", "abort": "an abort", "steady-state": "a color that was not ready in time"}


@dataclass(frozen=True, slots=True)
class Held:
    """The verdict on a promotion.

    Attributes:
        id: of the swap that was stopped.
        color: the one that was to be promoted.
        digest: of the release that it had.
        retry: of the input ``retry`` at that time; ``-`` where there was none.
        weights: what was restored.
        by: what stopped it: ``gate``, ``abort`` or ``steady-state``.
        at: when, in UTC: ``2026-11-29T10:00:00Z``.
        reason: as the failed update said it, shortened to what a mark holds.
    """

    id: str
    color: Color
    digest: str
    retry: str
    weights: Weights
    by: str
    at: str
    reason: str

    @classmethod
    def of(cls, entry: Mapping[str, Any], inputs: Mapping[str, Any], weights: Weights, by: str, at: float) -> Held:
        """The verdict on the swap of a history's ``entry``.

        Args:
            entry: the failed swap's, as the journal has it.
            inputs: the update's.
            weights: what was restored.
            by: what stopped it.
            at: seconds since the epoch.
        """
        color = cast("Color", entry["to"])
        digest = str(contract.fingerprint(inputs, color))
        when = f"{datetime.fromtimestamp(at, timezone.utc):{_STAMP}}"
        reason = str(entry.get("reason", ""))
        return _in_mark(cls(str(entry["id"]), color, digest, retry_of(inputs), weights, by, when, reason))

    def as_mark(self) -> str:
        """The verdict as the text of a mark on the swap's object."""
        restored = f"{self.weights.blue}/{self.weights.green}"
        head = f"{self.id} {self.color} {self.digest} {self.retry} {restored} {self.at} {self.by}"
        return mark_text(f"{head} {self.reason}")

    def as_dict(self) -> dict[str, Any]:
        """The verdict as it stands in the outputs."""
        return {
            "id": self.id,
            "color": self.color,
            "digest": self.digest,
            "retry": self.retry,
            "weights": self.weights.as_dict(),
            "by": self.by,
            "at": self.at,
            "reason": self.reason,
        }

    def __str__(self) -> str:
        return f"the promotion to {self.color} was stopped by {_WHO[self.by]} at {self.at}: {self.reason}"


def in_marks(marks: Mapping[str, str]) -> Held | None:
    """The verdict among an object's marks, cleared or not; ``None`` where there is none, or one that is not ours."""
    match = _MARK.fullmatch(marks.get(VERDICT, ""))
    if match is None or int(match[5]) + int(match[6]) > 100:
        return None
    weights = Weights(int(match[5]), int(match[6]))
    return Held(
        match[1], cast("Color", match[2]), match[3], match[4], weights, match[8], match[7], printable(redact(match[9]))
    )


def in_outputs(outputs: Mapping[str, Any]) -> Held | None:
    """The verdict that outputs tell of; ``None`` where they tell of none, or of one that makes no sense."""
    told = outputs.get("held")
    if not isinstance(told, Mapping) or not told:
        return None
    weights = told.get("weights")
    try:
        restored = Weights(*(int(weights[color]) for color in COLORS)) if isinstance(weights, Mapping) else Weights()
    except (KeyError, TypeError, ValueError):
        restored = Weights()
    names = ("id", "color", "digest", "retry", "by", "at", "reason")
    texts = {name: str(told.get(name, "")) for name in names}
    if texts["color"] not in COLORS or texts["by"] not in _WHO:
        return None
    return Held(**cast("dict[str, Any]", texts), weights=restored)


def _in_mark(verdict: Held) -> Held:
    """The verdict as a mark gives it back, so that state and object say the same."""
    return in_marks({VERDICT: verdict.as_mark()}) or verdict


def standing(traffic: Traffic | None, outputs: Mapping[str, Any]) -> Held | None:
    """The verdict that counts, whatever is requested now: the object's, else the outputs'; none that was cleared.

    Args:
        traffic: what was read of the object; ``None`` where it was not, or could not be.
        outputs: the last update's; empty where there are none.
    """
    marks = traffic.marks if traffic is not None else {}
    verdict = in_marks(marks) or in_outputs(outputs)
    return None if verdict is not None and marks.get(CLEARED) == verdict.id else verdict


def held(traffic: Traffic | None, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> Held | None:
    """The verdict that holds an update; ``None``: it is not held. Pure.

    Held is a promotion, also one that was paused or interrupted: a first start, a rollback and a heal never are.

    Args:
        traffic: what was read of the object; ``None`` where it was not, or could not be.
        outputs: the last update's; empty where there are none, as at a creation.
        inputs: the new ones; values may be unknown.
    """
    verdict, color = standing(traffic, outputs), inputs.get("active_color")
    if verdict is None or color != verdict.color or inputs.get("retry_after_verdict") == ALWAYS:
        return None
    # An entry that came since makes no other release.
    same = (releases.is_told_by(verdict.digest, one, verdict.color) for one in several.with_fewer(inputs))
    if verdict.retry != retry_of(inputs) or not any(same):
        return None
    recorded = contract.recorded_in(contract.caught_up(outputs, inputs))
    recorded = installing.without_way_back(recorded, {} if traffic is None else traffic.marks)
    if recorded is None:
        return verdict if traffic is not None and traffic.weights != Weights() else None
    if recorded.live_color == color or can_roll_back(recorded, verdict.color, verdict.digest):
        return None
    return verdict


def kept(verdict: Held, recorded: Recorded | None) -> Color:
    """The color that keeps all traffic while an update is held."""
    if recorded is not None:
        return recorded.live_color
    return verdict.weights.live_color or other(verdict.color)


def left_over(traffic: Traffic, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Whether there is a verdict that holds nothing any more: an update takes it away."""
    there = in_marks(traffic.marks) is not None or bool(outputs.get("held"))
    return there and held(traffic, outputs, inputs) is None


def marks_of(verdict: Held | None) -> dict[str, str | None]:
    """The marks that a failed swap leaves with its lease; none after an accident."""
    return {} if verdict is None else {VERDICT: verdict.as_mark(), CLEARED: None}


def removal(traffic: Traffic, outputs: Mapping[str, Any]) -> dict[str, str | None]:
    """The marks to remove once no verdict holds any more.

    What clears a verdict that the state may still have stays: the process may end before the outputs are kept.
    """
    names = [VERDICT] if VERDICT in traffic.marks else []
    if CLEARED in traffic.marks and not outputs.get("held"):
        names.append(CLEARED)
    return dict.fromkeys(names)


def ways_on(verdict: Held, back: Color) -> str:
    """The ways in which a person can continue."""
    return (
        f"nothing moves towards {verdict.color} until there is another release in it, another `retry`, or a "
        f"`bluegreen retry`; to give it up, set activeColor back to {back}"
    )


def warnings(verdict: Held | None, recorded: Recorded | None, inputs: Mapping[str, Any]) -> list[str]:
    """The warnings in every preview of a held swap: who or what stopped it, when, and the ways on."""
    if verdict is None:
        return []
    fails = "; `on_held` is fail, so `pulumi up` fails" if inputs.get("on_held") == "fail" else ""
    return [f"held: {verdict}; {ways_on(verdict, kept(verdict, recorded))}{fails}"]


def read(traffic: Traffic, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The output ``held`` as the object has it; nothing where neither knows of a verdict."""
    verdict = standing(traffic, outputs)
    if verdict is None:
        return {"held": {}} if outputs.get("held") else {}
    return {"held": verdict.as_dict()}


def after(verdict: Held) -> str:
    """The advice right after the update that was refused."""
    color, live = verdict.color, verdict.weights.live_color
    back = f", or set activeColor back to {live}" if live not in (None, color) else ""
    return (
        f"put another release into {color}, or fix it and run `bluegreen retry`, then `pulumi up`{back}; "
        f"until then {color} gets no traffic"
    )


def clear(router: TrafficRouter, outputs: Mapping[str, Any]) -> Held | None:
    """Let the next update try a held promotion again; return the verdict, ``None`` where there is none.

    Raises:
        PlatformError: the object could not be read or marked.
    """
    verdict = standing(router.read(), outputs)
    if verdict is not None:
        router.mark({CLEARED: verdict.id})
    return verdict


def retry_of(inputs: Mapping[str, Any]) -> str:
    """The input ``retry`` as a mark takes it, whatever characters it has."""
    text = inputs.get("retry")
    return hashlib.sha256(text.encode()).hexdigest()[:8] if isinstance(text, str) and text else _NO_RETRY
