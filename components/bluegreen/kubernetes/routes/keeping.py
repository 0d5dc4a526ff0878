"""A hook that keeps an annotation of the swap's while the stack changes its object.

The Kubernetes provider makes what ``kubectl`` wrote the stack's own before it changes an object, and then applies
inputs that lack it: it is gone until the swap comes by. A field is ignored against that (``set_once``), but it
cannot ignore an annotation, whose name has dots in it. So right before the change the swap's field manager owns the
annotation, too, as it is: what two own is not removed. That holds without a swap as well, before the first one and
after one that was destroyed alone: production goes where the annotation says.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

if TYPE_CHECKING:
    from bluegreen.kubernetes.client import KubernetesConnection, Resource
    from bluegreen.kubernetes.component import Place

_TRIES = 5


def keeper(place: Place, name: str, annotation: str) -> pulumi.ResourceHookBinding | None:
    """The hook that an Ingress needs for an annotation that is the swap's.

    Args:
        place: its namespace, and as whom the swap, and so the hook, calls.
        name: the Ingress'.
        annotation: the annotation's.

    Returns:
        ``None`` where no engine runs the program, as in unit tests with Pulumi's mocks: nobody would call the hook.
    """
    if isinstance(get_monitor(), MockMonitor):
        return None

    async def before_update(_args: pulumi.ResourceHookArgs) -> None:
        from bluegreen.kubernetes.client import KubernetesConnection, Resource  # noqa: PLC0415 - only for a change
        from bluegreen.kubernetes.routes.nginx_canary import INGRESS  # noqa: PLC0415

        what = Resource(*INGRESS, place.namespace, name)
        said = await asyncio.to_thread(keep, KubernetesConnection(**place.cluster), what, annotation)
        if said:
            pulumi.log.warn(said)

    # A stack's hooks need names of their own; the default is the resource's, which two components may have alike.
    where = "/".join((*place.cluster.values(), place.namespace, name))
    hook = pulumi.ResourceHook(f"bluegreen keeps {annotation} of {where}", before_update)
    return pulumi.ResourceHookBinding(before_update=[hook])


def keep(cluster: KubernetesConnection, what: Resource, annotation: str) -> str:
    """Have the swap's field manager own an annotation as it is, if somebody else wrote it: two calls, else one.

    Returns:
        What a person should know; empty when it is kept, or nothing has to be.

    Raises:
        PlatformError: somebody else's it is, and it cannot be kept: the change would take it away.
    """
    from bluegreen.kubernetes.client import MANAGER, Conflict  # noqa: PLC0415 - only for a change
    from bluegreen.kubernetes.managed_fields import annotations_by, managers_of  # noqa: PLC0415
    from bluegreen.rollout.errors import PlatformError  # noqa: PLC0415

    for tries_left in reversed(range(_TRIES)):
        try:
            manifest = cluster.get(what)
        except PlatformError as error:
            return (
                f"{what}: it could not be checked whether this update leaves the annotation {annotation} alone: {error}"
            )
        metadata = {} if manifest is None else manifest["metadata"]
        there = metadata.get("annotations") or {}
        if manifest is None or annotation not in there:
            return ""
        if MANAGER in managers_of(manifest, ("metadata", "annotations", annotation)):
            return ""
        # An apply gives up what it does not name.
        names = {annotation, *annotations_by(manifest, (MANAGER,))} & there.keys()
        one = {key: metadata[key] for key in ("uid", "resourceVersion")}
        fields = {"metadata": {**one, "annotations": {name: there[name] for name in sorted(names)}}}
        try:
            cluster.apply(what, fields)
        except PlatformError as error:
            if isinstance(error, Conflict) and tries_left:
                continue
            raise PlatformError(
                f"patch {what.rbac}",
                f"{what}: somebody else wrote the annotation {annotation}, which says where production goes; this "
                f"update would remove it, so it was not begun, and it could not be kept: {error}",
            ) from error
        return ""
    raise AssertionError("unreachable")
