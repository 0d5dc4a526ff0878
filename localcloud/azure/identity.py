"""The part of Microsoft Entra ID that gives tokens to applications: by a secret, or by a federated token.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.azure.errors import ArmError
from localcloud.azure.roles import Principal

TENANT = "11111111-1111-1111-1111-111111111111"
AUDIENCE = "https://management.azure.com"
LIFE_SECONDS = 3600
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Answer:
    """Status and body."""

    status: int
    body: dict[str, Any]


class Identity:
    """Gives tokens, and knows its own again.

    Args:
        principals: who may ask.
    """

    def __init__(self, principals: Iterable[Principal]) -> None:
        self.principals = {one.client_id: one for one in principals}
        self._key = secrets.token_bytes(32)

    def configuration(self, base: str, tenant: str) -> dict[str, Any]:
        """The document that a client reads first."""
        return {
            "issuer": f"{base}/{tenant}/v2.0",
            "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/devicecode",
            "tenant_region_scope": None,
        }

    def token(self, tenant: str, form: Mapping[str, str]) -> Answer:
        """An answer to a request for one."""
        if tenant != TENANT:
            return _no(400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return _no(400, "unsupported_grant_type", "AADSTS70003: The stand-in gives client credentials alone.")
        if form.get("scope", "").rstrip("/").removesuffix("/.default").rstrip("/") != AUDIENCE:
            return _no(400, "invalid_scope", f"AADSTS70011: The scope '{form.get('scope')}' is not valid.")
        principal = self.principals.get(form.get("client_id", ""))
        if principal is None:
            return _no(400, "unauthorized_client", f"AADSTS700016: Application '{form.get('client_id')}' not found.")
        federated = form.get("client_assertion_type") == _ASSERTION and form.get("client_assertion")
        if principal.secret != form.get("client_secret", "") or not (principal.secret or federated):
            return _no(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        return Answer(
            200,
            {"token_type": "Bearer", "expires_in": LIFE_SECONDS, "access_token": self.issue(principal.client_id)},
        )

    def issue(self, client_id: str, seconds: int = LIFE_SECONDS) -> str:
        """A token."""
        header = {"alg": "HS256", "typ": "JWT"}
        claims = {
            "aud": AUDIENCE,
            "appid": client_id,
            "oid": client_id,
            "tid": TENANT,
            "exp": int(time.time()) + seconds,
        }
        text = ".".join(_encoded(json.dumps(one).encode()) for one in (header, claims))
        return f"{text}.{self._signed(text)}"

    def who(self, authorization: str) -> Principal:
        """Whose token it is.

        Raises:
            ArmError: unknown or expired: 401.
        """
        text, _, signature = authorization.removeprefix("Bearer ").rpartition(".")
        if not text or not hmac.compare_digest(self._signed(text), signature):
            raise ArmError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing "
                           "or its token is not valid.", headers={"WWW-Authenticate": "Bearer"})  # fmt: skip
        claims = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
        if claims["exp"] <= time.time():
            raise ArmError(401, "ExpiredAuthenticationToken", "The access token expiry is in the past.",
                           headers={"WWW-Authenticate": "Bearer"})  # fmt: skip
        return self.principals[claims["appid"]]

    def _signed(self, text: str) -> str:
        return _encoded(hmac.new(self._key, text.encode(), hashlib.sha256).digest())


def _no(status: int, error: str, description: str) -> Answer:
    return Answer(status, {"error": error, "error_description": description})


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
