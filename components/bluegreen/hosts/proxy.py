"""A proxy: what stands before both colors, and where the swap moves traffic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bluegreen.rollout.errors import Problem


class Proxy(Protocol):
    """Made by a function of ``bluegreen.hosts`` (``envoy()``, ``haproxy()``)."""

    def problems(self) -> list[Problem]:
        """The problems with the options that the swap's own check does not see. Pure."""
        ...

    def router(self, name: str, owner: str) -> Mapping[str, Any]:
        """The swap's ``router`` section.

        Args:
            name: the component's.
            owner: ``project/stack/name``.
        """
        ...
