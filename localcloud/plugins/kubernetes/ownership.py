"""Server-side apply: who owns which field, and what that means for a write."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from localcloud.plugins.kubernetes.cluster import APPLY, JSON_PATCH, ApiError, Cluster
from localcloud.plugins.kubernetes.objects import Object, annotation, dig, drop, name_of, namespace_of, put, says_yes
from localcloud.plugins.values import ProviderError

_PREFIX: Final = "pulumi-kubernetes"
_GUIDE: Final = (
    "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/"
    "#handle-field-conflicts-on-existing-resources"
)
# Whose fields an update takes over, by the beginning of the manager's name: what was written by plain creates and
# updates, of this provider (an object is created by a plain POST) or of kubectl, would conflict with its applies.
_TAKEN_OVER: Final = (
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    (_PREFIX, "Update"),
    ("pulumi-resource-kubernetes", "Update"),
)
_TRIES: Final = 5


def manager_for(inputs: Object, former: str, *, server_side: bool) -> str:
    """The field manager: what an annotation says, what it was, or a new one."""
    if not server_side:
        return _PREFIX
    return annotation(inputs, "pulumi.com/patchFieldManager") or former or f"{_PREFIX}-{secrets.token_hex(4)}"


def _entries(live: Object | None) -> list[Mapping[str, Any]]:
    return list(dig(live, "metadata", "managedFields") or [])


def forced(cluster: Cluster, inputs: Object, live: Object | None, *, preview: bool) -> bool:
    """Whether an apply takes fields from other managers instead of failing."""
    if says_yes(inputs, "pulumi.com/patchForce") or cluster.settings.patch_force:
        return True
    if preview:  # a preview cannot move ownership first, as the update will
        ours = [one for one in _entries(live) if one.get("operation") == "Update" and _is(one, _PREFIX)]
        if live is None or ours:
            return True
    return live is not None and not _entries(live)


def _is(entry: Mapping[str, Any], prefix: str) -> bool:
    return str(entry.get("manager", "")).startswith(prefix)


def apply(cluster: Cluster, inputs: Object, manager: str, *, force: bool, preview: bool) -> Object:
    """Server-side apply.

    Raises:
        ProviderError: other managers own some of the fields; it names both.
    """
    query = {"fieldManager": manager, "force": str(force).lower(), **validation(preview)}
    try:
        return cluster.call("PATCH", cluster.path(inputs), query, inputs, APPLY)
    except ApiError as error:
        if error.reason != "Conflict":
            raise
        raise ProviderError(
            f"Server-Side Apply field conflict detected. See {_GUIDE} for troubleshooting help.\n"
            f'The resource managed by field manager "{manager}" had an apply conflict: {error}'
        ) from None


def validation(preview: bool) -> dict[str, str]:
    """Strictly: a name that the API does not know is refused instead of dropped."""
    return {"fieldValidation": "Strict", **({"dryRun": "All"} if preview else {})}


def take_over(cluster: Cluster, live: Object, manager: str) -> Object:
    """Make what plain writes of this provider or kubectl own the applier's, so that it can change and give it up."""
    for attempt in range(_TRIES):
        entries = merged(_entries(live), manager)
        if entries is None:
            return live
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": entries},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": dig(live, "metadata", "resourceVersion")},
        ]
        try:
            return cluster.call("PATCH", cluster.path(live), None, patch, JSON_PATCH)
        except ApiError as error:
            if error.status != 409 or attempt == _TRIES - 1:
                raise
        live = cluster.get(live)
    raise AssertionError("unreachable")


def merged(entries: Sequence[Mapping[str, Any]], manager: str) -> list[Mapping[str, Any]] | None:
    """Managed fields with everything that is taken over under one manager; None where there is nothing to take."""
    taken = [
        one
        for one in entries
        if not one.get("subresource")
        and any(_is(one, prefix) and one.get("operation") == operation for prefix, operation in _TAKEN_OVER)
        and (one.get("manager"), one.get("operation")) != (manager, "Apply")
    ]
    if not taken:
        return None
    fields: dict[str, Any] = {}
    own = [one for one in entries if (one.get("manager"), one.get("operation")) == (manager, "Apply")]
    for one in [*own, *taken]:
        fields = _united(fields, one.get("fieldsV1") or {})
    entry = {**taken[-1], "manager": manager, "operation": "Apply", "fieldsV1": fields}
    return [*(one for one in entries if one not in taken and one not in own), entry]


def _united(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    union = dict(one)
    for key, value in other.items():
        union[key] = _united(union.get(key, {}), value)
    return union


def owns(entry: Mapping[str, Any], path: Sequence[str]) -> bool:
    """Whether a manager owns a field, or something below it."""
    fields: Any = entry.get("fieldsV1") or {}
    for step in path:
        fields = fields.get(f"f:{step}") if isinstance(fields, dict) else None
        if fields is None:
            return False
    return True


def leave_ignored(inputs: Object, live: Object, manager: str, ignored: Sequence[str]) -> None:
    """Bring ignored fields to what they are: left out where others own them, else with their live value.

    A path into a list is not followed, as the official plugin does not.
    """
    for pattern in ignored:
        steps = steps_of(pattern)
        if any("[" in step for step in steps):
            continue
        ours = any(owns(one, steps) for one in _entries(live) if one.get("manager") == manager)
        theirs = any(owns(one, steps) for one in _entries(live) if one.get("manager") != manager)
        value = dig(live, *steps)
        if theirs and not ours:
            drop(inputs, *steps)
        elif value is not None:
            put(inputs, value, *steps)


def steps_of(pattern: str) -> list[str]:
    """The steps of an `ignoreChanges` path: `metadata.annotations["a.b/c"]`."""
    matches = re.findall(r'\["((?:[^"\\]|\\.)*)"\]|([^.\[\]]+(?:\[[^"\]]*\])*)', pattern)
    return [quoted.replace('\\"', '"') or bare for quoted, bare in matches]


def relinquish(cluster: Cluster, obj: Object, manager: str) -> None:
    """Give up every field: what nobody else owns goes back to its default."""
    bare: Object = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": {"name": name_of(obj)}}
    if namespace_of(obj):
        bare["metadata"]["namespace"] = namespace_of(obj)
    cluster.call("PATCH", cluster.path(bare), {"fieldManager": manager}, bare, APPLY)
