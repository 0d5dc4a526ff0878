"""Manifests as resources of the stack: plain dicts as the Kubernetes documentation has them, declared one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import pulumi

from bluegreen.rollout.model import COLORS, Color

COLOR_LABEL = "bluegreen/color"
NAME_LABEL = "app.kubernetes.io/name"
SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""Pulumi would wait for endpoints of a Service that has no selector yet, and for pods of an idle color that is broken.

The swap waits for what it needs, and no more: a color that never gets ready must not keep an update from a rollback.
"""
_GONE_AT_ONCE = {"pulumi.com/deletionPropagationPolicy": "background"}
"""Nobody waits for its deletion, and its name must be free for the next one while its pods still end."""
AWAIT_ADDRESS = {"pulumi.com/waitFor": "jsonpath={.status.loadBalancer.ingress}"}
_AWAITED = ("DaemonSet", "Deployment", "Ingress", "Service", "StatefulSet")
_WITH_PODS = ("DaemonSet", "Deployment", "StatefulSet")
_OWN_GROUPS = re.compile(r"[a-z]*\Z|.+\.k8s\.io\Z")


def color_labels(name: str) -> dict[Color, dict[str, str]]:
    """The labels that select the pods of each color."""
    return {color: {NAME_LABEL: name, COLOR_LABEL: color} for color in COLORS}


def metadata(
    name: str,
    namespace: str,
    labels: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An object's metadata, without empty fields."""
    fields = {
        "name": name,
        "namespace": namespace,
        "labels": dict(labels or {}),
        "annotations": dict(annotations or {}),
    }
    return {key: value for key, value in fields.items() if value}


def declare(
    manifest: Mapping[str, Any],
    parent: pulumi.Resource,
    *,
    urn_name: str | None = None,
    set_once: Sequence[str] = (),
    depends_on: Sequence[pulumi.Resource] = (),
    provider: pulumi.ProviderResource | None = None,
    hooks: pulumi.ResourceHookBinding | None = None,
) -> Any:
    """Declare one object.

    Args:
        manifest: the object; values may be outputs, its ``apiVersion``, ``kind`` and name may not.
        parent: the component.
        urn_name: the resource's name; the object's own when absent.
        set_once: fields that count at its creation alone, such as ``spec.replicas``: they belong to others afterwards.
            One that others set may be named without a value, and has to be: whatever ``kubectl`` wrote is taken for the
            stack's at the next change of the object, and what the stack lacks would be removed. Ignored it stays as it
            is. Keys with dots in them, as annotations have, cannot be named:
            they are kept by ``hooks``.
        depends_on: what has to be there before it.
        provider: the cluster; the component's own when absent.
        hooks: what is called before it is changed.
    """
    api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    fields = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "status")}
    if kind in _AWAITED:
        fields["metadata"] = _with_await(fields["metadata"], _GONE_AT_ONCE if kind in _WITH_PODS else {})
    options = pulumi.ResourceOptions(
        parent=parent, depends_on=list(depends_on), ignore_changes=list(set_once), provider=provider, hooks=hooks
    )
    name = urn_name or str(fields["metadata"]["name"])
    resource_class = _class_of(api_version, kind)
    if resource_class is not None:
        try:
            return resource_class(name, opts=options, **{_snake(key): value for key, value in fields.items()})
        except TypeError as error:  # of a kind that is known the SDK knows which fields there are
            raise pulumi.RunError(f"{kind}/{fields['metadata'].get('name')} is refused: {error}") from None
    custom = import_module("pulumi_kubernetes.apiextensions").CustomResource
    if fields.keys() <= {"metadata", "spec"}:
        return custom(name, api_version=api_version, kind=kind, opts=options, **fields)
    # The SDK's class takes nothing beside these two; what it does with them is this.
    version = import_module("pulumi_kubernetes._utilities").get_version()
    options = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(version=version))
    whole = {"apiVersion": api_version, "kind": kind, **fields}
    return pulumi.CustomResource(f"kubernetes:{api_version}:{kind}", name, whole, options)


def _with_await(annotations: Mapping[str, Any], more: Mapping[str, str]) -> dict[str, Any]:
    given, own = annotations.get("annotations") or {}, {**SKIP_AWAIT, **more}
    if not isinstance(given, Mapping):
        return {**annotations, "annotations": pulumi.Output.from_input(given).apply(lambda known: {**own, **known})}
    if "pulumi.com/waitFor" in given:
        return dict(annotations)  # whoever says how it is waited for means it
    return {**annotations, "annotations": {**own, **given}}


def _class_of(api_version: str, kind: str) -> Any:
    """The SDK's own class of a kind that every cluster has; ``None`` for a custom one."""
    group, _, version = api_version.rpartition("/")
    if not _OWN_GROUPS.match(group):
        return None
    module = f"pulumi_kubernetes.{group.partition('.')[0] or 'core'}.{version}"
    try:
        resource_class = getattr(import_module(module), kind, None)
    except ImportError:
        return None
    token = f"kubernetes:{group or 'core'}/{version}:{kind}"
    return resource_class if getattr(resource_class, "pulumi_type", token) == token else None


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", name)
