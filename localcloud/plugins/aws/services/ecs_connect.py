"""Service Connect of an ECS service, in the provider's names and in the API's."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between
from localcloud.plugins.aws.model import P, Props

# The one list has another name in the API, and so has what signs certificates.
_RENAMED: Final = {"clientAlias": "clientAliases", "issuerCertAuthority": "issuerCertificateAuthority"}
_BACK: Final = {api: name for name, api in _RENAMED.items()}


def written(given: Props | None) -> dict[str, Any] | None:
    """The configuration as the API takes it."""
    return None if given is None else _renamed(given, _RENAMED)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if not key.startswith("__") and item is not None}
        return {names.get(key, key): item if key == "options" else _renamed(item, names) for key, item in kept.items()}
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value


def read(service: dict[str, Any]) -> Props | None:
    """The configuration in the provider's names, as a service's deployment has it."""
    deployments = service.get("deployments") or []
    primary: dict[str, Any] = next((one for one in deployments if one.get("status") == "PRIMARY"), {})
    found = service.get("serviceConnectConfiguration") or primary.get("serviceConnectConfiguration")
    return None if found is None else _renamed(found, _BACK)


_SERVICE: Final = "serviceConnectConfiguration.services[]"
PROPS: Final = {
    "serviceConnectConfiguration": P(),
    "serviceConnectConfiguration.enabled": P(),
    "serviceConnectConfiguration.namespace": P(computed=True),
    "serviceConnectConfiguration.logConfiguration": P(),
    "serviceConnectConfiguration.logConfiguration.logDriver": P(),
    "serviceConnectConfiguration.logConfiguration.options": P(),
    "serviceConnectConfiguration.logConfiguration.options.*": P(),
    "serviceConnectConfiguration.services": P(),
    f"{_SERVICE}.portName": P(),
    f"{_SERVICE}.discoveryName": P(computed=True),
    f"{_SERVICE}.ingressPortOverride": P(check=between(0, 65535)),
    f"{_SERVICE}.clientAlias": P(),
    f"{_SERVICE}.clientAlias[].port": P(check=between(0, 65535)),
    f"{_SERVICE}.clientAlias[].dnsName": P(),
    f"{_SERVICE}.timeout": P(),
    f"{_SERVICE}.timeout.idleTimeoutSeconds": P(check=between(0, 2**31 - 1)),
    f"{_SERVICE}.timeout.perRequestTimeoutSeconds": P(check=between(0, 2**31 - 1)),
    f"{_SERVICE}.tls": P(),
    f"{_SERVICE}.tls.issuerCertAuthority": P(),
    f"{_SERVICE}.tls.issuerCertAuthority.awsPcaAuthorityArn": P(check=ARN),
    f"{_SERVICE}.tls.kmsKey": P(),
    f"{_SERVICE}.tls.roleArn": P(check=ARN),
}
