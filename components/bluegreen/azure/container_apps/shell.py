"""The app beside its releases: what of it is not as it is declared, and what of that the swap can send. Pure.

Pulumi makes the app once, since an update of it sends traffic and releases with the rest. So the swap holds the app
against its declaration: what only adds to it is sent, and what would change how production is served is refused.

https://learn.microsoft.com/azure/container-apps/azure-resource-manager-api-spec
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluegreen.azure.container_apps.rules import App, properties_of, tags_of
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.plain import holds_unknown, plain

Shell = Mapping[str, Any]
_KEYS = frozenset(
    {
        *("environment_id", "target_port", "external", "transport", "workload_profile_name"),
        *("identity_ids", "system_identity", "secrets", "registries", "tags"),
    }
)
_SENT = ("identity_ids", "system_identity", "secrets", "registries", "tags")
"""Nothing that runs is served in another way by them."""


@dataclass(frozen=True, slots=True)
class DeclaredShell:
    """The app's declaration, by the component's own names."""

    hint: str = "Mapping[str, Any]"
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """It, with what is not known yet as unknown."""
        given = fields.raw(name, default)
        if given is UNKNOWN or holds_unknown(given):
            return UNKNOWN
        if not isinstance(given, Mapping) or given.keys() - _KEYS:
            fields.problem(name, given, f"an object of {', '.join(sorted(_KEYS))}")
            return UNKNOWN
        return plain(given)


def differences(shell: Shell, app: App) -> tuple[str, ...]:
    """The names of what is declared otherwise than it is."""
    found = _as_it_is(app)
    return tuple(name for name in sorted(shell) if not _is_so(name, shell[name], found.get(name)))


def refused(names: tuple[str, ...], shell: Shell, app: App) -> str:
    """Why what differs cannot be sent, naming it with both values; empty if it can."""
    found = _as_it_is(app)
    told = [f"{name} is {found.get(name)!r} and declared as {shell[name]!r}" for name in names if name not in _SENT]
    if "secrets" in names:
        kept = [one["name"] for one in _configuration(app).get("secrets") or [] if not one.get("keyVaultUrl")]
        if kept:
            told.append(
                f"secrets: those of the app that are no references to Key Vault ({', '.join(kept)}) cannot be sent "
                "without their values"
            )
    return "; ".join(told)


def to_send(names: tuple[str, ...], shell: Shell, app: App) -> dict[str, Any]:
    """The body of a merge patch that adds what is missing, without tags; what is there stays as it was read."""
    body: dict[str, Any] = {}
    configuration: dict[str, Any] = {}
    if "secrets" in names:
        present = {one["name"]: copy.deepcopy(one) for one in _configuration(app).get("secrets") or []}
        mine = {key: {"name": key, **value} for key, value in shell["secrets"].items()}
        configuration["secrets"] = list({**present, **mine}.values())
    if "registries" in names:
        present = {one["server"]: copy.deepcopy(one) for one in _configuration(app).get("registries") or []}
        mine = {server: {"server": server, "identity": identity} for server, identity in shell["registries"].items()}
        configuration["registries"] = list({**present, **mine}.values())
    if "identity_ids" in names or "system_identity" in names:
        there = app.get("identity") or {}
        users = [*(there.get("userAssignedIdentities") or {}), *shell.get("identity_ids", ())]
        system = "systemassigned" in str(there.get("type") or "").lower() or bool(shell.get("system_identity"))
        kinds = [*(["SystemAssigned"] if system else []), *(["UserAssigned"] if users else [])]
        body["identity"] = {
            "type": ",".join(kinds) or "None",
            **({"userAssignedIdentities": {one: {} for one in users}} if users else {}),
        }
    if configuration:
        body["properties"] = {"configuration": configuration}
    return body


def _configuration(app: App) -> Mapping[str, Any]:
    found: Mapping[str, Any] = properties_of(app).get("configuration") or {}
    return found


def _as_it_is(app: App) -> dict[str, Any]:
    properties, configuration = properties_of(app), _configuration(app)
    ingress, identity = configuration.get("ingress") or {}, app.get("identity") or {}
    return {
        "environment_id": properties.get("environmentId") or properties.get("managedEnvironmentId"),
        "target_port": ingress.get("targetPort"),
        "external": bool(ingress.get("external")),
        "transport": ingress.get("transport") or "Auto",
        "workload_profile_name": properties.get("workloadProfileName"),
        "identity_ids": list(identity.get("userAssignedIdentities") or {}),
        "system_identity": "systemassigned" in str(identity.get("type") or "").lower(),
        "secrets": {
            one["name"]: {key: one[key] for key in ("keyVaultUrl", "identity") if one.get(key)}
            for one in configuration.get("secrets") or []
        },
        "registries": {one["server"]: one.get("identity") for one in configuration.get("registries") or []},
        "tags": tags_of(app),
    }


def _is_so(name: str, declared: Any, found: Any) -> bool:
    """Whether a value is what it is declared to be. What others have added is no difference."""
    if isinstance(declared, Mapping):
        there = found if isinstance(found, Mapping) else {}
        return all(_alike(value, there.get(key)) for key, value in declared.items())
    if isinstance(declared, (list, tuple)):
        return {str(one).lower() for one in declared} <= {str(one).lower() for one in found or ()}
    if name == "system_identity":
        return not declared or bool(found)
    return _alike(declared, found)


def _alike(one: Any, another: Any) -> bool:
    """In ids and enums case says nothing; a number is one, whatever its type."""
    if isinstance(one, Mapping) and isinstance(another, Mapping):
        return all(_alike(value, another.get(key)) for key, value in one.items())
    if isinstance(one, str) and isinstance(another, str):
        return one.lower() == another.lower()
    return bool(one == another)
