# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""EFS: file systems, their mount targets and access points."""

from __future__ import annotations

import uuid
from typing import Any, Final

from localcloud.plugins.aws.checker import ARN, between, longest, matches, one_of
from localcloud.plugins.aws.model import REGION, TAGS, Change, P, Props, ProviderError, ResourceType
from localcloud.plugins.aws.session import Aws, tag_change, tag_list, tag_map

SERVICE: Final = "efs"
_NO_FILE_SYSTEM: Final = ("FileSystemNotFound",)
_NO_MOUNT_TARGET: Final = ("MountTargetNotFound", "FileSystemNotFound")
_NO_ACCESS_POINT: Final = ("AccessPointNotFound",)
_SECONDS: Final = 600.0
_LIFECYCLE: Final = {
    "transitionToArchive": "TransitionToArchive",
    "transitionToIa": "TransitionToIA",
    "transitionToPrimaryStorageClass": "TransitionToPrimaryStorageClass",
}
_FILE_SYSTEM: Final = matches(r"fs-[0-9a-f]{8,40}", "the ID of a file system")


def _update_tags(aws: Aws, resource_id: str, change: Change) -> None:
    if "tags" in change.changed:
        added, removed = tag_change(change.old.get("tags"), change.new.get("tags"))
        if added:
            aws.call(SERVICE, "TagResource", ResourceId=resource_id, Tags=tag_list(added))
        if removed:
            aws.call(SERVICE, "UntagResource", ResourceId=resource_id, TagKeys=removed)


def _wait(aws: Aws, what: str, described: Any, state: str | None) -> None:
    """Wait until a description has a state, or with none until there is nothing to describe."""

    def reached() -> bool | None:
        found = described()
        if found is None:
            return True if state is None else None
        if found["LifeCycleState"] == "error":
            raise ProviderError(f"{what} is in the state error")
        return True if found["LifeCycleState"] == state else None

    aws.wait(f"{what} to be {state or 'gone'}", reached, _SECONDS)


def _file_system_arn(aws: Aws, found: dict[str, Any]) -> str:
    return f"arn:aws:elasticfilesystem:{aws.region}:{found['OwnerId']}:file-system/{found['FileSystemId']}"


# -- file systems


def _file_system(aws: Aws, file_system_id: str) -> dict[str, Any] | None:
    answer = aws.find(SERVICE, "DescribeFileSystems", _NO_FILE_SYSTEM, FileSystemId=file_system_id)
    found: list[dict[str, Any]] = [] if answer is None else answer["FileSystems"]
    return found[0] if found else None


def _create_file_system(aws: Aws, props: Props) -> str:
    answer = aws.call(
        SERVICE,
        "CreateFileSystem",
        CreationToken=props.get("creationToken") or uuid.uuid4().hex,
        PerformanceMode=props.get("performanceMode"),
        Encrypted=props.get("encrypted"),
        KmsKeyId=props.get("kmsKeyId"),
        ThroughputMode=props.get("throughputMode"),
        ProvisionedThroughputInMibps=props.get("provisionedThroughputInMibps"),
        AvailabilityZoneName=props.get("availabilityZoneName"),
        Tags=tag_list(props.get("tags")) or None,
    )
    return str(answer["FileSystemId"])


def _read_file_system(aws: Aws, file_system_id: str, props: Props) -> Props | None:
    found = _file_system(aws, file_system_id)
    if found is None or found["LifeCycleState"] == "deleted":
        return None
    policies = aws.call(SERVICE, "DescribeLifecycleConfiguration", FileSystemId=file_system_id)["LifecyclePolicies"]
    return {
        "arn": found["FileSystemArn"],
        "creationToken": found["CreationToken"],
        "dnsName": f"{file_system_id}.efs.{aws.region}.amazonaws.com",
        "encrypted": found.get("Encrypted", False),
        "kmsKeyId": found.get("KmsKeyId"),
        "name": tag_map(found.get("Tags")).get("Name"),
        "numberOfMountTargets": found["NumberOfMountTargets"],
        "ownerId": found["OwnerId"],
        "performanceMode": found["PerformanceMode"],
        "throughputMode": found.get("ThroughputMode"),
        "provisionedThroughputInMibps": found.get("ProvisionedThroughputInMibps"),
        "availabilityZoneName": found.get("AvailabilityZoneName"),
        "availabilityZoneId": found.get("AvailabilityZoneId"),
        "lifecyclePolicies": [
            {name: policy[api] for name, api in _LIFECYCLE.items() if policy.get(api)} for policy in policies
        ],
        "tags": tag_map(found.get("Tags")),
    }


def _update_file_system(aws: Aws, file_system_id: str, change: Change) -> None:
    new = change.new
    if change.any_of("throughputMode", "provisionedThroughputInMibps"):
        aws.call(
            SERVICE,
            "UpdateFileSystem",
            FileSystemId=file_system_id,
            ThroughputMode=new.get("throughputMode"),
            ProvisionedThroughputInMibps=new.get("provisionedThroughputInMibps"),
        )
    if "lifecyclePolicies" in change.changed:
        policies = [
            {_LIFECYCLE[name]: value for name, value in policy.items() if name in _LIFECYCLE}
            for policy in new.get("lifecyclePolicies") or []
        ]
        aws.call(SERVICE, "PutLifecycleConfiguration", FileSystemId=file_system_id, LifecyclePolicies=policies)
    _update_tags(aws, file_system_id, change)


def _delete_file_system(aws: Aws, file_system_id: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteFileSystem", _NO_FILE_SYSTEM, FileSystemId=file_system_id)
    _wait(aws, f"EFS file system {file_system_id}", lambda: _file_system(aws, file_system_id), None)


def _wait_file_system(aws: Aws, file_system_id: str, props: Props, timeout: float) -> None:
    _wait(aws, f"EFS file system {file_system_id}", lambda: _file_system(aws, file_system_id), "available")


# -- mount targets


def _mount_target(aws: Aws, mount_target_id: str) -> dict[str, Any] | None:
    answer = aws.find(SERVICE, "DescribeMountTargets", _NO_MOUNT_TARGET, MountTargetId=mount_target_id)
    found: list[dict[str, Any]] = [] if answer is None else answer["MountTargets"]
    return found[0] if found else None


def _create_mount_target(aws: Aws, props: Props) -> str:
    answer = aws.call(
        SERVICE,
        "CreateMountTarget",
        FileSystemId=props["fileSystemId"],
        SubnetId=props["subnetId"],
        IpAddress=props.get("ipAddress"),
        SecurityGroups=props.get("securityGroups"),
    )
    return str(answer["MountTargetId"])


def _read_mount_target(aws: Aws, mount_target_id: str, props: Props) -> Props | None:
    found = _mount_target(aws, mount_target_id)
    if found is None:
        return None
    groups = aws.call(SERVICE, "DescribeMountTargetSecurityGroups", MountTargetId=mount_target_id)["SecurityGroups"]
    file_system, zone = found["FileSystemId"], found.get("AvailabilityZoneName")
    dns_name = f"{file_system}.efs.{aws.region}.amazonaws.com"
    return {
        "availabilityZoneId": found.get("AvailabilityZoneId"),
        "availabilityZoneName": zone,
        "dnsName": dns_name,
        "fileSystemArn": _file_system_arn(aws, found),
        "fileSystemId": file_system,
        "ipAddress": found.get("IpAddress"),
        "mountTargetDnsName": f"{zone}.{dns_name}",
        "networkInterfaceId": found.get("NetworkInterfaceId"),
        "ownerId": found["OwnerId"],
        "securityGroups": groups,
        "subnetId": found["SubnetId"],
    }


def _update_mount_target(aws: Aws, mount_target_id: str, change: Change) -> None:
    if "securityGroups" in change.changed:
        groups = change.new["securityGroups"]
        aws.call(SERVICE, "ModifyMountTargetSecurityGroups", MountTargetId=mount_target_id, SecurityGroups=groups)


def _delete_mount_target(aws: Aws, mount_target_id: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteMountTarget", _NO_MOUNT_TARGET, MountTargetId=mount_target_id)
    _wait(aws, f"EFS mount target {mount_target_id}", lambda: _mount_target(aws, mount_target_id), None)


def _wait_mount_target(aws: Aws, mount_target_id: str, props: Props, timeout: float) -> None:
    _wait(aws, f"EFS mount target {mount_target_id}", lambda: _mount_target(aws, mount_target_id), "available")


# -- access points


def _access_point(aws: Aws, access_point_id: str) -> dict[str, Any] | None:
    answer = aws.find(SERVICE, "DescribeAccessPoints", _NO_ACCESS_POINT, AccessPointId=access_point_id)
    found: list[dict[str, Any]] = [] if answer is None else answer["AccessPoints"]
    return found[0] if found else None


def _create_access_point(aws: Aws, props: Props) -> str:
    user, root = props.get("posixUser"), props.get("rootDirectory")
    written_user = user and {
        "Uid": user["uid"],
        "Gid": user["gid"],
        **({"SecondaryGids": user["secondaryGids"]} if user.get("secondaryGids") else {}),
    }
    made_as = (root or {}).get("creationInfo")
    written_root = root and {
        **({"Path": root["path"]} if root.get("path") else {}),
        **(
            {
                "CreationInfo": {
                    "OwnerUid": made_as["ownerUid"],
                    "OwnerGid": made_as["ownerGid"],
                    "Permissions": made_as["permissions"],
                }
            }
            if made_as
            else {}
        ),
    }
    answer = aws.call(
        SERVICE,
        "CreateAccessPoint",
        ClientToken=uuid.uuid4().hex,
        FileSystemId=props["fileSystemId"],
        PosixUser=written_user,
        RootDirectory=written_root,
        Tags=tag_list(props.get("tags")) or None,
    )
    return str(answer["AccessPointId"])


def _read_access_point(aws: Aws, access_point_id: str, props: Props) -> Props | None:
    found = _access_point(aws, access_point_id)
    if found is None:
        return None
    user, root = found.get("PosixUser"), found.get("RootDirectory") or {}
    made_as = root.get("CreationInfo")
    return {
        "arn": found["AccessPointArn"],
        "fileSystemArn": _file_system_arn(aws, found),
        "fileSystemId": found["FileSystemId"],
        "ownerId": found["OwnerId"],
        "posixUser": user and {"uid": user["Uid"], "gid": user["Gid"], "secondaryGids": user.get("SecondaryGids", [])},
        "rootDirectory": {
            "path": root.get("Path", "/"),
            "creationInfo": made_as
            and {
                "ownerUid": made_as["OwnerUid"],
                "ownerGid": made_as["OwnerGid"],
                "permissions": made_as["Permissions"],
            },
        },
        "tags": tag_map(found.get("Tags")),
    }


def _delete_access_point(aws: Aws, access_point_id: str, props: Props) -> None:
    aws.find(SERVICE, "DeleteAccessPoint", _NO_ACCESS_POINT, AccessPointId=access_point_id)
    _wait(aws, f"EFS access point {access_point_id}", lambda: _access_point(aws, access_point_id), None)


def _wait_access_point(aws: Aws, access_point_id: str, props: Props, timeout: float) -> None:
    _wait(aws, f"EFS access point {access_point_id}", lambda: _access_point(aws, access_point_id), "available")


TYPES: Final = [
    ResourceType(
        token="aws:efs/fileSystem:FileSystem",
        props={
            "creationToken": P(computed=True, force_new=True, check=longest(64)),
            "encrypted": P(computed=True, force_new=True),
            "kmsKeyId": P(computed=True, force_new=True, check=ARN),
            "performanceMode": P(computed=True, force_new=True, check=one_of("generalPurpose", "maxIO")),
            "throughputMode": P(default="bursting", check=one_of("bursting", "provisioned", "elastic")),
            "provisionedThroughputInMibps": P(),
            "availabilityZoneName": P(computed=True, force_new=True),
            "lifecyclePolicies": P(),
            **{f"lifecyclePolicies[].{name}": P() for name in _LIFECYCLE},
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_file_system,
        read=_read_file_system,
        update=_update_file_system,
        delete=_delete_file_system,
        wait=_wait_file_system,
    ),
    ResourceType(
        token="aws:efs/mountTarget:MountTarget",
        props={
            "fileSystemId": P(force_new=True, check=_FILE_SYSTEM),
            "subnetId": P(force_new=True),
            "ipAddress": P(computed=True, force_new=True),
            "securityGroups": P(computed=True, unordered=True),
            "region": REGION,
        },
        create=_create_mount_target,
        read=_read_mount_target,
        update=_update_mount_target,
        delete=_delete_mount_target,
        wait=_wait_mount_target,
        taggable=False,
    ),
    ResourceType(
        token="aws:efs/accessPoint:AccessPoint",
        props={
            "fileSystemId": P(force_new=True, check=_FILE_SYSTEM),
            "posixUser": P(force_new=True),
            "posixUser.uid": P(check=between(0, 2**32 - 1)),
            "posixUser.gid": P(check=between(0, 2**32 - 1)),
            "posixUser.secondaryGids": P(unordered=True),
            "rootDirectory": P(computed=True, force_new=True),
            "rootDirectory.path": P(computed=True),
            "rootDirectory.creationInfo": P(computed=True),
            "rootDirectory.creationInfo.ownerUid": P(),
            "rootDirectory.creationInfo.ownerGid": P(),
            "rootDirectory.creationInfo.permissions": P(),
            "tags": TAGS,
            "region": REGION,
        },
        create=_create_access_point,
        read=_read_access_point,
        update=_update_tags,
        delete=_delete_access_point,
        wait=_wait_access_point,
    ),
]
