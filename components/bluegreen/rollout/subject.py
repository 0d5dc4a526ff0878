"""The service that a plan is run for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bluegreen.rollout.model import Color
from bluegreen.rollout.ports import Preview


@dataclass(frozen=True, slots=True)
class Subject:
    """The service as gates see it; and whether the color without traffic is brought to rest afterwards."""

    service: str = ""
    releases: Mapping[Color, str] | None = None
    previews: Mapping[Color, Preview] | None = None
    retires: bool = True
