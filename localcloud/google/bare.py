"""Google's API within this process: no server, no app that answers requests, and no time that passes by itself."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httpx

from localcloud.google.description import load
from localcloud.google.errors import GoogleError
from localcloud.google.run import CloudRun

PROJECT, REGION = "shop", "europe-west1"
OWNER = frozenset(
    {
        "run.services.create", "run.services.delete", "run.services.get", "run.services.list", "run.services.update",
        "run.revisions.delete", "run.revisions.get", "run.revisions.list", "run.operations.get",
    }
)  # fmt: skip
"""What the role Cloud Run Admin allows of what is played: https://cloud.google.com/run/docs/reference/iam/roles"""
_VERBS = {"patch": "update"}


class BareGoogle:
    """One.

    Attributes:
        run: Cloud Run, for hands.
        allowed: the permissions of who asks.
        calls: the permission that each request needed which was taken, in their order.
    """

    def __init__(self, **options: Any) -> None:
        self.run = CloudRun(**options)
        self.allowed = OWNER
        self.calls: list[str] = []
        self._description = load("run.v2")
        self._handlers = self.run.handlers()

    def ask(self, verb: str, path: str, query: Mapping[str, str] | None = None, body: Any = None) -> tuple[int, Any]:
        """One request; what goes on meanwhile comes first. The status and the body of the answer."""
        self.run.go_on()
        try:
            return 200, copy.deepcopy(self._answered(verb, unquote(path), query or {}, copy.deepcopy(body)))
        except GoogleError as error:
            return error.code, error.body()

    def _answered(self, verb: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        asked = self._description.find(verb, path)
        if asked is None:
            raise GoogleError("NOT_FOUND", f"Method not found: {verb} {path}")
        permission = permission_of(asked.method.name)
        if permission not in self.allowed:
            raise GoogleError("PERMISSION_DENIED", f"Permission '{permission}' denied on resource '{path[4:]}'.")
        wrong = self._description.wrong_query(asked.method, query)
        if wrong:
            raise GoogleError("INVALID_ARGUMENT", f'Unknown name "{wrong[0]}": Cannot bind query parameter.')
        if asked.method.body:
            problems = self._description.problems(asked.method.body, body or {})
            if problems:
                raise GoogleError("INVALID_ARGUMENT", "; ".join(problems))
        handler = self._handlers.get(asked.method.name)
        if handler is None:
            raise GoogleError("UNIMPLEMENTED", f"The stand-in does not play {asked.method.name}.")
        self.calls.append(permission)
        return handler(asked.places, query, body or {})

    def settle(self) -> None:
        """Whatever goes on comes to its end."""
        while self.run.going_on:
            self.run.go_on()

    def answer(self, verb: str, path: str, query: Mapping[str, str] | None = None, body: Any = None) -> httpx.Response:
        """The same as an HTTP client has it."""
        status, found = self.ask(verb, path, query, body)
        return httpx.Response(status, content=json.dumps(found).encode())


def permission_of(method: str) -> str:
    """``run.revisions.get`` of ``projects.locations.services.revisions.get``."""
    *_, kind, verb = method.split(".")
    return f"run.{kind}.{_VERBS.get(verb, verb)}"
