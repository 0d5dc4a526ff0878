"""Changes of Compute Engine's objects: each is an operation, which is waited for.

https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses#handling_api_responses
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.google.client import Busy, Session
from bluegreen.google.compute_engine import names
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import PlatformError

GLOBAL, REGION, ZONE = "compute.globalOperations.get", "compute.regionOperations.get", "compute.zoneOperations.get"
"""The permissions to look at operations."""
_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0)
_MOST_LOOKS = 200


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
        Busy: Google is at work on the object with something else, or still with this after ten minutes.
        PlatformError: Google said no, at once or in the operation.
    """
    operation = session.send(verb, names.path(name), action, body, query)
    for number in range(_MOST_LOOKS):
        if operation.get("status") == "DONE":
            _refuse_failed(operation, action)
            return
        pause(_PAUSES_SECONDS[min(number, len(_PAUSES_SECONDS) - 1)])
        own = names.normal(str(operation.get("selfLink") or ""))
        operation = session.get(names.path(own), _look_of(own)) or {"status": "DONE"}  # forgotten, some days later
    raise Busy(action, f"Google is still at work on {name}")


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
