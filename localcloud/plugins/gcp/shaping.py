"""From a program's inputs to a request, and from an answer to outputs: pure, and the same for every type."""

from __future__ import annotations

import re
from typing import Any

from localcloud.plugins.differences import Difference, compared
from localcloud.plugins.gcp import table
from localcloud.plugins.gcp.types import TYPES
from localcloud.plugins.values import UNKNOWN, Props

ATTRIBUTION = "goog-pulumi-provisioned"
"""The label that the provider puts on whatever has labels."""
_LABELS, _ANNOTATIONS = "labels", "annotations"
_EFFECTIVE = {_LABELS: "effectiveLabels", _ANNOTATIONS: "effectiveAnnotations"}


def places(token: str) -> list[str]:
    """The inputs that an identifier is made of."""
    return re.findall(r"\{(\w+)\}", TYPES[token].id)


def identifier(token: str, inputs: Props) -> str:
    """The one that a resource has or will have; its path as well."""
    return re.sub(r"\{(\w+)\}", lambda match: str(inputs[match[1]]), TYPES[token].id)


def collection(token: str, inputs: Props) -> tuple[str, dict[str, str]]:
    """Where one is made, and with which query."""
    parent, _, name = identifier(token, inputs).rpartition("/")
    query = TYPES[token].id_query
    return parent, {query: name} if query else {}


def body(token: str, inputs: Props, olds: Props | None = None) -> Props:
    """The whole object as it is sent.

    Args:
        token: the type.
        inputs: what the program says, with the state's values where it ignores changes.
        olds: the state's outputs, for an update: what the program leaves to Google goes as it was there.
    """
    declared, olds = TYPES[token], olds or {}
    given = dict(inputs)
    for name in declared.kept:
        if name not in given and olds.get(name) is not None:
            given[name] = olds[name]
    for name in _EFFECTIVE.keys() & table.kinds(token).keys():
        given[name] = _effective(name, inputs, olds)
    # What the path or the query says stands in no body.
    left_out = set(places(token)) if declared.id_query else set()
    sent = table.sent(token, {name: value for name, value in given.items() if name not in left_out})
    return {"name": inputs["name"], declared.wrap: sent} if declared.wrap else sent


def _effective(name: str, inputs: Props, olds: Props) -> Props:
    """All labels or annotations that the state knows of, with what the program has changed of its own."""
    before, now = olds.get(name) or {}, inputs.get(name) or {}
    there = {key: value for key, value in (olds.get(_EFFECTIVE[name]) or {}).items() if key not in before or key in now}
    return {**there, **({ATTRIBUTION: "true"} if name == _LABELS else {}), **now}


def outputs(token: str, resource: str, answer: Props, inputs: Props) -> Props:
    """The properties that the SDK takes from an answer, and those of the provider's own."""
    entry = table.entry(token)
    live = table.told(token, _unwrapped(token, answer))
    values = {name: live[name] for name in entry["out"] if live.get(name) is not None}
    values |= {name: inputs[name] for name in entry["out"] if name not in entry["wire"] and name in inputs}
    values |= {name: inputs[name] for name in places(token) if name in inputs}
    for name, effective in _EFFECTIVE.items():
        if effective in entry["out"]:
            values[effective] = live.get(name) or {}
            declared = inputs.get(name) or {}
            values[name] = {key: value for key, value in (live.get(name) or {}).items() if key in declared}
    if "pulumiLabels" in entry["out"]:
        values["pulumiLabels"] = {**(inputs.get(_LABELS) or {}), ATTRIBUTION: "true"}
    return {**values, "id": resource}


def _unwrapped(token: str, answer: Props) -> Props:
    wrap = TYPES[token].wrap
    return {**answer, **(answer.get(wrap) or {})} if wrap else answer


def planned(token: str, inputs: Props, olds: Props) -> Props:
    """Outputs as a preview knows them: what is written stays, what Google says is not known yet."""
    out = table.entry(token)["out"]
    known = {name: value for name, value in inputs.items() if name in out}
    kept = {name: olds[name] for name in ("id", "uid", "uri", *TYPES[token].kept) if name in olds}
    return {**dict.fromkeys(out, UNKNOWN), **kept, **known}


def differences(token: str, olds: Props, news: Props, ignore: tuple[str, ...]) -> list[Difference]:
    """How new inputs differ from old ones, without what is to be ignored."""
    return compared(olds, news, {*places(token), *TYPES[token].forces}, ignore)


def refreshed(token: str, inputs: Props, answer: Props) -> Props:
    """Inputs as they are now: where Google says something else than what was written, that; the rest stays."""
    live = table.told(token, answer)
    fixed = places(token)
    return {
        name: _settled(value, live[name]) if name in live and name not in fixed else value
        for name, value in inputs.items()
    }


def _settled(written: Any, live: Any) -> Any:
    if isinstance(written, dict) and isinstance(live, dict):
        return {name: _settled(value, live[name]) if name in live else value for name, value in written.items()}
    if isinstance(written, list) and isinstance(live, list):
        if len(written) != len(live):
            return live
        return [_settled(one, other) for one, other in zip(written, live, strict=True)]
    return live


def inputs_of(token: str, resource: str, answer: Props) -> Props:
    """The inputs of one that is imported."""
    match = re.fullmatch(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(TYPES[token].id)), resource)
    live = table.told(token, answer)
    found = {name: live[name] for name in table.kinds(token) if name in live}
    return {**found, **(match.groupdict() if match else {})}
