"""Shared by the types of API Gateway: ARNs, a stage's URL, tags."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.model import Change, Props
from localcloud.plugins.aws.session import Aws, tag_change

V1: Final = "apigateway"
V2: Final = "apigatewayv2"
GONE: Final = ("NotFoundException",)


def arn(aws: Aws, path: str) -> str:
    """An API's or a stage's: these ARNs have no account."""
    return f"arn:aws:apigateway:{aws.region}::{path}"


def execution_arn(aws: Aws, api_id: str, stage: str = "") -> str:
    """The ARN that a Lambda permission is given to."""
    return f"arn:aws:execute-api:{aws.region}:{aws.caller()['Account']}:{api_id}" + (f"/{stage}" if stage else "")


def invoke_url(aws: Aws, api_id: str, stage: str) -> str:
    """The URL of a stage: on the emulator a path of its own; its `$default` stage has none, as in AWS."""
    path = "" if stage == "$default" else stage
    base = aws.endpoint()
    if base.startswith(("http://127.0.0.1:", "http://localhost:")):
        return f"{base}/_aws/execute-api/{api_id}/{path}"
    return f"https://{api_id}.execute-api.{aws.region}.amazonaws.com/{path}"


def tag_v1(aws: Aws, where: str, tags: Props | None) -> None:
    """Tags in a call of their own: the emulator keeps those of a creation elsewhere than those that come later."""
    if tags:
        aws.call(V1, "TagResource", resourceArn=where, tags=tags)


def tag_v2(aws: Aws, where: str, tags: Props | None) -> None:
    """Tag anew after an update: the emulator puts the tags of a creation back at every update."""
    if tags:
        aws.call(V2, "TagResource", ResourceArn=where, Tags=tags)


def retag_v1(aws: Aws, where: str, change: Change) -> None:
    """Bring the tags to what they are to be."""
    if "tags" in change.changed:
        added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
        tag_v1(aws, where, added)
        if removed:
            aws.call(V1, "UntagResource", resourceArn=where, tagKeys=removed)


def retag_v2(aws: Aws, where: str, change: Change) -> None:
    """Bring the tags to what they are to be."""
    if "tags" in change.changed:
        added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
        tag_v2(aws, where, added)
        if removed:
            aws.call(V2, "UntagResource", ResourceArn=where, TagKeys=removed)


def tags_v1(aws: Aws, where: str) -> dict[str, Any]:
    """The tags that there are."""
    return dict(aws.call(V1, "GetTags", resourceArn=where).get("tags", {}))


def tags_v2(aws: Aws, where: str, props: Props) -> dict[str, Any]:
    """The tags that there are; the emulator makes the first letter of a name small, which is undone for known ones."""
    known = {name[:1].lower() + name[1:]: name for name in props.get("tags") or {}}
    tags = aws.call(V2, "GetTags", ResourceArn=where).get("Tags", {})
    return {known.get(name, name): value for name, value in tags.items()}
