"""Autoscalers of managed instance groups: held while a swap runs, off at rest, and given back as they were.

One is held by its mode ``ONLY_SCALE_OUT``, and at rest it is ``OFF``, as its minimum would bring instances back. Its
mode before is noted in its description with the same write, so that whoever comes after a kill knows what to undo; one
that its owner has turned off is left alone. An autoscaler has no fingerprint: a write is a merge patch of whichever of
the two changes, so that limits and schedules that somebody changes meanwhile are not written over.

https://cloud.google.com/compute/docs/autoscaler/managing-autoscalers
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.google.client import Session
from bluegreen.google.compute_engine import changes, names, notes
from bluegreen.google.instance_groups.names import AUTOSCALER_NOTE

READ, WRITE = "compute.autoscalers.get", "compute.autoscalers.update"
OFF, HELD = "OFF", "ONLY_SCALE_OUT"

Scaler = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Autoscalers:
    """Autoscalers, as a session sees them."""

    session: Session

    def get(self, name: str) -> Scaler | None:
        """One; ``None`` where a group has none."""
        return self.session.get(names.path(name), READ) if name else None

    def hold(self, scaler: Scaler) -> None:
        """Have nothing taken away: one call, none where that is so."""
        self._write(scaler, with_mode(scaler, HELD))

    def rest(self, scaler: Scaler) -> None:
        """Have nothing brought back: one call, none where that is so."""
        self._write(scaler, with_mode(scaler, OFF))

    def give_back(self, scaler: Scaler) -> None:
        """Give it the mode that it had before: one call, none where it has it."""
        self._write(scaler, given_back(scaler))

    def _write(self, scaler: Scaler, wanted: dict[str, Any] | None) -> None:
        if not wanted:
            return
        own = names.normal(str(scaler.get("selfLink") or ""))
        changes.change(
            self.session, "PATCH", own.rpartition("/")[0], WRITE, wanted, {"autoscaler": str(scaler.get("name") or "")}
        )


def mode_of(scaler: Scaler) -> str:
    """Its mode: ``ON`` where it says nothing."""
    return str((scaler.get("autoscalingPolicy") or {}).get("mode") or "ON")


def is_on(scaler: Scaler) -> bool:
    """Whether it does anything."""
    return mode_of(scaler) != OFF


def with_mode(scaler: Scaler, mode: str) -> dict[str, Any] | None:
    """The change that gives it a mode and notes the one before.

    ``None`` where its owner has turned it off; empty where it has both.
    """
    note = notes.note_in(_words(scaler), AUTOSCALER_NOTE)
    if note is None and not is_on(scaler):
        return None
    kept = {"mode": mode_of(scaler)} if note is None else note
    return _change(scaler, mode, kept)


def given_back(scaler: Scaler) -> dict[str, Any] | None:
    """The change that gives it the noted mode; ``None`` where nothing is noted."""
    note = notes.note_in(_words(scaler), AUTOSCALER_NOTE)
    if note is None:
        return None
    return _change(scaler, str(note.get("mode") or "ON"), None)


def _change(scaler: Scaler, mode: str, note: notes.Note | None) -> dict[str, Any]:
    words = notes.with_note(_words(scaler), AUTOSCALER_NOTE, note)
    described = {} if words == _words(scaler) else {"description": words}
    return {**described, **({} if mode == mode_of(scaler) else {"autoscalingPolicy": {"mode": mode}})}


def _words(scaler: Scaler) -> str:
    return str(scaler.get("description") or "")
