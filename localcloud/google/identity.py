"""Tokens for service accounts, by their keys; and what each of them may do.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from localcloud.google.api import Permissions
from localcloud.google.errors import GoogleError
from localcloud.tls_server import Answer

TOKEN_PATH = "/token"
LIFE_SECONDS = 3600
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Google's clients say so whatever the key file's `token_uri` is.
_AUDIENCE = "https://oauth2.googleapis.com/token"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Principal:
    """A service account.

    Attributes:
        email: its address.
        permissions: those of its roles on the project, custom ones as well; None: all that there are.
    """

    email: str
    permissions: Permissions = None
    key: rsa.RSAPrivateKey = field(default_factory=_new_key, repr=False, compare=False)

    def credentials(self, project: str, token_uri: str) -> dict[str, str]:
        """The file that Google's clients read: https://cloud.google.com/iam/docs/keys-create-delete"""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": project,
            "private_key_id": "localcloud",
            "private_key": pem.decode(),
            "client_email": self.email,
            "client_id": "1",
            "token_uri": token_uri,
        }


class Identity:
    """Gives tokens, and knows its own again.

    Args:
        principals: who may ask.
    """

    def __init__(self, principals: Iterable[Principal]) -> None:
        self._principals = {one.email: one for one in principals}
        self._tokens: dict[str, tuple[Principal, float]] = {}

    def token(self, form: Mapping[str, str], uri: str) -> Answer:
        """An answer to a request for one, at this address."""
        if form.get("grant_type") != _GRANT:
            return _no("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        claims = self._claims(form.get("assertion", ""))
        if claims is None:
            return _no("invalid_grant", "Invalid JWT Signature.")
        now = time.time()
        if not now - 300 < claims.get("exp", 0) <= now + LIFE_SECONDS + 300 or claims.get("aud") not in (
            _AUDIENCE,
            uri,
        ):
            return _no("invalid_grant", "Invalid JWT: its time or its audience is not right.")
        if _SCOPE not in str(claims.get("scope", "")).split():
            return _no("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return Answer(
            200, {"access_token": self.issue(claims["iss"]), "expires_in": LIFE_SECONDS, "token_type": "Bearer"}
        )

    def _claims(self, assertion: str) -> dict[str, Any] | None:
        """Those of an assertion that one of the accounts has signed."""
        text, _, signature = assertion.rpartition(".")
        try:
            claims: dict[str, Any] = json.loads(_decoded(text.partition(".")[2]))
            principal = self._principals[claims["iss"]]
            principal.key.public_key().verify(_decoded(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, KeyError, TypeError, InvalidSignature):
            return None
        return claims

    def issue(self, email: str, seconds: float = LIFE_SECONDS) -> str:
        """A token."""
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self._tokens[token] = (self._principals[email], time.time() + seconds)
        return token

    def who(self, authorization: str) -> Principal:
        """Whose token it is.

        Raises:
            GoogleError: unknown or expired: 401.
        """
        principal, until = self._tokens.get(authorization.removeprefix("Bearer "), (None, 0.0))
        if principal is None or until <= time.time():
            raise GoogleError("UNAUTHENTICATED", "Request had invalid authentication credentials.")
        return principal


def _no(error: str, description: str) -> Answer:
    return Answer(400, {"error": error, "error_description": description})


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
