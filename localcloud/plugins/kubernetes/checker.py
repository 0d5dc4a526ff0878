"""Check: from what a program wrote to the inputs that go into the state; bad ones are refused before any write."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from localcloud.plugins.kubernetes import table
from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.differ import AUTONAMED
from localcloud.plugins.kubernetes.objects import (
    Object,
    dig,
    drop,
    is_patch,
    name_of,
    of_token,
    plain,
    put,
    says_yes,
    stored,
)
from localcloud.plugins.kubernetes.state import with_secrets
from localcloud.plugins.values import Failure, Props, ProviderError, Secret

_DIGITS: Final = 8
_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
_READ_ONLY: Final = (
    *("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields"),
    *("resourceVersion", "uid"),
)
HOOK: Final = "helm.sh/hook"


@dataclass(frozen=True, slots=True)
class Naming:
    """The engine's options for names that are made up: a mode and, for all but the default, a proposed one."""

    mode: str = "default"
    proposed: str = ""


def check(
    cluster: Cluster, token: str, logical_name: str, olds: Props, news: Props, seed: bytes, naming: Naming
) -> tuple[Props, list[Failure]]:
    """Checked inputs (with their secrets), and what was refused."""
    inputs = with_type(token, copy.deepcopy(news))
    inputs.pop("status", None)
    failures = list(_refused(cluster, token, inputs))
    if failures:
        return inputs, failures
    for name in _READ_ONLY:
        _drop_metadata(inputs, name)
    metadata = _metadata(inputs)
    if metadata is None:  # not known yet
        return inputs, []
    _name(inputs, logical_name, plain(olds), seed, naming)
    if not cluster.settings.server_side_apply and (not olds or _managed(plain(olds))):
        put(inputs, "pulumi", "metadata", "labels", _MANAGED_BY)
    _place(cluster, token, inputs)
    return with_secrets(stored(inputs), {}), []


def _refused(cluster: Cluster, token: str, inputs: Props) -> Iterator[Failure]:
    _, kind = of_token(token)
    if kind.endswith("List") and isinstance(inputs.get("items"), list):
        raise ProviderError(
            "list resources exist for compatibility with YAML manifests and Helm charts, and cannot be created "
            "directly. Use the underlying resource type instead"
        )
    patch = is_patch(token, str(inputs.get("kind") or ""))
    if patch and not cluster.settings.server_side_apply:
        raise ProviderError(
            "patch resources require Server-Side Apply mode, which is enabled using the `enableServerSideApply` "
            "Provider config"
        )
    yield from table.refused(token, inputs)
    metadata = plain(inputs.get("metadata") or {})
    if patch and isinstance(metadata, dict) and not metadata.get("name"):
        raise ProviderError("patch resources require the `.metadata.name` field to be set")
    if dig(metadata, "generateName") and not dig(metadata, "name") and cluster.settings.server_side_apply:
        raise ProviderError("the `.metadata.generateName` field is not supported in Server-Side Apply mode")


def _metadata(inputs: Props) -> Any:
    """The metadata as an object; None where a preview does not know it."""
    metadata = inputs.get("metadata")
    if isinstance(metadata, Secret):
        metadata = inputs["metadata"] = metadata.value
    if metadata is None:
        metadata = inputs["metadata"] = {}
    if isinstance(metadata, dict) and isinstance(metadata.get("annotations"), Secret):
        metadata["annotations"] = metadata["annotations"].value
    return metadata if isinstance(metadata, dict) else None


def _drop_metadata(inputs: Props, name: str) -> None:
    if isinstance(inputs.get("metadata"), dict):
        drop(inputs, "metadata", name)


def _managed(olds: Object) -> bool:
    return bool(dig(olds, "metadata", "labels", _MANAGED_BY) == "pulumi")


def _name(inputs: Props, logical_name: str, olds: Object, seed: bytes, naming: Naming) -> None:
    """A name where none is given: the one from before, or `<logical name>-<8 random characters>`."""
    if dig(inputs, "metadata", "name") or dig(inputs, "metadata", "generateName"):
        return
    if olds:
        if says_yes(olds, AUTONAMED) and name_of(olds):
            _autonamed(inputs, name_of(olds))
        return
    if naming.mode == "disabled":
        raise ProviderError("autonaming is disabled, resource requires the .metadata.name field to be set")
    proposed = naming.proposed if naming.mode in ("propose", "enforce") else ""
    _autonamed(inputs, proposed or f"{logical_name}-{hashlib.sha256(seed).hexdigest()[:_DIGITS]}")


def _autonamed(inputs: Props, name: str) -> None:
    put(inputs, name, "metadata", "name")
    if dig(inputs, "metadata", "annotations") is None or isinstance(dig(inputs, "metadata", "annotations"), dict):
        put(inputs, "true", "metadata", "annotations", AUTONAMED)


def _place(cluster: Cluster, token: str, inputs: Props) -> None:
    """The namespace for what names none."""
    if dig(inputs, "metadata", "namespace"):
        return
    api_version, kind = _type_of(token, inputs)
    builtin = api_version in table.group_versions()
    if cluster.namespace and cluster.namespaced(api_version, kind, builtin):
        put(inputs, cluster.namespace, "metadata", "namespace")


def _type_of(token: str, inputs: Props) -> tuple[str, str]:
    """(apiVersion, kind), as the inputs have it: a patch's kind is what it patches."""
    api_version, kind = of_token(token)
    given = plain(inputs.get("kind"))
    return api_version, given if isinstance(given, str) and given else kind


def with_type(token: str, inputs: Props) -> Props:
    """The inputs with apiVersion and kind, which some programs leave to the type."""
    api_version, kind = _type_of(token, inputs)
    if is_patch(token, "") and not inputs.get("kind"):
        kind = kind.removesuffix("Patch")
    return {"apiVersion": api_version, "kind": kind, **inputs}
