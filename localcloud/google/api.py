"""The way of every request to Google before its own service has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from localcloud.google.description import Description, Match, load
from localcloud.google.errors import GoogleError
from localcloud.google.service import Handler, Service
from localcloud.google.world import World

Permissions = frozenset[str] | None
"""Those that somebody has; None: all of them."""


@dataclass
class _Played:
    """A service with its description, which is read when it is first called."""

    service: Service

    @cached_property
    def description(self) -> Description:
        return load(self.service.api)

    @cached_property
    def handlers(self) -> Mapping[str, Handler]:
        return self.service.handlers()


class Api:
    """All of it.

    Args:
        world: what there is.
        services: who plays what.

    Attributes:
        calls: the permission that each request needed which was taken, in their order.
        beside: those that requests needed beside, for other objects that their bodies name.
    """

    def __init__(self, world: World, services: Iterable[Service]) -> None:
        self._world = world
        self._played = {one.host: _Played(one) for one in services}
        self.calls: list[str] = []
        self.beside: set[str] = set()

    def ask(self, host: str, verb: str, path: str, query: Mapping[str, str], body: Any, allowed: Permissions) -> Any:
        """One request, by somebody; the answer's body.

        Raises:
            GoogleError: it is refused.
        """
        played = self._played.get(host)
        asked = played.description.find(verb, path) if played is not None else None
        if played is None or asked is None:
            raise GoogleError("NOT_FOUND", f"Method not found: {verb} {path}")
        try:
            permission = self._taken(played, asked, path, query, body, allowed)
        except GoogleError as error:
            raise played.service.in_its_words(error) from error
        handler = played.handlers.get(asked.method.name)
        if handler is None:
            raise GoogleError("UNIMPLEMENTED", f"The stand-in does not play {asked.method.name}.")
        self.calls.append(permission)
        answer = handler(asked.places, query, body or {})
        self._world.changed()
        return answer

    def _taken(
        self, played: _Played, asked: Match, path: str, query: Mapping[str, str], body: Any, allowed: Permissions
    ) -> str:
        """The permission that a request needs which may continue."""
        permission = played.service.permission(asked.method.name)
        beside = played.service.permissions_beside(asked.method.name, asked.places, body or {})
        for one in (permission, *beside):
            if allowed is not None and one not in allowed:
                below = path.removeprefix(played.service.base)
                raise GoogleError("PERMISSION_DENIED", f"Permission '{one}' denied on resource '{below}'.")
        wrong = played.description.wrong_query(asked.method, query)
        if wrong:
            raise GoogleError("INVALID_ARGUMENT", f'Unknown name "{wrong[0]}": Cannot bind query parameter.')
        if asked.method.body:
            problems = played.description.problems(asked.method.body, body or {})
            if problems:
                raise GoogleError("INVALID_ARGUMENT", "; ".join(problems))
            missing = played.description.missing(asked.method, body or {})
            if missing:
                raise GoogleError("INVALID_ARGUMENT", f"Required field '{missing[0]}' not specified")
        self.beside |= set(beside)
        return permission
