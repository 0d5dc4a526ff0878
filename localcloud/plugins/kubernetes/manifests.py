"""Manifests: from YAML to objects that can be registered, in an order that works."""

from __future__ import annotations

import glob
import json
import re
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from localcloud.plugins.kubernetes import table
from localcloud.plugins.kubernetes.cluster import Cluster
from localcloud.plugins.kubernetes.objects import (
    Object,
    annotation,
    dig,
    group_of,
    is_definition,
    name_of,
    namespace_of,
    put,
)
from localcloud.plugins.values import ProviderError

_DEPENDS_ON = "config.kubernetes.io/depends-on"
_FETCH_SECONDS = 30.0


def decode(text: str) -> list[Object]:
    """The objects of a stream of YAML or JSON documents; empty ones are skipped."""
    import yaml  # noqa: PLC0415

    try:
        documents = list(yaml.load_all(text, Loader=_loader()))
    except yaml.YAMLError as error:
        raise ProviderError(f"decoding YAML: {error}") from error
    for one in documents:
        if one is not None and not isinstance(one, dict):
            raise ProviderError(f"decoding YAML: a manifest is an object, this is {shortened(one)}")
    return [_without_nulls(one) for one in documents if one]


def _loader() -> Any:
    """Times stay text, as Kubernetes has them."""
    import yaml  # noqa: PLC0415

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("Loader", (base,), {})
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    return loader


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def load(files: Sequence[str], text: str, *, patterns: bool) -> list[Object]:
    """The objects of some files or addresses, and of a text; `patterns` says whether a path may have `*`."""
    objects: list[Object] = []
    for file in files:
        for content in _contents(file, patterns):
            objects += decode(content)
    return objects + decode(text)


def _contents(file: str, patterns: bool) -> Iterator[str]:
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", file):
        try:
            with urllib.request.urlopen(file, timeout=_FETCH_SECONDS) as answer:
                yield answer.read().decode()
        except (OSError, ValueError) as error:
            raise ProviderError(f"fetching YAML over network: {file}: {error}") from error
        return
    paths = sorted(glob.glob(file)) if patterns and glob.has_magic(file) else [file]
    try:
        yield from [Path(path).read_text() for path in paths]
    except OSError as error:
        raise ProviderError(f"reading YAML file from disk: {error}") from error


def normal(objects: Sequence[Object], namespace: str, cluster: Cluster) -> list[Object]:
    """Lists taken apart, the core group by its short name, a namespace where one belongs."""
    expanded = list(_expanded(objects))
    scopes = {
        (dig(one, "spec", "group"), dig(one, "spec", "names", "kind")): dig(one, "spec", "scope") == "Namespaced"
        for one in expanded
        if is_definition(one)
    }
    for obj in expanded:
        api_version, kind = str(obj.get("apiVersion") or ""), str(obj.get("kind") or "")
        if not api_version or not kind:
            raise ProviderError(f"Kubernetes resources require a kind and apiVersion: `{shortened(obj)}`")
        if not name_of(obj):
            raise ProviderError(f"Kubernetes resources require a .metadata.name: `{shortened(obj)}`")
        api_version = obj["apiVersion"] = api_version.removeprefix("core/")
        namespaced = scopes.get((group_of(api_version), kind))
        if namespaced is None:
            namespaced = cluster.namespaced(api_version, kind, api_version in table.group_versions())
        if namespaced and not namespace_of(obj) and namespace:
            put(obj, namespace, "metadata", "namespace")
    return expanded


def _expanded(objects: Sequence[Object]) -> Iterator[Object]:
    for obj in objects:
        if str(obj.get("kind", "")).endswith("List") and isinstance(obj.get("items"), list):
            yield from _expanded(obj["items"])
        else:
            yield obj


def ordered(objects: Sequence[Object]) -> list[tuple[Object, list[int]]]:
    """Every object with the places (in what is returned) of those it needs, which come before it.

    Definitions before what they define, namespaces before what is in them, and what an annotation says.
    """
    needs = [_needed(obj, objects) for obj in objects]
    placed: dict[int, int] = {}
    placed_objects: list[tuple[Object, list[int]]] = []
    while len(placed_objects) < len(objects):
        ready = [i for i in range(len(objects)) if i not in placed and needs[i] <= placed.keys()]
        if not ready:
            circle = ", ".join(f"{one['kind']} {name_of(one)}" for i, one in enumerate(objects) if i not in placed)
            raise ProviderError(f"cyclic dependency: {circle}")
        placed_objects += [(objects[index], [placed[one] for one in sorted(needs[index])]) for index in ready]
        placed |= {index: place for place, index in enumerate(ready, len(placed))}
    return placed_objects


def _needed(obj: Object, objects: Sequence[Object]) -> set[int]:
    mine = (group_of(str(obj["apiVersion"])), obj["kind"])
    explicit = {tuple(one.strip().split("/")) for one in annotation(obj, _DEPENDS_ON).split(",") if one.strip()}
    indexes = set()
    for index, other in enumerate(objects):
        if other is obj:
            continue
        defines = is_definition(other) and mine == (dig(other, "spec", "group"), dig(other, "spec", "names", "kind"))
        houses = (other["apiVersion"], other["kind"]) == ("v1", "Namespace") and name_of(other) == namespace_of(obj)
        if defines or houses or _reference(other) in explicit:
            indexes.add(index)
    return indexes


def _reference(obj: Object) -> tuple[str, ...]:
    """An object's name in the annotation: group/namespaces/namespace/kind/name, or group/kind/name."""
    group, kind, name = group_of(str(obj["apiVersion"])), str(obj["kind"]), name_of(obj)
    return (group, "namespaces", namespace_of(obj), kind, name) if namespace_of(obj) else (group, kind, name)


def shortened(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 100 else text[:97] + "..."
