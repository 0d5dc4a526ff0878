"""API Gateway: stages of REST APIs."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.checker import longest
from localcloud.plugins.aws.model import REGION, TAGS, Change, P, Props, ResourceType
from localcloud.plugins.aws.services.apigateway_common import (
    GONE,
    V1,
    arn,
    execution_arn,
    invoke_url,
    retag_v1,
    tag_v1,
    tags_v1,
)
from localcloud.plugins.aws.session import Aws

_PLAIN: Final = {
    "deployment": "deploymentId",
    "description": "description",
    "documentationVersion": "documentationVersion",
    "xrayTracingEnabled": "tracingEnabled",
}
_CANARY: Final = {"deploymentId": "deploymentId", "percentTraffic": "percentTraffic", "useStageCache": "useStageCache"}


def _place(props: Props) -> dict[str, str]:
    return {"restApiId": props["restApi"], "stageName": props["stageName"]}


def _arn(aws: Aws, props: Props) -> str:
    return arn(aws, f"/restapis/{props['restApi']}/stages/{props['stageName']}")


def _create(aws: Aws, props: Props) -> str:
    given = {api: props.get(name) for name, api in _PLAIN.items()}
    canary = props.get("canarySettings")
    aws.call(V1, "CreateStage", **_place(props), **given, variables=props.get("variables"), canarySettings=canary)
    tag_v1(aws, _arn(aws, props), props.get("tags"))
    return f"ags-{props['restApi']}-{props['stageName']}"


def _read(aws: Aws, _: str, props: Props) -> Props | None:
    stage = aws.find(V1, "GetStage", GONE, **_place(props))
    if stage is None:
        return None
    canary = stage.get("canarySettings") or {}
    return {
        **{name: stage.get(api) for name, api in _PLAIN.items()},
        "arn": _arn(aws, props),
        # The emulator keeps one that is removed, at 0 %.
        "canarySettings": {name: canary[api] for name, api in _CANARY.items() if api in canary}
        if canary.get("percentTraffic")
        else None,
        "executionArn": execution_arn(aws, props["restApi"], props["stageName"]),
        "invokeUrl": invoke_url(aws, props["restApi"], props["stageName"]),
        "restApi": props["restApi"],
        "stageName": props["stageName"],
        "tags": tags_v1(aws, _arn(aws, props)),
        "variables": stage.get("variables") or None,
        "webAclArn": stage.get("webAclArn", ""),
    }


def _operations(change: Change) -> list[dict[str, str]]:
    patch: list[dict[str, str]] = []

    def replace(path: str, value: Any) -> None:
        text = str(value).lower() if isinstance(value, bool) else str(value if value is not None else "")
        patch.append({"op": "replace", "path": path, "value": text})

    if "canarySettings" in change.changed:
        canary = change.new.get("canarySettings")
        if canary is None:
            patch.append({"op": "remove", "path": "/canarySettings"})
        for name, value in (canary or {}).items():
            replace(f"/canarySettings/{_CANARY[name]}", value)
    for name in change.subset(*_PLAIN):
        replace(f"/{_PLAIN[name]}", change.new.get(name))
    if "variables" in change.changed:
        before, after = change.old.get("variables") or {}, change.new.get("variables") or {}
        patch += [{"op": "remove", "path": f"/variables/{name}"} for name in before if name not in after]
        for name, value in after.items():
            if before.get(name) != value:
                replace(f"/variables/{name}", value)
    return patch


def _update(aws: Aws, _: str, change: Change) -> None:
    if operations := _operations(change):
        aws.call(V1, "UpdateStage", **_place(change.new), patchOperations=operations)
    retag_v1(aws, _arn(aws, change.new), change)


def _delete(aws: Aws, _: str, props: Props) -> None:
    where = _arn(aws, props)
    if tags := tags_v1(aws, where):  # the emulator would give them to the next stage of that name
        aws.call(V1, "UntagResource", resourceArn=where, tagKeys=list(tags))
    aws.find(V1, "DeleteStage", GONE, **_place(props))


TYPES: Final = [
    ResourceType(
        token="aws:apigateway/stage:Stage",
        props={
            "restApi": P(force_new=True),
            "stageName": P(force_new=True, check=longest(128)),
            "deployment": P(),
            "description": P(),
            "documentationVersion": P(),
            "xrayTracingEnabled": P(default=False),
            "variables": P(),
            "canarySettings": P(),
            "canarySettings.deploymentId": P(),
            "canarySettings.percentTraffic": P(default=0.0),
            "canarySettings.useStageCache": P(default=False),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
    )
]
