"""Tokens of Cloud Foundry's UAA: requested, renewed before their end, and kept in memory alone.

Who calls is said by the environment: ``CF_CLIENT_ID`` and ``CF_CLIENT_SECRET`` (a client of the UAA, for machines),
else ``CF_USERNAME`` and ``CF_PASSWORD``, else what ``cf login`` has left in the ``cf`` command's own file.

https://docs.cloudfoundry.org/api/uaa/version/latest/index.html#token
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bluegreen.clients.http import Answer
from bluegreen.rollout.calls import pause
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.errors import PlatformError
from bluegreen.secrets import remember

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
_RENEW_SECONDS = 60.0
_ATTEMPTS, _PAUSE_SECONDS = 4, 1.0
# The client that the UAA has for the `cf` command, and that has no secret.
_CLI_CLIENT = "cf"

_ADDRESS = "look at its address: api_url, CF_API_URL, or what `cf api` has set"
_AUTHORITY = "set SSL_CERT_FILE to the file with the certificate of its authority"

Send = Callable[[str, str, str, "Mapping[str, str] | None", "bytes | None"], "tuple[Answer | None, str]"]
"""Verb, URL, authorization, query and body, to the answer or why there is none."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls; what is secret is in no text of it.

    Attributes:
        client_id, client_secret: of the UAA's client that asks for tokens.
        username, password: of a user; empty where the client calls for itself.
        refresh_token: of a user who has logged in before.
    """

    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)


def identity() -> Identity:
    """Whom the environment names; empty where it names nobody."""
    given = {name: os.environ.get(f"CF_{name}", "") for name in ("CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD")}
    if given["CLIENT_ID"]:
        return Identity(given["CLIENT_ID"], given["CLIENT_SECRET"])
    if given["USERNAME"]:
        return Identity(_CLI_CLIENT, username=given["USERNAME"], password=given["PASSWORD"])
    file = _file_of_the_cli()
    if not file.get("RefreshToken"):
        return Identity()
    client, secret = str(file.get("UAAOAuthClient") or _CLI_CLIENT), str(file.get("UAAOAuthClientSecret") or "")
    return Identity(client, secret, refresh_token=str(file["RefreshToken"]))


def target_of_the_cli() -> str:
    """The address of the API that ``cf api`` has set; empty where it has set none."""
    return str(_file_of_the_cli().get("Target") or "")


def _file_of_the_cli() -> dict[str, Any]:
    home = os.environ.get("CF_HOME") or os.path.expanduser("~")
    try:
        found = json.loads((Path(home) / ".cf" / "config.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class Tokens:
    """The tokens of one identity at one API; safe for threads.

    Args:
        api: the API's address, which says where the UAA is.
        who: whose.
        send: sends a request once.
    """

    def __init__(self, api: str, who: Identity, send: Send) -> None:
        self._api, self._who, self._send = api, who, send
        self._lock = threading.Lock()
        self._bearer, self._until_seconds, self._refresh, self._uaa = "", 0.0, who.refresh_token, ""

    def bearer(self, action: str) -> str:
        """The value of a call's ``Authorization``.

        Raises:
            PlatformError: there is no token: nobody is named, or the UAA says no.
        """
        with self._lock:
            if not self._bearer or steady_seconds() > self._until_seconds:
                self._renew(action)
            return self._bearer

    def forget(self, bearer: str) -> None:
        """Ask for another one next time, unless that has been done."""
        with self._lock:
            if self._bearer == bearer:
                self._bearer = ""

    def _renew(self, action: str) -> None:
        if not self._who.client_id:
            raise PlatformError(
                action,
                "there are no credentials for Cloud Foundry: set CF_CLIENT_ID and CF_CLIENT_SECRET, or CF_USERNAME and "
                "CF_PASSWORD, or log in with `cf login`",
            )
        given = self._asked(action)
        remember(str(given["access_token"]))
        self._bearer = f"bearer {given['access_token']}"
        self._until_seconds = steady_seconds() + float(given.get("expires_in") or 0) - _RENEW_SECONDS
        if given.get("refresh_token"):
            self._refresh = str(given["refresh_token"])
            remember(self._refresh)

    def _asked(self, action: str) -> Mapping[str, Any]:
        who = self._who
        if self._refresh:
            answer = self._ask({"grant_type": "refresh_token", "refresh_token": self._refresh}, action)
            if answer.status == 200:
                return _fields_of(answer)
            self._refresh = ""  # it has an end, too
        if who.username:
            form = {"grant_type": "password", "username": who.username, "password": who.password}
        elif who.refresh_token:
            raise PlatformError(action, "the login of the `cf` command is over: log in again with `cf login`")
        else:
            form = {"grant_type": "client_credentials"}
        answer = self._ask(form, action)
        if answer.status != 200 or not _fields_of(answer).get("access_token"):
            said = _fields_of(answer)
            told = str(said.get("error_description") or said.get("error") or f"status {answer.status}")
            name = who.username or who.client_id
            which = "CF_USERNAME and CF_PASSWORD" if who.username else "CF_CLIENT_ID and CF_CLIENT_SECRET"
            raise PlatformError(action, f"the UAA gives no token to {name}: {told}; look at {which}")
        return _fields_of(answer)

    def _ask(self, form: Mapping[str, str], action: str) -> Answer:
        """The UAA's answer, once it gives one that is not its own failure."""
        basic = base64.b64encode(f"{self._who.client_id}:{self._who.client_secret}".encode()).decode()
        for secret in (*(form.get(name, "") for name in ("password", "refresh_token")), self._who.client_secret, basic):
            if secret:
                remember(secret)
        url = f"{self._place(action)}{TOKEN_PATH}"
        return self._until_answered("POST", url, f"Basic {basic}", urlencode(form).encode(), action)

    def _place(self, action: str) -> str:
        """Where the UAA is, as the API's root says.

        https://v3-apidocs.cloudfoundry.org/#root
        """
        if not self._uaa:
            found = _fields_of(self._until_answered("GET", f"{self._api}/", "", None, action))
            links = found.get("links") or {}
            place = str((links.get("uaa") or links.get("login") or {}).get("href") or "")
            if not place:
                raise PlatformError(
                    action, f"{self._api} does not say where its UAA is, so that it is no Cloud Foundry API: {_ADDRESS}"
                )
            self._uaa = place.rstrip("/")
        return self._uaa

    def _until_answered(self, verb: str, url: str, authorization: str, content: bytes | None, action: str) -> Answer:
        problem = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                pause(_PAUSE_SECONDS * attempt)
            answer, problem = self._send(verb, url, authorization, None, content)
            if answer is not None and answer.status < 500 and answer.status != 429:
                return answer
            problem = problem or f"{url.partition('//')[2].partition('/')[0]} answers {answer and answer.status}"
        way = _AUTHORITY if "CERTIFICATE_VERIFY_FAILED" in problem else _ADDRESS
        raise PlatformError(action, f"{problem}; {way}")


def _fields_of(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body) if answer.body else {}
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}
