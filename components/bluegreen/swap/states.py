"""States of other versions: their traffic is read, whatever else they hold or lack.

A refresh, a preview and a destroy have to work on what an older or a newer version left, and on fields that have become
stricter since. What is not understood is left out; only a router that cannot be made out is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from bluegreen.fields import UNKNOWN
from bluegreen.rollout.errors import BluegreenError, InvalidInput, Problem
from bluegreen.rollout.model import COLORS
from bluegreen.swap import contract
from bluegreen.swap.contract import SwapSpec

STATE_VERSION = 1
"""What the outputs of this version look like; counted up when they mean something else."""
OUTPUT = "state_version"
NOT_IMPORTED = "a swap is not imported: declare it, and its first update takes over what is there"
_KEPT = ("name", "active_color", "releases", "router", "routers", "capacity")
_STAND_INS: Mapping[str, Any] = {
    "active_color": COLORS[0],
    "releases": dict.fromkeys(COLORS, "a release that the state does not say"),
}
"""Of what is required, the part that says nothing about where traffic is routed."""
_TRIES = 20
_HEAD, _STEP = re.compile(r"[.\[]"), re.compile(r"[.\[\]]")


_SHAPES: Mapping[str, Any] = {
    "history": (list, tuple),
    **dict.fromkeys(("weights", "previous", "paused", "held", "members", "capacity"), Mapping),
    **dict.fromkeys(("incarnation", "live_color"), str),
}
"""What is recorded, by its kind: whatever else stands there is of another version, or damaged."""


class UnreadableState(BluegreenError):
    """A state says nothing that this version understands about where traffic is routed. Nothing was written."""


def spec_of(outputs: Mapping[str, Any]) -> SwapSpec:
    """The inputs in a state, read as strictly as a program's where that is possible; raises as ``read`` does."""
    return read(outputs)[0]


def read(outputs: Mapping[str, Any]) -> tuple[SwapSpec, tuple[str, ...]]:
    """The inputs in a state, and the names of its fields that this version does not understand and leaves out.

    Raises:
        UnreadableState: it is not known where traffic is routed.
    """
    known: dict[str, Any] = {key: outputs[key] for key in contract.INPUT_KEYS if key in outputs}
    problems = contract.problems_in(known)
    if not problems:
        return contract.parse(known), ()
    left_out = [problem.field for problem in problems if _HEAD.split(problem.field, maxsplit=1)[0] not in _KEPT]
    known = {key: known[key] for key in _KEPT if key in known}
    for _ in range(_TRIES):
        problems = contract.problems_in(known)
        if not problems:
            break
        wrong = next((problem.field for problem in problems if _has(known, problem.field)), None)
        missing = {_HEAD.split(problem.field, maxsplit=1)[0] for problem in problems}.intersection(_STAND_INS)
        if wrong is None and missing:
            known |= {key: _STAND_INS[key] for key in missing}
            left_out += sorted(missing)
            continue
        if wrong is None:  # it is missing, so there is nothing to leave out but the whole
            wrong = "capacity"
            if "capacity" not in known or not any(problem.field.startswith("capacity") for problem in problems):
                raise UnreadableState(_unreadable(outputs, problems))
        known = _without(known, wrong)
        left_out.append(wrong)
    try:
        return contract.parse(known), tuple(dict.fromkeys(left_out))
    except InvalidInput as error:
        raise UnreadableState(_unreadable(outputs, error.problems)) from None


def _unreadable(outputs: Mapping[str, Any], problems: Sequence[Problem]) -> str:
    if not (outputs.get("router") or outputs.get("routers")):
        return (
            "there is no state to read, so it is not known where this swap routes traffic: a swap cannot be imported; "
            "declare it with the router that is there, and `pulumi up` takes over what that router may take over"
        )
    said = "; ".join(map(str, problems))
    version = outputs.get(OUTPUT)
    written = f"of version {version:g}" if isinstance(version, (int, float)) else "without a version"
    return (
        f"the state, which is {written} (this bluegreen writes version {STATE_VERSION}), does not say where traffic is "
        f"routed: {said}. Use the bluegreen that wrote it, or correct the state; nothing was written"
    )


def _has(values: Mapping[str, Any], path: str) -> bool:
    here: Any = values
    for name in _names(path):
        if isinstance(here, (list, tuple)) and name.isdigit() and int(name) < len(here):
            here = here[int(name)]
        elif isinstance(here, Mapping) and here.get(name) is not None:
            here = here[name]
        else:
            return False
    return True


def _without(values: Mapping[str, Any], path: str) -> dict[str, Any]:
    return cast("dict[str, Any]", _less(values, _names(path)))


def _less(values: Any, names: Sequence[str]) -> Any:
    name, rest = names[0], names[1:]
    if isinstance(values, (list, tuple)):
        index_of = [(index, item) for index, item in enumerate(values) if rest or str(index) != name]
        return [_less(item, rest) if str(index) == name else item for index, item in index_of]
    if not rest:
        return {key: value for key, value in values.items() if key != name}
    return {**values, name: _less(values[name], rest)}


def _names(path: str) -> list[str]:
    """``routers``, ``1`` and ``note`` of ``routers[1].note``."""
    return [name for name in _STEP.split(path) if name]


def readable(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs without what cannot have been recorded by this version."""
    kept = {
        key: value
        for key, value in outputs.items()
        if key not in _SHAPES or value is None or value is UNKNOWN or isinstance(value, _SHAPES[key])
    }
    if isinstance(kept.get("history"), (list, tuple)):
        entries = (entry for entry in kept["history"] if isinstance(entry, Mapping))
        kept["history"] = [entry for entry in entries if isinstance(entry.get("id", ""), str)]
    paused = kept.get("paused")
    percent = paused.get("percent") if isinstance(paused, Mapping) else None
    if percent is not None and not (isinstance(percent, (int, float)) and 0 <= percent <= 100):
        del kept["paused"]
    return kept


def stamped(outputs: Mapping[str, Any], incarnation: str) -> dict[str, Any]:
    """Outputs with the object's incarnation, and with this version."""
    return {**outputs, "incarnation": incarnation, OUTPUT: STATE_VERSION}
