"""Scheduled scaling of the color that is live: actions on its scalable target, which go with the traffic.

An action on a color at rest would start what gets no requests, and one on both would give the idle color the live one's
size every morning. So the stack declares the actions of the active color alone, after its swap: a promotion makes them
anew on the color that it brought traffic to and then takes them off the other one. A failed one leaves them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi
import pulumi_aws as aws

from bluegreen.component.declaration import known
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color, other

if TYPE_CHECKING:
    from typing_extensions import Required

_OWN = "bluegreen-"
_SCHEDULE = re.compile(r"(cron|rate)\(.+\)")
_RECURRING = "cron(...) or rate(...): an action that acts once would be made again by a promotion, after its time"
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
_NAME = re.compile(r"(?!bluegreen-)[^\x00-\x1f|/:]{1,256}")


class EcsScheduledScaling(TypedDict, total=False):
    """A range that the live color has from some time on.

    Attributes:
        name: of the action; both colors' have it, each in its time.
        schedule: ``cron(0 8 * * ? *)``, or ``rate(1 day)``.
        timezone: of the schedule: ``Europe/Berlin``; UTC when absent.
        min_capacity: tasks at least from then on, 1 or more; what it was when absent.
        max_capacity: tasks at most from then on; what it was when absent.
        start_time: from when on it acts, as ``2030-01-31T08:00:00Z``.
        end_time: until when.
    """

    name: Required[str]
    schedule: Required[str]
    timezone: str
    min_capacity: int
    max_capacity: int
    start_time: str
    end_time: str


def problems_in(scheduled: object, path: str) -> list[Problem]:
    """The problems with a list of them. Values that only an update knows pass, but for names."""
    problems: list[Problem] = []
    names: set[str] = set()
    for index, action in enumerate(scheduled if isinstance(scheduled, (list, tuple)) else ()):
        fields = Fields(known(action), f"{path}[{index}]")
        name = fields.raw("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in names:
            allowed = f"a name of its own that is known before anything is declared, without | / : and without {_OWN}"
            fields.problem("name", "<not known yet>" if name is UNKNOWN else name, allowed)
        names.add(str(name))
        schedule = fields.text("schedule")
        if isinstance(schedule, str) and not _SCHEDULE.fullmatch(schedule):
            fields.problem("schedule", schedule, _RECURRING)
        for text in ("timezone", "start_time", "end_time"):
            fields.text(text, None)
        # With a minimum of 0 autoscaling could take the live color's last task.
        low, high = (fields.whole(size, None, least=1) for size in ("min_capacity", "max_capacity"))
        if low is None and high is None and not fields.unknown:
            fields.problem("min_capacity", None, "a whole number; or max_capacity: the action would change nothing")
        if isinstance(low, int) and isinstance(high, int) and low > high:
            fields.problem("max_capacity", high, f"a whole number, min_capacity ({low}) at least")
        fields.done()
        problems += fields.problems
    return problems


def names_of(autoscaling: Mapping[str, Any]) -> list[str]:
    """The names of the actions."""
    return [action["name"] for action in autoscaling.get("scheduled") or ()]


def color_actions(
    name: str,
    scheduled: Sequence[Mapping[str, Any]],
    targets: Mapping[Color, aws.appautoscaling.Target],
    active_color: Color,
    swap: pulumi.Resource,
    parent: pulumi.Resource,
    *,
    shares: bool,
) -> list[pulumi.Resource]:
    """The actions on the targets of the colors with traffic.

    Args:
        name: the component's.
        scheduled: as the user gave them.
        targets: both colors'.
        active_color: whose they are.
        swap: what they come after.
        parent: the component.
        shares: whether the other color may keep traffic: both have them then.
    """
    opts = pulumi.ResourceOptions(parent=parent, depends_on=[swap])
    return [
        aws.appautoscaling.ScheduledAction(
            f"{name}-{color}-{action['name']}",
            name=action["name"],
            service_namespace=targets[color].service_namespace,
            scalable_dimension=targets[color].scalable_dimension,
            resource_id=targets[color].resource_id,
            schedule=action["schedule"],
            timezone=action.get("timezone"),
            start_time=action.get("start_time"),
            end_time=action.get("end_time"),
            scalable_target_action=_range_of(action),
            opts=opts,
        )
        for color in ([active_color, other(active_color)] if shares else [active_color])
        for action in scheduled
    ]


def _range_of(action: Mapping[str, Any]) -> Any:
    return {size: action[size] for size in ("min_capacity", "max_capacity") if action.get(size) is not None}
