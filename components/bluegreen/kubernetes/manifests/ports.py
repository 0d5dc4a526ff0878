"""The ports of production, compared with those that objects name: a missing port leads nowhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN
from bluegreen.kubernetes.manifests.references import ports_in
from bluegreen.rollout.errors import Problem

Ports = Mapping[str, Sequence[Mapping[str, Any]] | None]
"""The ports of Services by their names, as a Service has them; ``None`` where nobody here knows them."""


def missing_ports(field: str, manifests: Iterable[Mapping[str, Any]], production: Ports) -> list[Problem]:
    """The problems with objects that name a port of production's that it does not have."""
    problems = []
    for manifest in manifests:
        for name, port in ports_in(manifest):
            listed = production.get(name)
            there = None if listed is None else known([[one.get("port"), one.get("name")] for one in listed])
            if there is None or any(UNKNOWN in one for one in there) or any(port in one for one in there):
                continue
            shown = ", ".join(f"{number} ({called})" if called else str(number) for number, called in there)
            where = f"{field} {manifest['kind']}/{manifest['metadata'].get('name')}"
            allowed = f"a port that production has: {shown}; `port` and `overrides` of service() say which"
            problems.append(Problem(where, f"Service/{name} port {port}", allowed))
    return problems


def unnamed_port(port: int | str, field: str, workload: Mapping[str, Any]) -> list[Problem]:
    """The problem with production's port where it leads to a named port that no container has."""
    if not isinstance(port, str):
        return []
    pod = _part(_part(_part(workload, "spec"), "template"), "spec")
    containers = [one for key in ("containers", "initContainers") for one in _list(pod, key)]
    there = known([named.get("name") for one in containers for named in _list(one, "ports")])
    if port in there or UNKNOWN in there or not containers:
        return []
    shown = ", ".join(str(name) for name in there if name) or "none has a name"
    key = f"{workload['kind']}/{workload['metadata']['name']}"
    return [Problem("container_port", port, f"a number, or a name that a container of {field} {key} has: {shown}")]


def _part(of: Any, key: str) -> Mapping[str, Any]:
    value = of.get(key) if isinstance(of, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _list(of: Any, key: str) -> list[Mapping[str, Any]]:
    value = of.get(key) if isinstance(of, Mapping) else None
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, (list, tuple)) else []
