"""Targets registered by hand."""

from __future__ import annotations

import time
from typing import Any, Final

from localcloud.plugins.aws.checker import between
from localcloud.plugins.aws.model import REGION, P, Props, ResourceType
from localcloud.plugins.aws.services.elbv2_common import MISSING, SERVICE
from localcloud.plugins.aws.session import Aws


def _register(aws: Aws, props: Props) -> str:
    aws.call(SERVICE, "RegisterTargets", TargetGroupArn=props["targetGroupArn"], Targets=[_target(props)])
    return f"{props['targetGroupArn']}-{time.time_ns()}"


def _target(props: Props) -> dict[str, Any]:
    named = {"Id": "targetId", "Port": "port", "AvailabilityZone": "availabilityZone"}
    return {key: props[name] for key, name in named.items() if props.get(name) is not None}


def _registered(aws: Aws, _: str, props: Props) -> Props | None:
    answer = aws.find(
        SERVICE,
        "DescribeTargetHealth",
        (*MISSING, "InvalidTarget"),
        TargetGroupArn=props["targetGroupArn"],
        Targets=[_target(props)],
    )
    gone = {"Target.NotRegistered", "Target.DeregistrationInProgress"}
    described = [
        entry
        for entry in (answer or {}).get("TargetHealthDescriptions", [])
        if entry["TargetHealth"].get("Reason") not in gone and entry["Target"]["Id"] == props["targetId"]
    ]
    names = ("targetGroupArn", "targetId", "port", "availabilityZone")
    return {name: props.get(name) for name in names} if described else None


def _deregister(aws: Aws, _: str, props: Props) -> None:
    aws.find(SERVICE, "DeregisterTargets", MISSING, TargetGroupArn=props["targetGroupArn"], Targets=[_target(props)])


TYPES: Final = [
    ResourceType(
        token="aws:lb/targetGroupAttachment:TargetGroupAttachment",
        props={
            "targetGroupArn": P(force_new=True),
            "targetId": P(force_new=True),
            "port": P(force_new=True, check=between(1, 65535)),
            "availabilityZone": P(force_new=True),
            "quicServerId": P(force_new=True),
            "region": REGION,
        },
        create=_register,
        read=_registered,
        delete=_deregister,
        taggable=False,
    ),
]
