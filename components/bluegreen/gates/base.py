"""What a gate is, and what it is told when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bluegreen.fields import Fields
from bluegreen.rollout.model import Color, Readiness, Verdict


@dataclass(frozen=True, slots=True)
class Preview:
    """How to reach one color without production traffic: a base URL, and headers that select the color."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GateContext:
    """What a gate may look at.

    Attributes:
        color: the color under test.
        preview: how to reach it, where the platform can.
        health: the health of its targets now; each call asks the platform.
    """

    color: Color
    preview: Preview | None
    health: Callable[[], Readiness]


class Gate(Protocol):
    """One check. It raises ``GateUnavailable`` when it cannot be asked; that is never a pass."""

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``gates`` and return the constructor's keyword arguments."""
        ...

    @property
    def label(self) -> str:
        """How people call it, for plans and logs: ``http /healthz``."""
        ...

    @property
    def needs_preview(self) -> bool:
        """Whether it needs a way to reach the color before it is live."""
        ...

    def evaluate(self, context: GateContext) -> Verdict:
        """Ask once."""
        ...
