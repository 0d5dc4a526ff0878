"""The allowed content of manifests: values that JSON has, each object once, no hooks of Helm's. Pure.

YAML that the program reads itself has other values than kubectl's: a date is an object of Python's, and ``22:30`` is
1350 by then. What can be seen of that is refused, with how to do without.
"""

from __future__ import annotations

import datetime
import decimal
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

_TIMES = (datetime.date, datetime.time)
_NOT_JSON = (bytes, bytearray, set, frozenset, complex, decimal.Decimal)
_HOOK = "helm.sh/hook"
_AT_AN_INSTALL = frozenset({"crd-install", "post-install", "post-upgrade", "pre-install", "pre-upgrade"})
_AS_KUBECTL = "a text: quote it, or give the YAML as a text or a path, which is read as kubectl reads it"


def problems_in(field: str, manifests: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Values that no API server gets, and objects that stand there twice.

    Args:
        field: where the manifests stand.
        manifests: objects with a kind and a name.
    """
    counted = Counter(map(_place, manifests))
    twice = [f"{kind}/{name}" for (_, kind, name, _), number in counted.items() if number > 1]
    problems = [Problem(field, key, "each object once: only one of these would be there") for key in twice]
    for manifest in manifests:
        key = f"{manifest['kind']}/{manifest['metadata']['name']}"
        problems += [*not_json(f"{field} {key}", manifest), *_of_another_moment(f"{field} {key}", manifest)]
    return problems


def _of_another_moment(path: str, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """The problems with Helm's hooks for a removal, a rollback or a test: among manifests they are mere objects."""
    annotations = manifest["metadata"].get("annotations")
    said = annotations.get(_HOOK) if isinstance(annotations, Mapping) else None
    moments = {moment.strip() for moment in said.split(",")} if isinstance(said, str) else set()
    if moments and not moments & _AT_AN_INSTALL:
        allowed = (
            "a hook of an install or an upgrade: this one would act at once; render with `helm template --no-hooks`"
        )
        yield Problem(f"{path}.metadata.annotations.{_HOOK}", said, allowed)


def _place(manifest: Mapping[str, Any]) -> tuple[str, str, str, str]:
    metadata = manifest["metadata"]
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    return group, str(manifest["kind"]), str(metadata["name"]), str(metadata.get("namespace"))


def not_json(path: str, value: Any) -> Iterator[Problem]:
    """The problems with values that JSON does not have, by path; values that only an update knows pass."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            if not isinstance(key, str):
                yield Problem(path, key, f"a key that is {_AS_KUBECTL}")
            else:
                yield from not_json(f"{path}.{key}", one)
    elif isinstance(value, (list, tuple)):
        for number, one in enumerate(value):
            yield from not_json(f"{path}[{number}]", one)
    elif isinstance(value, _TIMES):
        yield Problem(path, str(value), _AS_KUBECTL)
    elif isinstance(value, _NOT_JSON) or (isinstance(value, float) and not math.isfinite(value)):
        yield Problem(path, value, "a value that JSON has")


def colliding(colors: Mapping[Color, Sequence[Mapping[str, Any]]]) -> list[Problem]:
    """The problems with values that both colors' own Services ask for and only one of them can have.

    Args:
        colors: each color's own objects.
    """
    first, second = ({taken: key for one in own for taken, key in _takes(one)} for own in colors.values())
    other, color = colors
    allowed = f"none, or another one than {other}'s: both are there at once; production's Service is the entry's"
    return [
        Problem(f"{color}.manifests {key.removesuffix(f'-{color}')} spec.{path}", value, allowed)
        for (path, value), key in second.items()
        if (path, value) in first
    ]


def _takes(manifest: Mapping[str, Any]) -> Iterator[tuple[tuple[str, Any], str]]:
    spec = manifest.get("spec")
    if manifest["kind"] != "Service" or not isinstance(spec, Mapping):
        return
    key = f"Service/{manifest['metadata']['name']}"
    ports = [port for port in spec.get("ports") or () if isinstance(port, Mapping)]
    claims = [("ports.nodePort", port.get("nodePort")) for port in ports]
    claims += [(name, spec.get(name)) for name in ("clusterIP", "healthCheckNodePort", "loadBalancerIP")]
    for path, value in claims:
        if isinstance(value, (str, int, float)) and value and value != "None":
            yield (path, value), key
