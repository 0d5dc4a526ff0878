"""What the Pulumi AWS provider is configured with, as far as a swap calls AWS in the same way.

Keys are never taken: they would land in the state. What cannot be taken is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

_SAME = ("region", "profile")
_ROLE = {"roleArn": "role_arn", "externalId": "external_id"}
_KEYS = ("accessKey", "secretKey", "token")
_ADVICE = "give the component aws_connection"


def taken(given: Mapping[str, Any]) -> dict[str, Any]:
    """The connection of a swap: what it was given, and for the rest what the stack's config has for the provider.

    Args:
        given: the component's ``aws_connection``. With a profile or a role of its own it takes on no other.
    """
    config = pulumi.Config("aws")
    found: dict[str, Any] = {name: value for name in _SAME if (value := config.get(name))}
    if not given.keys() & {"role_arn", "profile"} and len(roles := _roles(config)) == 1:
        found |= {ours: str(roles[0][theirs]) for theirs, ours in _ROLE.items() if roles[0].get(theirs)}
    if len(addresses := _addresses(config)) == 1:
        found["endpoint_url"] = addresses[0]
    return {**found, **given}


def differences(given: Mapping[str, Any], parent: pulumi.Resource) -> list[str]:
    """What the provider does otherwise than the swap, a sentence each; for a preview.

    Args:
        given: the component's ``aws_connection``.
        parent: the component.
    """
    config = pulumi.Config("aws")
    said = []
    if not given.keys() & {"role_arn", "profile"}:
        roles = _roles(config)
        if len(roles) > 1:
            said.append(
                f"aws:assumeRoles names {len(roles)} roles, one by way of another, and a swap takes on one alone"
            )
        if any(config.get(key) for key in _KEYS):
            said.append("aws:accessKey and its like are the provider's alone: a swap keeps no keys")
    if "endpoint_url" not in given and len(_addresses(config)) > 1:
        said.append("aws:endpoints names several addresses, and a swap has one for all services")
    provider = parent.get_provider("aws:lb/listener:Listener") if isinstance(parent, pulumi.Resource) else None
    if provider is not None and not given:
        said.append("the component has an AWS provider of its own, and the swap calls AWS as the stack's config says")
    return [f"{one}: {_ADVICE}" for one in said]


def _roles(config: pulumi.Config) -> Sequence[Mapping[str, Any]]:
    several, one = config.get_object("assumeRoles"), config.get_object("assumeRole")
    found = several if isinstance(several, list) else [one]
    return [role for role in found if isinstance(role, Mapping) and role.get("roleArn")]


def _addresses(config: pulumi.Config) -> list[str]:
    given = config.get_object("endpoints")
    found = [given] if isinstance(given, Mapping) else given if isinstance(given, list) else []
    return sorted(
        {str(address) for services in found if isinstance(services, Mapping) for address in services.values()}
    )
