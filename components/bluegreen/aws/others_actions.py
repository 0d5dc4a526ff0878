"""Scheduled actions that somebody else has put on what a swap brings to rest, in the words of a preview.

They act whatever color is live: one that sets a minimum starts what gets no requests, one that sets a maximum takes
from a color that a rollback would find warm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

_OWN = ("bluegreen-retire", "bluegreen-rehearsal")
_SIZES = {
    "MinSize": "minimum",
    "MinCapacity": "minimum",
    "DesiredCapacity": "desired capacity",
    "MaxSize": "maximum",
    "MaxCapacity": "maximum",
}


def warnings_of(resource: str, actions: Iterable[Mapping[str, Any]]) -> list[str]:
    """The effects of others' actions on a resource at rest, a sentence each.

    Args:
        resource: in the words of a preview: ``group web-blue``.
        actions: its scheduled actions, as EC2 Auto Scaling or Application Auto Scaling describes them.
    """
    return [
        _sentence(resource, action) for action in actions if action["ScheduledActionName"] not in _OWN and _acts(action)
    ]


def _acts(action: Mapping[str, Any]) -> bool:
    end = action.get("EndTime")
    return not isinstance(end, datetime) or end > datetime.now(timezone.utc)


def _sentence(resource: str, action: Mapping[str, Any]) -> str:
    sizes = action.get("ScalableTargetAction", action)
    sets = [f"{text} {sizes[key]}" for key, text in _SIZES.items() if sizes.get(key) is not None]
    when = action.get("Recurrence") or action.get("Schedule") or action.get("StartTime")
    return (
        f"{resource} has the scheduled action {action['ScheduledActionName']} of somebody else ({when}: "
        f"{', '.join(sets)}): it acts at rest, too. Take it off this one while the other color is live"
    )
