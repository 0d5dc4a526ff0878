"""What a plan is run for, beside what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bluegreen.rollout.model import Color
from bluegreen.rollout.ports import Preview


@dataclass(frozen=True, slots=True)
class Subject:
    """What is swapped, as gates are told of it; and whether the color that is left is brought to rest afterwards."""

    service: str = ""
    releases: Mapping[Color, str] | None = None
    previews: Mapping[Color, Preview] | None = None
    retires: bool = True
