"""Another release in an Auto Scaling group that has production traffic, stopped before Pulumi brings it in place.

The same as for ECS (``bluegreen.aws.ecs.in_place``): a group is updated before its swap runs, and whatever it
launches from then on is the new release, with no gate and no step. What tells it is what the launch template's versions
say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from bluegreen.component import guarding
from bluegreen.rollout.model import Color

_SHARED = (
    "IamInstanceProfile",
    "KeyName",
    "MetadataOptions",
    "NetworkInterfaces",
    "SecurityGroupIds",
    "SecurityGroups",
    "TagSpecifications",
)
"""What the component sets for both colors: settings, and no release."""


def guard(
    group: str, color: Color, router: guarding.Routers, connection: Mapping[str, str]
) -> pulumi.ResourceHookBinding | None:
    """The hook of a color's group; ``None`` where nobody would call it, or where a change is allowed.

    Args:
        group: the resource's name.
        color: whose.
        router: none of its outputs may be the group's own.
        connection: where and as whom the swap calls AWS.
    """
    if not guarding.is_called():
        return None

    async def before_update(args: pulumi.ResourceHookArgs) -> None:
        old, wanted = await guarding.plain(args.old_inputs), await guarding.plain(args.new_inputs)
        former, new = (_template_of(side or {}) for side in (old, wanted))
        if None in (former, new) or former == new:
            return
        routers = await guarding.known(router)
        said = "" if routers is None else await asyncio.to_thread(look, color, former, new, routers, connection)
        if said:
            raise RuntimeError(f"{group} {said}")

    return guarding.binding(group, before_update)


def look(
    color: Color,
    former: Any,
    wanted: Any,
    routers: Sequence[Mapping[str, Any]],
    connection: Mapping[str, str],
) -> str:
    """Why a group may not be updated; empty where it may: a read of each router, and a call for each template.

    Args:
        color: whose it is.
        former: id and version of the launch template that it has.
        wanted: the same of the one that it should get.
        routers: the swap's sections.
        connection: where to call, with which credentials.
    """
    from bluegreen.aws.client import AwsConnection  # noqa: PLC0415 - only for a change

    try:
        percent = guarding.percent_of(color, routers)
        if not percent:
            return ""
        ec2 = AwsConnection(**connection).client("ec2")
        what = another(*_data_of(ec2, former, wanted))
    except Exception as error:  # noqa: BLE001 - whatever it is, the update is not this hook's to fail
        guarding.unseen(color, error)
        return ""
    return guarding.refusal(color, percent, what) if what else ""


def another(former: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Say in a few words why a launch template's data are another release; empty where they are none. Pure."""
    for key in sorted((former.keys() | wanted.keys()) - set(_SHARED)):
        before, after = former.get(key), wanted.get(key)
        if before != after:
            shown = f" {before} -> {after}" if key in ("ImageId", "InstanceType") else ""  # others may be secret
            return f"{key} of its launch template{shown}"
    return ""


def _template_of(inputs: Mapping[str, Any]) -> tuple[str, str] | None:
    template = inputs.get("launchTemplate") or {}
    reference = (template.get("id"), template.get("version"))
    return (str(reference[0]), str(reference[1])) if None not in reference else None


def _data_of(ec2: Any, *templates: tuple[str, str]) -> list[Mapping[str, Any]]:
    from bluegreen.aws.client import called  # noqa: PLC0415 - only for a change

    versions = {}
    for template in dict.fromkeys(id_ for id_, _ in templates):
        numbers = [version for id_, version in templates if id_ == template]
        with called("ec2:DescribeLaunchTemplateVersions"):
            answer = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=numbers)
        for one in answer["LaunchTemplateVersions"]:
            versions[template, str(one["VersionNumber"])] = one["LaunchTemplateData"]
    return [versions[template] for template in templates]
