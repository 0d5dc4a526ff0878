"""The Kubernetes Role that a swap needs, by its router's, capacity's and gates' ``bluegreen.permissions``.

.. code-block:: sh

    python -m bluegreen.permissions --kubernetes kubernetes_service kubernetes --namespace web | kubectl apply -f -

Kubernetes can restrict reading and changing to objects by name, but not listing and creating: those are for a whole
kind in the namespace. https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bluegreen.permissions import needed

ACTION = re.compile(r"(?P<verb>[a-z]+) (?P<resource>[a-z]+(\.(?P<group>[a-z0-9.-]+))?)(?P<subresource>/[a-z]+)?")
"""An action as RBAC names it: ``patch deployments.apps/scale``."""
BY_NAME = frozenset({"get", "patch", "update", "delete"})
"""The verbs that can be restricted to objects by name."""
_API = "rbac.authorization.k8s.io"


def rules(wanted: Iterable[str], names: Mapping[str, Sequence[str]] | None = None) -> list[dict[str, Any]]:
    """The rules of a Role for these kinds, sorted: one for each kind of object, two where some verbs are by name.

    Args:
        wanted: kinds as the swap's inputs have them: ``["kubernetes_service", "kubernetes"]``.
        names: objects by their kind, as in ``{"services": ["web", "web-stage"]}``: those verbs that can be restricted
            are. Of what is not among them, any in the namespace.

    Raises:
        ValueError: a kind is not known, or nothing needs such objects by name.
    """
    verbs: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    known: set[str] = set()
    for permission in needed(wanted):
        action = ACTION.fullmatch(permission.action)
        if action is None:
            continue
        by_name = action["verb"] in BY_NAME
        known |= {action["resource"]} if by_name else set()
        plural = action["resource"].partition(".")[0] + (action["subresource"] or "")
        named = (names or {}).get(action["resource"], ()) if by_name else ()
        verbs.setdefault((action["group"] or "", plural, tuple(named)), set()).add(action["verb"])
    unknown = sorted((names or {}).keys() - known)
    if unknown:
        raise ValueError(f"name: {', '.join(unknown)} is not allowed; allowed: {', '.join(sorted(known)) or 'none'}")
    return [
        {"apiGroups": [group], "resources": [plural], "verbs": sorted(needed_verbs)}
        | ({"resourceNames": list(named)} if named else {})
        for (group, plural, named), needed_verbs in sorted(verbs.items())
    ]


def documents(
    wanted: Iterable[str],
    namespace: str = "default",
    service_account: str = "bluegreen",
    names: Mapping[str, Sequence[str]] | None = None,
) -> list[dict[str, Any]]:
    """A ServiceAccount, a Role with exactly these rules, and the RoleBinding of the two.

    Args:
        wanted: see ``rules``.
        namespace: where the Services and workloads are.
        service_account: as whom the swap calls; the name of all three.
        names: see ``rules``.

    Raises:
        ValueError: see ``rules``.
    """
    metadata = {"name": service_account, "namespace": namespace}
    account = {"kind": "ServiceAccount", "name": service_account, "namespace": namespace}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{_API}/v1", "kind": "Role", "metadata": metadata, "rules": rules(wanted, names)},
        {
            "apiVersion": f"{_API}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "subjects": [account],
            "roleRef": {"apiGroup": _API, "kind": "Role", "name": service_account},
        },
    ]


def as_yaml(manifests: Iterable[Mapping[str, Any]]) -> str:
    """Manifests as ``kubectl apply -f -`` takes them."""
    import yaml  # noqa: PLC0415 - comes with the extra `kubernetes`, and nothing else here needs it

    return "---\n".join(yaml.safe_dump(_apart(document), sort_keys=False) for document in manifests)


def _apart(value: Any) -> Any:
    """A value without shared parts, which YAML would write as references."""
    if isinstance(value, Mapping):
        return {key: _apart(item) for key, item in value.items()}
    return [_apart(item) for item in value] if isinstance(value, list) else value
