"""The values of every plugin: plain Python values, unknown ones, secrets, and errors for a user to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

Props = dict[str, Any]


class _Unknown:
    """A value that a preview cannot know yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: dict[int, Any]) -> _Unknown:
        return self


UNKNOWN: Final = _Unknown()


def has_unknown(value: Any) -> bool:
    if isinstance(value, Secret):
        return has_unknown(value.value)
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that the engine encrypts and never shows."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(...)"


class ProviderError(Exception):
    """Something the user has to read: becomes the resource's error, without a traceback."""


class InitFailed(ProviderError):
    """The resource exists, but a step after its creation failed: its id must reach the state."""

    def __init__(
        self, resource_id: str, outputs: Props, inputs: Props | None, reason: str, details: Sequence[str] = ()
    ) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.outputs = outputs
        self.inputs = inputs
        self.reasons = [reason, *details]


@dataclass(frozen=True)
class Failure:
    """A refused input: its path and why."""

    path: str
    reason: str
