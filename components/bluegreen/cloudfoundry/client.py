"""Cloud Foundry's API (v3) over HTTP: bounded retries of our own, readable errors and a count of the calls.

Every write here says what is to be, and not what is to be different, so that each may be repeated.

https://v3-apidocs.cloudfoundry.org
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from bluegreen.clients.apis import Wire, object_in, object_of, until_answered
from bluegreen.clients.glances import Answers
from bluegreen.clients.http import Answer
from bluegreen.cloudfoundry import tokens
from bluegreen.fields import Fields
from bluegreen.options.declared import option, read_options
from bluegreen.options.kinds import Text
from bluegreen.rollout.calls import before_write, note
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.errors import PlatformError

_PAGE = 5000


@dataclass(frozen=True, slots=True)
class CloudFoundryConnection:
    """Where Cloud Foundry is called. As whom is the environment's: see ``bluegreen.cloudfoundry.tokens``."""

    api_url: str = option(
        "the API's address, such as https://api.cf.example.com",
        Text(fits=lambda url: url.startswith(("https://", "http://")), allowed="a URL", address=True),
        default="",
        absent="``CF_API_URL``, then what `cf api` has set",
    )

    @classmethod
    def parse(cls, fields: Fields | None) -> CloudFoundryConnection:
        """Check the section; everything in it is optional."""
        if fields is None:
            return cls()
        return cls(**read_options(cls, fields))

    def session(self) -> Session:
        """A session, made once per connection and environment."""
        url = self.api_url or os.environ.get("CF_API_URL") or tokens.target_of_the_cli()
        if not url:
            raise PlatformError(
                "GET:/",
                "the address of Cloud Foundry's API is not set: give api_url, set CF_API_URL, or use `cf login`",
            )
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise PlatformError(
                "GET:/", f"the address of Cloud Foundry's API is {url!r}, which is no URL: {_SAID_BY} has to be one"
            )
        if "@" in parts.netloc:  # it would stand in errors
            raise PlatformError("GET:/", f"{_SAID_BY} has a user's name or password in it: take that out")
        with _lock:
            return _session(url.rstrip("/"), tokens.identity())


_SAID_BY = "api_url, CF_API_URL or what `cf api` has set"
_lock = threading.Lock()


@lru_cache(maxsize=64)
def _session(url: str, identity: tokens.Identity) -> Session:
    return Session(url, identity)


class Session:
    """Calls as somebody; safe for threads.

    Args:
        url: the API's address.
        identity: who calls.
    """

    def __init__(self, url: str, identity: tokens.Identity) -> None:
        self.url = url
        self.spaces: dict[str, str] = {}
        """The guids of spaces by their names, of those that have been looked for."""
        self._wire = Wire()
        self._tokens = tokens.Tokens(url, identity, self.exchange)
        self._answers = Answers()

    def get(self, path: str, action: str, query: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """One thing, or a list; ``None`` if there is nothing.

        Args:
            path: below the API's address, ``/v3/routes/…``.
            action: the call's name: ``GET:/v3/routes/:guid``.
            query: its parameters.

        Raises:
            PlatformError: Cloud Foundry said no, or could not be reached.
        """
        asked, at_seconds = (path, tuple(sorted((query or {}).items()))), steady_seconds()
        known = self._answers.find(asked)
        if known is None:
            known = self._until_answered("GET", path, action, query, None)
            self._answers.keep(asked, at_seconds, known)
        answer: Answer = known
        return None if answer.status == 404 else object_of(answer, action)

    def all(self, path: str, action: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The resources of a list, of one page: each filter names what is wanted."""
        found = self.get(path, action, {**query, "per_page": str(_PAGE)}) or {}
        resources: list[dict[str, Any]] = found.get("resources") or []
        return resources

    def change(self, verb: str, path: str, action: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One write, which may be repeated.

        Args:
            verb: ``PATCH`` or ``POST``.
            path: as above.
            action: the call's name.
            body: what is sent.

        Raises:
            PlatformError: Cloud Foundry said no, or could not be reached.
        """
        answer = self._until_answered(verb, path, action, None, body)
        if answer.status == 404:
            raise PlatformError(action, f"there is no {path}, or the swap may not see it")
        return object_in(answer)

    def _until_answered(self, verb: str, path: str, action: str, query: Mapping[str, str] | None, body: Any) -> Answer:
        content, renewed = None if body is None else json.dumps(body).encode(), False

        def once() -> tuple[Answer | None, str]:
            nonlocal renewed
            bearer = self._tokens.bearer(action)
            if verb != "GET":
                before_write()
            note(action)
            answer, problem = self.exchange(verb, f"{self.url}{path}", bearer, query, content)
            if answer is not None and answer.status == 401 and not renewed:
                renewed = True  # revoked before its time
                self._tokens.forget(bearer)
                return once()
            return answer, problem

        return _checked(until_answered(action, once), action)

    def exchange(
        self, verb: str, url: str, authorization: str, query: Mapping[str, str] | None, content: bytes | None
    ) -> tuple[Answer | None, str]:
        """One exchange, which nothing repeats: the answer, or ``None`` and why there is none.

        A body is JSON, but for the questions for a token, which are forms.
        """
        headers = {"Accept": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        if content is not None:
            form = url.endswith(tokens.TOKEN_PATH)
            headers["Content-Type"] = "application/x-www-form-urlencoded" if form else "application/json"
        host = url.partition("//")[2].partition("/")[0]
        return self._wire.exchange(verb, url, host, headers, query, content)


def _checked(answer: Answer, action: str) -> Answer:
    if answer.status < 400 or answer.status == 404:
        return answer
    raise PlatformError(action, _said(answer))


def _said(answer: Answer) -> str:
    """The errors in an answer: a title and a detail for each error.

    https://v3-apidocs.cloudfoundry.org/#errors
    """
    errors = [one for one in object_in(answer).get("errors") or () if isinstance(one, dict)]
    told = [": ".join(str(one[key]) for key in ("title", "detail") if one.get(key)) for one in errors]
    return "; ".join(filter(None, told)) or f"status {answer.status}"
