"""Plain inputs from what a program gives: what every public function of this package makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Inputs = dict[str, Any]
Reference = Mapping[str, str]
"""Where a secret is: ``{"env": NAME}`` or ``{"file": PATH}``. The value itself never stands in inputs or state."""


def inputs_of(kind: str, limits: Mapping[str, object] | None = None, /, **options: object) -> Inputs:
    """The options that were given, as plain data.

    Args:
        kind: of a gate, a source or a notifier.
        limits: what every gate takes.
        options: by their names in the inputs; what is ``None`` was not given.
    """
    given = {name: plain(value) for name, value in options.items() if value is not None}
    return {"kind": kind, **given, **(limits or {})}


def listed(one_or_more: Any) -> Any:
    """A single text as a list; any other value passes unchanged, for the check of the inputs to judge."""
    return [one_or_more] if isinstance(one_or_more, str) else one_or_more


def plain(given: Any) -> Any:
    """An object or a list as plain data; any other value as it is."""
    if isinstance(given, Mapping):
        return dict(given)
    return list(given) if isinstance(given, (list, tuple, set, frozenset)) else given
