"""The instances of a color's process: counted, judged, scaled, waited for.

https://v3-apidocs.cloudfoundry.org/#the-process-stats-object
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bluegreen.cloudfoundry.client import Session
from bluegreen.cloudfoundry.places import App, Process
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Readiness

STATS, SCALE = "GET:/v3/processes/:guid/stats", "POST:/v3/processes/:guid/actions/scale"
"""The calls' names."""
_LOOK_SECONDS = 2.0

Stats = Sequence[Mapping[str, Any]]


def stats_of(session: Session, process: Process) -> list[Mapping[str, Any]]:
    """Each instance: one call."""
    found = session.get(f"/v3/processes/{process.guid}/stats", STATS) or {}
    return list(found.get("resources") or ())


def running(stats: Stats) -> int:
    """How many run and may get requests. One that does not pass its readiness check gets none."""
    return sum(1 for one in stats if one.get("state") == "RUNNING" and one.get("routable") is not False)


def readiness(name: str, app: App | None, process: Process | None, stats: Stats) -> Readiness:
    """Whether all instances that are wanted run. Pure.

    Args:
        name: the app's.
        app: as it was found.
        process: the same.
        stats: of its instances.
    """
    if app is None:
        return Readiness(False, 0, 1, f"there is no app {name} in the space: push it (`cf push {name}`)", fatal=True)
    if process is None:
        return Readiness(False, 0, 1, f"app {name} has no process of the declared type: see `process`", fatal=True)
    if not app.started:
        return Readiness(False, 0, max(process.instances, 1), f"app {name} is stopped")
    if not process.instances:
        return Readiness(False, 0, 1, f"app {name} is scaled to 0 instances")
    # More than are wanted run for a moment while it is scaled down.
    healthy = min(running(stats), process.instances)
    if healthy < process.instances:
        why = next(filter(None, map(_problem, stats)), "the others are not there yet")
        reason = f"{healthy} of {process.instances} instances of {name} run: {why}"
        return Readiness(False, healthy, process.instances, reason)
    return Readiness(True, healthy, process.instances)


def _problem(one: Mapping[str, Any]) -> str:
    state = str(one.get("state") or "DOWN")
    if state == "RUNNING":
        return f"instance {one.get('index')} is not routable" if one.get("routable") is False else ""
    details = f" ({one['details']})" if one.get("details") else ""
    return f"instance {one.get('index')} is {state}{details}"


def scale(session: Session, process: Process, count: int) -> None:
    """Ask for so many instances: one call. It does not wait."""
    session.change("POST", f"/v3/processes/{process.guid}/actions/scale", SCALE, {"instances": count})


def wait_until_running(session: Session, name: str, process: Process, count: int, seconds: float) -> None:
    """Wait until so many run.

    Raises:
        PlatformError: they do not, after that time.
    """
    waited = 0.0
    while True:
        stats = stats_of(session, process)
        if running(stats) >= count:
            return
        if waited >= seconds:
            why = next(filter(None, map(_problem, stats)), "the others are not there yet")
            raise PlatformError(
                SCALE, f"{running(stats)} of {count} instances of {name} run after {seconds:g} s: {why}"
            )
        pause(_LOOK_SECONDS)
        waited += _LOOK_SECONDS
