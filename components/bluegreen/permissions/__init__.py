"""The calls that each router, capacity, gate and metric makes on its platform, as values.

A class that makes calls declares ``permissions``; from these come the table in ``docs/permissions.md``, the IAM
policy and the Kubernetes Role of a deployment, so that none can say something that the code does not.

.. code-block:: sh

    python -m bluegreen.permissions alb ecs                         # the IAM policy of these kinds
    python -m bluegreen.permissions --kubernetes kubernetes_service # the Role of this one; see `rbac.py`
    python -m bluegreen.permissions --azure azure_container_app     # a custom role of Azure; see `azure_role.py`
    python -m bluegreen.permissions --google cloud_run              # the same of Google Cloud; see `google_role.py`
    python -m bluegreen.permissions --markdown docs/permissions.md  # renews the table in that page
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

_REGISTRIES = (
    "bluegreen.platforms.routers:ROUTERS",
    "bluegreen.platforms.capacities:CAPACITIES",
    "bluegreen.gates.registry:GATES",
    "bluegreen.metrics.registry:METRICS",
)
# What clients need for themselves, whatever they are used for. It is no part of a policy: what assumes a role is
# another principal than the role that the policy is for.
_CONNECTIONS = {"any on AWS": "bluegreen.aws.client:AwsConnection"}
_AWS_ACTION = re.compile(r"(?P<service>[a-z0-9-]+):[A-Z]\w*\Z")
_BEGIN, _END = "<!-- permissions:begin -->", "<!-- permissions:end -->"


@dataclass(frozen=True, slots=True)
class Permission:
    """One action that a class calls, or that a call of its implies.

    Attributes:
        action: the platform's own name of it: ``elasticloadbalancing:ModifyRule``, ``patch deployments.apps/scale``.
        when: when it is called, for people.
        resource: what it is called on, as the platform's policies write it (for Kubernetes, whose Roles have names:
            which objects these are); ``*`` where they cannot or need not be narrower.
    """

    action: str
    when: str
    resource: str = "*"


def kinds() -> list[str]:
    """Every kind that is registered, of whatever section, sorted."""
    return sorted({kind for registry in _registries() for kind in registry.entries})


def declared() -> Iterator[tuple[str, type, Sequence[Permission]]]:
    """Kind, class and permissions of everything that is registered and calls its platform, and of the connections."""
    for registry in _registries():
        for kind in registry.entries:
            cls = registry.load(kind)
            if _of(cls):
                yield kind, cls, _of(cls)
    for name, where in _CONNECTIONS.items():
        cls = _load(where)
        yield name, cls, _of(cls)


def needed(wanted: Iterable[str]) -> list[Permission]:
    """The calls that a swap with these kinds of router, capacity, gates and metrics may make, sorted by action.

    Args:
        wanted: kinds as the swap's inputs have them: ``["alb", "ecs", "http"]``.

    Raises:
        ValueError: a kind is not known.
    """
    asked = dict.fromkeys(wanted)
    unknown = [kind for kind in asked if kind not in kinds()]
    if unknown:
        raise ValueError(f"kinds: {', '.join(unknown)} is not allowed; allowed: {', '.join(kinds())}")
    by_action = {
        permission
        for registry in _registries()
        for kind in asked
        if kind in registry.entries
        for permission in _of(registry.load(kind))
    }
    return sorted(by_action, key=lambda permission: (permission.action, permission.resource, permission.when))


def policy_document(wanted: Iterable[str], partition: str = "aws") -> dict[str, Any]:
    """The IAM policy that these kinds need: a statement for each service and resource, sorted.

    Permissions of other platforms are left out. A policy without statements is none that IAM takes.

    Args:
        wanted: see ``needed``.
        partition: where it is for: ``aws``, ``aws-cn``, ``aws-us-gov``. IAM takes no wildcard there.

    Raises:
        ValueError: a kind is not known.
    """
    statements: dict[tuple[str, str], set[str]] = {}
    for permission in needed(wanted):
        action = _AWS_ACTION.match(permission.action)
        if action:
            resource = permission.resource.replace("arn:aws:", f"arn:{partition}:", 1)
            statements.setdefault((action["service"], resource), set()).add(permission.action)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": sorted(actions), "Resource": resource}
            for (_, resource), actions in sorted(statements.items())
        ],
    }


def table() -> str:
    """The Markdown table of everything that is declared."""
    rows = ["| kind | action | when |", "| --- | --- | --- |"]
    rows += [
        f"| {kind if ' ' in kind else f'`{kind}`'} | `{permission.action}` | {permission.when}{_by_name(permission)} |"
        for kind, _, permissions in declared()
        for permission in permissions
    ]
    return "\n".join(rows) + "\n"


def _by_name(permission: Permission) -> str:
    """The names of the objects that a Role can be restricted to, in words."""
    named = " " in permission.action and permission.resource != "*"
    return f"; by name: {permission.resource}" if named else ""


def with_table(page: str) -> str:
    """The page with the table between its two markers renewed.

    Raises:
        ValueError: the markers are not there.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the page has no {_BEGIN} with an {_END} after it")
    return f"{before}{_BEGIN}\n\n{table()}\n{_END}{after}"


def _registries() -> list[Any]:
    return [_load(where) for where in _REGISTRIES]


def _load(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


def _of(cls: Any) -> Sequence[Permission]:
    permissions: Sequence[Permission] = getattr(cls, "permissions", ())
    return permissions
