"""One of Google's services as it is played: what it answers, and what each request needs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from localcloud.google.errors import GoogleError
from localcloud.google.world import World

Handler = Callable[[Mapping[str, str], Mapping[str, str], Any], Any]
"""Called with what stands in the path's places, the query and the body; returns the answer's body, or raises a
`GoogleError`."""


class Service(ABC):
    """One.

    Args:
        world: where it is.

    Attributes:
        api: its description's name: `run.v2`.
        host: its address at Google; here the first part of a request's path.
        variable: of the environment, which leads Google's Terraform and Pulumi providers to another address.
        base: the beginning of its paths, as that address has it, too.
    """

    api: ClassVar[str]
    host: ClassVar[str]
    variable: ClassVar[str]
    base: ClassVar[str]

    def __init__(self, world: World) -> None:
        self.world = world
        world.services[self.host] = self

    @abstractmethod
    def handlers(self) -> Mapping[str, Handler]:
        """By the method's name in Google's description."""

    @abstractmethod
    def permission(self, method: str) -> str:
        """The permission that a method needs: https://cloud.google.com/iam/docs/permissions-reference"""

    def permissions_beside(self, method: str, places: Mapping[str, str], body: Any) -> list[str]:  # noqa: ARG002 - most need none
        """Those that it needs beside, for other objects that its body names."""
        return []

    def in_its_words(self, error: GoogleError) -> GoogleError:
        """A refusal of what is common to all services, as this one says it."""
        return error
