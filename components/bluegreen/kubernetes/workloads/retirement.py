"""The account of retirements: a ServiceAccount that may scale both colors' workloads, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from bluegreen.kubernetes.objects import declare, metadata
from bluegreen.kubernetes.workloads.retire import Condition, retire_rules
from bluegreen.rollout.model import Color

_RBAC = "rbac.authorization.k8s.io"


def account_name(name: str) -> str:
    """The ServiceAccount's name; the Role and its binding have it, too."""
    return f"{name}-retire"


def section(
    service_account: str, image: pulumi.Input[str] | None, only_if: Mapping[Color, Condition]
) -> dict[str, Any]:
    """The part of the swap's ``capacity`` about retirements."""
    conditions = {
        color: {"resource": condition.resource, "json_path": condition.json_path, "equals": condition.equals}
        if condition.router is None
        else {"resource": condition.resource, "router": dict(condition.router)}
        for color, condition in only_if.items()
    }
    return {
        "service_account": service_account,
        **({} if image is None else {"image": image}),
        **({"only_if": conditions} if conditions else {}),
    }


def declare_account(
    name: str,
    namespace: str,
    workload_kind: str,
    *,
    workloads: Mapping[Color, Any],
    autoscalers: Mapping[Color, Any],
    only_if: Mapping[Color, Condition],
    labels: Mapping[str, Any],
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource | None = None,
    urn_name: str | None = None,
) -> list[pulumi.Resource]:
    """The ServiceAccount, what it may do, and that it may."""
    account = account_name(name)
    shown = metadata(account, namespace, labels)
    rules = pulumi.Output.all(dict(workloads), dict(autoscalers)).apply(
        lambda known: retire_rules(workload_kind, known[0], known[1], only_if)
    )
    manifests = (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": shown},
        {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": shown, "rules": rules},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": shown,
            "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": account},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        },
    )
    return [declare(manifest, parent, provider=provider, urn_name=urn_name) for manifest in manifests]
