"""The values of one color in a swap's inputs: its release, and the target of its requests. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from bluegreen.fields import UNKNOWN
from bluegreen.plain import plain
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.registry import Registry
from bluegreen.rollout.model import Color
from bluegreen.swap import several

LABEL, DIGEST, ROUTER, CAPACITY = "releases", "digests", "router", "capacity"


Names = Callable[[list[several.Section]], list[str]]
"""The way in which several routers' places are named in the paths of their values."""


def by_declaration(given: list[several.Section]) -> list[str]:
    """Names by the spelling of each place, as versions before this one had them."""
    return list(map(several.mark_suffix, given))


def parts(inputs: Mapping[str, object], color: Color, names: Names = several.places_said) -> dict[str, object]:
    """The values that make a color's release, by their paths."""
    by_path: dict[str, object] = {}
    digest = inputs.get(DIGEST) if inputs.get(DIGEST) is UNKNOWN else of(inputs.get(DIGEST), color)
    if digest is not None:
        by_path[DIGEST] = digest
    by_path |= _routed(inputs, color, "release_keys", names)
    if digest is None:  # else the digest says what a release is, and what it does not cover is a setting of both
        capacity = _values(CAPACITIES, inputs.get("capacity"), color, "release_keys")
        by_path |= {f"capacity.{key}": value for key, value in capacity.items()}
    if not by_path:
        labels = inputs.get(LABEL)
        by_path[LABEL] = UNKNOWN if labels is UNKNOWN else of(labels, color)
    # Where a color's requests go is no release, and yet another one runs at its end.
    return {**by_path, **_routed(inputs, color, "backend_keys", names)}


def targets(inputs: Mapping[str, object], color: Color, names: Names = several.places_said) -> dict[str, object]:
    """The targets of a color's requests that a stack may make anew for the same release."""
    return _routed(inputs, color, "target_keys", names)


def keys_by_color(router: object) -> tuple[str, ...]:
    """The keys of a router's section whose values are the colors' own."""
    return _keys(ROUTERS, router, "release_keys", "backend_keys", "target_keys", "install_keys")


def capacity_keys_by_color(capacity: object) -> tuple[str, ...]:
    """The same of a capacity's section, of what goes with a router's release."""
    return _keys(CAPACITIES, capacity, "install_keys")


def capacity_brings_releases(inputs: Mapping[str, object]) -> bool:
    """Whether the capacity itself brings what its section says that a color runs, to an idle color alone."""
    capacity = inputs.get("capacity")
    kind = capacity.get("kind") if isinstance(capacity, Mapping) else None
    return isinstance(kind, str) and kind in CAPACITIES and getattr(CAPACITIES.load(kind), "brings_releases", False)


def releases_beside(inputs: Mapping[str, object]) -> bool:
    """Whether what a router's section says that a color runs is brought by somebody else, before its swap runs."""
    return any(getattr(ROUTERS.load(kind), "releases_beside", False) for kind in router_kinds(inputs))


def names_what_to_install(inputs: Mapping[str, object]) -> bool:
    """Whether a router's section says what the swap itself installs."""
    given = several.sections_of(inputs)
    return any(section.get(key) is not None for section in given for key in _keys(ROUTERS, section, "install_keys"))


def router_kinds(inputs: Mapping[str, object]) -> list[str]:
    """The kinds of a swap's routers, where all of them are registered."""
    kinds = [several.kind_of(section) for section in several.sections_of(inputs)]
    return [kind for kind in kinds if kind is not None] if None not in kinds else []


def of(values: object, color: Color) -> Any:
    """A color's part of a value: of a mapping by color, or of a text that names colors: ``versions blue=1 green=2``."""
    if isinstance(values, str):
        return dict(word.split("=", 1) for word in values.split() if "=" in word).get(color)
    return values.get(color) if isinstance(values, Mapping) else None


def _routed(inputs: Mapping[str, object], color: Color, which: str, names: Names) -> dict[str, object]:
    """The routers' values for a color; of several routers each by its place, in whatever order they stand."""
    given = several.sections_of(inputs)
    by_path: dict[str, object] = {}
    for section, place in zip(given, names(given), strict=True):
        if values := _values(ROUTERS, section, color, which):
            name = ROUTER if len(given) == 1 else f"{ROUTER}s({place})"
            by_path |= {f"{name}.{key}": value for key, value in values.items()}
    return by_path


def as_declared(path: str, inputs: Mapping[str, object]) -> str:
    """The path as declared, such as ``routers[1].versions``, of one that names the router by its place."""
    for index, place in enumerate(several.places_said(several.sections_of(inputs))):
        path = path.replace(f"{ROUTER}s({place})", f"{ROUTER}s[{index}]")
    return path


def _values(registry: Registry[Any], section: object, color: Color, which: str) -> dict[str, object]:
    by_key: dict[str, object] = {}
    for key in _keys(registry, section, which):
        given = cast("Mapping[str, object]", section)
        filled_in = getattr(registry.load(str(given["kind"])), "filled_in", None)
        values = (given if filled_in is None else filled_in(given)).get(key)
        value = UNKNOWN if values is UNKNOWN else of(values, color)
        if value is not None:
            by_key[key] = plain(value)
    return by_key


def _keys(registry: Registry[Any], section: object, *which: str) -> tuple[str, ...]:
    kind = section.get("kind") if isinstance(section, Mapping) else None
    if not isinstance(kind, str) or kind not in registry:
        return ()
    # Routers and capacities of others may have none.
    return tuple(sorted(key for name in which for key in getattr(registry.load(kind), name, ())))
