"""The content of the state: the live object, its inputs and field manager, and which of it is secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.plugins.kubernetes.objects import Object, plain
from localcloud.plugins.values import Props, Secret

INPUTS, INITIAL_VERSION, MANAGER = "__inputs", "__initialApiVersion", "__fieldManager"
_OWN = (INPUTS, INITIAL_VERSION, MANAGER)

# Names that are no identifiers in some of the SDK's languages travel with underscores.
_UNDERSCORED = {
    name.replace("-", "_"): name
    for name in (
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    )
}
_DASHED = {name: underscored for underscored, name in _UNDERSCORED.items()}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, Secret):
        return Secret(_renamed(value.value, names))
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value


def object_of(inputs: Props) -> Object:
    """The object for the API: the inputs in its own words, without secrets' wrapping and our own properties."""
    obj: Object = plain(_renamed(inputs, _UNDERSCORED))
    return {key: value for key, value in obj.items() if key not in _OWN}


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource as the state has it."""

    inputs: Object
    live: Object
    manager: str
    initial_version: str


def kept(state: Props) -> Kept:
    """Read a resource's state."""
    content = plain(state)
    return Kept(
        object_of(content.get(INPUTS) or {}),
        object_of(content),
        str(content.get(MANAGER) or ""),
        str(content.get(INITIAL_VERSION) or ""),
    )


def outputs(inputs: Object, live: Object, given: Props, manager: str, initial_version: str = "") -> Props:
    """The state of a resource. `given` are the inputs as they came: what was secret in them stays secret."""
    state: Props = _renamed(live, _DASHED)
    kept_inputs: Props = _renamed(inputs, _DASHED)
    return {
        **with_secrets(state, given),
        INPUTS: with_secrets(kept_inputs, given),
        INITIAL_VERSION: initial_version or str(inputs.get("apiVersion") or ""),
        MANAGER: manager,
    }


def with_secrets(value: Any, given: Any) -> Any:
    """Mark values as secret that are secret in `given`; of a Secret always its data.

    Objects are gone through, so that one secret value does not hide all of a Deployment; a list with a secret in it is
    secret as a whole, since its elements move.
    """
    if not isinstance(value, dict):
        return Secret(value) if holds_secret(given) else value
    marked = dict(value)
    if value.get("kind") == "Secret":
        for key in ("data", "stringData"):
            if key in marked:
                marked[key] = marked[key] if isinstance(marked[key], Secret) else Secret(marked[key])
        return marked
    if isinstance(given, Secret):
        return Secret(value)
    for key, item in (given if isinstance(given, dict) else {}).items():
        if key in marked and not isinstance(marked[key], Secret):
            marked[key] = with_secrets(marked[key], item)
    return marked


def holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(holds_secret(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_secret(item) for item in value)
    return isinstance(value, Secret)
