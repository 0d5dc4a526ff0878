"""The least that each gate, metric source and notifier can be declared with, from its own options.

A new one needs no line here, unless no value of its kind fits an option by itself, or more is needed than is required.
"""

from __future__ import annotations

import sys
from typing import Any

from bluegreen.gates.registry import GATES
from bluegreen.metrics.registry import SOURCE
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.options.declared import Option, options_of
from bluegreen.options.kinds import Address, Number, Secret, Text, Texts
from bluegreen.registry import Registry

NOWHERE = "http://127.0.0.1:9"
PROMETHEUS = {"kind": "prometheus", "address": NOWHERE, "query": "up"}
FIT: dict[str, Any] = {
    "command": [sys.executable, "-c", "pass"],
    "migrations": ["no-such-folder/*.sql"],
    "path": "/healthz",
    "provider": "no_such_module:made",
}
"""What an option takes whose kind has a rule of its own, by its name."""
BESIDE: dict[str, dict[str, Any]] = {
    "lambda_invoke": {"functions": {"blue": "orders:1", "green": "orders:2"}},
    "metric": {"max": 1.0},
}
"""What is needed together, though nothing of it alone is required, by kind."""


def _value(option: Option) -> Any:
    if option.name in FIT:
        return FIT[option.name]
    kind = option.kind
    if kind == SOURCE:
        return PROMETHEUS
    if isinstance(kind, Secret):
        return {"env": "NO_SUCH_VARIABLE"}
    if isinstance(kind, Address):
        return NOWHERE
    if isinstance(kind, Number):
        return int(kind.least) if kind.whole else kind.least
    if isinstance(kind, Texts):
        return ["one"] * max(1, kind.least)
    assert isinstance(kind, Text), f"{option.name} needs a line in FIT: nothing is known of {kind}"
    return "one" if kind.choices is None or callable(kind.choices) else next(iter(kind.choices))


def _given(registry: Registry[Any], kind: str) -> dict[str, Any]:
    beside = BESIDE.get(kind, {}) if registry is GATES else {}
    given = {}
    for option in options_of(registry.load(kind)):
        if option.required or option.name in beside:
            given[option.name] = beside.get(option.name) or _value(option)
    return given


def section(registry: Registry[Any], kind: str) -> dict[str, Any]:
    """An entry of the swap's inputs, which leads to nobody."""
    own = _given(registry, kind)
    calls_aws = any(option.name == "aws" for option in options_of(registry.load(kind)))
    return {"kind": kind, **own, **({"aws": {"endpoint_url": NOWHERE}} if calls_aws else {})}


def arguments(registry: Registry[Any], kind: str) -> dict[str, Any]:
    """The same for its public function."""
    own = _given(registry, kind)
    return {option.argument: own[option.name] for option in options_of(registry.load(kind)) if option.name in own}


def of_functions() -> dict[str, dict[str, Any]]:
    """The least arguments of each gate's and each notifier's function, by its name."""
    return {kind: arguments(registry, kind) for registry in (GATES, NOTIFIERS) for kind in registry.entries}
