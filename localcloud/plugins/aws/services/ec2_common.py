"""Shared by the EC2 types: tags."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.model import Change, Props
from localcloud.plugins.aws.session import Aws, tag_change, tag_list

SERVICE: Final = "ec2"


def new_tags(props: Props, kind: str) -> list[dict[str, Any]] | None:
    """Tags for a create call."""
    return [{"ResourceType": kind, "Tags": tag_list(props["tags"])}] if props.get("tags") else None


def update_tags(aws: Aws, resource_id: str, change: Change) -> None:
    if "tags" not in change.changed:
        return
    added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
    if added:
        aws.call(SERVICE, "CreateTags", Resources=[resource_id], Tags=tag_list(added))
    if removed:
        aws.call(SERVICE, "DeleteTags", Resources=[resource_id], Tags=[{"Key": key} for key in removed])


def vpc_attribute(aws: Aws, vpc_id: str, name: str) -> bool:
    answer = aws.call(SERVICE, "DescribeVpcAttribute", VpcId=vpc_id, Attribute=name)
    return bool(answer[name[0].upper() + name[1:]]["Value"])


def main_route_table(aws: Aws, vpc_id: str) -> str | None:
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "association.main", "Values": ["true"]}]
    tables = aws.call(SERVICE, "DescribeRouteTables", Filters=filters)["RouteTables"]
    return str(tables[0]["RouteTableId"]) if tables else None
