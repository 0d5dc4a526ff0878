"""Check: from what a program wrote to the inputs that go into the state; bad ones are refused before any write."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.plugins.aws.model import UNKNOWN, Failure, Props, ProviderError, ResourceType
from localcloud.plugins.aws.table import Reader, walk

_RANDOM_DIGITS = 7


@dataclass(frozen=True)
class Naming:
    """The engine's options for autonaming: a mode and, for all but the default, a proposed name."""

    mode: str = "default"
    proposed: str = ""


def check(
    declared: ResourceType,
    logical_name: str,
    old_inputs: Props,
    inputs: Props,
    default_tags: Mapping[str, str],
    seed: bytes,
    naming: Naming,
) -> tuple[Props, list[Failure]]:
    """Checked inputs, and what was refused."""
    reader = Reader(declared)
    checked = reader.read(inputs)
    if reader.failures:
        return checked, reader.failures
    filled: list[str] = []
    if declared.name_max is not None and "name" not in checked and "namePrefix" not in checked:
        checked["name"] = _auto_name(declared, logical_name, old_inputs, seed, naming)
        filled.append("name")
    filled += _fill(declared, checked)
    checked["__defaults"] = sorted(filled)
    if declared.taggable and default_tags and checked.get("tags") is not UNKNOWN:
        checked["tags"] = {**default_tags, **checked.get("tags", {})}
    failures = list(_refused_values(declared, checked))
    failures += declared.validate(checked)
    return checked, failures


def _auto_name(declared: ResourceType, logical: str, old: Props, seed: bytes, naming: Naming) -> str:
    """`<logical name>-<7 hex digits>`; the one from before where there is one, so that it is stable across updates."""
    if naming.mode == "disabled":
        raise ProviderError("automatic naming is disabled: set `name`")
    if "name" in old.get("__defaults", []) and isinstance(old.get("name"), str):
        return str(old["name"])
    if naming.mode == "enforce":
        return naming.proposed
    limit = declared.name_max or 0
    prefix = (naming.proposed or f"{logical}-") if naming.mode == "propose" else f"{logical}-"
    if naming.mode == "propose":
        return prefix
    if len(prefix) + _RANDOM_DIGITS > limit:
        raise ProviderError(
            f"cannot make a name for `{logical}`: with {_RANDOM_DIGITS} random characters `{prefix}` is longer than "
            f"the {limit} characters allowed. Use a shorter resource name or set `name`"
        )
    return prefix + hashlib.sha256(seed).hexdigest()[:_RANDOM_DIGITS]


def _fill(declared: ResourceType, checked: Props) -> list[str]:
    """Puts the declared defaults in, at every level; the names filled at the top."""
    filled = []
    for pattern, prop in declared.props.items():
        if prop.default is None:
            continue
        *parents, name = pattern.split(".")
        for target in _objects(checked, parents):
            if name not in target:
                target[name] = prop.default
                if parents:
                    target.setdefault("__defaults", []).append(name)
                else:
                    filled.append(name)
    return filled


def _objects(value: Any, parents: Sequence[str]) -> Iterator[dict[str, Any]]:
    if not parents:
        if isinstance(value, dict):
            yield value
        return
    name = parents[0].removesuffix("[]")
    inner = value.get(name) if isinstance(value, dict) else None
    if parents[0].endswith("[]"):
        for item in inner if isinstance(inner, list) else []:
            yield from _objects(item, parents[1:])
    else:
        yield from _objects(inner, parents[1:])


def _refused_values(declared: ResourceType, checked: Props) -> Iterator[Failure]:
    for path, pattern, value in walk(checked):
        prop = declared.prop(pattern)
        if value is UNKNOWN:
            continue
        if prop.json and isinstance(value, str):
            try:
                json.loads(value)
            except ValueError as error:
                yield Failure(path, f"is not valid JSON: {error}")
                continue
        if prop.check is not None and (reason := prop.check(value)) is not None:
            yield Failure(path, reason)


# What the provider's schema validates, as small functions for `P(check=...)`.


def between(low: int, high: int) -> Callable[[Any], str | None]:
    return lambda value: None if low <= value <= high else f"must be between {low} and {high}, got {value}"


def one_of(*allowed: str) -> Callable[[Any], str | None]:
    return lambda value: None if value in allowed else f"must be one of {', '.join(allowed)}; got {value!r}"


def longest(limit: int, shortest: int = 1) -> Callable[[Any], str | None]:
    def length(value: Any) -> str | None:
        fits = shortest <= len(value) <= limit
        return None if fits else f"must have {shortest} to {limit} characters, {value!r} has {len(value)}"

    return length


def matches(pattern: str, what: str) -> Callable[[Any], str | None]:
    return lambda value: None if re.fullmatch(pattern, value) else f"must be {what}; got {value!r}"


def both(*checks: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
    """The first refusal of several checks."""
    return lambda value: next((reason for one in checks if (reason := one(value)) is not None), None)


def count(low: int, high: int) -> Callable[[Any], str | None]:
    return lambda value: None if low <= len(value) <= high else f"must have {low} to {high} elements, has {len(value)}"


ARN = matches(r"arn:[\w-]+:[\w-]+:[\w-]*:(\d{12}|aws)?:.+", "an ARN")
CIDR4 = matches(r"(\d{1,3}\.){3}\d{1,3}/\d{1,2}", "an IPv4 CIDR block such as 10.0.0.0/16")
PORT = between(0, 65535)
