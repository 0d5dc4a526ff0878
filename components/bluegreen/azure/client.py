"""Azure Resource Manager over HTTP: bounded retries of our own, readable errors and a count of the calls.

Microsoft's client packages are not used: what they repeat by themselves after an unclear answer a swap has to decide.
Credentials are those that ``azure-identity`` finds: the environment's, a workload's or managed identity's, or those of
the Azure CLI.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bluegreen.clients.apis import Wire, object_in, object_of, until_answered
from bluegreen.clients.glances import Answers
from bluegreen.clients.http import Answer
from bluegreen.fields import Fields
from bluegreen.options.declared import option, read_options
from bluegreen.options.kinds import Text
from bluegreen.rollout.calls import before_write, note, pause
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.errors import PlatformError

PUBLIC = "https://management.azure.com"
_AUDIENCE = "https://management.azure.com/.default"
_RENEW_SECONDS = 300.0


class Busy(PlatformError):
    """The resource cannot be changed now, as Azure is still at work on it; nothing was done."""


class Stale(PlatformError):
    """The resource is another version than the write was meant for; nothing was done."""


@dataclass(frozen=True, slots=True)
class AzureConnection:
    """Where and as whom Azure is called; what is absent is for the environment."""

    tenant_id: str | None = option("whose directory the identity is in", Text(), default=None)
    client_id: str | None = option("of a user-assigned managed identity, or a workload's", Text(), default=None)
    endpoint_url: str | None = option(
        "another address of Azure Resource Manager, as sovereign clouds have it",
        Text(address=True),
        default=None,
        absent="what ``ARM_ENDPOINT`` says, else the public cloud's",
    )

    @classmethod
    def parse(cls, fields: Fields | None) -> AzureConnection:
        """Read an ``azure`` section."""
        if fields is None:
            return cls()
        return cls(**read_options(cls, fields))

    def session(self) -> Session:
        """A session, made once per connection and environment."""
        endpoint = self.endpoint_url or os.environ.get("ARM_ENDPOINT") or PUBLIC
        with _lock:
            return _session(self, endpoint.rstrip("/"))


_lock = threading.Lock()


@lru_cache(maxsize=64)
def _session(connection: AzureConnection, endpoint: str) -> Session:
    return Session(connection, endpoint)


class Session:
    """Calls as somebody; safe for threads."""

    def __init__(self, connection: AzureConnection, endpoint: str) -> None:
        self._connection, self._endpoint = connection, endpoint
        self._wire = Wire()
        self._token_lock = threading.Lock()
        self._credential: Any = None
        self._token, self._until = "", 0.0
        self._answers = Answers()

    def get(self, path: str, version: str, action: str) -> dict[str, Any] | None:
        """Return the resource; ``None`` if there is none.

        Args:
            path: the resource's id, or what is below it; with a query behind it where there is more to ask.
            version: the api-version.
            action: what a role has to allow for it.

        Raises:
            PlatformError: Azure said no, or could not be reached.
        """
        asked, at_seconds = (path, version), steady_seconds()
        known = self._answers.find(asked)
        if known is None:
            known = self._until_answered("GET", path, version, action, None)
            self._answers.keep(asked, at_seconds, known)
        answer: Answer = known
        return None if answer.status == 404 else object_of(answer, action)

    def change(
        self,
        verb: str,
        path: str,
        version: str,
        action: str,
        body: Mapping[str, Any] | None,
        *,
        if_match: str = "",
    ) -> dict[str, Any]:
        """One write, which may be repeated: it says what is to be, and not what is to be different.

        Args:
            verb: ``PATCH``, ``PUT``, or ``POST`` for an action that does nothing the second time.
            path: the resource's id, or what is below it.
            version: the api-version.
            action: what a role has to allow for it.
            body: what is sent.
            if_match: the entity tag of the version that may be written over; any if it is empty.

        Raises:
            Busy: Azure is at work on the resource.
            Stale: it is another version by now.
            PlatformError: Azure said no, or could not be reached.
        """
        answer = self._until_answered(verb, path, version, action, body, if_match=if_match)
        if answer.status == 404:
            raise PlatformError(action, _missing(answer, path))
        return object_in(answer)

    def remove(self, path: str, version: str, action: str) -> None:
        """Delete what is there; already gone is fine.

        Args:
            path: the resource's id, or what is below it.
            version: the api-version.
            action: what a role has to allow for it.

        Raises:
            Busy: Azure is at work on the resource.
            PlatformError: Azure said no, or could not be reached.
        """
        self._until_answered("DELETE", path, version, action, None)

    def result(
        self, path: str, version: str, action: str, read: str, pauses_seconds: Sequence[float]
    ) -> dict[str, Any] | None:
        """The result of an action that changes nothing and takes its time: requested, then waited for.

        Args:
            path: the resource's id with the action behind it.
            version: the api-version.
            action: what a role has to allow for it.
            read: what a role has to allow for the result.
            pauses_seconds: how long to wait before each look.

        Returns:
            What was found out; ``None`` if there is no such resource.

        Raises:
            PlatformError: Azure said no, could not be reached, or was not done in time.
        """
        answer = self._until_answered("POST", path, version, action, None, reads=True)
        for seconds in pauses_seconds:
            if answer.status != 202:
                break
            where = urlsplit(answer.headers.get("Location", ""))
            pause(seconds)
            asked = dict(parse_qsl(where.query)).get("api-version", version)
            answer = self._until_answered("GET", where.path, asked, read, None)
        if answer.status == 202:
            raise PlatformError(action, f"no result within {sum(pauses_seconds):g} s")
        return None if answer.status == 404 else object_of(answer, action)

    def ask(self, path: str, version: str, action: str) -> dict[str, Any] | None:
        """Return the answer of an action that only lists, such as settings; ``None`` if there is nothing.

        Args:
            path: the resource's id with the action behind it.
            version: the api-version.
            action: what a role has to allow for it.

        Raises:
            PlatformError: Azure said no, or could not be reached.
        """
        asked, at_seconds = ("POST", path, version), steady_seconds()
        known = self._answers.find(asked)
        if known is None:
            known = self._until_answered("POST", path, version, action, None, reads=True)
            self._answers.keep(asked, at_seconds, known)
        answer: Answer = known
        return None if answer.status == 404 else object_of(answer, action)

    def once(self, path: str, version: str, action: str, body: Mapping[str, Any] | None) -> Answer | None:
        """One action that does something else the second time, and so is sent once whatever the answer is.

        Args:
            path: the resource's id with the action behind it.
            version: the api-version.
            action: what a role has to allow for it.
            body: what is sent.

        Returns:
            The answer where it was accepted; ``None`` where nobody knows whether it was.

        Raises:
            Busy: Azure is at work on the resource, and nothing was done.
            PlatformError: Azure said no, and nothing was done.
        """
        before_write()
        note(action)
        answer, _ = self.exchange("POST", path, version, action, body)
        if answer is not None and answer.status == 401:  # nothing was done
            self._forget_token()
            before_write()
            note(action)
            answer, _ = self.exchange("POST", path, version, action, body)
        if answer is None or answer.status == 408 or answer.status >= 500:
            return None
        if answer.status == 404:
            raise PlatformError(action, f"there is no {path}")
        return _checked(answer, action)

    def ended(self, location: str, action: str) -> str:
        """Why an operation that was accepted came to nothing; empty while it runs, and where that is not known.

        Args:
            location: the address that the answer named, a query and all.
            action: what a role has to allow for it.
        """
        path, _, query = location.partition("?")
        version = dict(parse_qsl(query)).get("api-version", "")
        note(action)
        answer, _ = self.exchange("GET", urlsplit(path).path, version, action, None)
        if answer is None or answer.status < 400 or answer.status in (404, 408, 429) or answer.status >= 500:
            return ""
        return ": ".join(part for part in _said(answer) if part)

    def preflight(self, verb: str, path: str, version: str, action: str) -> None:
        """Find out whether a write is allowed, by one at what is not there: Azure refuses a role before it looks.

        Args:
            verb: the write's.
            path: of something that is not there.
            version: the api-version.
            action: what a role has to allow for it.

        Raises:
            PlatformError: Azure said no, or could not be reached.
        """
        with contextlib.suppress(Busy):
            self._until_answered(verb, path, version, action, None)

    def _until_answered(
        self, verb: str, path: str, version: str, action: str, body: Any, *, reads: bool = False, if_match: str = ""
    ) -> Answer:
        more, renewed = {"if_match": if_match} if if_match else {}, False

        def once() -> tuple[Answer | None, str]:
            nonlocal renewed
            if verb != "GET" and not reads:
                before_write()
            note(action)
            answer, problem = self.exchange(verb, path, version, action, body, **more)
            if answer is not None and answer.status == 401 and not renewed:
                # Revoked before its time, or at its end by Azure's clock and not by this machine's.
                renewed = True
                self._forget_token()
                return once()
            return answer, problem

        return _checked(until_answered(action, once), action)

    def exchange(
        self, verb: str, path: str, version: str, action: str, body: Any, *, if_match: str = ""
    ) -> tuple[Answer | None, str]:
        """One exchange, which nothing repeats: the answer, or ``None`` and why there is none."""
        headers = {"Authorization": f"Bearer {self._bearer(action)}"}
        if if_match:
            headers["If-Match"] = if_match
        path, _, query = path.partition("?")
        sent = None
        if body is not None:
            headers["Content-Type"], sent = "application/json", json.dumps(body).encode()
        asked = {"api-version": version, **dict(parse_qsl(query))}
        return self._wire.exchange(verb, f"{self._endpoint}{path}", self._endpoint, headers, asked, sent)

    def _bearer(self, action: str) -> str:
        """A token, renewed some minutes before its end."""
        with self._token_lock:
            if not self._token or time.time() > self._until - _RENEW_SECONDS:
                given = self._asked_for_a_token(action)
                self._token, self._until = given.token, float(given.expires_on)
            return self._token

    def _forget_token(self) -> None:
        """Have another one requested, by a credential that has not kept the one that Azure does not take any more."""
        with self._token_lock:
            self._credential, self._token, self._until = None, "", 0.0

    def _asked_for_a_token(self, action: str) -> Any:
        # Its import takes a second, which only who calls Azure should pay.
        try:
            from azure.core.exceptions import AzureError  # noqa: PLC0415
        except ImportError as error:
            raise PlatformError(action, "azure-identity is not installed: pip install 'bluegreen[azure]'") from error
        try:
            if self._credential is None:
                self._credential = _credential(self._connection)
            return self._credential.get_token(_AUDIENCE)
        except (AzureError, ValueError) as error:
            said = str(error).strip().splitlines()[0]
            raise PlatformError(action, f"no token of Microsoft Entra ID: {said}") from error


def _credential(connection: AzureConnection) -> Any:
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415

    known: dict[str, Any] = {
        **({"tenant_id": connection.tenant_id} if connection.tenant_id else {}),
        **({"managed_identity_client_id": connection.client_id} if connection.client_id else {}),
        **({"workload_identity_client_id": connection.client_id} if connection.client_id else {}),
    }
    if os.environ.get("AZURE_AUTHORITY_HOST"):
        # Whoever names another authority says whom to trust; instance discovery asks the public cloud.
        known["disable_instance_discovery"] = True
    return DefaultAzureCredential(exclude_interactive_browser_credential=True, **known)


def _checked(answer: Answer, action: str) -> Answer:
    if answer.status < 400 or answer.status == 404:
        return answer
    code, message = _said(answer)
    if answer.status == 409:
        raise Busy(action, f"{code}: {message}")
    if answer.status == 412:
        raise Stale(action, f"{code}: {message}")
    raise PlatformError(action, f"{code}: {message}".strip(": "))


def _missing(answer: Answer, path: str) -> str:
    """Of a write that found something missing: the resource itself, or what the write names."""
    code, message = _said(answer)
    itself = code.startswith(("status", "ResourceNotFound", "ResourceGroupNotFound", "NotFound", "ParentResource"))
    return f"there is no {path}" if itself or not message else f"{code}: {message}"


def _said(answer: Answer) -> tuple[str, str]:
    """Azure's code and message: in an object of their own, or as App Service writes them."""
    body = object_in(answer)
    error = body.get("error") or {"code": body.get("Code"), "message": body.get("Message")}
    return str(error.get("code") or f"status {answer.status}"), str(error.get("message") or "")
