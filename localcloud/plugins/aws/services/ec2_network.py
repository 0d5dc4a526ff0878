# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Networks: VPCs and subnets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.plugins.aws.checker import CIDR4, one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, Failure, P, Props, ResourceType
from localcloud.plugins.aws.services.ec2_common import SERVICE, main_route_table, new_tags, update_tags, vpc_attribute
from localcloud.plugins.aws.session import Aws, tag_map

_NO_VPC: Final = ("InvalidVpcID.NotFound", "InvalidVpcId")
_NO_SUBNET: Final = ("InvalidSubnetID.NotFound", "InvalidSubnetId")
_IN_USE_SECONDS: Final = 300.0


def _create_vpc(aws: Aws, props: Props) -> str:
    answer = aws.call(
        SERVICE,
        "CreateVpc",
        CidrBlock=props["cidrBlock"],
        InstanceTenancy=props["instanceTenancy"],
        TagSpecifications=new_tags(props, "vpc"),
    )
    return str(answer["Vpc"]["VpcId"])


def _read_vpc(aws: Aws, vpc_id: str, props: Props) -> Props | None:
    answer = aws.find(SERVICE, "DescribeVpcs", _NO_VPC, VpcIds=[vpc_id])
    if not (answer or {}).get("Vpcs"):
        return None
    vpc = answer["Vpcs"][0]  # type: ignore[index]
    return {
        "arn": f"arn:aws:ec2:{aws.region}:{vpc['OwnerId']}:vpc/{vpc_id}",
        "cidrBlock": vpc["CidrBlock"],
        "defaultNetworkAclId": _default(aws, "DescribeNetworkAcls", "NetworkAcls", "NetworkAclId", "default", vpc_id),
        "defaultRouteTableId": main_route_table(aws, vpc_id),
        "defaultSecurityGroupId": _default(
            aws, "DescribeSecurityGroups", "SecurityGroups", "GroupId", "group-name", vpc_id
        ),
        "dhcpOptionsId": vpc.get("DhcpOptionsId"),
        "enableDnsHostnames": vpc_attribute(aws, vpc_id, "enableDnsHostnames"),
        "enableDnsSupport": vpc_attribute(aws, vpc_id, "enableDnsSupport"),
        "instanceTenancy": vpc.get("InstanceTenancy", "default"),
        "mainRouteTableId": main_route_table(aws, vpc_id),
        "ownerId": vpc["OwnerId"],
        "tags": tag_map(vpc.get("Tags")),
    }


def _default(aws: Aws, operation: str, key: str, id_key: str, filter_name: str, vpc_id: str) -> str | None:
    """The id of an object that AWS makes with every VPC."""
    value = "default" if filter_name == "group-name" else "true"
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": filter_name, "Values": [value]}]
    listed = aws.call(SERVICE, operation, Filters=filters)[key]
    return str(listed[0][id_key]) if listed else None


def _update_vpc(aws: Aws, vpc_id: str, change: Change) -> None:
    for name, argument in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        if name in change.changed:
            wanted = {argument: {"Value": bool(change.new.get(name))}}
            aws.call(SERVICE, "ModifyVpcAttribute", VpcId=vpc_id, **wanted)
    update_tags(aws, vpc_id, change)


def _delete_vpc(aws: Aws, vpc_id: str, props: Props) -> None:
    def act() -> None:
        aws.find(SERVICE, "DeleteVpc", _NO_VPC, VpcId=vpc_id)

    aws.retry(("DependencyViolation",), _IN_USE_SECONDS, act)


def _wait_vpc(aws: Aws, vpc_id: str, props: Props, timeout: float) -> None:
    def available() -> bool | None:
        answer = aws.find(SERVICE, "DescribeVpcs", _NO_VPC, VpcIds=[vpc_id])
        return True if answer and answer["Vpcs"] and answer["Vpcs"][0]["State"] == "available" else None

    aws.wait(f"VPC {vpc_id} to become available", available, timeout)


def _validate_vpc(props: Props) -> Iterator[Failure]:
    if "cidrBlock" not in props:
        yield Failure("cidrBlock", "is needed (this stand-in has no IPAM pools)")


def _create_subnet(aws: Aws, props: Props) -> str:
    answer = aws.call(
        SERVICE,
        "CreateSubnet",
        VpcId=props["vpcId"],
        CidrBlock=props["cidrBlock"],
        AvailabilityZone=props.get("availabilityZone"),
        AvailabilityZoneId=props.get("availabilityZoneId"),
        TagSpecifications=new_tags(props, "subnet"),
    )
    return str(answer["Subnet"]["SubnetId"])


def _find_subnet(aws: Aws, subnet_id: str) -> dict[str, Any] | None:
    answer = aws.find(SERVICE, "DescribeSubnets", _NO_SUBNET, SubnetIds=[subnet_id])
    subnets: list[dict[str, Any]] = (answer or {}).get("Subnets", [])
    return subnets[0] if subnets else None


def _read_subnet(aws: Aws, subnet_id: str, props: Props) -> Props | None:
    subnet = _find_subnet(aws, subnet_id)
    if subnet is None:
        return None
    return {
        "arn": subnet.get("SubnetArn") or f"arn:aws:ec2:{aws.region}:{subnet['OwnerId']}:subnet/{subnet_id}",
        "assignIpv6AddressOnCreation": subnet.get("AssignIpv6AddressOnCreation", False),
        "availabilityZone": subnet["AvailabilityZone"],
        "availabilityZoneId": subnet.get("AvailabilityZoneId"),
        "cidrBlock": subnet["CidrBlock"],
        "mapPublicIpOnLaunch": subnet.get("MapPublicIpOnLaunch", False),
        "ownerId": subnet.get("OwnerId"),
        "tags": tag_map(subnet.get("Tags")),
        "vpcId": subnet["VpcId"],
    }


def _update_subnet(aws: Aws, subnet_id: str, change: Change) -> None:
    if "mapPublicIpOnLaunch" in change.changed:
        wanted = {"Value": change.new["mapPublicIpOnLaunch"]}
        aws.call(SERVICE, "ModifySubnetAttribute", SubnetId=subnet_id, MapPublicIpOnLaunch=wanted)
    update_tags(aws, subnet_id, change)


def _delete_subnet(aws: Aws, subnet_id: str, props: Props) -> None:
    def act() -> None:
        aws.find(SERVICE, "DeleteSubnet", _NO_SUBNET, SubnetId=subnet_id)

    aws.retry(("DependencyViolation",), _IN_USE_SECONDS, act)


def _wait_subnet(aws: Aws, subnet_id: str, props: Props, timeout: float) -> None:
    def available() -> bool | None:
        subnet = _find_subnet(aws, subnet_id)
        return True if subnet and subnet["State"] == "available" else None

    aws.wait(f"subnet {subnet_id} to become available", available, timeout)


def _validate_subnet(props: Props) -> Iterator[Failure]:
    if "cidrBlock" not in props:
        yield Failure("cidrBlock", "is needed (this stand-in has no IPAM pools and no IPv6-only subnets)")
    if "availabilityZone" in props and "availabilityZoneId" in props:
        yield Failure("availabilityZoneId", "conflicts with `availabilityZone`")


TYPES: Final = [
    ResourceType(
        token="aws:ec2/vpc:Vpc",
        props={
            "cidrBlock": P(computed=True, force_new=True, check=CIDR4),
            "enableDnsHostnames": P(computed=True),
            "enableDnsSupport": P(default=True),
            "instanceTenancy": P(default="default", force_new=True, check=one_of("default", "dedicated")),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_vpc,
        read=_read_vpc,
        update=_update_vpc,
        delete=_delete_vpc,
        wait=_wait_vpc,
        validate=_validate_vpc,
    ),
    ResourceType(
        token="aws:ec2/subnet:Subnet",
        props={
            "vpcId": P(force_new=True),
            "cidrBlock": P(force_new=True, check=CIDR4),
            "availabilityZone": P(computed=True, force_new=True),
            "availabilityZoneId": P(computed=True, force_new=True),
            "mapPublicIpOnLaunch": P(default=False),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_subnet,
        read=_read_subnet,
        update=_update_subnet,
        delete=_delete_subnet,
        wait=_wait_subnet,
        validate=_validate_subnet,
    ),
]
