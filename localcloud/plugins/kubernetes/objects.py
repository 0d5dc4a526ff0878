"""Kubernetes objects as plain dicts: the few things that are read from all of them. Pure functions."""

from __future__ import annotations

import base64
import copy
from typing import Any

from localcloud.plugins.values import UNKNOWN, Secret

Object = dict[str, Any]

_READ_ONLY = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)


def dig(value: Any, *path: str | int) -> Any:
    """The value at a path; None where there is nothing."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def put(obj: Object, value: Any, *path: str) -> None:
    """Set what is at a path; objects on the way are made."""
    for step in path[:-1]:
        if not isinstance(obj.get(step), dict):
            obj[step] = {}
        obj = obj[step]
    obj[path[-1]] = value


def drop(obj: Object, *path: str) -> None:
    """Remove what is at a path, if it is there."""
    parent = dig(obj, *path[:-1]) if path[:-1] else obj
    if isinstance(parent, dict):
        parent.pop(path[-1], None)


def group_of(api_version: str) -> str:
    """The API group; empty for the core group."""
    group = api_version.rpartition("/")[0]
    return "" if group == "core" else group


def name_of(obj: Object) -> str:
    text = dig(obj, "metadata", "name")
    return text if isinstance(text, str) else ""


def namespace_of(obj: Object) -> str:
    text = dig(obj, "metadata", "namespace")
    return text if isinstance(text, str) else ""


def full_name(obj: Object) -> str:
    """The id: `namespace/name`, or the name alone where there is no namespace."""
    return f"{namespace_of(obj)}/{name_of(obj)}" if namespace_of(obj) else name_of(obj)


def parsed_id(resource_id: str) -> tuple[str, str]:
    """(namespace, name) of an id."""
    namespace, _, name = resource_id.rpartition("/")
    return namespace, name


def annotation(obj: Object, name: str) -> str:
    text = dig(obj, "metadata", "annotations", name)
    return text if isinstance(text, str) else ""


def says_yes(obj: Object, name: str) -> bool:
    """Whether an annotation is "true"."""
    return annotation(obj, name) == "true"


def type_of(obj: Object) -> str:
    """API version and kind: `apps/v1/Deployment`."""
    return f"{obj.get('apiVersion')}/{obj.get('kind')}"


def of_token(token: str) -> tuple[str, str]:
    """(apiVersion, kind) of a type token: `kubernetes:core/v1:Service` is v1, Service."""
    _, group_version, kind = token.split(":", 2)
    return group_version.removeprefix("core/"), kind


def is_patch(token: str, kind: str) -> bool:
    """Whether a resource changes an object of someone else's. A custom kind may well end in "Patch"."""
    name = token.rsplit(":", 1)[1]
    return name.endswith("Patch") and kind != name


def is_definition(obj: Object) -> bool:
    return group_of(str(obj.get("apiVersion") or "")) == "apiextensions.k8s.io" and (
        obj.get("kind") == "CustomResourceDefinition"
    )


def without_read_only(obj: Object) -> Object:
    """A copy without the fields that only the API server writes."""
    result = copy.deepcopy(obj)
    for name in _READ_ONLY:
        drop(result, "metadata", name)
    result.pop("status", None)
    return result


def pruned(live: Any, like: Any) -> Any:
    """The part of a live value that the inputs name: anything else belongs to someone else."""
    if isinstance(live, dict) and isinstance(like, dict):
        return {key: pruned(live[key], like[key]) for key in like if key in live}
    if isinstance(live, list) and isinstance(like, list):
        # By place: a sidecar that was put in front of the others is a difference in all of them.
        return [pruned(one, other) for one, other in zip(live, like, strict=False)]
    return live


def plain(value: Any) -> Any:
    """Without secrets' wrapping."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def stored(obj: Object) -> Object:
    """A Secret as the API keeps it: a Secret's `stringData` is its `data`.

    With a value that is not known yet it stays.
    """
    texts = plain(obj.get("stringData"))
    if type_of(obj) != "v1/Secret" or not isinstance(texts, dict):
        return obj
    if not all(isinstance(text, str) for text in texts.values()):
        return obj
    kept = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    rest = {key: value for key, value in obj.items() if key != "stringData"}
    return {**rest, "data": {**(plain(obj.get("data")) or {}), **kept}}


def known_name(obj: Object) -> bool:
    """Whether the object has a name that a preview knows."""
    return dig(obj, "metadata", "name") not in (None, "", UNKNOWN)
