"""The conditions that a user wants waited for, by the annotation `pulumi.com/waitFor`.

`condition=Ready`, `condition=Ready=False`, `jsonpath={.status.phase}=Running`, or a JSON list of several.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from localcloud.plugins.kubernetes.awaits.pods import condition
from localcloud.plugins.kubernetes.awaits.waiting import Waiter
from localcloud.plugins.kubernetes.objects import Object
from localcloud.plugins.values import ProviderError

ANNOTATION = "pulumi.com/waitFor"


@dataclass(frozen=True)
class Statement:
    """One thing that has to become true."""

    text: str
    condition: str = ""
    path: str = ""
    value: str | None = None

    @classmethod
    def of(cls, text: str) -> Statement:
        """Read one expression.

        Raises:
            ProviderError: it is neither a condition nor a path.
        """
        if text.startswith("condition="):
            kind, _, wanted = text.removeprefix("condition=").partition("=")
            return cls(text, condition=kind, value=wanted or "True")
        match = re.fullmatch(r"jsonpath=\{?\.?(.+?)\}?(?:==?(.*))?", text.replace("'", ""))
        if text.startswith("jsonpath=") and match is not None:
            whole = re.fullmatch(r"jsonpath=\{(.*)\}(?:==?(.*))?", text.replace("'", ""))
            path, value = whole.groups() if whole else match.groups()
            return cls(text, path=path.lstrip("."), value=value)
        raise ProviderError(f'expected a "jsonpath=" or "condition=" prefix, got {text!r}')

    def holds(self, obj: Object) -> bool:
        """Whether it is true of an object."""
        if self.condition:
            return str(condition(obj, self.condition).get("status", "")).lower() == str(self.value).lower()
        values = _at(obj, self.path)
        return bool(values) if self.value is None else any(_text(one) == self.value for one in values)


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _at(obj: Any, path: str) -> list[Any]:
    """Every value at a path, `[*]` meaning all elements and `[?(@.type=="X")]` those that fit."""
    values = [obj]
    for step in re.findall(r"\[[^\]]*\]|(?:\\.|[^.\[\]])+", path):
        values = [item for one in values for item in _step(one, step)]
    return values


def _step(value: Any, step: str) -> list[Any]:
    if not step.startswith("["):
        name = step.replace("\\.", ".")
        return [value[name]] if isinstance(value, dict) and value.get(name) is not None else []
    inside = step[1:-1]
    if isinstance(value, dict):
        name = inside.strip("\"'")
        return [value[name]] if name in value else []
    if not isinstance(value, list):
        return []
    if inside == "*":
        return value
    fits = re.fullmatch(r"\?\(@\.(\w+)\s*==\s*\"?([^\")]*)\"?\)", inside)
    if fits:
        return [one for one in value if isinstance(one, dict) and _text(one.get(fits[1])) == fits[2]]
    if re.fullmatch(r"-?\d+", inside):
        return value[int(inside) :][:1]
    raise ProviderError(f"{ANNOTATION}: {step} is not understood by this stand-in")


def statements(text: str) -> list[Statement]:
    """All of an annotation."""
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = text
    parsed_ones = [Statement.of(one) for one in (parsed if isinstance(parsed, list) else [text])]
    if not parsed_ones:
        raise ProviderError(f"{ANNOTATION}: at least one condition must be specified")
    return parsed_ones


@dataclass
class StatedWaiter(Waiter):
    """Until all that the annotation says is true."""

    wanted: list[Statement] = field(default_factory=list)

    def ready(self) -> bool:
        self.look()
        missing = [one.text for one in self.wanted if not one.holds(self.live)]
        self.doing = f"Waiting for {', '.join(missing)}"
        self._notes = [self.doing]
        return not missing
