"""Google Cloud's REST APIs: bounded retries of our own, readable errors and a count of the calls.

Google's client packages are not used: their import takes seconds, and what they repeat by themselves a swap has to
decide. Credentials are those that ``google-auth`` finds: Application Default Credentials.
https://cloud.google.com/docs/authentication/application-default-credentials
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import httpx

from bluegreen.clients.apis import MOST_BYTES, TIMEOUT_SECONDS, Wire, object_in, object_of, until_answered
from bluegreen.clients.glances import Answers
from bluegreen.clients.http import Answer, Http
from bluegreen.fields import Fields
from bluegreen.options.declared import option, read_options
from bluegreen.options.kinds import Text
from bluegreen.rollout.calls import before_write, note
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.errors import PlatformError
from bluegreen.secrets import refuse_credentials

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
# Older APIs, Compute Engine's and Cloud DNS' among them, say so with a status that else is a role's no.
# https://cloud.google.com/compute/api-quota
_THROTTLED = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED"})
_NOT_READY = "resourceNotReady"
"""Compute Engine's reason for refusing a change of an object while another one runs."""


class Stale(PlatformError):
    """The object is not any more what it was when it was read (its ``etag`` is another one); nothing was done."""


class Busy(PlatformError):
    """Google is still at work on the object with something else; nothing was done."""


@dataclass(frozen=True, slots=True)
class GoogleConnection:
    """Where and as whom Google is called; what is absent is for the environment."""

    impersonate: str | None = option(
        "a service account that the calls are made as, by its email address", Text(), default=None
    )
    endpoint_url: str | None = option(
        "another address of the API, as a private endpoint or a region's own has it",
        Text(),
        default=None,
        absent="the service's own, such as ``run.googleapis.com``, or what the environment says: "
        "``GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT``, ``GOOGLE_COMPUTE_CUSTOM_ENDPOINT``, ``GOOGLE_DNS_CUSTOM_ENDPOINT``",
    )

    @classmethod
    def parse(cls, fields: Fields | None) -> GoogleConnection:
        """Read a ``google`` section."""
        if fields is None:
            return cls()
        found = read_options(cls, fields)
        refuse_credentials(fields, "endpoint_url", found["endpoint_url"])
        return cls(**found)

    def session(self, service: str) -> Session:
        """A session with one of Google's services, made once per connection and environment.

        Args:
            service: the service's host name: ``run.googleapis.com``.
        """
        word, base = _SERVICES[service]
        endpoint = self.endpoint_url or os.environ.get(f"GOOGLE_{word}_CUSTOM_ENDPOINT") or f"https://{service}"
        with _lock:
            return _session(self, endpoint.rstrip("/").removesuffix(base))


# The word of the variable that leads Google's Terraform and Pulumi providers elsewhere, and how the paths there begin.
_SERVICES = {
    "run.googleapis.com": ("CLOUD_RUN_V2", "/v2"),
    "compute.googleapis.com": ("COMPUTE", "/compute/v1"),
    "dns.googleapis.com": ("DNS", "/dns/v1"),
    "cloudfunctions.googleapis.com": ("CLOUDFUNCTIONS2", "/v2"),
}
_lock = threading.Lock()


@lru_cache(maxsize=64)
def _session(connection: GoogleConnection, endpoint: str) -> Session:
    return Session(connection, endpoint)


class Session:
    """Calls as somebody; safe for threads."""

    def __init__(self, connection: GoogleConnection, endpoint: str) -> None:
        self._connection, self._endpoint = connection, endpoint
        self._wire = Wire()
        self._token_lock = threading.Lock()
        self._credentials: Any = None
        self._answers = Answers()

    def get(self, path: str, action: str, query: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """The object at a path; ``None`` if there is none.

        Args:
            path: below the API's address: ``/v2/projects/…``.
            action: the permission that a role has to have for it.
            query: what is requested beside it.

        Raises:
            PlatformError: Google said no, or could not be reached.
        """
        asked, at_seconds = (path, tuple(sorted((query or {}).items()))), steady_seconds()
        known = self._answers.find(asked)
        if known is None:
            known = self._until_answered("GET", path, action, query or {}, None)
            self._answers.keep(asked, at_seconds, known)
        answer: Answer = known
        return None if answer.status == 404 else object_of(answer, action)

    def patch(self, path: str, action: str, mask: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change the named fields of an object, if it still is what was read: the body has its ``etag``.

        Args:
            path: below the API's address.
            action: the permission that a role has to have for it.
            mask: the names of the fields that change, with commas between.
            body: these fields and the ``etag``.

        Raises:
            Stale: somebody else has changed the object since.
            PlatformError: Google said no, or could not be reached.
        """
        answer = self._until_answered("PATCH", path, action, {"updateMask": mask}, body)
        if answer.status == 404:
            raise PlatformError(action, f"there is no {path.removeprefix('/v2/')}")
        return object_of(answer, action)

    def send(
        self,
        verb: str,
        path: str,
        action: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        writes: bool = True,
        conflicts: frozenset[int] = frozenset(),
    ) -> dict[str, Any]:
        """Any other request, for APIs whose changes are operations (``bluegreen.google.compute_engine.changes``).

        Args:
            verb: HTTP's.
            path: below the API's address.
            action: the permission that a role has to have for it.
            body: the object or its changes.
            query: the parameters beside it.
            writes: whether it changes anything.
            conflicts: statuses, beside that of a failed precondition, by which an API says that what is there is not
                what the body was made for.

        Raises:
            Stale: somebody else has changed the object since.
            Busy: Google is still at work on it.
            PlatformError: Google said no, there is no such object, or nobody could be reached.
        """
        answer = self._until_answered(verb, path, action, query or {}, body, writes=writes, conflicts=conflicts)
        if answer.status == 404:
            raise PlatformError(action, ": ".join(filter(None, _said(answer))))
        return object_of(answer, action)

    def _until_answered(
        self,
        verb: str,
        path: str,
        action: str,
        query: Mapping[str, str],
        body: Any,
        *,
        writes: bool = True,
        conflicts: frozenset[int] = frozenset(),
    ) -> Answer:
        renewed = False

        def once() -> tuple[Answer | None, str]:
            nonlocal renewed
            if verb != "GET" and writes:
                before_write()
            note(action)
            answer, problem = self.exchange(verb, path, action, query, body)
            if answer is not None and answer.status == 401 and not renewed:
                # Revoked before its time, or at its end by Google's clock and not by this machine's.
                renewed = True
                self._forget_credentials()
                return once()
            if answer is not None and answer.status == 403 and _said(answer)[0] in _THROTTLED:
                answer = replace(answer, status=429)
            return answer, problem

        return _checked(until_answered(action, once), action, conflicts)

    def exchange(
        self, verb: str, path: str, action: str, query: Mapping[str, str], body: Any
    ) -> tuple[Answer | None, str]:
        """One exchange, which nothing repeats: the answer, or ``None`` and why there is none."""
        headers, sent = {"Authorization": f"Bearer {self._bearer(action)}"}, None
        if body is not None:
            headers["Content-Type"], sent = "application/json", json.dumps(body).encode()
        return self._wire.exchange(verb, f"{self._endpoint}{path}", self._endpoint, headers, query, sent)

    def _bearer(self, action: str) -> str:
        """A token, renewed by google-auth some minutes before its end."""
        try:
            import google.auth  # noqa: PLC0415 - only who calls Google pays for its import
            from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
        except ImportError as error:
            raise PlatformError(action, "google-auth is not installed: pip install 'bluegreen[gcp]'") from error
        with self._token_lock:
            try:
                if self._credentials is None:
                    self._credentials = self._found(google.auth)
                if not self._credentials.valid:
                    self._credentials.refresh(_send)
            except (GoogleAuthError, ValueError, OSError) as error:
                # Google's own errors have the answer's whole body beside their text.
                text = error.args[0] if isinstance(error, GoogleAuthError) and error.args else error
                said = str(text).strip().splitlines() or [type(error).__name__]
                raise PlatformError(action, f"no credentials of Google: {said[0]}") from error
            return str(self._credentials.token)

    def _forget_credentials(self) -> None:
        """Have them looked for anew: those that are known may have kept what Google does not take any more."""
        with self._token_lock:
            self._credentials = None

    def _found(self, auth: Any) -> Any:
        credentials, _ = auth.default(scopes=[_SCOPE])
        if not self._connection.impersonate:
            return credentials
        from google.auth import impersonated_credentials  # noqa: PLC0415

        return impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
            source_credentials=credentials, target_principal=self._connection.impersonate, target_scopes=[_SCOPE]
        )


@dataclass(frozen=True, slots=True)
class _TokenAnswer:
    """An answer as google-auth reads it."""

    status: int
    headers: Mapping[str, str]
    data: bytes


def _send(
    url: str,
    method: str = "GET",
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    **_: Any,
) -> _TokenAnswer:
    """Send what google-auth asks for: its own transports want another HTTP library."""
    from google.auth.exceptions import TransportError  # noqa: PLC0415

    content = body.encode() if isinstance(body, str) else body
    try:
        with Http() as http:
            answer = http.send(
                method,
                url,
                timeout_seconds=timeout or TIMEOUT_SECONDS,
                most_bytes=MOST_BYTES,
                headers=headers,
                content=content,
            )
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise TransportError(  # type: ignore[no-untyped-call]
            f"{url} could not be reached: {error or type(error).__name__}"
        ) from error
    return _TokenAnswer(answer.status, answer.headers, answer.body)


def _checked(answer: Answer, action: str, conflicts: frozenset[int]) -> Answer:
    if answer.status < 400 or (answer.status == 404 and 404 not in conflicts):
        return answer
    status, message = _said(answer)
    # https://cloud.google.com/apis/design/errors: an etag that does not match is ABORTED (409) or a precondition (412).
    stale = answer.status in {412, *conflicts} or (answer.status == 409 and status == "ABORTED")
    if status == _NOT_READY:
        raise Busy(action, f"{status}: {message}")
    raise (Stale if stale else PlatformError)(action, f"{status}: {message}".strip(": "))


def _said(answer: Answer) -> tuple[str, str]:
    error = object_in(answer).get("error") or {}
    # Compute Engine has the reason in a list below it, and no status beside.
    listed = error.get("errors") or [{}]
    status = error.get("status") or listed[0].get("reason") or f"status {answer.status}"
    return str(status), str(error.get("message") or "")
