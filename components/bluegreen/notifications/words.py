"""The words of a message about a swap, whatever chat it goes to. Pure; a record may lack any of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.records import shown
from bluegreen.rollout.model import COLORS, Outcome

GOOD, WARNING, BAD = "good", "warning", "bad"
BEGUN, WAITING, HELD = "begun", "waiting", "held"
STAGES = (BEGUN, WAITING, HELD)
"""The report of a swap before its end, or in the place of one, as ``outcome`` of a record."""

_TONES: Mapping[str, str] = {
    WAITING: WARNING,
    HELD: WARNING,
    Outcome.PAUSED.value: WARNING,
    Outcome.RESTORED.value: WARNING,
    Outcome.ABORTED.value: WARNING,
    Outcome.TAKEN_OVER.value: WARNING,
    Outcome.NOT_RESTORED.value: BAD,
}
_HEADLINES: Mapping[str, str] = {
    BEGUN: "the promotion to {to} has begun",
    WAITING: "the promotion to {to} waits for an approval",
    HELD: "held: nothing moves towards {to}",
    Outcome.STARTED.value: "started with {to}",
    Outcome.PROMOTED.value: "promoted to {to}",
    Outcome.PAUSED.value: "the promotion to {to} is paused",
    Outcome.ROLLED_BACK.value: "rolled back to {to}",
    Outcome.RESUMED.value: "promoted to {to}, after an interruption",
    Outcome.HEALED.value: "drift is healed: {to} has the traffic again",
    Outcome.RESTORED.value: "not promoted to {to}; the former weights are live",
    Outcome.ABORTED.value: "the promotion to {to} was aborted; the former weights are live",
    Outcome.TAKEN_OVER.value: "the swap to {to} was taken over by another one",
    Outcome.NOT_RESTORED.value: "NOT promoted to {to}, and the former weights could NOT be confirmed",
}


def without_secrets(record: Mapping[str, object]) -> Mapping[str, Any]:
    """The record without secrets."""
    entry: Mapping[str, Any] = shown(record)
    return entry


def tone(entry: Mapping[str, Any]) -> str:
    """``good``, ``warning`` or ``bad``; a warning where nobody knows what it was."""
    outcome = str(entry.get("outcome"))
    return _TONES.get(outcome, GOOD) if outcome in _HEADLINES else WARNING


def headline(entry: Mapping[str, Any]) -> str:
    """The message in one line."""
    outcome = entry.get("outcome")
    words = _HEADLINES.get(str(outcome))
    text = words.format(to=entry.get("to", "?")) if words else str(outcome)
    return f"{entry['service']}: {text}" if entry.get("service") else text


def details(entry: Mapping[str, Any]) -> list[str]:
    """The lines to say beside: why gates are skipped, the reason, what was restored, what to do next."""
    return [str(entry[key]) for key in ("skipped", "reason", "restored", "next_step") if entry.get(key)]


def facts(entry: Mapping[str, Any]) -> dict[str, str]:
    """The figures by their names."""
    found = {
        "Release": entry.get("release"),
        "Took": f"{entry['seconds']:g} s" if isinstance(entry.get("seconds"), (int, float)) else None,
        "Traffic": " -> ".join(filter(None, (_weights(entry.get("from")), _weights(_last(entry.get("steps")))))),
    }
    return {name: str(value) for name, value in found.items() if value}


def _last(steps: object) -> object:
    return steps[-1] if isinstance(steps, list) and steps else None


def _weights(weights: object) -> str:
    known = weights if isinstance(weights, Mapping) else {}
    return ", ".join(f"{color} {known[color]} %" for color in COLORS if color in known)
