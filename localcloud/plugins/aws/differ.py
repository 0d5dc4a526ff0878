"""Comparison: whether an input means what the API has, and which properties differ.

One rule decides everywhere (differences, what an update may write, whether a refresh found drift): a key that the
wanted value lacks is no difference when it is `computed` or when what is there is empty; sets compare without order;
JSON compares by content. Where two values mean the same, the one already in the state is kept, so that a refresh
invents no change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.plugins.aws.model import UNKNOWN, Props, ResourceType, has_unknown
from localcloud.plugins.aws.table import input_types
from localcloud.plugins.differences import ADD, DELETE, UPDATE, Difference, covers


def empty(value: Any) -> bool:
    """Whether a value is what the API answers where nothing was ever set: also an object whose every value is empty."""
    if isinstance(value, dict):
        return all(empty(item) for key, item in value.items() if not key.startswith("__"))
    return value is None or value in ("", 0, False, [])


def _clean(value: Any) -> Any:
    return {k: v for k, v in value.items() if not k.startswith("__")} if isinstance(value, dict) else value


def differences(declared: ResourceType, wanted: Props, have: Props, ignore: tuple[str, ...] = ()) -> list[Difference]:
    """The differences between the wanted inputs and known (or live) properties, without ignored ones."""
    inputs = input_types(declared.token)
    have = {key: value for key, value in have.items() if key in inputs}
    changes = _objects(declared, wanted, have, "", "")
    return [one for one in changes if not any(covers(pattern, one.path) for pattern in ignore)]


def same(declared: ResourceType, wanted: Any, have: Any, pattern: str) -> bool:
    return not any(True for _ in _values(declared, wanted, have, "", pattern))


def _replaces(declared: ResourceType, pattern: str) -> bool:
    """A property forces a replacement for everything below it."""
    parts = pattern.split(".")
    above = (".".join(parts[: n + 1]) for n in range(len(parts)))
    return any(declared.prop(p).force_new or declared.prop(p.removesuffix("[]")).force_new for p in above)


def _objects(
    declared: ResourceType, wanted: Mapping[str, Any], have: Mapping[str, Any], path: str, pattern: str
) -> Iterator[Difference]:
    is_map = f"{pattern}.*" in declared.props or (
        bool(pattern) and input_types(declared.token).get(pattern, "")[:1] == "{"
    )
    for key in sorted({*_clean(wanted), *_clean(have)}):
        here = f'{path}["{key}"]' if "." in key else (f"{path}.{key}" if path else key)
        below = pattern if is_map else (f"{pattern}.{key}" if pattern else key)
        prop = declared.prop(below)
        if key not in wanted or wanted[key] is None:
            if not is_map and (prop.computed or prop.state_only or empty(have[key]) or have[key] == prop.default):
                continue
            yield Difference(here, DELETE, _replaces(declared, below))
        elif key not in have or have[key] is None:
            if is_map or not empty(wanted[key]) or wanted[key] is UNKNOWN:
                yield Difference(here, ADD, _replaces(declared, below))
        else:
            yield from _values(declared, wanted[key], have[key], here, below)


def _values(declared: ResourceType, wanted: Any, have: Any, path: str, pattern: str) -> Iterator[Difference]:
    prop = declared.prop(pattern)
    if prop.same is not None and not has_unknown(wanted):
        if not prop.same(wanted, have):
            yield Difference(path, UPDATE, _replaces(declared, pattern))
    elif isinstance(wanted, dict) and isinstance(have, dict):
        yield from _objects(declared, wanted, have, path, pattern)
    elif isinstance(wanted, list) and isinstance(have, list):
        yield from _lists(declared, wanted, have, path, pattern)
    elif wanted is UNKNOWN or not (wanted == have or (prop.json and _same_json(wanted, have))):
        yield Difference(path, UPDATE, _replaces(declared, pattern))


def _lists(declared: ResourceType, wanted: list[Any], have: list[Any], path: str, pattern: str) -> Iterator[Difference]:
    inner = f"{pattern}[]"
    replaces = _replaces(declared, inner)
    if declared.prop(pattern).unordered:
        left = list(range(len(have)))
        for index, item in enumerate(wanted):
            twin = next((n for n in left if same(declared, item, have[n], inner)), None)
            if twin is None:
                yield Difference(f"{path}[{index}]", UPDATE if index < len(have) else ADD, replaces)
            else:
                left.remove(twin)
        if left and len(wanted) < len(have):
            yield Difference(f"{path}[{left[-1]}]", DELETE, replaces)
        return
    for index, (one, other) in enumerate(zip(wanted, have, strict=False)):
        yield from _values(declared, one, other, f"{path}[{index}]", inner)
    for index in range(len(have), len(wanted)):
        yield Difference(f"{path}[{index}]", ADD, replaces)
    for index in range(len(wanted), len(have)):
        yield Difference(f"{path}[{index}]", DELETE, replaces)


def _same_json(one: Any, other: Any) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except (TypeError, ValueError):
        return False


def settled(declared: ResourceType, template: Any, live: Any, pattern: str, everything: bool) -> Any:
    """`live` as the state writes it: where it means the same as `template`, in `template`'s words.

    `everything` keeps live keys that the template lacks (outputs); without it only those that differ appear (inputs).
    """
    if isinstance(template, dict) and isinstance(live, dict):
        result: dict[str, Any] = {}
        for key in [*template, *(k for k in live if k not in template)]:
            below = f"{pattern}.{key}" if pattern else key
            if key.startswith("__"):
                if not everything:
                    result[key] = template[key]
            elif key not in live or live[key] is None:
                if empty(template[key]) or declared.prop(below).state_only:
                    result[key] = template[key]
            elif key in template:
                result[key] = settled(declared, template[key], live[key], below, everything)
            elif everything or not (declared.prop(below).computed or empty(live[key]) or not pattern):
                result[key] = live[key]
        return result
    if isinstance(template, list) and isinstance(live, list):
        return _settled_list(declared, template, live, pattern, everything)
    return template if same(declared, template, live, pattern) else live


def _settled_list(
    declared: ResourceType, template: list[Any], live: list[Any], pattern: str, everything: bool
) -> list[Any]:
    inner = f"{pattern}[]"
    if not declared.prop(pattern).unordered:
        paired = [settled(declared, t, v, inner, everything) for t, v in zip(template, live, strict=False)]
        return paired + live[len(template) :]
    left, result = list(live), []
    for item in template:
        twin = next((other for other in left if same(declared, item, other, inner)), None)
        if twin is not None:
            left.remove(twin)
            result.append(settled(declared, item, twin, inner, everything))
    return result + left
