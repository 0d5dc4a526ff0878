"""Deploys of a function: one is begun in a masked write, and waited for.

A build takes minutes. Google takes one deploy at a time: while one runs, another is refused.

https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions/patch
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bluegreen.google.client import GoogleConnection, Session
from bluegreen.google.cloud_run import functions
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import PlatformError

DEPLOY, FOLLOW, ACT_AS = "cloudfunctions.functions.update", "cloudfunctions.operations.get", "iam.serviceAccounts.actAs"
# Some twenty minutes: Google ends a build by then.
_ATTEMPTS, _PAUSES_SECONDS = 250, (0.2, 0.5, 1.0, 2.0, 5.0)


def idle(google: GoogleConnection, function: str, service: str) -> Mapping[str, Any]:
    """The function once nobody deploys it.

    Raises:
        PlatformError: it is no function whose revisions are the service's, or a deploy does not come to its end.
    """
    busy = ""
    for attempt in range(_ATTEMPTS):
        found = functions.read(google, function)
        unfit = functions.unfit(found, service)
        if unfit:
            raise PlatformError(functions.READ, f"{function}: {unfit}")
        busy = functions.at_work(found)
        if not busy:
            return found
        _pause(attempt)
    raise PlatformError(functions.READ, f"{function}: {busy}, and this has not ended; run it again when it has")


def begin(google: GoogleConnection, function: str, mask: str, body: Mapping[str, Any]) -> str:
    """Begin a deploy; the name of its operation.

    Raises:
        Stale: somebody else's runs.
        PlatformError: Google said no.
    """
    answer = _session(google).patch(f"/v2/{function}", DEPLOY, mask, {"name": function, **body})
    return str(answer.get("name") or "")


def finish(google: GoogleConnection, operation: str) -> str:
    """Wait for a deploy's end; why it failed, or nothing.

    Raises:
        PlatformError: it does not come to its end.
    """
    for attempt in range(_ATTEMPTS):
        told = _session(google).get(f"/v2/{operation}", FOLLOW)
        if told is None:
            return "Google does not know of it any more"
        if told.get("done"):
            error = told.get("error") or {}
            return str(error.get("message") or (f"code {error.get('code')}" if error else ""))
        _pause(attempt)
    raise PlatformError(FOLLOW, f"{operation} has not ended; run it again when it has")


def _session(google: GoogleConnection) -> Session:
    # An address of Cloud Run's own is not that of Cloud Functions.
    return GoogleConnection(impersonate=google.impersonate).session(functions.HOST)


def _pause(attempt: int) -> None:
    pause(_PAUSES_SECONDS[min(attempt, len(_PAUSES_SECONDS) - 1)])
