"""Azure Resource Manager and the token endpoint, as one server has both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from localcloud.azure.api import Api
from localcloud.azure.identity import AUDIENCE, TENANT, Identity
from localcloud.tls_server import Answer, Request


def answering(api: Api, identity: Identity) -> Callable[[Request], Answer]:
    """Who answers: identity before there is a token, else the API."""
    return lambda request: _identity(identity, request) or api.answer(request)


def _identity(identity: Identity, request: Request) -> Answer | None:
    """The answer of those who answer before there is a token, if one of them answers."""
    if request.verb == "GET" and request.path == "/metadata/endpoints":
        return Answer(200, _endpoints(request.base))
    tenant, _, rest = request.path.strip("/").partition("/")
    if request.verb == "GET" and rest == "v2.0/.well-known/openid-configuration":
        return Answer(200, identity.configuration(request.base, tenant))
    if request.verb == "POST" and rest == "oauth2/v2.0/token":
        form: Mapping[str, str] = dict(parse_qsl(request.body.decode()))
        found = identity.token(tenant, form)
        return Answer(found.status, found.body)
    return None


def _endpoints(base: str) -> dict[str, Any]:
    """Where this cloud's parts are, as clients read it that are given nothing but a host.

    https://learn.microsoft.com/azure/azure-stack/user/azure-stack-version-profiles-azure-resource-manager
    """
    return {
        "name": "localcloud",
        "resourceManager": base,
        "authentication": {"loginEndpoint": base, "audiences": [AUDIENCE], "tenant": TENANT, "identityProvider": "AAD"},
    }
