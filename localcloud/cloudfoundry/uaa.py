"""The part of the UAA that gives tokens: to clients, to users, and for tokens that renew others.

https://docs.cloudfoundry.org/api/uaa/version/latest/index.html#token
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LIFE_SECONDS = 600


@dataclass(frozen=True)
class Principal:
    """A client, or a user.

    Attributes:
        name: the client's id, or the user's name.
        secret: its secret or password.
        role: what it is in every space; empty: nothing.
        user: whether it is a user, who calls by the client `cf`.
    """

    name: str
    secret: str
    role: str = "space_developer"
    user: bool = False


OWNER = Principal("bluegreen", "local-secret")
USER = Principal("dora", "local-password", user=True)


@dataclass
class Uaa:
    """Gives tokens, and knows its own again.

    Attributes:
        principals: who may ask.
        life_seconds: how long an access token is good.
        now: wall-clock seconds.
        asked: the grant types of all questions, in their order.
    """

    principals: tuple[Principal, ...] = (OWNER, USER)
    life_seconds: float = LIFE_SECONDS
    now: Callable[[], float] = time.time
    asked: list[str] = field(default_factory=list)
    _access: dict[str, tuple[Principal, float]] = field(default_factory=dict)
    _refresh: dict[str, Principal] = field(default_factory=dict)

    def token(self, authorization: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """An answer to a question for one."""
        self.asked.append(form.get("grant_type", ""))
        try:
            text = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            text = ""
        client, _, secret = text.partition(":")
        grant = form.get("grant_type")
        if grant == "client_credentials":
            who = self._find(client, secret, user=False)
            return _no(401, "unauthorized", "Bad credentials") if who is None else (200, self._given(who))
        if client != "cf" or secret:
            return _no(401, "unauthorized", "Bad credentials")
        if grant == "password":
            who = self._find(form.get("username", ""), form.get("password", ""), user=True)
            return _no(401, "unauthorized", "Bad credentials") if who is None else (200, self._given(who))
        if grant == "refresh_token":
            who = self._refresh.get(form.get("refresh_token", ""))
            return _no(401, "invalid_token", "The token expired") if who is None else (200, self._given(who))
        return _no(400, "unsupported_grant_type", f"Unsupported grant type: {grant}")

    def _find(self, name: str, secret: str, *, user: bool) -> Principal | None:
        found = [one for one in self.principals if one.name == name and one.user is user]
        return found[0] if found and secrets.compare_digest(found[0].secret, secret) else None

    def _given(self, who: Principal) -> dict[str, Any]:
        access = f"access-{secrets.token_hex(16)}"
        self._access[access] = (who, self.now() + self.life_seconds)
        told: dict[str, Any] = {"access_token": access, "token_type": "bearer", "expires_in": int(self.life_seconds)}
        if who.user:
            refresh = f"refresh-{secrets.token_hex(16)}"
            self._refresh[refresh] = who
            told["refresh_token"] = refresh
        return told

    def who(self, authorization: str) -> Principal | None:
        """Whose token it is; ``None`` if it is unknown, or over."""
        kind, _, token = authorization.partition(" ")
        who, until = self._access.get(token, (None, 0.0))
        return who if kind.lower() == "bearer" and until > self.now() else None

    def revoke(self, *, refresh: bool = False) -> None:
        """No access token that was given is good any more; with ``refresh`` none that renews one either."""
        self._access.clear()
        if refresh:
            self._refresh.clear()


def _no(status: int, error: str, description: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": error, "error_description": description}
