"""Shared by the load balancing types: tags, attributes, and the data plane's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.plugins.aws.model import Change, Props
from localcloud.plugins.aws.session import Aws, tag_change, tag_list, tag_map

SERVICE: Final = "elbv2"
MISSING: Final = ("NotFound",)
IN_USE_SECONDS: Final = 120.0
"""For how long the real provider tries again to delete what something still uses."""


@dataclass(frozen=True)
class Attribute:
    """A property kept as a string attribute of a load balancer or target group."""

    key: str
    default: Any = None

    def text(self, value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    def value(self, text: str) -> Any:
        if isinstance(self.default, bool):
            return text == "true"
        return int(text) if isinstance(self.default, int) else text


def attributes_of(known: Mapping[str, Attribute], answered: list[dict[str, str]]) -> Props:
    """Attributes as properties; one that the API does not list has its default."""
    live = {entry["Key"]: entry["Value"] for entry in answered}
    attributes = {
        name: attribute.value(live[attribute.key]) if attribute.key in live else attribute.default
        for name, attribute in known.items()
    }
    return {name: value for name, value in attributes.items() if value is not None}


def attribute_list(known: Mapping[str, Attribute], change: Change) -> list[dict[str, str]]:
    """The changed attributes, for a modify call."""
    return [
        {"Key": attribute.key, "Value": attribute.text(change.new.get(name, attribute.default))}
        for name, attribute in known.items()
        if name in change.changed and change.new.get(name, attribute.default) is not None
    ]


def tags_of(aws: Aws, arn: str) -> dict[str, str]:
    answer = aws.call(SERVICE, "DescribeTags", ResourceArns=[arn])
    return tag_map(answer["TagDescriptions"][0]["Tags"]) if answer["TagDescriptions"] else {}


def update_tags(aws: Aws, arn: str, change: Change) -> None:
    if "tags" not in change.changed:
        return
    added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
    if added:
        aws.call(SERVICE, "AddTags", ResourceArns=[arn], Tags=tag_list(added))
    if removed:
        aws.call(SERVICE, "RemoveTags", ResourceArns=[arn], TagKeys=removed)


def new_tags(props: Props) -> list[dict[str, str]] | None:
    """Tags for a create call, which refuses an empty list."""
    return tag_list(props.get("tags")) or None


def dns_name(aws: Aws, balancer: Mapping[str, Any]) -> str:
    """The load balancer's address: on the emulator a local port, which it binds some moments after the creation."""
    arn = balancer["LoadBalancerArn"]
    listing = aws.emulator("/_fakecloud/elbv2/load-balancers")
    if listing is None or balancer["Type"] != "application":
        return str(balancer["DNSName"])

    def bound() -> str | None:
        entries = aws.emulator("/_fakecloud/elbv2/load-balancers") or {}
        for entry in entries.get("loadBalancers", []):
            if entry["arn"] == arn and entry.get("boundPort"):
                return f"127.0.0.1:{entry['boundPort']}"
        return None

    return aws.wait(f"the emulator to bind the port of load balancer {balancer['LoadBalancerName']}", bound, 10, 0.1)
