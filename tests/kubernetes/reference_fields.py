"""A cluster's own schemas, walked for fields that look like references to other objects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.kubernetes.manifests.reference_table import HARMLESS
from bluegreen.kubernetes.manifests.references import named_in

_LIKE = re.compile(
    r"(?:Refs?|References?|Names?|Secrets?|ConfigMaps?|Services?|Accounts?|Claims?|Class|Host|Issuer|Ingress(?:es)?)\Z"
    r"|\A(?:name|hosts?|gateways|secrets?|ingress(?:es)?|serviceAccount)\Z"
)
_NOT_STORED = ("APIGroup", "APIResourceList", "DeleteOptions", "Status", "WatchEvent")
MARKER = "marker"


@dataclass(frozen=True)
class Field:
    """A field that looks like a reference.

    Attributes:
        api_version: of its kind.
        kind: the kind.
        path: the keys on the way to it, each with whether a list stands there.
        names: what it has in it: a text, or an object with ``name``, and with ``kind`` where it has one.
    """

    api_version: str
    kind: str
    path: tuple[tuple[str, bool], ...]
    names: Any

    @property
    def key(self) -> str:
        """Its own name."""
        return self.path[-1][0]

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind} {'.'.join(key for key, _ in self.path)}"

    @property
    def manifest(self) -> dict[str, Any]:
        """The smallest object that has it."""
        value = self.names
        for key, many in reversed(self.path):
            value = {key: [value] if many else value}
        metadata = {"name": "it", "namespace": "here"}
        return {"apiVersion": self.api_version, "kind": self.kind, "metadata": metadata, **value}


def fields_in(definitions: Mapping[str, Any]) -> Iterator[Field]:
    """The fields of all kinds.

    Args:
        definitions: of ``/openapi/v2``.
    """

    def inner(of: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        while of.get("type") == "array" and "items" in of:
            of = of["items"]
        name = of.get("$ref", "").rpartition("/")[2]
        return name, definitions[name] if name else of

    def walk(of: Mapping[str, Any], path: tuple[tuple[str, bool], ...], seen: frozenset[str]) -> Iterator[Any]:
        for key, value in of.get("properties", {}).items():
            name, within = inner(value)
            if key == "metadata" or (key == "status" and not path) or name in seen:
                continue
            here = (*path, (key, value.get("type") == "array"))
            properties = within.get("properties", {})
            if within.get("type") == "string" and _LIKE.search(key):
                yield here, MARKER
            if properties.get("name", {}).get("type") == "string":
                yield here, {"name": MARKER, **({"kind": "Marked"} if "kind" in properties else {})}
            yield from walk(within, here, seen | {name} if name else seen)

    for name, definition in definitions.items():
        for one in definition.get("x-kubernetes-group-version-kind") or ():
            if one["kind"].endswith("List") or one["kind"] in _NOT_STORED:
                continue
            api_version = f"{one['group']}/{one['version']}".lstrip("/")
            for path, names in walk(definition, (), frozenset({name})):
                yield Field(api_version, one["kind"], path, names)


def unknown_in(definitions: Mapping[str, Any]) -> list[str]:
    """The fields of which nobody knows what they name."""
    return [str(one) for one in fields_in(definitions) if not is_followed(one) and one.key not in HARMLESS]


def is_followed(field: Field) -> bool:
    """Whether what a field names is found."""
    return any(name == MARKER for _, name in named_in(field.manifest))
