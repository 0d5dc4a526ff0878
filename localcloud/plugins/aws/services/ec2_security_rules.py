# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Rules of security groups as resources of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import CIDR4, between, longest
from localcloud.plugins.aws.model import REGION, TAGS, UNKNOWN, Change, Failure, P, Props, ResourceType
from localcloud.plugins.aws.services.ec2_common import SERVICE, new_tags, update_tags
from localcloud.plugins.aws.services.ec2_security import protocol_of
from localcloud.plugins.aws.session import Aws, tag_map

_MISSING: Final = ("InvalidGroup.NotFound", "InvalidGroupId", "InvalidSecurityGroupRuleId.NotFound")
_RULE_SOURCES: Final = {
    "cidrIpv4": ("CidrIpv4", "IpRanges", "CidrIp"),
    "cidrIpv6": ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
    "prefixListId": ("PrefixListId", "PrefixListIds", "PrefixListId"),
    "referencedSecurityGroupId": ("", "UserIdGroupPairs", "GroupId"),
}


def _create_rule(direction: str, aws: Aws, props: Props) -> str:
    protocol = protocol_of(props["ipProtocol"])
    entry: dict[str, Any] = {"IpProtocol": protocol}
    if protocol != "-1":
        entry.update(FromPort=props.get("fromPort"), ToPort=props.get("toPort"))
    about = {"Description": props["description"]} if props.get("description") else {}
    for name, (_, kind, key) in _RULE_SOURCES.items():
        if name in props:
            entry[kind] = [{key: props[name], **about}]
    answer = aws.call(
        SERVICE,
        f"AuthorizeSecurityGroup{direction}",
        GroupId=props["securityGroupId"],
        IpPermissions=[entry],
        TagSpecifications=new_tags(props, "security-group-rule"),
    )
    return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def _read_rule(aws: Aws, rule_id: str, props: Props) -> Props | None:
    answer = aws.find(SERVICE, "DescribeSecurityGroupRules", _MISSING, SecurityGroupRuleIds=[rule_id])
    rules = (answer or {}).get("SecurityGroupRules", [])
    if not rules:
        return None
    rule = rules[0]
    ports = rule["IpProtocol"] != "-1"
    owner = rule.get("GroupOwnerId", "")
    return {
        "arn": rule.get("SecurityGroupRuleArn") or f"arn:aws:ec2:{aws.region}:{owner}:security-group-rule/{rule_id}",
        "securityGroupRuleId": rule_id,
        "securityGroupId": rule["GroupId"],
        "ipProtocol": rule["IpProtocol"],
        "fromPort": rule.get("FromPort") if ports else None,
        "toPort": rule.get("ToPort") if ports else None,
        "cidrIpv4": rule.get("CidrIpv4"),
        "cidrIpv6": rule.get("CidrIpv6"),
        "prefixListId": rule.get("PrefixListId"),
        "referencedSecurityGroupId": (rule.get("ReferencedGroupInfo") or {}).get("GroupId"),
        "description": rule.get("Description"),
        "tags": tag_map(rule.get("Tags")),
    }


def _update_rule(aws: Aws, rule_id: str, change: Change) -> None:
    new = change.new
    if change.changed - {"tags"}:
        protocol = protocol_of(new["ipProtocol"])
        rule = {
            "IpProtocol": protocol,
            "FromPort": -1 if protocol == "-1" else new.get("fromPort"),
            "ToPort": -1 if protocol == "-1" else new.get("toPort"),
            "CidrIpv4": new.get("cidrIpv4"),
            "CidrIpv6": new.get("cidrIpv6"),
            "PrefixListId": new.get("prefixListId"),
            "ReferencedGroupId": new.get("referencedSecurityGroupId"),
            "Description": new.get("description"),
        }
        given = {key: value for key, value in rule.items() if value is not None}
        aws.call(
            SERVICE,
            "ModifySecurityGroupRules",
            GroupId=new["securityGroupId"],
            SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": given}],
        )
    update_tags(aws, rule_id, change)


def _delete_rule(direction: str, aws: Aws, rule_id: str, props: Props) -> None:
    aws.find(
        SERVICE,
        f"RevokeSecurityGroup{direction}",
        (*_MISSING, "InvalidPermission.NotFound"),
        GroupId=props["securityGroupId"],
        SecurityGroupRuleIds=[rule_id],
    )


def _validate_rule(props: Props) -> Iterator[Failure]:
    given = [name for name in _RULE_SOURCES if name in props]
    if len(given) != 1:
        yield Failure(given[1] if given else "cidrIpv4", f"exactly one of {', '.join(_RULE_SOURCES)} is needed")
    if props["ipProtocol"] not in {"-1", "all", UNKNOWN} and not {"fromPort", "toPort"} <= set(props):
        yield Failure("fromPort", "`fromPort` and `toPort` are needed with this protocol")


def _rule_type(direction: str) -> ResourceType:
    return ResourceType(
        token=f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule",
        props={
            "securityGroupId": P(force_new=True),
            "ipProtocol": P(same=lambda one, other: protocol_of(one) == protocol_of(other)),
            "fromPort": P(check=between(-1, 65535)),
            "toPort": P(check=between(-1, 65535)),
            "cidrIpv4": P(check=CIDR4),
            "cidrIpv6": P(),
            "prefixListId": P(),
            "referencedSecurityGroupId": P(),
            "description": P(check=longest(255)),
            "tags": TAGS,
            "region": REGION,
        },
        create=lambda aws, props: _create_rule(direction, aws, props),
        read=_read_rule,
        update=_update_rule,
        delete=lambda aws, rule_id, props: _delete_rule(direction, aws, rule_id, props),
        validate=_validate_rule,
    )


TYPES: Final = [_rule_type("Ingress"), _rule_type("Egress")]
