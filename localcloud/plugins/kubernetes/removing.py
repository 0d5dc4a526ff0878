"""Delete: until the object is gone, and only what may go."""

from __future__ import annotations

import time
from typing import Final

from localcloud.plugins.kubernetes import ownership
from localcloud.plugins.kubernetes.awaits.registry import GONE_AT_ONCE, SKIP
from localcloud.plugins.kubernetes.awaits.waiting import seconds_for
from localcloud.plugins.kubernetes.cluster import ApiError, Cancelled, Cluster, NoKind
from localcloud.plugins.kubernetes.objects import (
    Object,
    annotation,
    dig,
    full_name,
    is_definition,
    name_of,
    says_yes,
    type_of,
)
from localcloud.plugins.kubernetes.state import kept
from localcloud.plugins.kubernetes.target import Target, named
from localcloud.plugins.values import Props, ProviderError

_PROPAGATION: Final = {"orphan": "Orphan", "background": "Background"}


def delete(target: Target, resource_id: str, state: Props, timeout_seconds: float) -> None:
    """Deletes, and waits until it is gone. A patch only gives its fields up."""
    cluster, known = target.cluster, kept(state)
    obj = named(known.live if known.live.get("kind") else known.inputs, resource_id)
    try:
        if cluster.settings.server_side_apply and target.patches(known.inputs or known.live):
            _give_up(cluster, obj, known.manager)
            return
        policy = _PROPAGATION.get(
            annotation(known.inputs, "pulumi.com/deletionPropagationPolicy").lower(), "Foreground"
        )
        before = cluster.call("DELETE", cluster.path(obj), None, {"propagationPolicy": policy})
    except NoKind:
        return  # its definition is gone, and it with it
    except ApiError as error:
        if error.status == 404:
            return
        raise
    if is_definition(obj):
        cluster.forget_kinds()
    if not (says_yes(known.inputs, SKIP) and type_of(obj) in GONE_AT_ONCE):
        _until_gone(target, obj, before, seconds_for(timeout_seconds, known.inputs))


def _give_up(cluster: Cluster, obj: Object, manager: str) -> None:
    try:
        ownership.relinquish(cluster, obj, manager)
    except ApiError as error:
        if error.status == 404:
            return
        required = [one.get("field") for one in error.causes if one.get("reason") == "FieldValueRequired"]
        if not required:
            raise
        raise ProviderError(
            "this Patch resource is currently managing a required field, so it can't be deleted directly. Either set "
            "the `retainOnDelete` resource option, or transfer ownership of the field before deleting: "
            f"{', '.join(map(str, required))}"
        ) from None


def _until_gone(target: Target, obj: Object, deleted: Object, seconds: float) -> None:
    uid = dig(deleted, "metadata", "uid") or dig(deleted, "details", "uid")
    end, pause, live = time.monotonic() + seconds, 0.05, None
    target.progress(f'Waiting for deletion of "{name_of(obj)}"')
    while time.monotonic() < end:
        live = target.cluster.find(obj)
        if live is None or (uid and dig(live, "metadata", "uid") != uid):
            return
        try:
            target.cluster.sleep(pause)
        except Cancelled:
            raise ProviderError(f'cancelled while waiting for the deletion of "{full_name(obj)}"') from None
        pause = min(pause * 1.5, 1.0)
    finalizers = ", ".join(dig(live, "metadata", "finalizers") or [])
    target.engine.warn(target.urn, f"finalizers might be preventing deletion ({finalizers})")
    raise ProviderError("timed out waiting for the condition")
