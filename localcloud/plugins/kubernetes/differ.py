"""Comparison of what a program wants with what is there, of which only what the inputs speak of counts.

A field that another manager owns (replicas that an autoscaler moved, a selector that a swap set) and that the inputs
lack is no difference. What is there comes from the state: a refresh brings it up to date.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from localcloud.plugins.differences import ADD, DELETE, UPDATE, Difference, covers
from localcloud.plugins.kubernetes import quantities
from localcloud.plugins.kubernetes.objects import (
    Object,
    dig,
    drop,
    name_of,
    namespace_of,
    pruned,
    put,
    says_yes,
    stored,
    without_read_only,
)
from localcloud.plugins.kubernetes.replacing import forces, forcing
from localcloud.plugins.kubernetes.state import Kept
from localcloud.plugins.values import UNKNOWN

Path = tuple[str | int, ...]
AUTONAMED = "pulumi.com/autonamed"


def differences(
    state: Kept,
    wanted: Object,
    *,
    patch: bool,
    namespaced: bool,
    mutable: frozenset[str] = frozenset(),
    ignore: Sequence[str] = (),
) -> list[Difference]:
    """The differences between the wanted object and the one in the state."""
    have, want = _comparable(state, wanted, namespaced)
    paths = forcing(want, patch=patch, mutable=mutable)
    changes = []
    for path, kind, value in _objects(want, have, state.live, ()):
        text = written(path)
        if not any(covers(pattern, text) for pattern in ignore):
            changes.append(Difference(text, kind, forces(paths, path, value)))
    return changes


def _comparable(state: Kept, wanted: Object, namespaced: bool) -> tuple[Object, Object]:
    have, want = in_the_words_of(stored(state.inputs), state.live), without_read_only(stored(wanted))
    if namespaced:
        for obj in (have, want):
            if namespace_of(obj) == "" and dig(obj, "metadata", "namespace") is not UNKNOWN:
                put(obj, "default", "metadata", "namespace")
    else:
        for obj in (have, want):
            drop(obj, "metadata", "namespace")
    for key in ("apiVersion", "kind"):
        if key not in have and key in want:
            have[key] = state.live.get(key, want[key])
    if name_of(want):
        put(have, name_of(state.live), "metadata", "name")
    return have, want


def in_the_words_of(inputs: Object, live: Object) -> Object:
    """The part of a live object that the inputs name, written as they write it where that means the same."""
    part: Object = pruned(live, inputs)
    return without_read_only(_worded(part, inputs, ()))


def _worded(value: Any, like: Any, path: Path) -> Any:
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: _worded(item, like.get(key), (*path, key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(like, list):
        return [_worded(item, dig(like, index), (*path, index)) for index, item in enumerate(value)]
    return like if value != like and quantities.is_amount(path) and quantities.same(value, like) else value


def delete_first(state: Kept, wanted: Object) -> bool:
    """A name that the program chose, and that stays, cannot exist twice: the old object has to go first."""
    return (
        bool(name_of(wanted))
        and not says_yes(wanted, AUTONAMED)
        and name_of(wanted) == name_of(state.live)
        and namespace_of(wanted) == namespace_of(state.live)
    )


def changes(want: Object, have: Object) -> Iterator[tuple[Path, str, Any]]:
    """The differences between two plain objects: (path, what happened, the value that came or went)."""
    return _objects(want, have, None, ())


def _left_out(value: Any, live: Any) -> bool:
    """Whether this is what the API leaves out when it writes an object, and has left out here."""
    return value is None or value in ({}, []) or (live is None and value in ("", 0))


def _objects(want: Object, have: Object, live: Any, path: Path) -> Iterator[tuple[Path, str, Any]]:
    for key in sorted({*want, *have}):
        here = (*path, key)
        if want.get(key) is None:
            if have.get(key) not in (None, {}, []):
                yield here, DELETE, have[key]
        elif have.get(key) is None:
            if want[key] is UNKNOWN or not _left_out(want[key], dig(live, key)):
                yield here, ADD, want[key]
        else:
            yield from _values(want[key], have[key], dig(live, key), here)


def _values(want: Any, have: Any, live: Any, path: Path) -> Iterator[tuple[Path, str, Any]]:
    if isinstance(want, dict) and isinstance(have, dict):
        yield from _objects(want, have, live, path)
    elif isinstance(want, list) and isinstance(have, list):
        for index, (one, other) in enumerate(zip(want, have, strict=False)):
            yield from _values(one, other, dig(live, index), (*path, index))
        for index in range(len(have), len(want)):
            yield (*path, index), ADD, want[index]
        for index in range(len(want), len(have)):
            yield (*path, index), DELETE, have[index]
    elif want is UNKNOWN or not (want == have or (quantities.is_amount(path) and quantities.same(want, have))):
        yield path, UPDATE, want


def written(path: Path) -> str:
    """A path as the engine writes it: `spec.ports[0].port`, `metadata.labels["a.b/c"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif any(char in step for char in '."[]'):
            text += '["' + step.replace('"', '\\"') + '"]'
        else:
            text += f".{step}" if text else step
    return text
