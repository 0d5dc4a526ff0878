# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""CloudWatch log groups."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, both, longest, matches
from localcloud.plugins.aws.model import REGION, TAGS, Change, P, Props, ResourceType
from localcloud.plugins.aws.session import Aws, tag_change

_SERVICE: Final = "logs"
_DAYS: Final = (
    0,
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)


def _days(value: Any) -> str | None:
    return None if value in _DAYS else f"must be one of {', '.join(map(str, _DAYS))}; got {value}"


def _find(aws: Aws, name: str) -> dict[str, Any] | None:
    groups: list[dict[str, Any]] = aws.pages(_SERVICE, "DescribeLogGroups", "logGroups", logGroupNamePrefix=name)
    return next((group for group in groups if group["logGroupName"] == name), None)


def _create(aws: Aws, props: Props) -> str:
    aws.call(
        _SERVICE,
        "CreateLogGroup",
        logGroupName=props["name"],
        kmsKeyId=props.get("kmsKeyId"),
        logGroupClass=props.get("logGroupClass"),
        tags=props.get("tags") or None,
    )
    return str(props["name"])


def _arn(group: dict[str, Any]) -> str:
    return str(group["arn"]).removesuffix(":*")


def _read(aws: Aws, name: str, props: Props) -> Props | None:
    group = _find(aws, name)
    if group is None:
        return None
    return {
        "arn": _arn(group),
        "name": name,
        "retentionInDays": group.get("retentionInDays", 0),
        "kmsKeyId": group.get("kmsKeyId"),
        "logGroupClass": group.get("logGroupClass", "STANDARD"),
        "tags": aws.call(_SERVICE, "ListTagsForResource", resourceArn=_arn(group))["tags"],
    }


def _update(aws: Aws, name: str, change: Change) -> None:
    if "retentionInDays" in change.changed:
        if days := change.new.get("retentionInDays"):
            aws.call(_SERVICE, "PutRetentionPolicy", logGroupName=name, retentionInDays=days)
        else:
            aws.call(_SERVICE, "DeleteRetentionPolicy", logGroupName=name)
    if "kmsKeyId" in change.changed:
        if key := change.new.get("kmsKeyId"):
            aws.call(_SERVICE, "AssociateKmsKey", logGroupName=name, kmsKeyId=key)
        else:
            aws.call(_SERVICE, "DisassociateKmsKey", logGroupName=name)
    if "tags" in change.changed:
        group = _find(aws, name)
        added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
        if group is not None and added:
            aws.call(_SERVICE, "TagResource", resourceArn=_arn(group), tags=added)
        if group is not None and removed:
            aws.call(_SERVICE, "UntagResource", resourceArn=_arn(group), tagKeys=removed)


def _delete(aws: Aws, name: str, props: Props) -> None:
    if not props.get("skipDestroy"):
        aws.find(_SERVICE, "DeleteLogGroup", ("ResourceNotFoundException",), logGroupName=name)


def _class(value: Any) -> str | None:
    classes = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")
    return None if value in classes else f"must be one of {', '.join(classes)}; got {value!r}"


TYPES: Final = [
    ResourceType(
        token="aws:cloudwatch/logGroup:LogGroup",
        props={
            "name": P(
                force_new=True, check=both(longest(512), matches(r"[.\-_/#A-Za-z0-9]+", "letters, digits and .-_/#"))
            ),
            "retentionInDays": P(default=0, check=_days),
            "kmsKeyId": P(check=ARN),
            "logGroupClass": P(computed=True, force_new=True, check=_class),
            "skipDestroy": P(default=False, state_only=True),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        name_max=512,
    )
]
