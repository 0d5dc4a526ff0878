"""What the sections of a swap's inputs say of one color: what it runs, and where its requests go. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from bluegreen.capacity.registry import CAPACITIES
from bluegreen.fields import UNKNOWN
from bluegreen.registry import Registry
from bluegreen.rollout.model import Color
from bluegreen.routers.registry import ROUTERS

LABEL, DIGEST = "releases", "digests"


def plain(value: object) -> object:
    """One form for values that mean the same: no ``None`` entries, no tuples, whole floats as integers."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def parts(inputs: Mapping[str, object], color: Color) -> dict[str, object]:
    """What tells a color's release, by where it stands."""
    found: dict[str, object] = {}
    digest = inputs.get(DIGEST) if inputs.get(DIGEST) is UNKNOWN else of(inputs.get(DIGEST), color)
    if digest is not None:
        found[DIGEST] = digest
    found |= _values(ROUTERS, "router", inputs, color, "release_keys")
    if digest is None:  # else the digest says what a release is, and what it does not cover is a setting of both
        found |= _values(CAPACITIES, "capacity", inputs, color, "release_keys")
    if not found:
        labels = inputs.get(LABEL)
        found[LABEL] = UNKNOWN if labels is UNKNOWN else of(labels, color)
    # Where a color's requests go is no release, and yet another one runs at its end.
    return {**found, **_values(ROUTERS, "router", inputs, color, "backend_keys")}


def targets(inputs: Mapping[str, object], color: Color) -> dict[str, object]:
    """Where a color's requests go, of what a stack may make anew for the same release."""
    return _values(ROUTERS, "router", inputs, color, "target_keys")


def keys_by_color(router: object) -> tuple[str, ...]:
    """The keys of a router's section whose values are the colors' own."""
    return _keys(ROUTERS, router, "release_keys", "backend_keys", "target_keys")


def router_kind(inputs: Mapping[str, object]) -> str | None:
    """The kind of a swap's router, where it is one that is there."""
    section = inputs.get("router")
    kind = section.get("kind") if isinstance(section, Mapping) else None
    return kind if isinstance(kind, str) and kind in ROUTERS else None


def of(values: object, color: Color) -> Any:
    """A color's value: of a mapping by color, or of a text that names colors: ``versions blue=1 green=2``."""
    if isinstance(values, str):
        return dict(word.split("=", 1) for word in values.split() if "=" in word).get(color)
    return values.get(color) if isinstance(values, Mapping) else None


def holds_unknown(value: object) -> bool:
    """Whether something in it is known to an update alone."""
    if isinstance(value, Mapping):
        return any(holds_unknown(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(holds_unknown(item) for item in value)
    return value is UNKNOWN


def _values(
    registry: Registry[Any], name: str, inputs: Mapping[str, object], color: Color, which: str
) -> dict[str, object]:
    section, found = inputs.get(name), dict[str, object]()
    for key in _keys(registry, section, which):
        given = cast("Mapping[str, object]", section)
        filled_in = getattr(registry.load(str(given["kind"])), "filled_in", None)
        values = (given if filled_in is None else filled_in(given)).get(key)
        value = UNKNOWN if values is UNKNOWN else of(values, color)
        if value is not None:
            found[f"{name}.{key}"] = plain(value)
    return found


def _keys(registry: Registry[Any], section: object, *which: str) -> tuple[str, ...]:
    kind = section.get("kind") if isinstance(section, Mapping) else None
    if not isinstance(kind, str) or kind not in registry:
        return ()
    # Routers and capacities of others may have none.
    return tuple(sorted(key for name in which for key in getattr(registry.load(kind), name, ())))
