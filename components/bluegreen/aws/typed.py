"""Commands of the AWS CLI that do by hand what a router does, where it does it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import wraps
from typing import Protocol, TypeVar

from bluegreen.aws.client import AwsConnection
from bluegreen.rollout.model import Weights


class _Connected(Protocol):
    aws: AwsConnection


_Router = TypeVar("_Router", bound=_Connected)


def typed(commands: Callable[[_Router, Weights], tuple[str, ...]]) -> Callable[[_Router, Weights], tuple[str, ...]]:
    """Decorate a router's ``commands``: each gets the region and the profile of its connection."""

    @wraps(commands)
    def with_options(router: _Router, weights: Weights) -> tuple[str, ...]:
        return tuple(at(router.aws, command) for command in commands(router, weights))

    return with_options


def at(connection: AwsConnection, command: str) -> str:
    """A command with the region and profile of a connection, whatever the default of the person who types it."""
    given = (("--region", connection.region), ("--profile", connection.profile))
    options = [word for option, value in given if value for word in (option, shlex.quote(value))]
    program, service, operation, *rest = command.split(" ", 3)
    return " ".join([program, service, operation, *options, *rest])
