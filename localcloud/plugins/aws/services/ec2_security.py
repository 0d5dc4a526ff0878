# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Security groups with their inline rules."""

from __future__ import annotations

from typing import Any, Final

from localcloud.plugins.aws.checker import between, both, longest, matches
from localcloud.plugins.aws.model import REGION, TAGS, ApiError, Change, P, Props, ResourceType
from localcloud.plugins.aws.services.ec2_common import SERVICE, new_tags, update_tags
from localcloud.plugins.aws.session import Aws, tag_map

_MISSING: Final = ("InvalidGroup.NotFound", "InvalidGroupId")
_DELETE_SECONDS: Final = 900.0
# Inline rules: Pulumi's list -> the API's list of sources and the key in its entries.
_SOURCES: Final = {
    "cidrBlocks": ("IpRanges", "CidrIp"),
    "ipv6CidrBlocks": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListIds": ("PrefixListIds", "PrefixListId"),
    "securityGroups": ("UserIdGroupPairs", "GroupId"),
}
_PROTOCOLS: Final = {"6": "tcp", "17": "udp", "1": "icmp", "all": "-1"}


def protocol_of(value: str) -> str:
    return _PROTOCOLS.get(value.lower(), value.lower())


def _permission(rule: Props, group: str) -> dict[str, Any]:
    """An inline rule as the API takes it."""
    protocol = protocol_of(rule["protocol"])
    entry: dict[str, Any] = {"IpProtocol": protocol}
    if protocol != "-1":
        entry.update(FromPort=rule["fromPort"], ToPort=rule["toPort"])
    about = {"Description": rule["description"]} if rule.get("description") else {}
    for name, (kind, key) in _SOURCES.items():
        sources = [*rule.get(name, []), *([group] if name == "securityGroups" and rule.get("self") else [])]
        if sources:
            entry[kind] = [{key: source, **about} for source in sources]
    return entry


def _flat(permissions: list[dict[str, Any]]) -> set[tuple[str, int, int, str, str, str]]:
    """(protocol, from, to, description, kind, source) of every single source."""
    flat = set()
    for entry in permissions:
        for name, (kind, key) in _SOURCES.items():
            for source in entry.get(kind) or []:
                ports = (entry.get("FromPort") or 0, entry.get("ToPort") or 0)
                ports = (0, 0) if entry["IpProtocol"] == "-1" else ports
                flat.add((entry["IpProtocol"], *ports, source.get("Description") or "", name, source[key]))
    return flat


def _inline(permissions: list[dict[str, Any]], group: str, written: list[Props]) -> list[Props]:
    """The API's rules in Pulumi's names: grouped as the program wrote them where they are all there, else by ports."""
    left, result = _flat(permissions), []
    for rule in written:
        wanted = _flat([_permission(rule, group)])
        if wanted and wanted <= left:
            left -= wanted
            result.append(rule)
    grouped: dict[tuple[str, int, int, str], Props] = {}
    for protocol, low, high, about, name, source in sorted(left):
        rule = grouped.setdefault(
            (protocol, low, high, about),
            {"protocol": protocol, "fromPort": low, "toPort": high, "description": about, "self": False},
        )
        if source == group:
            rule["self"] = True
        else:
            rule.setdefault(name, []).append(source)
    return result + list(grouped.values())


def _find(aws: Aws, group: str) -> dict[str, Any] | None:
    answer = aws.find(SERVICE, "DescribeSecurityGroups", _MISSING, GroupIds=[group])
    groups: list[dict[str, Any]] = (answer or {}).get("SecurityGroups", [])
    return groups[0] if groups else None


def _create_group(aws: Aws, props: Props) -> str:
    _check_name(aws, props)
    answer = aws.call(
        SERVICE,
        "CreateSecurityGroup",
        GroupName=props["name"],
        Description=props["description"],
        VpcId=props.get("vpcId"),
        TagSpecifications=new_tags(props, "security-group"),
    )
    group = str(answer["GroupId"])
    try:
        _close(aws, group, props)
    except ApiError:
        _delete_group(aws, group, props)  # without its id in the state nobody else would
        raise
    return group


def _check_name(aws: Aws, props: Props) -> None:
    """AWS refuses a second group of a name in a VPC; the emulator answers with another one."""
    filters = [{"Name": "group-name", "Values": [props["name"]]}]
    if "vpcId" in props:
        filters.append({"Name": "vpc-id", "Values": [props["vpcId"]]})
    if aws.call(SERVICE, "DescribeSecurityGroups", Filters=filters)["SecurityGroups"]:
        message = f"The security group '{props['name']}' already exists for VPC '{props.get('vpcId', 'default')}'"
        raise ApiError(SERVICE, "CreateSecurityGroup", "InvalidGroup.Duplicate", message)


def _close(aws: Aws, group: str, props: Props) -> None:
    """AWS opens a new group to all destinations, which the real provider takes away: a program says what it needs."""
    present = _find(aws, group)
    if present is None:
        return
    everywhere = {("-1", 0, 0, "", "cidrBlocks", "0.0.0.0/0"), ("-1", 0, 0, "", "ipv6CidrBlocks", "::/0")}
    opened = [p for p in present["IpPermissionsEgress"] if _flat([p]) and _flat([p]) <= everywhere]
    wanted = _flat([_permission(rule, group) for rule in props.get("egress", [])])
    if opened and not _flat(opened) <= wanted:
        aws.call(SERVICE, "RevokeSecurityGroupEgress", GroupId=group, IpPermissions=opened)


def _read_group(aws: Aws, group: str, props: Props) -> Props | None:
    present = _find(aws, group)
    if present is None:
        return None
    arn = present.get("SecurityGroupArn") or f"arn:aws:ec2:{aws.region}:{present['OwnerId']}:security-group/{group}"
    return {
        "arn": arn,
        "description": present["Description"],
        "egress": _inline(present["IpPermissionsEgress"], group, props.get("egress", [])),
        "ingress": _inline(present["IpPermissions"], group, props.get("ingress", [])),
        "name": present["GroupName"],
        "ownerId": present["OwnerId"],
        "tags": tag_map(present.get("Tags")),
        "vpcId": present.get("VpcId"),
    }


def _update_group(aws: Aws, group: str, change: Change) -> None:
    for name, kind, key in (("ingress", "Ingress", "IpPermissions"), ("egress", "Egress", "IpPermissionsEgress")):
        if name not in change.changed:
            continue
        live = _flat((_find(aws, group) or {}).get(key, []))
        wanted = _flat([_permission(rule, group) for rule in change.new.get(name, [])])
        for entries, verb in ((live - wanted, "Revoke"), (wanted - live, "Authorize")):
            if entries:
                permissions = [_single(entry) for entry in sorted(entries)]
                aws.call(SERVICE, f"{verb}SecurityGroup{kind}", GroupId=group, IpPermissions=permissions)
    update_tags(aws, group, change)


def _single(entry: tuple[str, int, int, str, str, str]) -> dict[str, Any]:
    protocol, low, high, about, name, source = entry
    kind, key = _SOURCES[name]
    ports = {} if protocol == "-1" else {"FromPort": low, "ToPort": high}
    return {"IpProtocol": protocol, **ports, kind: [{key: source, **({"Description": about} if about else {})}]}


def _delete_group(aws: Aws, group: str, props: Props) -> None:
    def act() -> None:
        aws.find(SERVICE, "DeleteSecurityGroup", _MISSING, GroupId=group)

    aws.retry(("DependencyViolation", "InvalidGroup.InUse"), _DELETE_SECONDS, act)


def _inline_props(name: str) -> dict[str, P]:
    at = f"{name}[]"
    return {
        name: P(computed=True, unordered=True),
        f"{at}.protocol": P(same=lambda one, other: protocol_of(one) == protocol_of(other)),
        f"{at}.fromPort": P(check=between(-1, 65535)),
        f"{at}.toPort": P(check=between(-1, 65535)),
        f"{at}.description": P(check=longest(255, 0)),
        f"{at}.self": P(default=False),
        **{f"{at}.{kind}": P(unordered=True) for kind in _SOURCES},
    }


TYPES: Final = [
    ResourceType(
        token="aws:ec2/securityGroup:SecurityGroup",
        props={
            "name": P(
                force_new=True, check=both(longest(255), matches(r"(?!sg-).+", "a name that does not start with sg-"))
            ),
            "description": P(default="Managed by Pulumi", force_new=True, check=longest(255)),
            "vpcId": P(computed=True, force_new=True),
            "revokeRulesOnDelete": P(default=False, state_only=True),
            **_inline_props("ingress"),
            **_inline_props("egress"),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_group,
        read=_read_group,
        update=_update_group,
        delete=_delete_group,
        name_max=255,
    ),
]
