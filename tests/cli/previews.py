"""The output of `pulumi preview --json` about swaps, made by the swap's own check and diff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.cli.stack import TYPES
from tests.swap.bench import Swap

DYNAMIC, NATIVE = TYPES


def preview(*steps: Mapping[str, Any], diagnostics: list[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """The whole, with the stack's own step."""
    urn = "urn:pulumi:production::shop::pulumi:pulumi:Stack::shop-production"
    stack = {"op": "same", "urn": urn, "newState": {"type": "pulumi:pulumi:Stack"}}
    return {"config": {}, "steps": [stack, *steps], "diagnostics": diagnostics or [], "changeSummary": {}}


def urn_of(name: str, kind: str = DYNAMIC) -> str:
    """A swap's."""
    return f"urn:pulumi:production::shop::{kind}::{name}-swap"


def step(
    name: str, olds: Mapping[str, Any] | None, news: Mapping[str, Any] | None, op: str = "update", kind: str = DYNAMIC
) -> dict[str, Any]:
    """One resource's step."""
    made: dict[str, Any] = {"op": op, "urn": urn_of(name, kind)}
    if olds is not None:
        made["oldState"] = {"type": kind, "inputs": {}, "outputs": {**olds, "name": name}}
    if news is not None:
        made["newState"] = {"type": kind, "inputs": {**news, "name": name}}
    return made


def said(name: str, text: str, kind: str = DYNAMIC, severity: str = "warning") -> dict[str, Any]:
    """A line of a swap's preview, as each provider has it: the program's own prints it, and names the service."""
    if kind == DYNAMIC:
        return {"message": f"{severity}: {name}: {text}\n\n", "severity": "info#err"}
    return {"urn": urn_of(name, kind), "message": f"{severity}: {text}\n", "severity": severity}


def of(swap: Swap, color: str, name: str = "web", kind: str = DYNAMIC, **more: Any) -> dict[str, Any]:
    """The step of a swap that is called for a color, with what its own diff says."""
    news = swap.inputs(color, **more)
    return step(name, swap.outputs, {**news, "name": name}, kind=kind)
