"""The table of property names says what the installed SDK sends."""

from __future__ import annotations

import collections.abc
import importlib
import re
import typing
from typing import Any

import pytest
from pulumi import _types

from localcloud.plugins.kubernetes import generate, table

COMMON = {
    "core.v1": "ConfigMap Secret Service ServiceAccount Namespace Pod PersistentVolumeClaim",
    "apps.v1": "Deployment StatefulSet DaemonSet ReplicaSet",
    "batch.v1": "Job CronJob",
    "autoscaling.v2": "HorizontalPodAutoscaler",
    "policy.v1": "PodDisruptionBudget",
    "networking.v1": "Ingress NetworkPolicy",
    "rbac.v1": "Role RoleBinding ClusterRole ClusterRoleBinding",
    "apiextensions.v1": "CustomResourceDefinition",
}
KINDS = [(module, kind) for module, kinds in COMMON.items() for kind in kinds.split()]


def test_generated_from_the_installed_sdk() -> None:
    assert generate.TABLE.read_text() == generate.text(generate.build()), (
        "pulumi_kubernetes has changed: python -m localcloud.plugins.kubernetes.generate"
    )


def _args(module: str, kind: str) -> Any:
    found = importlib.import_module(f"pulumi_kubernetes.{module}")
    return getattr(found, f"{kind}InitArgs", None) or getattr(found, f"{kind}Args")


def _example(args: Any, within: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Every property that a class can send, nested as deep as the classes go (a recursive one but a few times)."""
    return {wire: _value(kind, (*within, args)) for wire, kind in _types.input_type_types(args).items()}


def _value(kind: Any, within: tuple[Any, ...]) -> Any:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        return _value(parts[0], within)
    if origin is collections.abc.Sequence:
        return [_value(parts[0], within)]
    if origin is collections.abc.Mapping:
        return {"key": _value(parts[1], within)}
    if isinstance(kind, type) and _types.is_input_type(kind):
        return _example(kind, within) if within.count(kind) < 3 else {}
    return "value"


@pytest.mark.parametrize(("module", "kind"), KINDS)
def test_no_name_that_the_sdk_sends_is_refused(module: str, kind: str) -> None:
    group, version = module.split(".")
    (token,) = [one for one in table.tokens() if re.fullmatch(rf"kubernetes:{group}[\w.]*/{version}:{kind}", one)]
    example = _example(_args(module, kind))
    assert len(example) > 2
    assert list(table.refused(token, example)) == []
    patch = _example(_args(module, f"{kind}Patch"))
    assert set(patch) == set(example)
    assert list(table.refused(f"{token}Patch", patch)) == []
