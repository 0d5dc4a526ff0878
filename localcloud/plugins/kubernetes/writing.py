"""The writes themselves: a plain create, server-side apply for what is there, a merge patch where that is off."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Final

from localcloud.plugins.kubernetes import ownership
from localcloud.plugins.kubernetes.cluster import MERGE, ApiError, Cancelled, Cluster, NoKind
from localcloud.plugins.kubernetes.objects import Object, dig, full_name, is_definition, pruned, without_read_only
from localcloud.plugins.kubernetes.state import Kept
from localcloud.plugins.kubernetes.target import Target, named
from localcloud.plugins.values import ProviderError

_CREATE_TRIES: Final = 6
_FIRST_PAUSE_SECONDS: Final = 1.0


def create_patiently(target: Target, inputs: Object, manager: str) -> Object:
    """Manifests come in any order: a namespace or a definition that is not there may come within some seconds."""
    pause = _FIRST_PAUSE_SECONDS
    for attempt in range(_CREATE_TRIES):
        try:
            return write_new(target, inputs, manager, preview=False)
        except (NoKind, ApiError) as error:
            if attempt == _CREATE_TRIES - 1 or (isinstance(error, ApiError) and error.status != 404):
                raise
            target.progress(f"Retry #{attempt}; creation failed: {error}")
        try:
            target.cluster.sleep(pause)
        except Cancelled:
            raise ProviderError("cancelled while waiting for what it needs") from None
        pause *= 2
    raise AssertionError("unreachable")


def write_new(target: Target, inputs: Object, manager: str, *, preview: bool) -> Object:
    """A plain POST: what exists already is an error. Only a patch, or a provider set to adopt, applies."""
    cluster = target.cluster
    if target.patches(inputs) or (cluster.settings.upsert and cluster.settings.server_side_apply):
        force = ownership.forced(cluster, inputs, None, preview=preview)
        return ownership.apply(cluster, inputs, manager, force=force, preview=preview)
    query = {"fieldManager": manager, **ownership.validation(preview)}
    return cluster.call("POST", cluster.path(inputs, collection=True), query, inputs)


def write(
    target: Target, known: Kept, inputs: Object, manager: str, ignored: Sequence[str], *, preview: bool
) -> Object:
    cluster = target.cluster
    live = cluster.get(named(inputs, full_name(known.live)))
    if is_definition(inputs):  # replaced as a whole, as custom resources hang on it
        body = copy.deepcopy(inputs)
        body["metadata"]["resourceVersion"] = dig(live, "metadata", "resourceVersion")
        query = {"fieldManager": manager, **ownership.validation(preview)}
        answer = cluster.call("PUT", cluster.path(inputs), query, body)
        cluster.forget_kinds()
        return answer
    inputs = copy.deepcopy(inputs)
    if not cluster.settings.server_side_apply:
        return _merge(cluster, known, inputs, live, manager, ignored, preview=preview)
    if not preview and not target.patches(inputs):
        live = ownership.take_over(cluster, live, manager)
    ownership.leave_ignored(inputs, live, manager, ignored)
    force = ownership.forced(cluster, inputs, live, preview=preview)
    return ownership.apply(cluster, inputs, manager, force=force, preview=preview)


def _merge(
    cluster: Cluster, known: Kept, inputs: Object, live: Object, manager: str, ignored: Sequence[str], *, preview: bool
) -> Object:
    """Client-side apply: what the inputs no longer have is removed, the rest is set."""
    ownership.leave_ignored(inputs, {**live, "metadata": {**live["metadata"], "managedFields": []}}, manager, ignored)
    patch = merge_patch(without_read_only(pruned(live, known.inputs)), without_read_only(inputs))
    query = {"fieldManager": manager, **ownership.validation(preview)}
    return cluster.call("PATCH", cluster.path(inputs), query, patch, MERGE)


def merge_patch(old: Object, new: Object) -> Object:
    """The JSON merge patch from one object to another."""
    patch: Object = dict.fromkeys((key for key in old if key not in new), None)
    for key, value in new.items():
        former = old.get(key)
        if isinstance(value, dict) and isinstance(former, dict):
            inner = merge_patch(former, value)
            if inner:
                patch[key] = inner
        elif value != former or key not in old:
            patch[key] = value
    return patch
