"""Changes of Compute Engine's objects: each is an operation, which is waited for.

https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses#handling_api_responses
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from bluegreen.google.client import Busy, Session
from bluegreen.google.compute_engine import names
from bluegreen.rollout.calls import pause
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.errors import PlatformError

GLOBAL, REGION, ZONE = "compute.globalOperations.get", "compute.regionOperations.get", "compute.zoneOperations.get"
"""The permissions to look at operations."""
_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0)
# Looks alone are no bound: a lease that is renewed meanwhile waits for the same operation, before each of them.
_MOST_LOOKS, _LONGEST_SECONDS = 200, 600.0


def change(
    session: Session,
    verb: str,
    name: str,
    action: str,
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
) -> None:
    """Change an object, and wait until that is done.

    Args:
        session: with Compute Engine.
        verb: HTTP's.
        name: the object's normal form, with whatever comes behind it in the path.
        action: the permission that a role has to have for it.
        body: what is sent, with the ``fingerprint`` that was read where the object has one.
        query: what is sent beside it.

    Raises:
        Stale: somebody else has changed the object since it was read; nothing was done.
        Busy: Google is at work on the object with something else.
        PlatformError: Google said no, at once or in the operation, or is not done after ten minutes.
    """
    operation = session.send(verb, names.path(name), action, body, query)
    own = names.normal(str(operation.get("selfLink") or ""))
    until_seconds = steady_seconds() + _LONGEST_SECONDS
    for number in itertools.count():
        if operation.get("status") == "DONE":
            _refuse_failed(operation, action)
            return
        if number >= _MOST_LOOKS or steady_seconds() >= until_seconds:
            # Not ``Busy``: whoever would send it once more would wait as long again, for the same operation.
            raise PlatformError(action, f"Google is still at work on {name} after ten minutes: {names.last(own)}")
        pause(_PAUSES_SECONDS[min(number, len(_PAUSES_SECONDS) - 1)])
        operation = session.get(names.path(own), _look_of(own)) or {"status": "DONE"}  # forgotten, some days later


def _look_of(operation: str) -> str:
    scope = names.scope_of(operation)
    return GLOBAL if scope == "global" else REGION if scope.startswith("regions/") else ZONE


def _refuse_failed(operation: Mapping[str, Any], action: str) -> None:
    errors = (operation.get("error") or {}).get("errors") or ()
    if not errors:
        return
    code, message = str(errors[0].get("code") or ""), str(errors[0].get("message") or "")
    kind = Busy if code == "RESOURCE_NOT_READY" else PlatformError
    raise kind(action, f"{code}: {message}".strip(": "))
