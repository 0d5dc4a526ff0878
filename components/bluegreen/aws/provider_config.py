"""The configuration of the Pulumi AWS provider, as far as a swap calls AWS in the same way.

Keys are never taken: they would land in the state. What cannot be taken is said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

_SAME = ("region", "profile")
_ROLE = {"roleArn": "role_arn", "externalId": "external_id"}
_KEYS = ("accessKey", "secretKey", "token")
_KEYS_STAY = "aws:accessKey and its like are the provider's alone: a swap keeps no keys"
# Whom a provider is by other means than a profile or a role.
_IDENTITY = ("assumeRoleWithWebIdentity", "sharedConfigFiles", "sharedCredentialsFiles")
# By which way it calls; what of it stands in the environment is the swap's as well.
_WAY = ("customCaBundle", "httpProxy", "httpsProxy", "useDualstackEndpoint", "useFipsEndpoint")
# Of a role: how long its credentials last, and by which name they are logged.
_NO_MATTER = ("duration", "sessionName")
_OWN = ("region", "profile", "assume_roles", "access_key", "secret_key", "token", "endpoints")
_ADVICE = "give the component aws_connection"


def taken(given: Mapping[str, Any]) -> dict[str, Any]:
    """The connection of a swap: the given one, completed by the stack's config for the provider.

    Args:
        given: the component's ``aws_connection``. With a profile or a role of its own it takes on no other.
    """
    config = pulumi.Config("aws")
    connection: dict[str, Any] = {name: value for name in _SAME if (value := config.get(name))}
    if not given.keys() & {"role_arn", "profile"} and len(roles := _roles(config)) == 1:
        connection |= {ours: str(roles[0][theirs]) for theirs, ours in _ROLE.items() if roles[0].get(theirs)}
    if len(addresses := _addresses(config)) == 1:
        connection["endpoint_url"] = addresses[0]
    return {**connection, **given}


def differences(given: Mapping[str, Any], parent: pulumi.Resource) -> list[str]:
    """The differences between the provider and the swap, a sentence each; for a preview.

    Args:
        given: the component's ``aws_connection``.
        parent: the component.
    """
    config = pulumi.Config("aws")
    said = []
    if _is_itself(given):
        said += _roles_that_differ(_roles(config))
        if any(config.get(key) for key in _KEYS):
            said.append(_KEYS_STAY)
        said += [f"aws:{key} is the provider's alone" for key in _IDENTITY if config.get(key)]
    said += [f"aws:{key} is the provider's alone" for key in _WAY if config.get(key) not in (None, "", "false")]
    if "endpoint_url" not in given and len(_addresses(config)) > 1:
        said.append("aws:endpoints names several addresses, and a swap has one for all services")
    provider = own_provider(parent)
    if provider is not None and _known_of(provider) is None and (missing := _missing(given)):
        said.append(
            f"the component has an AWS provider of its own, and the swap takes {missing} from the stack's config"
        )
    return [f"{one}: {_ADVICE}" for one in said]


def own_provider(parent: pulumi.Resource) -> pulumi.ProviderResource | None:
    """The AWS provider that a component was given in its options."""
    return parent.get_provider("aws:lb/listener:Listener") if isinstance(parent, pulumi.Resource) else None


def differences_of_own(given: Mapping[str, Any], parent: pulumi.Resource) -> pulumi.Output[list[str]] | None:
    """The same of a provider of the component's own, where the program has made it and so knows its config."""
    provider = own_provider(parent)
    known = None if provider is None else _known_of(provider)
    if known is None:
        return None
    return pulumi.Output.all(**known).apply(lambda configured: _differences_of_own(given, configured))


def _differences_of_own(given: Mapping[str, Any], configured: Mapping[str, Any]) -> list[str]:
    mine, said = taken(given), []
    region = configured.get("region")
    if "region" not in given and region is not None and region != mine.get("region"):
        said.append(f"the component's own AWS provider is in {region}, and the swap calls {mine.get('region')}")
    if _is_itself(given):
        roles = _listed(configured.get("assume_roles"))
        if roles and [_role(role, "role_arn", "roleArn") for role in roles] != [mine.get("role_arn")]:
            named = ", ".join(str(_role(role, "role_arn", "roleArn")) for role in roles)
            said.append(f"the component's own AWS provider takes on the role {named}, and the swap does not")
        profile = configured.get("profile")
        if profile is not None and profile != mine.get("profile"):
            said.append(f"the component's own AWS provider has the profile {profile}, and the swap has not")
        if any(configured.get(key) for key in ("access_key", "secret_key", "token")):
            said.append(f"the component's own AWS provider has keys: {_KEYS_STAY}")
    addresses = _all_addresses(_listed(configured.get("endpoints")))
    if "endpoint_url" not in given and addresses and addresses != [mine.get("endpoint_url")]:
        said.append("the component's own AWS provider has endpoints of its own, and the swap does not call them")
    return [f"{one}: {_ADVICE}" for one in said]


def _is_itself(given: Mapping[str, Any]) -> bool:
    """Whether no credentials were said for the swap."""
    return not given.keys() & {"role_arn", "profile"}


def _missing(given: Mapping[str, Any]) -> str:
    parts = ["region"] if "region" not in given else []
    return " and ".join([*parts, *(["profile or role"] if _is_itself(given) else [])])


def _known_of(provider: pulumi.ProviderResource) -> dict[str, Any] | None:
    """The arguments of a provider of this program; ``None`` where another program has made it."""
    held = {key: value for key in _OWN if isinstance(value := getattr(provider, key, None), pulumi.Output)}
    return held or None


def _roles_that_differ(roles: Sequence[Mapping[str, Any]]) -> list[str]:
    if len(roles) > 1:
        return [f"aws:assumeRoles names {len(roles)} roles, one by way of another, and a swap takes on one alone"]
    more = sorted({key for role in roles for key, value in role.items() if value} - {*_ROLE, *_NO_MATTER})
    return [f"aws:assumeRoles has {', '.join(more)}, and a swap takes on the role without"] if more else []


def _role(role: Mapping[str, Any], *keys: str) -> Any:
    return next((role[key] for key in keys if role.get(key)), None)


def _listed(value: Any) -> list[Any]:
    """Nested values of a provider, which keeps them as JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _roles(config: pulumi.Config) -> Sequence[Mapping[str, Any]]:
    several, one = config.get_object("assumeRoles"), config.get_object("assumeRole")
    roles = several if isinstance(several, list) else [one]
    return [role for role in roles if isinstance(role, Mapping) and role.get("roleArn")]


def _addresses(config: pulumi.Config) -> list[str]:
    given = config.get_object("endpoints")
    return _all_addresses([given] if isinstance(given, Mapping) else given if isinstance(given, list) else [])


def _all_addresses(endpoints: Sequence[Any]) -> list[str]:
    return sorted(
        {str(address) for services in endpoints if isinstance(services, Mapping) for address in services.values()}
    )
